"""`plan` and `show`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli.options import account_options, format_option, shaping_options
from reconciler.cli.planning import prepare, shaping
from reconciler.cli.session import begun
from reconciler.cli.showing import parse_formats, refuse, show_plan
from reconciler.errors import PlanUnusable
from reconciler.reports.terraform import decode_plan, encode_plan
from reconciler.store.durable import write_file

PENDING = 2


@click.command()
@click.argument("root", required=False)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Save the plan (0600).")
@format_option
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when anything would change.")
@shaping_options
@account_options
@click.pass_context
def plan(context: click.Context, /, **flags: Any) -> int:  # noqa: ANN401 - click's options
    """Show what would change, and change nothing.

    ROOT is a YAML file or a folder of them; by default clients.yaml or clients/.
    """
    formats = parse_formats(flags["formats"])
    with begun(context, flags) as session:
        made = prepare(session, shaping(session, flags)).plan
        show_plan(session, made, formats)
        if flags["out"] is not None:
            write_file(flags["out"], encode_plan(made, session.rendering))
            session.terminal.talk(
                f"\nSaved the plan to {flags['out']}. To apply exactly it:\n  reconciler apply {flags['out']}"
            )
        refuse(made)
        return PENDING if flags["detailed_exitcode"] and not made.empty else 0


@click.command()
@click.argument("planfile", type=click.Path(dir_okay=False, path_type=Path))
@format_option
@click.pass_context
def show(context: click.Context, planfile: Path, formats: tuple[str, ...]) -> None:
    """Show a saved plan."""
    wanted = parse_formats(formats)
    with begun(context, account=False) as session:
        show_plan(session, read_plan(planfile), wanted)


def read_plan(file: Path) -> Any:  # noqa: ANN401 - a Plan
    """Read a saved plan; `PlanUnusable` for anything else."""
    try:
        return decode_plan(file.read_bytes())
    except OSError as error:
        raise PlanUnusable("the saved plan cannot be read", f"{file}: {error.strerror}.") from error
