"""Hold the lock of a shared state while a block runs: renewed in the background, taken over only from the surely dead.

     take ──────────────┬─ ours ──> renewed every third of its life ──> released
                        └─ another's:  expires ──> quiet period ──> removed, taken
                           by the store's own clock; nothing is taken from a holder that never expires

Whoever cannot renew stops writing when its own time is up, a part of it before the store's: between that moment and a
take-over lies at least the quiet period, in which whatever was on its way has arrived.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from reconciler.errors import Locked, StateUnusable, Unanswered
from reconciler.store import uptime
from reconciler.store.backend import Holder, Lock

TTL_S = 60.0
_SAFE_SHARE = 0.8
"""Of its life a lock counts as held for so much; arbitrary: the rest is for what is between asking and sending."""
_LONGEST_PAUSE_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long everybody waits."""

    timeout_s: float = 0.0
    """For another run to end."""
    quiet_s: float = 60.0
    """After the expiry of a lock, before it is taken over."""
    ttl_s: float = TTL_S
    clock: Callable[[], float] = uptime.seconds
    sleep: Callable[[float], None] = time.sleep
    tell: Callable[[str], None] = field(default=lambda _: None)


class Renewed:
    """Fills `Lease`: knows until when the lock is surely ours, and moves that on in a thread of its own."""

    def __init__(self, lock: Lock, holder: Holder, taken_at: float, clock: Callable[[], float]) -> None:
        self._lock = lock
        self._holder = holder
        self._clock = clock
        self._until = taken_at + holder.ttl_s * _SAFE_SHARE
        self._lost = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._renew, daemon=True)

    def holds(self) -> bool:
        """Tell whether the lock is surely ours at this moment."""
        if self._clock() >= self._until:
            # Nobody may bring it back to life: another may have looked in between.
            self._lost.set()
        return not self._lost.is_set()

    def begin(self) -> None:
        """Renew from now on."""
        self._thread.start()

    def end(self) -> None:
        """Renew no longer; what is under way is waited for."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(self._holder.ttl_s)

    def _renew(self) -> None:
        pause = self._holder.ttl_s / 3
        while not self._over.wait(pause) and self.holds():
            asked_at = self._clock()
            try:
                ours = self._lock.renew(self._holder)
            except StateUnusable:
                # Sooner the next time: as long as it holds there is hope.
                pause = min(pause, self._holder.ttl_s / 20)
                continue
            pause = self._holder.ttl_s / 3
            if not ours:
                self._lost.set()
            elif self.holds():
                self._until = asked_at + self._holder.ttl_s * _SAFE_SHARE


@contextlib.contextmanager
def held(lock: Lock, holder: Holder, patience: Patience) -> Iterator[Renewed]:
    """Hold a lock for as long as the block lasts.

    Raises:
        Locked: another run has it, and goes on having it for as long as was to be waited.
        StateUnusable: the storage is out of reach.
    """
    taken_at = _taken(lock, holder, patience)
    lease = Renewed(lock, holder, taken_at, patience.clock)
    lease.begin()
    try:
        yield lease
    finally:
        lease.end()
        try:
            lock.release(holder)
        except StateUnusable:
            patience.tell(
                f"The lock could not be given back. It expires by itself, and is taken over "
                f"{holder.ttl_s + patience.quiet_s:.0f} s from now; `reconciler state unlock` removes it sooner."
            )


def new_holder(run: str, host: str, link: str, since: str, ttl_s: float) -> Holder:
    """Give a holder that is like no other."""
    return Holder(id=str(uuid.uuid4()), run=run, host=host, link=link, since=since, ttl_s=ttl_s)


def _taken(lock: Lock, holder: Holder, patience: Patience) -> float:
    """Take the lock; give when that was asked for, by our own clock."""
    end = patience.clock() + patience.timeout_s
    pause, told = 0.1, ""
    while True:
        asked_at = patience.clock()
        other = _asked(lock, holder)
        if other is None:
            return asked_at
        rest = _rest_s(lock, other, patience)
        if rest <= 0:
            if lock.remove(other):
                patience.tell(f"The lock of {_who(other)} has expired: that run is dead. Taking it over.")
            continue
        left = end - patience.clock()
        if left <= 0:
            raise _locked(lock, other, rest)
        if other.id != told:
            told = other.id
            patience.tell(f"The lock {described(other)}. Waiting for it, for {left:.0f} s at most.")
        patience.sleep(min(pause, left, rest))
        pause = min(pause * 2, _LONGEST_PAUSE_S)


def _asked(lock: Lock, holder: Holder) -> Holder | None:
    """Ask for the lock; where no answer came, look whose it is."""
    try:
        return lock.take(holder)
    except Unanswered:
        seen = lock.peek()
        if seen is None:
            return lock.take(holder)
        return None if seen.id == holder.id else seen


def _rest_s(lock: Lock, other: Holder, patience: Patience) -> float:
    """Give how long another's lock is respected yet, if it is not renewed."""
    if math.isinf(other.expires_at_s):
        return math.inf
    return other.expires_at_s + patience.quiet_s - lock.now_s()


def described(other: Holder) -> str:
    """Say who has a lock; what is foreign in it is made harmless by whoever shows it."""
    link = f" ({other.link})" if other.link else ""
    since = f", since {other.since}" if other.since else ""
    return f"is held by {_who(other)}{link}{since}"


def lasting(other: Holder, now_s: Callable[[], float]) -> str:
    """Say until when a lock holds, by the clock of the storage or one that is about as good."""
    if math.isinf(other.expires_at_s):
        return "It does not expire"
    left = other.expires_at_s - now_s()
    return f"It expires in {left:.0f} s unless it is renewed" if left > 0 else f"It expired {-left:.0f} s ago"


def removal(other: Holder) -> str:
    """Say how a person removes a lock."""
    if not other.id:
        return "remove it at the server, which does not say whose it is"
    return f"remove it with `reconciler state unlock {other.id}`"


def _who(other: Holder) -> str:
    """Name a holder: one that never expires is no run of ours."""
    return f"{other.run} on {other.host}" if math.isinf(other.ttl_s) else f"run {other.run} on {other.host}"


def _locked(lock: Lock, other: Holder, rest_s: float) -> Locked:
    who = f"The lock {described(other)}. {lasting(other, lock.now_s)}"
    if math.isinf(rest_s):
        return Locked(
            "the state is in use",
            f"{who}. Wait for it with --lock-timeout 300; once you are certain that its run "
            f"has ended, {removal(other)}.",
        )
    soonest = max(rest_s, 1)
    return Locked(
        "the state is in use",
        f"{who}, and is taken over {soonest:.0f} s from now at the earliest, for what that run "
        f"sent may be on its way. Try again then, or wait with --lock-timeout {soonest + 60:.0f}. `reconciler state "
        f"unlock {other.id}` removes it at once, for when you are certain that its run has ended.",
    )
