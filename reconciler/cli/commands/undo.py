"""`undo`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from reconciler.cli.commands.apply import applied, new_run, nobody
from reconciler.cli.commands.plan import tell_saved
from reconciler.cli.options import (
    account_options,
    allowing_options,
    applying_options,
    choosing_options,
    showing_options,
)
from reconciler.cli.planning import shaping
from reconciler.cli.session import Session, begun, enter
from reconciler.cli.showing import refuse, show_plan
from reconciler.cli.terminal import Terminal
from reconciler.cli.undoing import chosen_run, prepare_undo
from reconciler.reports.terraform import encode_plan
from reconciler.store.durable import write_output


@click.command()
@click.argument("run", required=False)
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Save the plan (0600), and apply nothing.")
@click.option("--expect", metavar="PLAN_ID", help="Apply only if this is the plan; it counts as the approval.")
@choosing_options
@applying_options
@showing_options
@allowing_options
@account_options
@click.pass_context
def undo(context: click.Context, /, run: str | None, **flags: Any) -> int:  # noqa: ANN401 - click's options
    """Take back what a RUN did: show the plan for it, ask, and carry it out.

    RUN is a run's name, or a part of it, as `history` lists them; by default the last one that changed something, which
    may be an undo. Only that run is taken back, and none that came after it. The configuration is not changed: at the
    end it is said what it still wants.
    """
    shared = enter(context)
    unattended = not (flags["expect"] or flags["auto_approve"] or Terminal.of(shared).interactive)
    if unattended and flags["out"] is None:
        raise nobody()
    with begun(context, flags) as session:
        if flags["out"] is not None:
            return _saved(context, session, run, flags)
        name = new_run()
        with session.holding(name, flags) as lease:
            held = replace(session, lease=lease)
            options = replace(shaping(held, flags), undo=chosen_run(held, run, held.store.load()))
            return applied(held, options, name, flags, None)


def _saved(context: click.Context, session: Session, run: str | None, flags: dict[str, Any]) -> int:
    """Show the plan and save it; `apply FILE` carries it out."""
    state = session.store.load()
    made = prepare_undo(session, replace(shaping(session, flags), undo=chosen_run(session, run, state)), state).plan
    show_plan(session, made, [("text", None)])
    write_output(flags["out"], encode_plan(made, session.rendering))
    tell_saved(context, session, flags)
    refuse(made)
    return 0
