"""`doctor`, and `doctor duplicates`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, TypeVar

import click

from reconciler.cli.options import Days, account_options, over_accounts, typed
from reconciler.errors import UsageError

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
_WORK = "reconciler.cli.doctoring"
_ROOT = "The configuration: a file or a folder; with --all the folder below which the accounts are."
_KEEP = "How long records of runs are to be kept. [default: 90d]"
_OFFLINE = "Ask FreshBooks nothing: leave out what only it can tell."
_RENEW = "Renew a login whose token has ended, or soon will, as every other command does."
_OPTIONS = {"root": "--root", "offline": "--offline", "renew": "--renew", "every": "--all", "account": "--account"}


def _root(command: Decorated) -> Decorated:
    return click.option("--root", type=click.Path(), metavar="ROOT", help=_ROOT)(command)


def _unless_below(command: Callable[..., object]) -> Callable[..., object]:
    """Do nothing where a command of the group follows, which has options of its own."""

    @functools.wraps(command)
    def run(context: click.Context, /, **flags: object) -> object:
        if context.invoked_subcommand is None:
            return command(context, **flags)
        if given := typed(context, _OPTIONS):
            told = f"Write {', '.join(given)} after `{context.invoked_subcommand}`, if it has that."
            raise UsageError("an option stands before the command that it is for", told)
        return None

    return run


@click.group(invoke_without_command=True)
@_root
@click.option("--offline", is_flag=True, help=_OFFLINE)
@click.option("--renew", is_flag=True, help=_RENEW)
@click.option("--keep", "--keep-runs", "keep", type=Days(), metavar="DAYS", help=_KEEP)
@account_options
@click.pass_context
@_unless_below
@over_accounts
def doctor(context: click.Context, /, **flags: object) -> int:
    """Check everything that a run stands on, and say what to do about what is wrong.

    It changes nothing: no write to FreshBooks or to the state, and no lock. Exit code 0 where nothing fails, else that
    of the first failure: the one with which `apply` would end.
    """
    return _work("examined")(context, flags)


@doctor.command("duplicates")
@_root
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 where a group is not told apart.")
@account_options
@click.pass_context
@over_accounts
def doubles(context: click.Context, /, **flags: object) -> int:
    """List clients of the account that have the same natural key, by which one cannot be told from the other.

    Active and archived ones, each with its id, and what to write to tell them apart.
    """
    return _work("listed")(context, flags)


def _work(name: str) -> Callable[[click.Context, Mapping[str, object]], int]:
    """Import what does the work: httpx is slow to import, and help does not need it."""
    found: Callable[[click.Context, Mapping[str, object]], int] = getattr(import_module(_WORK), name)
    return found
