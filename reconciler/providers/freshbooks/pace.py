"""How fast FreshBooks may be asked: up to a share of what its own headers allow, per bucket, and no slower.

It sends nothing. FreshBooks answers every call with X-RateLimit-Limit, -Remaining, -Reset and Retry-After (seconds to
the reset); reads and updates share one bucket of 600 a minute, creates have one of 250. Within a window calls go out
at once; when only the part that is left for others remains, callers wait for the reset.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from reconciler.answers import retry_after_s, whole_number

_LONGEST_WAIT_S = 65.0  # a window never exceeds 60 s in any capture


@dataclass(slots=True)
class _Bucket:
    limit: int = 0
    remaining: int = 0
    resets_at: float = 0.0
    banned_until: float = 0.0
    in_flight: int = 0


class Pace:
    """Lets calls through; may be used from several threads."""

    def __init__(
        self,
        share: float = 0.9,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._share = share
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._buckets: dict[str, _Bucket] = {}

    def enter(self, bucket: str) -> None:
        """Wait until one more call may go out."""
        while (delay := self._delay(bucket)) > 0:
            self._sleep(delay)

    def _delay(self, name: str) -> float:
        with self._lock:
            bucket = self._buckets.setdefault(name, _Bucket())
            now = self._clock()
            kept_for_others = bucket.limit - math.floor(bucket.limit * self._share + 1e-9)
            if now < bucket.banned_until:
                return bucket.banned_until - now
            if bucket.limit and now < bucket.resets_at and bucket.remaining - bucket.in_flight <= kept_for_others:
                return bucket.resets_at - now
            bucket.in_flight += 1
            return 0.0

    def leave(self, name: str, headers: Mapping[str, str]) -> None:
        """Say that a call has ended, and with which headers; none where there was no answer."""
        with self._lock:
            bucket = self._buckets[name]
            bucket.in_flight -= 1
            limit, remaining = (
                whole_number(headers.get("x-ratelimit-limit")),
                whole_number(headers.get("x-ratelimit-remaining")),
            )
            seconds = _seconds_left(headers)
            if limit and remaining is not None and seconds is not None:
                bucket.limit, bucket.remaining = limit, remaining
                bucket.resets_at = self._clock() + min(seconds, _LONGEST_WAIT_S)

    def ban(self, name: str, seconds: float) -> None:
        """Let nothing through for a while: FreshBooks said that it is too busy, and how long to wait wins."""
        with self._lock:
            bucket = self._buckets.setdefault(name, _Bucket())
            bucket.banned_until = max(bucket.banned_until, self._clock() + min(seconds, _LONGEST_WAIT_S))


def _seconds_left(headers: Mapping[str, str]) -> float | None:
    """Give how long the window lasts: Retry-After, which equals Reset less Date in every capture, or just that."""
    if (said := retry_after_s(headers)) is not None:
        return said
    reset = whole_number(headers.get("x-ratelimit-reset"))
    try:
        return None if reset is None else reset - parsedate_to_datetime(headers.get("date", "")).timestamp()
    except ValueError:
        return None
