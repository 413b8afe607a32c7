"""Rate limits as FreshBooks counts them: two buckets in windows of a minute, told on every answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

WINDOW_S = 60
UNLIMITED = 1_000_000


@dataclass(slots=True)
class _Window:
    began: float
    used: int = 0


class Limits:
    """Counts calls; a limit of 0 allows practically any number."""

    def __init__(self, calls: int, creates: int, clock: Callable[[], float] = time.time) -> None:
        self._limits = {"calls": calls or UNLIMITED, "creates": creates or UNLIMITED}
        self._clock = clock
        self._windows: dict[str, _Window] = {}

    def count(self, method: str) -> tuple[bool, dict[str, str]]:
        """Count one call; give whether it may pass, and the headers that every answer carries."""
        bucket = "creates" if method == "POST" else "calls"
        limit, now = self._limits[bucket], self._clock()
        window = self._windows.get(bucket)
        if window is None or now - window.began >= WINDOW_S:
            window = self._windows[bucket] = _Window(began=now)
        allowed = window.used < limit
        window.used += allowed
        left = max(1, int(window.began + WINDOW_S - now))
        return allowed, {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(limit - window.used),
            "X-RateLimit-Reset": str(int(window.began + WINDOW_S)),
            "Retry-After": str(left),
        }
