"""FreshBooks' own clock, as far as it is known: this machine's, corrected by the Date of the answers that came.

It asks nobody for the time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

_LEAST_S = 2.0
"""A Date has whole seconds and travels; what differs by less is no difference."""


class VendorClock:
    """Tells seconds since 1970 by the clock of whoever counts a token's life."""

    def __init__(self, local: Callable[[], float] = time.time) -> None:
        self._local = local
        self._ahead = 0.0

    def now(self) -> float:
        """Give the time there."""
        return self._local() + self._ahead

    def heard(self, date: str | None) -> None:
        """Take the Date header of an answer that has just arrived; one that cannot be read says nothing."""
        try:
            ahead = parsedate_to_datetime(date or "").timestamp() - self._local()
        except (ValueError, TypeError, OverflowError):
            return
        self._ahead = ahead if abs(ahead) > _LEAST_S else 0.0
