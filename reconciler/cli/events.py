"""The stream of events that --json makes of a run; of a plan or an apply it begins with the version and ends in sums.

It writes nothing; the terminal does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from reconciler.errors import ReconcilerError
from reconciler.reports.events import Event, error_events, lines, no_sums, version_event

Tags = Mapping[str, object]
"""Which of several accounts an event is about."""
OPERATIONS = {"plan": "plan", "show": "plan", "apply": "apply", "undo": "apply"}
"""By command; what Terraform calls the operation in the sums."""


@dataclass(slots=True, kw_only=True)
class Stream:
    """One run's stream."""

    operation: str = ""
    """None of Terraform's where the run neither plans nor applies: then there is no version and are no sums."""
    sums: Event = field(default_factory=dict)
    """What the stream will end with; empty until something is known."""
    opened: bool = False

    def told(self, events: Iterable[Event], tags: Tags) -> str:
        """Give events as lines, each with the time and these tags; the version stands before the first of all."""
        opening = [] if self.opened or not self.operation else [version_event()]
        self.opened = True
        return lines(opening, now()) + lines(events, now(), tags)

    def failed(self, error: ReconcilerError, tags: Tags) -> str:
        """Give the events of an error."""
        return self.told(error_events(error), tags)

    def ended(self, code: int, tags: Tags) -> str:
        """Give the last event: the sums, of which there are none when nothing was planned, and the exit code."""
        sums = self.sums or no_sums(self.operation)
        return self.told([{**sums, "exit_code": code}] if self.operation else [], tags)

    def one_of_several(self) -> Stream:
        """Give a stream for one of several accounts, which stands in this one and has sums of its own."""
        return Stream(operation=self.operation, opened=True)

    def without_sums(self) -> None:
        """Let something else be the last event."""
        self.operation = ""


def now() -> str:
    """Give the time as UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
