"""`history`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from reconciler.cli.options import Moment, Pattern, keep_option, typed
from reconciler.cli.recounting import Wanted, recount_one, recount_record, recount_runs
from reconciler.cli.session import Session, begun, kept_from
from reconciler.reports.words import counted

_LAST = 20


@click.command()
@click.argument("which", type=Pattern(), metavar="[RUN|ADDRESS]", required=False)
@click.option("--last", type=click.IntRange(1), default=_LAST, metavar="N", help="Show the last N. [default: 20]")
@click.option("--since", type=Moment(), metavar="WHEN", help="Only runs since: 7d, or 2026-11-25 (UTC).")
@keep_option
@click.option("--redact", is_flag=True, help="Name the fields that changed, and show no value of any.")
@click.pass_context
def history(context: click.Context, /, which: str | None, **flags: Any) -> None:  # noqa: ANN401 - click's options
    """List the runs, the newest first; or show all of one RUN, or all that happened to ADDRESS.

    A part of a run's name is enough where no other has it. ADDRESS may be a pattern, such as clients.acme.contacts.*; a
    record is followed to what it was called before. All times are UTC. With --keep older records are removed at once,
    and not only at the next apply.
    """
    with begun(context, flags, account=False) as session:
        if typed(context, {"keep": "--keep"}):
            _prune(session, flags)
        wanted = Wanted(last=flags["last"], since=_name_at(flags["since"]))
        if which is None:
            recount_runs(session, wanted)
        elif "." in which:
            recount_record(session, which, wanted)
        else:
            recount_one(session, which)


def _name_at(moment: datetime | None) -> str:
    """Give what the names of runs since a moment do not sort before."""
    return f"{moment:%Y%m%dT%H%M%SZ}" if moment is not None else ""


def _prune(session: Session, flags: dict[str, Any]) -> None:
    with session.holding("history", flags):
        known = session.store.load()
        removed = session.place.runs.prune(kept_from(flags))
        if removed and session.place.storage is not None and session.place.storage.single:
            session.store.save(known)
    session.terminal.talk(f"Removed {counted(removed, 'record')} of runs older than {counted(flags['keep'], 'day')}.")
