"""`plan` and `show`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click

from reconciler.cli.options import (
    account_options,
    format_option,
    over_accounts,
    shaping_options,
    typed,
    whereabouts,
)
from reconciler.cli.planning import prepare, shaping
from reconciler.cli.session import Session, begun, enter
from reconciler.cli.showing import parse_formats, refuse, show_plan
from reconciler.errors import PlanUnusable, UsageError
from reconciler.reports.paint import plain
from reconciler.reports.terraform import decode_plan, encode_plan
from reconciler.store.durable import write_output

PENDING = 2


@click.command()
@click.argument("root", type=click.Path(), metavar="[ROOT|DIR]", required=False)
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Save the plan (0600).")
@format_option
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when anything would change.")
@shaping_options
@account_options
@click.pass_context
@over_accounts
def plan(context: click.Context, /, **flags: Any) -> int:  # noqa: ANN401 - click's options
    """Show what would change, and change nothing.

    ROOT is a YAML file or a folder of them; by default clients.yaml or clients/. DIR is for --all.
    """
    if flags["out"] is not None and flags["out"].is_dir():
        raise UsageError("--out names a folder", f"{plain(str(flags['out']))} is one; name a file in it.")
    formats = parse_formats(flags["formats"], as_json=enter(context)["as_json"], out=flags["out"])
    with begun(context, flags) as session:
        made = prepare(session, shaping(session, flags)).plan
        show_plan(session, made, formats)
        if flags["out"] is not None:
            write_output(flags["out"], encode_plan(made, session.rendering))
            tell_saved(context, session, flags)
        refuse(made)
        return PENDING if flags["detailed_exitcode"] and not made.empty else 0


def tell_saved(context: click.Context, session: Session, flags: dict[str, Any]) -> None:
    """Say how to apply the saved plan: in the same folder, on the same state and account."""
    account = ["--account", flags["account"]] if typed(context, {"account": "--account"}) else []
    words = ["reconciler", "apply", str(flags["out"]), *account, *whereabouts(context)]
    file = plain(str(flags["out"]))
    session.terminal.talk(f"\nSaved the plan to {file}. To apply exactly it:\n  {plain(shlex.join(words))}")


@click.command()
@click.argument("planfile", type=click.Path(dir_okay=False, path_type=Path))
@format_option
@click.pass_context
def show(context: click.Context, /, planfile: Path, **flags: Any) -> None:  # noqa: ANN401 - click's options
    """Show a saved plan."""
    wanted = parse_formats(flags["formats"], as_json=enter(context)["as_json"], source=planfile)
    with begun(context, flags, account=False, decided=False) as session:
        show_plan(session, read_plan(planfile), wanted)


def read_plan(file: Path) -> Any:  # noqa: ANN401 - a Plan
    """Read a saved plan; `PlanUnusable` for anything else."""
    try:
        return decode_plan(file.read_bytes())
    except OSError as error:
        raise PlanUnusable("the saved plan cannot be read", f"{plain(str(file))}: {error.strerror}.") from error
