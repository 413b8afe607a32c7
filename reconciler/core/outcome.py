"""What became of a call, and of a change. Both are closed: nothing is ever "probably done".

Counts that a person sees come from `Outcome`s, never from the plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reconciler.core.change import Change
from reconciler.core.resource import LiveResource
from reconciler.core.state import StateEdit


class Refusal(StrEnum):
    """Why the vendor refused a call; the first three stop further writes of that kind."""

    LOGIN = "login"
    LIMIT = "limit"
    FORBIDDEN = "forbidden"
    INVALID = "invalid"
    GONE = "gone"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The vendor answered, and the answer could be read; `live` is None where an answer carries no record."""

    live: LiveResource | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """The vendor refused; nothing was changed."""

    reason: str
    cause: Refusal = Refusal.INVALID


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSent:
    """It did not happen for certain: not one byte left, or the vendor was too busy to take it."""

    reason: str
    again_after_s: float | None = None
    """How long the vendor asked to wait, where it was too busy; None where it was not reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """It may or may not have happened: no answer, a 5xx, a torn or odd one."""

    reason: str


Answer = Done | Rejected | NotSent | Unknown


class Result(StrEnum):
    """What became of one change."""

    DONE = "done"
    FAILED = "failed"
    CONFLICT = "conflict"
    UNKNOWN = "unknown"
    NOT_ATTEMPTED = "not attempted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One change and what became of it; `edits` is what the state must remember of it."""

    change: Change
    result: Result
    reason: str = ""
    cause: Refusal | None = None
    """Why the vendor refused, where it did."""
    live: LiveResource | None = None
    edits: tuple[StateEdit, ...] = ()
