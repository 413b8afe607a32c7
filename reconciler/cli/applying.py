"""Carry a shown and approved plan out: journal, signals, progress, and the verdict at the end."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.apply.fence import LOST, Fenced
from reconciler.apply.intents import of_plan
from reconciler.apply.run import apply
from reconciler.apply.worksite import ApplyOptions, Halt, Worksite
from reconciler.cli.commits import checked_out
from reconciler.cli.events import now
from reconciler.cli.planning import Prepared
from reconciler.cli.progress import Progress
from reconciler.cli.session import Session, kept_from, quiet_period_s
from reconciler.cli.worker import who
from reconciler.core.change import Plan
from reconciler.core.codec import differing
from reconciler.core.outcome import Outcome, Refusal, Result
from reconciler.core.ports import Writer
from reconciler.core.run import Run, begun, deeds
from reconciler.core.state import State
from reconciler.errors import (
    Interrupted,
    LocalDisk,
    Locked,
    NotAllowed,
    ReconcilerError,
    Refused,
    StateUnusable,
    Unfinished,
)
from reconciler.record import Recorder
from reconciler.reports.events import outcomes_sums
from reconciler.reports.hiding import hidden, hidden_outcome
from reconciler.reports.options import RenderOptions
from reconciler.reports.outcomes import render_outcomes
from reconciler.reports.text import heading
from reconciler.store import uptime

if TYPE_CHECKING:
    from types import FrameType


def wait_for_open_intents(session: Session, state: State, settle_s: float) -> None:
    """Wait out the rest of an interrupted run's quiet period, so that what it sent has arrived before anything is read.

    The whole of it is waited where the run was killed, for then nobody knows when it sent its last byte.
    """
    if not state.intents:
        return
    rests = [settle_s - (uptime.since(intent.ended) or 0.0) for intent in state.intents.values()]
    rest = max(0.0, *rests)
    count = len(state.intents)
    session.terminal.talk(
        f"An interrupted run left {count} create{'s' if count > 1 else ''} open. "
        + (f"Waiting {rest:.0f} s for what it may have sent; then they are looked up." if rest else "Looking them up.")
    )
    session.sleep(rest)


def check_expected(plan: Plan, expected: str, saved: Plan | None) -> None:
    """Refuse a plan that is not the one that was reviewed, and say what moved."""
    if plan.plan_id == expected:
        return
    moved = ""
    if saved is not None:
        saved, plan = (
            hidden(each, RenderOptions(sensitive=frozenset(saved.options.sensitive))) for each in (saved, plan)
        )
        rows = [
            f"  {address}: {'reviewed: ' + heading(before) if before else 'not reviewed'}; "
            f"{'now: ' + heading(after) if after else 'now: nothing to do'}"
            for address, (before, after) in differing(saved, plan).items()
        ]
        rows = rows or ["  values that are not shown"]
        moved = "What moved:\n" + "\n".join(rows[:20]) + ("\n  ..." if len(rows) > 20 else "") + "\n"  # noqa: PLR2004 - enough to see what happened
    raise Refused(
        "the plan is no longer what was reviewed",
        (),
        f"Reviewed was {expected}; configuration, state and account now give {plan.plan_id}.\n{moved}Nothing was "
        "written. Plan again, and have that reviewed.",
        code="stale-plan",
    )


def carry_out(session: Session, prepared: Prepared, run: str, flags: Mapping[str, Any]) -> int:
    """Apply a plan that is approved; give the exit code, or raise what the run ended with."""
    plan = prepared.plan
    recorder = Recorder(session.store, prepared.state)
    reader = session.reader
    root = plan.options.root if plan.options.change_root or not prepared.state.root else prepared.state.root
    options = ApplyOptions(
        run=run,
        parallelism=session.settings.parallelism,
        settle_s=quiet_period_s(flags),
        fail_fast=bool(flags.get("fail_fast")),
        now=now,
    )
    intents = of_plan(plan, kind=reader.kind, salt=prepared.state.salt, options=options)
    record = _written_ahead(session, prepared, run)
    with _nothing_begun(session, record):
        state = recorder.begin(plan.account, reader.origin, root, intents)
    halt, progress = Halt(), Progress(session=session)
    with _signals(session, halt) as signals:
        with session.terminal.meter("Applying") as meter:
            meter.total(len(plan.changes))

            def advance(outcome: Outcome) -> None:
                progress.told(outcome)
                meter.advance()

            site = Worksite(
                writer=_fenced(session, reader, halt),
                ledger=recorder,
                state=state,
                options=options,
                listed_at_s=prepared.read_at_s,
                halt=halt,
                began=progress.began,
                lasting=progress.lasting,
                told=advance,
            )
            outcomes = apply(plan, site)
            # A worker that is still waiting for its turn must not send anything once the lock is free.
            reader.close(0.0)
        progress.rest(outcomes)
        record = replace(record, open=False, deeds=deeds(outcomes, prepared.state, prepared.had))
        _close(session, recorder, halt, record, outcomes, kept_from(flags))
    return _verdict(outcomes, halt, signals)


def _written_ahead(session: Session, prepared: Prepared, run: str) -> Run:
    """Write down what is going to be done before anything is: who is killed cannot tell what was."""
    plan = prepared.plan
    record = Run(
        run=run,
        account=plan.account,
        began=now(),
        who=who(os.environ) if plan.options.undo else replace(who(os.environ), commit=checked_out(plan.options.root)),
        lineage=prepared.state.lineage,
        plan_id=plan.plan_id,
        undoes=plan.options.undo,
        open=True,
        deeds=begun(plan, prepared.state, prepared.had),
    )
    session.place.runs.write(record)
    return record


@contextmanager
def _nothing_begun(session: Session, record: Run) -> Iterator[None]:
    """Write down that nothing was done, where the state says that nothing can begin."""
    try:
        yield
    except (LocalDisk, StateUnusable) as failure:
        left = (replace(deed, result=Result.NOT_ATTEMPTED, reason=failure.summary) for deed in record.deeds)
        with suppress(LocalDisk, StateUnusable):
            session.place.runs.write(replace(record, open=False, deeds=tuple(left)))
        raise


def _fenced(session: Session, writer: Writer, halt: Halt) -> Writer:
    """Give a writer that stops with the hold of the lock."""
    if session.lease is None:
        raise TypeError("an apply holds the lock")
    failure = Locked(
        "the lock on the state was lost",
        "It could not be renewed in time, or somebody removed it, so another run may be at work by now. Nothing "
        "further was sent. Plan again: what was done is found again.",
        code="lock-lost",
    )
    return Fenced(writer, session.lease, lambda: halt.stop(LOST, failure))


def _close(
    session: Session, recorder: Recorder, halt: Halt, record: Run, outcomes: Sequence[Outcome], oldest: str
) -> None:
    """Show the end, then keep the record of the run and the state; the journal has it all should that fail."""
    session.heard.outcomes(outcomes)
    outcomes_shown = [hidden_outcome(outcome, session.shown) for outcome in outcomes]
    if session.terminal.stream is not None:
        session.terminal.stream.sums = outcomes_sums(outcomes_shown)
    else:
        session.terminal.result("\n" + render_outcomes(outcomes_shown, session.rendering))
    try:
        # The record first: where storage has one document only, one write takes both.
        session.place.runs.write(record)
        # That an old record is still there spoils nothing: another run tries again. Where looking costs a request, one
        # in sixteen does, by the chance in its name.
        if not halt.asked.is_set() and (session.place.storage is None or record.run.endswith("0")):
            with suppress(LocalDisk, StateUnusable):
                session.place.runs.prune(oldest)
        recorder.finish(uptime.stamp())
    except LocalDisk as failure:
        halt.stop("this machine's disk failed", failure)
    except StateUnusable as failure:
        halt.stop("the state could not be written", failure)


def _verdict(outcomes: Sequence[Outcome], halt: Halt, signals: Sequence[int]) -> int:
    if signals:
        left = sum(outcome.result is not Result.DONE for outcome in outcomes)
        told = f"{left} {'change is' if left == 1 else 'changes are'} left. Run `reconciler plan` to see what."
        raise Interrupted(
            "interrupted", told if left else "Everything was done before it ended.", signal_number=signals[0]
        )
    if halt.failure is not None:
        if halt.wrote and isinstance(halt.failure, (StateUnusable, Locked, NotAllowed)):
            # What storage or login say of themselves is not true of the whole run.
            detail = halt.failure.detail.replace(
                " Nothing was written.", " What was done is told above, and is found again by the next apply."
            )
            raise Unfinished(halt.failure.summary, detail, code=halt.failure.code)
        raise halt.failure
    unfinished = [outcome for outcome in outcomes if outcome.result is not Result.DONE]
    if not unfinished:
        return 0
    count = len(unfinished)
    summary = (
        f"{count} of {len(outcomes)} change{'s' if len(outcomes) > 1 else ''} {'is' if count == 1 else 'are'} not done"
    )
    if halt.wrote:
        raise Unfinished(summary, "The table above says why, record by record.")
    causes = {outcome.cause for outcome in unfinished}
    if causes & {Refusal.LOGIN, Refusal.FORBIDDEN}:
        raise NotAllowed(summary, f"{unfinished[0].reason}. Nothing was written.")
    if any(outcome.result is Result.CONFLICT for outcome in unfinished):
        raise Refused(summary, (), "The account has moved since the plan. Nothing was written; plan again.")
    raise ReconcilerError(summary, "The table above says why, record by record. Nothing was written.")


@contextmanager
def _signals(session: Session, halt: Halt) -> Iterator[list[int]]:
    """Take the first SIGINT or SIGTERM as a wish to end well, the second as an order to end now."""
    taken: list[int] = []

    def late(error: Interrupted, code: int) -> None:
        session.terminal.tell(error)
        session.terminal.end(code)

    def take(number: int, _: FrameType | None) -> None:
        if taken:
            os._exit(128 + number)
        taken.append(number)
        session.ending.begin(number, late)
        halt.stop("the run was interrupted")

    before = {number: signal.signal(number, take) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield taken
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
