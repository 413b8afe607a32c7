"""Options that several commands share, and the global ones, which may stand before or after a command's name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def _remember(context: click.Context, parameter: click.Parameter, value: object) -> None:
    """Keep a global option for the whole run; what is given last, after the command's name, wins."""
    kept = context.find_root().ensure_object(dict)
    given = context.get_parameter_source(parameter.name or "")
    if given is not click.core.ParameterSource.DEFAULT or parameter.name not in kept:
        kept[parameter.name] = value


def global_options() -> list[click.Option]:
    """Give new instances of the global options."""

    def option(*names: str, **named: Any) -> click.Option:  # noqa: ANN401 - click's own keywords
        return click.Option(list(names), expose_value=False, callback=_remember, **named)

    return [
        option("--chdir", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Work in this folder."),
        option("--state", metavar="FILE", help="Where the state is kept. [default: .reconciler/state.json]"),
        option("--sandbox", is_flag=True, help="Use a local account under .reconciler/sandbox/ instead of FreshBooks."),
        option("--json", "as_json", is_flag=True, help="Print one JSON event a line."),
        option("--no-color", is_flag=True, help="Print without colour (as NO_COLOR does)."),
        option("--debug", is_flag=True, help="Show the traceback of an error, and each request."),
    ]


def format_option(command: Decorated) -> Decorated:
    """Add `--format`, which may be given several times."""
    told = "text or json; FORMAT=FILE writes a file. May be given several times."
    return click.option("--format", "formats", multiple=True, metavar="FORMAT[=FILE]", help=told)(command)


def shaping_options(command: Decorated) -> Decorated:
    """Add the options that shape a plan; they are stored with it."""
    for option in reversed(
        (
            click.option("--target", "targets", multiple=True, metavar="ADDRESS", help="Only this address (globs)."),
            click.option("--exclude", "excludes", multiple=True, metavar="ADDRESS", help="Not this address (globs)."),
            click.option("--destroy", is_flag=True, help="Plan the removal of everything that is bound."),
            click.option(
                "--create", "creates", multiple=True, metavar="ADDRESS", help="Create it though one looks like it."
            ),
            click.option("--recreate", is_flag=True, help="Create anew what was bound and is gone."),
            click.option("--max-deletes", metavar="N|N%", help="Allow so many deletes. [default: max(3, 10%)]"),
            click.option("--max-updates", metavar="N|N%", help="Allow so many updates. [default: max(20, 30%)]"),
            click.option("--allow-empty", is_flag=True, help="Allow an empty configuration to remove everything."),
            click.option(
                "--allow-balance", multiple=True, metavar="ADDRESS", help="Allow its removal though it owes money."
            ),
            click.option("--change-root", is_flag=True, help="Take this root for the state's new one."),
        )
    ):
        command = option(command)
    return command


def account_options(command: Decorated) -> Decorated:
    """Add the options that say which account is read, and how fast."""
    for option in reversed(
        (
            click.option("--account", metavar="ID", help="The accounting account. [default: the login's only one]"),
            click.option(
                "--parallelism", type=click.IntRange(1, 64), metavar="N", help="Requests at once. [default: 8]"
            ),
        )
    ):
        command = option(command)
    return command
