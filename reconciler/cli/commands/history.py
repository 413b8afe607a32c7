"""`history`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from reconciler.cli.options import keep_option, typed
from reconciler.cli.runs import known_runs, named, read_run
from reconciler.cli.session import Session, begun, kept_from
from reconciler.cli.showing import emit
from reconciler.core.run import Run
from reconciler.errors import StateUnusable
from reconciler.reports.history import Entry, hidden_run, history_events, render_history, render_run, run_events
from reconciler.reports.words import counted

_LAST = 20


@click.command()
@click.argument("run", required=False)
@click.option("--last", type=click.IntRange(1), default=_LAST, metavar="N", help="Show the last N. [default: 20]")
@keep_option
@click.option("--redact", is_flag=True, help="Name the fields that changed, and show no value of any.")
@click.pass_context
def history(context: click.Context, /, run: str | None, **flags: Any) -> None:  # noqa: ANN401 - click's options
    """List the runs, the newest first, or show each attribute of one RUN before and after.

    A part of a run's name is enough where no other has it. With --keep older records are removed at once, and not
    only at the next apply.
    """
    with begun(context, flags, account=False) as session:
        if typed(context, {"keep": "--keep"}):
            _prune(session, flags)
        names = known_runs(session)
        if run is not None:
            _show_run(session, hidden_run(read_run(session, named(names, run)), session.shown))
        else:
            chosen = names[: flags["last"]]
            _show_runs(session, [_entry(session, name) for name in chosen], len(names) - len(chosen))


def _prune(session: Session, flags: dict[str, Any]) -> None:
    with session.holding("history", flags):
        known = session.store.load()
        removed = session.place.runs.prune(kept_from(flags))
        if removed and session.place.storage is not None and session.place.storage.single:
            session.store.save(known)
    session.terminal.talk(f"Removed {counted(removed, 'record')} of runs older than {counted(flags['keep'], 'day')}.")


def _entry(session: Session, name: str) -> Entry:
    try:
        return read_run(session, name)
    except StateUnusable as error:
        if error.code != "run-unreadable":
            raise
        return name


def _show_run(session: Session, run: Run) -> None:
    if session.terminal.as_json:
        emit(session, run_events(run))
    else:
        session.terminal.result(render_run(run, session.rendering))


def _show_runs(session: Session, entries: Sequence[Entry], left: int) -> None:
    if session.terminal.as_json:
        emit(session, history_events(entries))
    else:
        session.terminal.result(render_history(entries, left, session.rendering))
