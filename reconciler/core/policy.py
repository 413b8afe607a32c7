"""How much one plan may do: limits and permissions, as the settings and flags gave them. `guard.py` judges by it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.core.resource import Address, OnRemove


class DriftPolicy(StrEnum):
    """What a plan does about an edit made outside: take it back, or only show it."""

    REVERT = "revert"
    REPORT = "report"


class UnmanagedPolicy(StrEnum):
    """Whether live records that no address claims are listed."""

    IGNORE = "ignore"
    REPORT = "report"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most `max(floor, share of the total)` records; a limit given by the user has only one of the two."""

    floor: int = 0
    share: float = 0.0

    def of(self, total: int) -> int:
        """Give the largest number allowed where there are `total` records."""
        return max(self.floor, math.floor(self.share * total + 1e-9))

    def __str__(self) -> str:
        share = f"{self.share:.0%}" if self.share else ""
        return f"max({self.floor}, {share})" if self.floor and share else share or str(self.floor)


DEFAULT_MAX_DELETES = Limit(floor=3, share=0.10)
DEFAULT_MAX_UPDATES = Limit(floor=20, share=0.30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the settings and flags allow."""

    max_deletes: Limit = DEFAULT_MAX_DELETES
    max_updates: Limit = DEFAULT_MAX_UPDATES
    allow_empty: bool = False
    allow_balance: frozenset[Address] = field(default_factory=frozenset)
    on_remove: OnRemove = OnRemove.DELETE
    drift: DriftPolicy = DriftPolicy.REVERT
    unmanaged: UnmanagedPolicy = UnmanagedPolicy.IGNORE
    match: tuple[tuple[str, ...], ...] = ()
    """Alternatives to the natural key, first that both sides have; empty for the kind's own."""
