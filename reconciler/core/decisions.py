"""What the decisions of one plan share, and what they come to. Values only; deciding is `decide.py`."""

from __future__ import annotations

from dataclasses import dataclass, field

from reconciler.core.change import Change
from reconciler.core.diagnostic import Diagnostic
from reconciler.core.kind import Kind
from reconciler.core.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What every decision of one plan shares."""

    kind: Kind
    policy: Policy
    salt: str


@dataclass(slots=True, kw_only=True)
class Decisions:
    """What has been decided so far; a plan is made of it."""

    changes: list[Change] = field(default_factory=list)
    drift: list[Change] = field(default_factory=list)
    notes: list[Diagnostic] = field(default_factory=list)
    unchanged: int = 0

    def add(self, change: Change | None) -> None:
        """Take a change, or count a record that needs none."""
        if change is None:
            self.unchanged += 1
        else:
            self.changes.append(change)
