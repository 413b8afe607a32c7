"""Options that several commands share, and the global ones, which may stand before or after a command's name."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from reconciler.reports.formats import PLANS, PROBLEMS

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

_RANKS = "reconciler.cli.options.ranks"
_RANK = {ParameterSource.COMMANDLINE: 2, ParameterSource.ENVIRONMENT: 1}
SHAPING = {
    "targets": "--target",
    "excludes": "--exclude",
    "destroy": "--destroy",
    "creates": "--create",
    "recreate": "--recreate",
    "max_deletes": "--max-deletes",
    "max_updates": "--max-updates",
    "allow_empty": "--allow-empty",
    "allow_balance": "--allow-balance",
    "change_root": "--change-root",
}
"""The options that are stored with a plan, by the name of their parameter."""


class Lines(click.types.StringParamType):
    """A text that may hold blanks: a variable with several of them has one a line."""

    def split_envvar_value(self, rv: str) -> Sequence[str]:
        """Part the value of a variable."""
        return [line.strip() for line in rv.splitlines() if line.strip()]


class Pattern(click.types.StringParamType):
    """An address or a pattern of them; neither holds blanks, so a variable may part several by blanks too."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002 - click's signature
        """Offer the addresses of the configuration, where it can be read."""
        from reconciler.cli.completion import offered  # noqa: PLC0415 - only while a shell completes

        return offered(ctx, incomplete)


class Days(click.ParamType[int]):
    """A number of days: `90d`, or `90`."""

    name = "days"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read it."""
        number = str(value).removesuffix("d")
        if number.isascii() and number.isdecimal() and int(number) <= _MOST_DAYS:
            return int(number)
        told = f"{value!r} is not a number of days: write 90d, at most {_MOST_DAYS}d."
        raise click.BadParameter(told, ctx=ctx, param=param)


_MOST_DAYS = 36_500


class Moment(click.ParamType[datetime]):
    """A moment in UTC: days ago (`7d`), a date, or a date with a time."""

    name = "moment"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read it."""
        if isinstance(value, datetime):
            return value
        text = str(value).strip()
        try:
            if text.endswith("d") and text[:-1].isascii() and text[:-1].isdecimal():
                return datetime.now(UTC) - timedelta(days=min(int(text[:-1]), _MOST_DAYS))
            moment = datetime.fromisoformat(text)
        except ValueError:
            told = f"{value!r} is no moment: write 7d for the last seven days, 2026-11-25, or 2026-11-25T15:00 (UTC)."
            raise click.BadParameter(told, ctx=ctx, param=param) from None
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def keep_option(command: Decorated) -> Decorated:
    """Add `--keep`, which says for how long records of runs are kept."""
    told = "Remove the records of runs older than this. [default: 90d]"
    # The longer name is that of its variable: `login --keep` has the other one.
    return click.option("--keep", "--keep-runs", "keep", type=Days(), metavar="DAYS", help=told)(command)


def _remember(context: click.Context, parameter: click.Parameter, value: object) -> None:
    """Keep a global option for the whole run: typed beats variable beats default, and of two typed the last wins."""
    name = parameter.name or ""
    kept = context.find_root().ensure_object(dict)
    ranks: dict[str, int] = context.meta.setdefault(_RANKS, {})
    source = context.get_parameter_source(name)
    rank = _RANK.get(source, 0) if source is not None else 0
    if name not in kept or rank >= ranks.get(name, 0):
        kept[name], ranks[name] = value, rank


def typed(context: click.Context, names: Mapping[str, str]) -> list[str]:
    """Give those of a command's options that stand on the command line."""
    return [flag for name, flag in names.items() if context.get_parameter_source(name) is ParameterSource.COMMANDLINE]


def whereabouts(context: click.Context, *, inside: bool = False) -> list[str]:
    """Give the typed words that say where a command works: the next one on the same must have them too.

    With `inside` that one begins in the folder that `typed_folder` gives.
    """
    kept = context.find_root().ensure_object(dict)
    words = [] if inside or (folder := typed_folder(context)) == Path() else ["--chdir", str(folder)]
    for name in ("profile", "state", "sandbox"):
        value = kept.get(name)
        if is_typed(context, name) and value not in {None, False}:
            words += [f"--{name}"] if value is True else [f"--{name}", str(value)]
    return words


def typed_folder(context: click.Context) -> Path:
    """Give the folder of a --chdir that was typed, else the working folder."""
    return Path((is_typed(context, "chdir") and context.find_root().ensure_object(dict).get("chdir")) or "")


@contextmanager
def standing_for(context: click.Context, given: Mapping[str, object]) -> Iterator[dict[str, Any]]:
    """Let the global options be these for as long as the block lasts, as if they had been typed; give them all.

    The command begins anew with them, and goes to its folder again.
    """
    root = context.find_root()
    before, ranks = root.obj, context.meta.get(_RANKS, {})
    root.obj = {**root.ensure_object(dict), **given, "begun": False}
    context.meta[_RANKS] = {**ranks, **dict.fromkeys(given, _RANK[ParameterSource.COMMANDLINE])}
    try:
        yield root.obj
    finally:
        root.obj, context.meta[_RANKS] = before, ranks


def is_typed(context: click.Context, name: str) -> bool:
    """Tell whether a global option stands on the command line, and not only in the environment."""
    ranks: Mapping[str, int] = context.meta.get(_RANKS, {})
    return ranks.get(name, 0) == _RANK[ParameterSource.COMMANDLINE]


def over_accounts(command: Decorated) -> Decorated:
    """Add `--all`, which runs the command once for each of several accounts."""

    @functools.wraps(command)
    def run(context: click.Context, /, **flags: Any) -> object:  # noqa: ANN401 - click's options
        if not flags.pop("every"):
            return command(context, **flags)
        from reconciler.cli.everywhere import everywhere  # noqa: PLC0415 - the work of the whole program

        return everywhere(context, flags, command)

    told = "Do it for every account: each profile, or each folder below DIR."
    added: Decorated = click.option("--all", "every", is_flag=True, help=told)(run)  # type: ignore[assignment] # click's decorators keep the function
    return added


def global_options() -> list[click.Option]:
    """Give new instances of the global options."""

    def option(*names: str, **named: Any) -> click.Option:  # noqa: ANN401 - click's own keywords
        return click.Option(list(names), expose_value=False, callback=_remember, **named)

    return [
        option("--chdir", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Work in this folder."),
        option("--profile", metavar="NAME", help="The account of this profile in reconciler.yaml."),
        option(
            "--state",
            type=click.Path(),
            metavar="FILE",
            help="Where the state is kept. [default: .reconciler/state.json]",
        ),
        option("--sandbox", is_flag=True, help="Use a local account under .reconciler/sandbox/ instead of FreshBooks."),
        option("--json", "as_json", is_flag=True, help="Print one JSON event a line."),
        option("--no-color", is_flag=True, help="Print without colour (as NO_COLOR does)."),
        option("--debug", is_flag=True, help="Show the traceback of an error, and each request."),
    ]


def format_option(command: Decorated) -> Decorated:
    """Add `--format`, which may be given several times, and what shapes a report."""
    size = click.option(
        "--max-size", type=click.IntRange(2_000), metavar="N", help="Characters of markdown. [default: 65000]"
    )
    return _format(PLANS)(size(showing_options(command)))


def problems_option(command: Decorated) -> Decorated:
    """Add the `--format` of problems."""
    return _format(PROBLEMS)(command)


def _format(table: Mapping[str, str]) -> Callable[[Decorated], Decorated]:
    told = f"{', '.join(table)}; FORMAT=FILE writes a file. May be given several times."
    return click.option("--format", "formats", type=Lines(), multiple=True, metavar="FORMAT[=FILE]", help=told)


def showing_options(command: Decorated) -> Decorated:
    """Add the options that say how much of a plan is shown."""
    for option in (
        click.option("--redact", is_flag=True, help="Name the fields that change, and show no value of any."),
        click.option("--summary", is_flag=True, help="Show a line a record (text)."),
    ):
        command = option(command)
    return command


def _several(*names: str, told: str) -> Callable[[Decorated], Decorated]:
    return click.option(*names, type=Pattern(), multiple=True, metavar="ADDRESS", help=told)


def choosing_options(command: Decorated) -> Decorated:
    """Add the options that choose a part of a plan."""
    only = "Only this address, or those that match a pattern; may be given several times."
    but = "All but this address, or those that match a pattern; may be given several times."
    excluding: Decorated = _several("--exclude", "excludes", told=but)(command)
    return _several("--target", "targets", told=only)(excluding)


def shaping_options(command: Decorated) -> Decorated:
    """Add the options that shape a plan; they are stored with it."""
    for option in reversed(
        (
            choosing_options,
            click.option("--destroy", is_flag=True, help="Plan the removal of everything that is bound."),
            _several("--create", "creates", told="Create ADDRESS though a record looks like it."),
            click.option("--recreate", is_flag=True, help="Create anew what was bound and is gone."),
            click.option("--max-deletes", metavar="N|N%", help="Allow so many deletes. [default: max(3, 10%)]"),
            click.option("--max-updates", metavar="N|N%", help="Allow so many updates. [default: max(20, 30%)]"),
            click.option("--allow-empty", is_flag=True, help="Allow an empty configuration to remove everything."),
            _several("--allow-balance", told="Allow the removal of ADDRESS though it owes money."),
            click.option("--change-root", is_flag=True, help="Take this root for the state's new one."),
        )
    ):
        command = option(command)
    return command


def allowing_options(command: Decorated) -> Decorated:
    """Add the options with which a guard lets more pass."""
    for option in reversed(
        (
            click.option("--max-deletes", metavar="N|N%", help="Allow so many deletes. [default: max(3, 10%)]"),
            click.option("--max-updates", metavar="N|N%", help="Allow so many updates. [default: max(20, 30%)]"),
            _several("--allow-balance", told="Allow the removal of ADDRESS though it owes money."),
        )
    ):
        command = option(command)
    return command


def lock_option(command: Decorated) -> Decorated:
    """Add `--lock-timeout`."""
    told = "Wait S seconds for another run to end. [default: 0]"
    return click.option("--lock-timeout", type=click.FloatRange(0), default=0.0, metavar="S", help=told)(command)


def applying_options(command: Decorated) -> Decorated:
    """Add the options that say how a plan is carried out."""
    settle = "How long an unanswered create is looked for. [default: 60]"
    seconds = click.FloatRange(0)
    for option in reversed(
        (
            click.option("--auto-approve", is_flag=True, help="Do not ask."),
            lock_option,
            click.option("--settle", type=seconds, metavar="S", help=settle),
            click.option("--fail-fast", is_flag=True, help="Start nothing new after the first failure."),
            keep_option,
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
