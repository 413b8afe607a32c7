"""What all steps of one apply share: the ports, the clock, and the signs to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from reconciler.core.change import Change
from reconciler.core.kind import Kind
from reconciler.core.outcome import Answer, NotSent, Outcome, Refusal, Rejected, Result, Unknown
from reconciler.core.ports import Ledger, Writer
from reconciler.core.resource import LiveResource
from reconciler.core.state import Intend, State
from reconciler.errors import LocalDisk, ReconcilerError, StateUnusable

STALE_S = 30.0
"""A record listed longer ago than this is read again before it is written."""

READY_LOOK_S = 0.2
"""How often a worker that waits for others' creates looks again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyOptions:
    """How one plan is carried out."""

    run: str
    parallelism: int = 8
    settle_s: float = 60.0
    """The quiet period: how long an unanswered create is looked for."""
    fail_fast: bool = False
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], str] = lambda: ""
    """Wall clock as UTC, ISO 8601; only ever shown and stored, never measured with."""


class Halt:
    """Why nothing new may be started; the first reason stays."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reason = ""
        self._limited = False
        self.wrote = False
        """Whether a write may have changed the account."""
        self.failure: ReconcilerError | None = None
        self.asked = threading.Event()
        """Set from outside, by a signal, or with the first reason."""

    def stop(self, reason: str, failure: ReconcilerError | None = None) -> None:
        """Start nothing new from now on."""
        with self._lock:
            self._reason = self._reason or reason
            self.failure = self.failure or failure
        self.asked.set()

    def limit(self) -> None:
        """Create nothing new from now on: the vendor's plan has no room."""
        self._limited = True

    def why(self, *, creating: bool) -> str:
        """Give the reason why this may not begin, or nothing."""
        if self.asked.is_set():
            return self._reason or "the run was interrupted"
        return "no room for further records" if creating and self._limited else ""


@dataclass(slots=True, kw_only=True)
class Worksite:
    """One apply in progress."""

    writer: Writer
    ledger: Ledger
    state: State
    """As loaded when the run began; what has been recorded since is the ledger's."""
    options: ApplyOptions
    listed_at_s: float
    halt: Halt = field(default_factory=Halt)
    began: Callable[[Change], None] = lambda _: None
    """Told of each change whose calls begin."""
    lasting: Callable[[Change], None] = lambda _: None
    """Told of a change again while what it sent is looked for."""
    told: Callable[[Outcome], None] = lambda _: None

    @property
    def kind(self) -> Kind:
        """Give the top-level kind."""
        return self.writer.kind

    @property
    def stale(self) -> bool:
        """Tell whether what was listed is too old to be written on."""
        return self.options.clock() - self.listed_at_s > STALE_S

    def wait(self, seconds: float) -> bool:
        """Wait, unless asked to stop; tell whether the whole time has passed."""
        return not self.halt.asked.wait(seconds)

    def ready(self) -> str:
        """See to it that a record can be begun: its calls must not meet a login that ends. Gives why not, or nothing.

        Workers that come here while others create wait for them, so that a renewal always comes about.
        """
        try:
            while not self.writer.ready():
                if not self.wait(READY_LOOK_S):
                    return self.halt.why(creating=False)
        except ReconcilerError as failure:
            self.halt.stop(failure.summary, failure)
            return failure.summary
        return self.halt.why(creating=False)

    def noted(self, answer: Answer) -> Answer:
        """Remember that something was written, unless this answer says that nothing was."""
        if not isinstance(answer, (Rejected, NotSent)):
            self.halt.wrote = True
        return answer

    def intend(self, intents: Sequence[Intend]) -> None:
        """Make the intents of creates durable before the first byte is sent; a ledger that fails stops the run."""
        with self._written_down():
            self.ledger.intend(intents)

    def record(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Write outcomes down together, before the next write of their record; a ledger that fails stops the run."""
        with self._written_down():
            self.ledger.settle(outcomes)
        return list(outcomes)

    @contextmanager
    def _written_down(self) -> Iterator[None]:
        try:
            yield
        except LocalDisk as failure:
            self.halt.stop("this machine's disk failed", failure)
            raise
        except StateUnusable as failure:
            self.halt.stop("the state could not be written", failure)
            raise

    def refused(self, change: Change, answer: Rejected | NotSent | Unknown) -> Outcome:
        """Give the outcome of a call that was not answered well, and stop what must not go on."""
        outcome = Outcome(change=change, result=Result.FAILED, reason=answer.reason)
        if isinstance(answer, Unknown):
            return replace(outcome, result=Result.UNKNOWN)
        if isinstance(answer, Rejected):
            outcome = replace(outcome, cause=answer.cause)
            if answer.cause is Refusal.LOGIN:
                self.halt.stop("FreshBooks no longer accepts the login")
            elif answer.cause is Refusal.FORBIDDEN:
                self.halt.stop("FreshBooks does not allow this login to write")
            elif answer.cause is Refusal.LIMIT:
                self.halt.limit()
        return outcome


def not_attempted(change: Change, reason: str) -> Outcome:
    """Give the outcome of a change that was not begun."""
    return Outcome(change=change, result=Result.NOT_ATTEMPTED, reason=reason)


def done(change: Change, live: LiveResource | None, reason: str = "") -> Outcome:
    """Give the outcome of a change that is carried out."""
    return Outcome(change=change, result=Result.DONE, live=live, reason=reason)
