"""`--all`: one command line for several accounts, one after the other, each as if it were the only one.

Accounts share nothing: each run has its own settings, state, lock, login and run record, and none stops another. Only a
signal ends them all. What a command does is not known here.
"""

from __future__ import annotations

import gc
import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from reconciler.cli.events import Stream
from reconciler.cli.heard import Heard
from reconciler.cli.main import attempt
from reconciler.cli.options import is_typed, standing_for, whereabouts
from reconciler.cli.session import enter
from reconciler.cli.showing import parse_formats
from reconciler.cli.stations import Station, find
from reconciler.cli.terminal import Terminal
from reconciler.errors import ReconcilerError, UsageError
from reconciler.reports.accounts import AccountRow, accounts_event, render_accounts, render_heading, worst
from reconciler.reports.formats import PLANS, PROBLEMS
from reconciler.reports.paint import plain
from reconciler.store.durable import PRIVATE_FOLDER, disk

NAME = "{name}"
"""What stands for an account in the name of a file."""
_ENDED = {130, 143, None}
"""After which no further account is begun."""

Command = Callable[..., object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tour:
    """All that the accounts' runs have in common."""

    context: click.Context
    command: Command
    flags: Mapping[str, Any]
    """Those of the command line; the names of files are whole, and may hold `{name}`."""
    state: str | None
    stream: Stream | None
    """The events of all of them, where those are wanted."""
    start: Path
    """The folder in which the program was started."""
    above: Path
    """The folder of --chdir."""
    expected: Mapping[str, str]
    """Plan ids by the names of accounts."""


def everywhere(context: click.Context, flags: Mapping[str, Any], command: Command) -> int:
    """Run a command for every account; give the exit code that stands for all.

    Raises:
        UsageError: an option means the same thing for all accounts, and would mix them up.
    """
    kept: Mapping[str, Any] = context.find_root().ensure_object(dict)
    if kept.get("profile") and _profile_wins(context):
        result = command(context, **flags)
        return result if isinstance(result, int) else 0
    start = Path.cwd()
    shared = enter(context)
    terminal = Terminal.of(shared)
    _check_account(flags)
    within, whole = _whole(flags, as_json=bool(shared.get("as_json")))
    stations = find(within)
    os.chdir(start)
    tour = Tour(
        context=context,
        command=command,
        flags=whole,
        state=_pattern("--state", shared["state"]) if shared.get("state") else None,
        stream=terminal.stream,
        start=start,
        above=Path(shared.get("chdir") or ""),
        expected=_expected(whole.get("expects") or (), stations),
    )
    _check_files(tour, stations)
    _check_consent(tour, stations, terminal)
    rows: list[AccountRow] = []
    terminal.emit([])
    for number, station in enumerate(stations, 1):
        ended = bool(rows) and rows[-1].exit_code in _ENDED
        rows.append(_not_reached(station) if ended else _row(tour, station, number, len(stations)))
    if terminal.stream is not None:
        terminal.emit([accounts_event(rows)])
        terminal.stream.without_sums()
    else:
        terminal.result("\n" + render_accounts(rows, terminal.rendering))
        _tell_saved(tour, within, terminal)
    terminal.check_kept()
    return worst(row.exit_code for row in rows if row.exit_code is not None)


# One account.


def _row(tour: Tour, station: Station, number: int, count: int) -> AccountRow:
    heard = Heard(one_of_several=True)
    given = {
        "chdir": tour.above / station.folder,
        "profile": station.profile,
        "state": _filled(tour.state, station),
        "tags": station.tags,
        "heard": heard,
        **({} if tour.stream is None else {"stream": tour.stream.one_of_several()}),
    }
    with standing_for(tour.context, given) as shared:

        def work() -> object:
            _head(Terminal.of(shared), station, number, count)
            return tour.command(tour.context, **_flags(tour, station))

        code = attempt(work, shared)
        os.chdir(tour.start)
    error = shared.get("error")
    # A large plan leaves its heap where the collector does not look; the next account needs the memory.
    gc.unfreeze()
    gc.collect()
    return AccountRow(
        name=station.name,
        tags=station.tags,
        account=heard.account,
        exit_code=code,
        found=heard.found,
        applied=heard.applied,
        plan_id=heard.plan_id,
        told=error.summary if isinstance(error, ReconcilerError) else heard.told,
    )


def _not_reached(station: Station) -> AccountRow:
    return AccountRow(name=station.name, tags=station.tags)


def _head(terminal: Terminal, station: Station, number: int, count: int) -> None:
    """Say whose turn it is, on stderr too where that leads elsewhere: errors are told there."""
    if terminal.as_json:
        return
    before = "\n" if number > 1 else ""
    terminal.result(before + render_heading(station.name, number, count, terminal.rendering))
    if terminal.apart:
        terminal.talk(before + render_heading(station.name, number, count, terminal.talking))


def _flags(tour: Tour, station: Station) -> dict[str, Any]:
    """Give the options of one account's run: those of the command line, with its own files and its own plan id."""
    flags = dict(tour.flags)
    for name in ("root", "out"):
        if flags.get(name):
            flags[name] = type(flags[name])(_filled(str(flags[name]), station))
    if "form" in flags:
        flags["form"] = _filled(flags["form"], station)
    if "formats" in flags:
        flags["formats"] = tuple(_filled(text, station) for text in flags["formats"])
    if "expects" in flags:
        flags["expects"] = (tour.expected[station.name],) if station.name in tour.expected else ()
    return flags


def _filled(pattern: str | None, station: Station) -> str | None:
    return pattern.replace(NAME, station.file_name) if pattern else None


def _tell_saved(tour: Tour, within: Path, terminal: Terminal) -> None:
    """Say how to apply all of the saved plans."""
    if tour.flags.get("out"):
        words = ["reconciler", "apply", "--all", str(tour.flags["out"]), *whereabouts(tour.context)]
        if within != Path():
            words += ["--chdir", str(tour.above / within)]
        terminal.talk(f"To apply exactly these plans:\n  {plain(shlex.join(words))}")


# What the command line may say for all of them.


def _profile_wins(context: click.Context) -> bool:
    """Tell whether one profile is meant after all: what is typed wins over what the environment says."""
    every = context.get_parameter_source("every") is ParameterSource.COMMANDLINE
    one = is_typed(context, "profile")
    if every == one:
        raise UsageError("--profile and --all contradict each other", "Use one of them.")
    return one


def _check_account(flags: Mapping[str, Any]) -> None:
    if flags.get("account") or os.environ.get("FRESHBOOKS_ACCOUNT_ID"):
        raise UsageError(
            "one account is named for all",
            "--all works on several accounts; --account, RECONCILER_ACCOUNT and FRESHBOOKS_ACCOUNT_ID would make them "
            "one. Unset them; name each account in its profile, or in the files of its folder.",
        )


def _whole(flags: Mapping[str, Any], *, as_json: bool) -> tuple[Path, dict[str, Any]]:
    """Give the folder to look in, and the options with their files as seen from the working folder."""
    whole = dict(flags)
    given = [path for path in (flags.get("root"), *flags.get("paths", ())) if path]
    if len(given) > 1:
        raise UsageError("--all takes one folder", "Accounts are looked for below it, and each has its own root.")
    saved = "expects" in flags and bool(given) and NAME in given[0]
    whole |= {"root": _pattern("PLANFILE", given[0]) if saved else None} if "root" in flags else {"paths": ()}
    if flags.get("out"):
        whole["out"] = Path(_pattern("--out", _out(str(flags["out"]))))
    if flags.get("formats"):
        parse_formats(flags["formats"], as_json=as_json, known=PROBLEMS if "paths" in flags else PLANS)
        whole["formats"] = tuple(map(_format, flags["formats"]))
    if flags.get("form"):
        whole["form"] = _format(flags["form"])
    return Path() if saved or not given else Path(given[0]), whole


def _pattern(option: str, text: str) -> str:
    """Give the name of a file for each account, which is whole unless it is an address."""
    if NAME not in text:
        told = f"{option} {plain(text)} would be one for all of them. Write {NAME} where the account's name should be."
        raise UsageError("one file is named for all accounts", told)
    return text if "://" in text else str(Path.cwd() / text)


def _out(text: str) -> str:
    if NAME in text:
        return text
    with disk(Path(text)):
        Path(text).mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    return f"{text}/{NAME}.plan"


def _format(text: str) -> str:
    name, separator, file = text.partition("=")
    if not separator and name not in {"text", "yaml"}:
        told = f"Give each account's a file of its own: --format {name}={NAME}.{name}. For a program, use --json."
        raise UsageError("several documents for one output", told)
    return f"{name}={_pattern('--format', file)}" if separator else text


def _expected(texts: Sequence[str], stations: Sequence[Station]) -> dict[str, str]:
    """Read `NAME=PLAN_ID`, once for each account that has one."""
    names = [station.name for station in stations]
    found: dict[str, str] = {}
    for text in texts:
        name, separator, plan_id = text.rpartition("=")
        if not separator or not plan_id or name in found:
            raise UsageError("--expect needs the account", "With --all write --expect NAME=PLAN_ID, once an account.")
        if name not in names:
            close = get_close_matches(name, names, n=1)
            told = f"Did you mean {plain(close[0])}?" if close else "The names are those of the table at the end."
            raise UsageError("--expect names no account", f"There is no account {plain(name)} here. {told}")
        found[name] = plan_id
    return found


def _check_files(tour: Tour, stations: Sequence[Station]) -> None:
    """Refuse file names that would be those of two accounts."""
    texts = (
        tour.state,
        tour.flags.get("root"),
        tour.flags.get("out"),
        *tour.flags.get("formats", ()),
        tour.flags.get("form"),
    )
    seen: dict[str, Station] = {}
    for station in stations if any(text and NAME in str(text) for text in texts) else ():
        other = seen.setdefault(station.file_name.casefold(), station)
        if other is not station:
            told = f"{plain(other.name)} and {plain(station.name)} would both be {plain(station.file_name)} in {NAME}."
            raise UsageError("two accounts would share a file", f"{told} Rename one of the folders.")


def _check_consent(tour: Tour, stations: Sequence[Station], terminal: Terminal) -> None:
    """Refuse an apply that nobody could approve before anything is read."""
    if "auto_approve" not in tour.flags or tour.flags["auto_approve"] or terminal.interactive or tour.flags["root"]:
        return
    open_ = [station.name for station in stations if station.name not in tour.expected]
    if open_:
        told = f"There is no terminal to ask at. Use --auto-approve, or --expect NAME=PLAN_ID for {plain(open_[0])}"
        raise UsageError("nobody can approve", told + (f" and {len(open_) - 1} more." if len(open_) > 1 else "."))
