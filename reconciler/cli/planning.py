"""From a session to a plan: load and read at the same time, match until nothing is open, compute."""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any

from reconciler import read
from reconciler.cli.reading import reading
from reconciler.cli.session import Session
from reconciler.core.change import Plan, PlanOptions
from reconciler.core.diagnostic import Diagnostic, one_line
from reconciler.core.kind import Kind
from reconciler.core.match import match
from reconciler.core.matching import MatchOptions
from reconciler.core.plan import Sides, plan
from reconciler.core.ports import Meter
from reconciler.core.resource import Account, Address, Configuration, Value
from reconciler.core.run import had_by
from reconciler.core.state import State
from reconciler.errors import Ambiguous, NotAllowed, StateUnusable, UsageError
from reconciler.reports.events import refresh_event
from reconciler.reports.words import counted, wrapped

_TARGET = "--target"
_MUCH = 100_000
"""Objects since the last pass; arbitrary: below it a pass takes a few milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A plan, and what it was made from."""

    plan: Plan
    state: State
    read_at_s: float
    had: Mapping[Address, Mapping[str, Value]] = field(default_factory=dict)
    """All that those children have which will be deleted by themselves."""


def shaping(session: Session, flags: Mapping[str, Any]) -> PlanOptions:
    """Give the options that shape a plan, from flags and settings."""
    if flags.get("destroy") and flags.get("creates"):
        raise UsageError("--destroy and --create contradict each other", "Use one of them.")
    return PlanOptions(
        root=session.settings.root,
        targets=tuple(flags.get("targets") or ()),
        excludes=tuple(flags.get("excludes") or ()),
        creates=tuple(Address(address) for address in flags.get("creates") or ()),
        recreate=bool(flags.get("recreate")),
        destroy=bool(flags.get("destroy")),
        change_root=bool(flags.get("change_root")),
        policy=session.settings.policy,
    )


def prepare(session: Session, options: PlanOptions, state: State | None = None, *, typed: bool = True) -> Prepared:
    """Compute the plan of a session; `typed` says that the options are this command line's, and not a saved plan's.

    Raises:
        ConfigurationInvalid, ReadIncomplete, NotAllowed, StateUnusable: a side is not to be had.
        UsageError: an option names what is not there.
        Ambiguous: a person must say which record is meant; nothing was planned.
    """
    with uncollected():
        sides = compare(session, options, state, typed=typed)
        kind = showable(session)
        made = session.seen.notes(_with_backup(session, plan(sides, kind, options, origin=session.reader.origin)))
        session.heard.plan(made)
        had = had_by(made.changes, sides.account)
        return Prepared(plan=made, state=sides.state, read_at_s=sides.account.read_at_s, had=had)


def undecided(stops: Sequence[Diagnostic]) -> Ambiguous:
    """Give the error of what only a person can decide."""
    told = f"{counted(len(stops), 'record')} could not be told for certain. Nothing was written."
    return Ambiguous("a person must decide", stops, told)


def survey(session: Session, options: PlanOptions) -> tuple[Plan, State, Sequence[Diagnostic]]:
    """Compute a plan as far as it goes without a person's decision; give it with the state and what is undecided."""
    with uncollected():
        sides = _compared(session, options, None, typed=True)
        made = _with_backup(session, plan(sides, showable(session), options, origin=session.reader.origin))
        return session.seen.notes(made), sides.state, sides.matching.stops


@contextmanager
def uncollected() -> Iterator[None]:
    """Let the heap grow: passes of the collector over it are a third of a large plan.

    What has grown by then stays to the end, so that later passes need not look at it either, where that is much.
    """
    gc.disable()
    try:
        yield
    finally:
        if gc.get_count()[0] > _MUCH:
            gc.freeze()
        gc.enable()


def compare(
    session: Session, options: PlanOptions, state: State | None = None, *, typed: bool = True, chooser: str = _TARGET
) -> Sides:
    """Load the configuration, read the account, and find who is who; raises as `prepare` does.

    `chooser` is the flag by which the targets were given.
    """
    sides = _compared(session, options, state, typed=typed, chooser=chooser)
    stops = sides.matching.stops
    if stops:
        if sides.state.fresh and sides.account.records:
            session.terminal.talk("\n".join(wrapped(_FRESH + _backup(session), session.terminal.width)))
        raise undecided(stops)
    return sides


def _compared(
    session: Session, options: PlanOptions, state: State | None, *, typed: bool, chooser: str = _TARGET
) -> Sides:
    """Load and read at the same time, and match until nothing is open."""
    reader, terminal = session.reader, session.terminal
    if terminal.as_json:
        terminal.emit([refresh_event(session.settings.account or "")])
    with reading(reader, session.settings.account or "", terminal) as started:
        configuration = session.load()
        check_named(session, configuration)
        state = session.store.load() if state is None else state
        account = started.result(configuration.account)
        check_belongs(state, account.account_id, reader.origin, session.place.shown)
        session.seen.look(configuration, account)
        if typed:
            _check_patterns(options, configuration, state, chooser)
        if options.destroy:
            # What is listed as removed is still only forgotten.
            configuration = replace(configuration, resources={})
        _check_creates(options, configuration)
        sides = matched(session, configuration, state, account, options, started.meter)
        session.seen.look(configuration, sides.account)
    if terminal.as_json:
        terminal.emit([refresh_event(account.account_id, len(account.records))])
    return sides


_FRESH = "There is no state yet: existing records are found by what they are called."


def _backup(session: Session) -> str:
    """Say where the state's last version but one is, where only that is left."""
    backup = session.place.backup
    if backup is None or not backup.exists():
        return ""
    return f" Its backup is there, though ({backup}): run `reconciler state restore` first."


def _with_backup(session: Session, made: Plan) -> Plan:
    """Let the note on a missing state name the backup that lies beside it."""
    found = _backup(session)
    notes = [replace(note, detail=note.detail + found) if note.code == "no-state" else note for note in made.notes]
    return replace(made, notes=tuple(notes)) if found else made


def showable(session: Session) -> Kind:
    """Give the kind such that records are described by what may be shown of them only."""
    return _showable(session.reader.kind, session.settings.sensitive)


def _showable(kind: Kind, sensitive: frozenset[str]) -> Kind:
    child = _showable(kind.child, sensitive) if kind.child is not None else None
    return replace(kind, summary=tuple(name for name in kind.summary if name not in sensitive), child=child)


def matched(
    session: Session,
    configuration: Configuration,
    state: State,
    account: Account,
    options: PlanOptions,
    meter: Meter,
) -> Sides:
    """Match, answering what matching must know besides, until nothing is open; there may be stops."""
    kind = showable(session)
    shaped = MatchOptions(
        alternatives=options.policy.match, creates=frozenset(options.creates), recreate=options.recreate
    )
    while True:
        matching = match(configuration, state, account, kind, shaped)
        if not matching.questions.open:
            return Sides(configuration=configuration, state=state, account=account, matching=matching)
        account = read.complete(session.reader, account, matching.questions, meter)


def check_named(session: Session, configuration: Configuration | None) -> None:
    """Refuse to take the login's only account for one of several: it may be another one's."""
    if session.heard.one_of_several and not (
        session.settings.account or (configuration is not None and configuration.account)
    ):
        raise NotAllowed(
            "it is not clear which account is meant",
            "With --all each account must be named, by `account:` in its profile, its reconciler.yaml or its YAML: the "
            "login's only account may be that of another.",
            code="which-account",
        )


def _check_patterns(options: PlanOptions, configuration: Configuration, state: State, chooser: str) -> None:
    if not options.targets and not options.excludes:
        return
    known: set[str] = {*configuration.resources, *configuration.removed, *state.bindings, *state.intents}
    for resource in configuration.resources.values():
        known.update(child.address for child in (resource.children or {}).values())
    check_fits(options, known, f"Neither {configuration.root} nor the state has", chooser)


def check_fits(options: PlanOptions, known: Collection[str], where: str, chooser: str = "--target") -> None:
    """Refuse a --target or --exclude that fits nothing: it is a slip, and a plan without it would be another."""
    for flag, patterns in ((chooser, options.targets), ("--exclude", options.excludes)):
        for pattern in patterns:
            if pattern not in known and not any(fnmatchcase(address, pattern) for address in known):
                raise _names_nothing(flag, pattern, where, known)


def _check_creates(options: PlanOptions, configuration: Configuration) -> None:
    for address in options.creates:
        if address not in configuration.resources:
            raise _names_nothing("--create", address, f"{configuration.root} has no", configuration.resources)


def _names_nothing(flag: str, named: str, where: str, known: Iterable[str]) -> UsageError:
    close = get_close_matches(named, known, n=1)
    hint = f"Did you mean {close[0]}?" if close else "Write clients.KEY, as it is called there."
    return UsageError(f"{flag} names nothing", f"{where} {one_line(named)}. {hint}")


def check_belongs(state: State, account_id: str, origin: str, file: str) -> None:
    """Refuse a state that was made for another account or another API; `file` is where it is kept."""
    for kept, now, what in ((state.account, account_id, "account"), (state.origin, origin, "API")):
        if kept and kept != now:
            raise StateUnusable(
                f"the state belongs to another {what}",
                f"{file} is for {what} {kept}; this run works on {now}. Use --state with the file of {now}, or "
                "correct the account. Nothing was changed.",
                code="state-foreign",
            )
