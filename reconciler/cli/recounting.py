"""What runs did, found and shown: all of them, one of them, or what they did to one record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from reconciler.cli.runs import known_runs, named, read_run, read_runs, readable
from reconciler.cli.session import Session
from reconciler.cli.showing import emit
from reconciler.core.aftermath import told_since
from reconciler.core.resource import parent_of
from reconciler.core.run import Deed, Run
from reconciler.core.state import State
from reconciler.errors import StateUnusable
from reconciler.reports.history import Entry, Told, hidden_run, history_events, render_history, render_runs, run_events
from reconciler.reports.words import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which runs are wanted."""

    last: int
    since: str
    """What the names of older ones sort before."""


def recount_runs(session: Session, wanted: Wanted) -> None:
    """List runs, the newest first."""
    every = known_runs(session)
    names = [name for name in every if name >= wanted.since]
    chosen = names[: wanted.last]
    entries = _told(session, list(read_runs(session, chosen)), every)
    if session.terminal.as_json:
        emit(session, history_events(entries))
    else:
        session.terminal.result(render_history(entries, len(names) - len(chosen), session.rendering))


def recount_one(session: Session, part: str) -> None:
    """Show all that one run did."""
    every = known_runs(session)
    run = read_run(session, named(every, part))
    _show(session, _told(session, [run], every), 0)


def recount_record(session: Session, pattern: str, wanted: Wanted) -> None:
    """Show all that happened to one record, and to those below it."""
    every = known_runs(session)
    runs = list(read_runs(session, [name for name in every if name >= wanted.since]))
    if lost := sum(isinstance(run, str) for run in runs):
        session.terminal.talk(f"{counted(lost, 'record')} cannot be read; `reconciler history` names them.")
    found = list(_touching([run for run in runs if isinstance(run, Run)], pattern))
    _show(session, _told(session, found[: wanted.last], every), len(found[wanted.last :]))


def _show(session: Session, entries: Sequence[Entry], left: int) -> None:
    hidden = [replace(each, run=hidden_run(each.run, session.shown)) for each in entries if isinstance(each, Told)]
    if session.terminal.as_json:
        emit(session, run_events(hidden))
    else:
        session.terminal.result(render_runs(hidden, left, session.rendering))


def _touching(runs: Iterable[Run], pattern: str) -> Iterator[Run]:
    """Give the runs that did something to a record, with that only; it is followed to what it was called before."""
    patterns = {pattern}
    for run in runs:
        deeds = tuple(deed for deed in run.deeds if _fits(deed, patterns))
        patterns.update(deed.change.moved_from for deed in deeds if deed.change.moved_from is not None)
        if deeds:
            yield replace(run, deeds=deeds)


def _fits(deed: Deed, patterns: set[str]) -> bool:
    names = (deed.change.address, parent_of(deed.change.address))
    return any(name is not None and fnmatchcase(name, pattern) for name in names for pattern in patterns)


def _told(session: Session, runs: Sequence[Run | str], every: Sequence[str]) -> list[Entry]:
    """Complete runs that never ended with what else is known of them."""
    if not any(isinstance(run, Run) and run.open for run in runs):
        return [run if isinstance(run, str) else Told(run=run) for run in runs]
    state, working = _known(session)
    return [run if isinstance(run, str) else _completed(session, run, state, every, working) for run in runs]


def _known(session: Session) -> tuple[State | None, str]:
    """Give the state, and the run that is at work; what is known of runs is worth telling without them."""
    try:
        held = session.place.holder() if session.place.holder is not None else None
        return session.store.load(), held.run if held is not None and not held.dead else ""
    except (StateUnusable, OSError):
        return None, ""


def _completed(session: Session, run: Run, state: State | None, every: Sequence[str], working: str) -> Told:
    if not run.open:
        return Told(run=run)
    if run.run == working:
        return Told(run=run, under_way=True)
    if state is None or state.lineage != run.lineage:
        return Told(run=run)
    later = [each for each in readable(session, every[: every.index(run.run)]) if each.lineage == run.lineage]
    return Told(run=told_since(run, state, reversed(later)))
