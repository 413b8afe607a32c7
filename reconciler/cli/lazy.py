"""A click group that imports a command only when it is run, and gives every option its environment variable.

`--help` of the group must answer at once, so each command's one line of help stands in the table, not in its module.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """Commands as a table: name → (`module:attribute`, one line of help)."""

    def __init__(
        self,
        *,
        table: Mapping[str, tuple[str, str]],
        shared: Iterable[click.Option],
        **named: Any,  # noqa: ANN401 - click.Group's own keywords, passed through
    ) -> None:
        super().__init__(**named)
        self._table = table
        self._shared = tuple(shared)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Give the names in the order of the table, which is the order of use."""
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import one command and complete its options."""
        found = self._table.get(cmd_name)
        if found is None:
            return None
        module, _, attribute = found[0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return completed(command, self._shared)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the table without importing a single command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, told) for name, (_, told) in self._table.items()])


def completed(command: click.Command, shared: tuple[click.Option, ...]) -> click.Command:
    """Add the global options to a command, and name the environment variable of each of its own: RECONCILER_<FLAG>.

    The variables of the global ones are read once, by the program itself. An eager option has none, for it ends the
    program at once: with `--version` in the environment no command would do anything else.
    """
    if isinstance(command, click.Group):
        for name in command.commands:
            completed(command.commands[name], shared)
    global_names = {name for option in shared for name in option.opts}
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not global_names & set(parameter.opts) and not parameter.is_eager:
            parameter.envvar = parameter.envvar or environment_name(parameter)
    known = {name for parameter in command.params for name in parameter.opts}
    command.params.extend(option for option in shared if not known & set(option.opts))
    return command


def environment_name(option: click.Option) -> str:
    """Give the environment variable of an option, from its longest name."""
    longest = max(option.opts, key=len)
    return "RECONCILER_" + longest.lstrip("-").replace("-", "_").upper()
