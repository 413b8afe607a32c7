"""What is said while a plan is carried out: a line a record, or with --json its beginning, its lasting and its end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from reconciler.cli.session import Session
from reconciler.core.change import Change
from reconciler.core.outcome import Outcome
from reconciler.core.resource import Address
from reconciler.reports.events import lasting_event, outcome_event, start_event
from reconciler.reports.hiding import hidden_change, hidden_outcome
from reconciler.reports.outcomes import line


@dataclass(slots=True, kw_only=True)
class Progress:
    """Tells of records as they come; may be told of them by several threads."""

    session: Session
    clock: Callable[[], float] = time.monotonic
    _began: dict[Address, float] = field(default_factory=dict)
    _told: set[Address] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def began(self, change: Change) -> None:
        """Hear that a record is begun."""
        if not self.session.terminal.as_json:
            return
        with self._lock:
            self._began[change.address] = self.clock()
            self.session.terminal.emit([start_event(hidden_change(change, self.session.shown))])

    def lasting(self, change: Change) -> None:
        """Hear that a record takes its time: what it sent is being looked for."""
        if not self.session.terminal.as_json:
            return
        with self._lock:
            told = lasting_event(hidden_change(change, self.session.shown), self._elapsed_s(change.address))
            self.session.terminal.emit([told])

    def told(self, outcome: Outcome) -> None:
        """Hear what became of a record."""
        with self._lock:
            address = outcome.change.address
            self._told.add(address)
            outcome = hidden_outcome(outcome, self.session.shown)
            if self.session.terminal.as_json:
                self.session.terminal.emit([outcome_event(outcome, self._elapsed_s(address))])
            else:
                self.session.terminal.result(line(outcome, self.session.rendering))

    def rest(self, outcomes: Iterable[Outcome]) -> None:
        """Tell of the records that nobody has told of by the end, where every one is an event."""
        if self.session.terminal.as_json:
            for outcome in outcomes:
                if outcome.change.address not in self._told:
                    self.told(outcome)

    def _elapsed_s(self, address: Address) -> int:
        began = self._began.get(address)
        return round(self.clock() - began) if began is not None else 0
