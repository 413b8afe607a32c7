"""From a session to a plan: load and read at the same time, match until nothing is open, compute."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler import read
from reconciler.cli.session import Session
from reconciler.core.change import Plan, PlanOptions
from reconciler.core.diagnostic import Diagnostic
from reconciler.core.match import match
from reconciler.core.matching import Matching, MatchOptions
from reconciler.core.plan import Sides, plan
from reconciler.core.resource import Account, Address, Configuration
from reconciler.core.state import State
from reconciler.errors import Ambiguous, StateUnusable, UsageError
from reconciler.reports.diagnostics import render_diagnostics


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A plan, and what it was made from."""

    plan: Plan
    state: State
    read_at_s: float


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


def prepare(session: Session, options: PlanOptions, state: State | None = None) -> Prepared:
    """Compute the plan of a session.

    Raises:
        ConfigurationInvalid, ReadIncomplete, NotAllowed, StateUnusable: a side is not to be had.
        Ambiguous: a person must say which record is meant; nothing was planned.
    """
    # The heap only grows until the plan is there: passes of the collector over it are a third of a large plan.
    gc.disable()
    try:
        return _prepared(session, options, state)
    finally:
        gc.enable()


def _prepared(session: Session, options: PlanOptions, state: State | None) -> Prepared:
    reader = session.reader
    with session.terminal.meter("Reading the account") as meter:
        reading = read.begin(reader, session.settings.account or "", meter)
        configuration = session.load()
        state = session.store.load() if state is None else state
        account = reading.result(configuration.account)
        check_belongs(state, account.account_id, reader.origin)
        if options.destroy:
            configuration = Configuration(root=configuration.root, account=configuration.account)
        _check_creates(options, configuration)
        account, matching = _matched(session, configuration, state, account, options, meter)
    if matching.stops:
        if state.fresh and account.records:
            session.terminal.talk(_FRESH)
        raise Ambiguous(
            "a person must decide",
            matching.stops,
            f"{len(matching.stops)} records could not be told for certain. Nothing was written.",
        )
    sides = Sides(configuration=configuration, state=state, account=account, matching=matching)
    made = plan(sides, reader.kind, options, origin=reader.origin)
    return Prepared(plan=made, state=state, read_at_s=account.read_at_s)


_FRESH = "There is no state yet: existing records are found by what they are called."


def _matched(
    session: Session,
    configuration: Configuration,
    state: State,
    account: Account,
    options: PlanOptions,
    meter: Any,  # noqa: ANN401 - a Meter
) -> tuple[Account, Matching]:
    """Match, answering what matching must know besides, until nothing is open."""
    shaped = MatchOptions(
        alternatives=options.policy.match, creates=frozenset(options.creates), recreate=options.recreate
    )
    while True:
        matching = match(configuration, state, account, session.reader.kind, shaped)
        if not matching.questions.open:
            return account, matching
        account = read.complete(session.reader, account, matching.questions, meter)


def _check_creates(options: PlanOptions, configuration: Configuration) -> None:
    unknown = [address for address in options.creates if address not in configuration.resources]
    if unknown:
        told = ", ".join(unknown)
        raise UsageError("--create names nothing", f"{configuration.root} has no {told}. Write clients.KEY.")


def check_belongs(state: State, account_id: str, origin: str) -> None:
    """Refuse a state that was made for another account or another API."""
    for kept, now, what in ((state.account, account_id, "account"), (state.origin, origin, "API")):
        if kept and kept != now:
            raise StateUnusable(
                f"the state belongs to another {what}",
                f"It is for {what} {kept}; this run works on {now}. Use --state with the file of {now}, or correct "
                "the account. Nothing was changed.",
                code="state-foreign",
            )


def notes(session: Session, diagnostics: tuple[Diagnostic, ...]) -> None:
    """Say something beside the result."""
    if diagnostics and not session.terminal.as_json:
        session.terminal.talk(render_diagnostics(diagnostics, session.rendering))
