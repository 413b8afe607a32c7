"""What one run told of itself while it went, for the table at the end of several.

It decides nothing and shows nothing: commands note here what they have found, and `everywhere` reads it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reconciler.core.change import Change, Plan
from reconciler.core.outcome import Outcome, Result
from reconciler.errors import ReconcilerError
from reconciler.reports.text import counts


@dataclass(slots=True, kw_only=True)
class Heard:
    """One run's account, and what has become of it so far."""

    one_of_several: bool = False
    """Whether others have their turn before or after it, with the same token perhaps."""
    account: str | None = None
    plan_id: str = ""
    found: Counter[str] | None = None
    """Changes by the words of the summary lines: planned ones, or done ones once something was applied."""
    applied: bool = False
    told: str = ""
    """The result of a command that neither plans nor applies."""
    error: ReconcilerError | None = None
    """What ended it."""

    def plan(self, made: Plan) -> None:
        """Note a plan."""
        self.account, self.plan_id, self.found = made.account, made.plan_id, counts(made.changes)

    def outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """Note what was done of it."""
        self.found, self.applied = counts(_done(outcomes)), True


def _done(outcomes: Iterable[Outcome]) -> Iterable[Change]:
    return (outcome.change for outcome in outcomes if outcome.result is Result.DONE)
