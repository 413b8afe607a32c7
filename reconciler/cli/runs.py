"""The records of runs as commands find them: by name, or by a part of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from reconciler.cli.session import Session
from reconciler.core.run import Run
from reconciler.errors import StateUnusable, UsageError
from reconciler.reports.paint import plain
from reconciler.reports.words import counted


def known_runs(session: Session) -> Sequence[str]:
    """Give the names of all runs that are kept, the newest first."""
    if session.place.storage is not None and session.place.storage.single:
        # There they lie within the state.
        session.store.load()
    return session.place.runs.names()


def named(names: Sequence[str], run: str) -> str:
    """Give the one run that is meant by its name, or by a part of it."""
    found = [name for name in names if name == run] or [name for name in names if run and run in name]
    if len(found) == 1:
        return found[0]
    told = f"{plain(run)} is a part of {counted(len(found), 'name')}" if found else f"None is called {plain(run)}"
    raise UsageError("no such run", f"{told}; `reconciler history` lists the runs that are kept.")


def read_run(session: Session, name: str) -> Run:
    """Read a run's record, which has been listed."""
    found = session.place.runs.read(name)
    if found is None:
        raise UsageError("no such run", f"{name} has been removed meanwhile.")
    return found


_AT_ONCE = 8
"""Arbitrary: reading a record of shared storage is a request, of which this many are under way."""


def readable(session: Session, names: Sequence[str]) -> list[Run]:
    """Read the records of runs, but for those that cannot be read."""
    return [run for run in read_runs(session, names) if not isinstance(run, str)]


def read_runs(session: Session, names: Sequence[str]) -> Iterator[Run | str]:
    """Read the records of runs, in this order; give the name of one that cannot be read."""
    storage = session.place.storage
    if storage is None or storage.single or len(names) == 1:
        yield from (_entry(session, name) for name in names)
        return
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield from pool.map(lambda name: _entry(session, name), names)


def _entry(session: Session, name: str) -> Run | str:
    try:
        return session.place.runs.read(name) or name
    except StateUnusable as error:
        if error.code != "run-unreadable":
            raise
        return name
