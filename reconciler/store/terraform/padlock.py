"""The lock of one document over the Terraform protocol: taken, looked at, given back.

The protocol has no way to ask who has it, and knows no expiry. Whoever asks tries to take it, and gives it back at once
where it was free; such a lock, and one that is held for a single write, is *momentary*: takers wait it out.
"""

from __future__ import annotations

import contextlib
import random
import socket
import uuid
from collections.abc import Iterator

from reconciler.errors import Moved, StateUnusable, Unanswered
from reconciler.store.backend import Holder
from reconciler.store.terraform.address import Address
from reconciler.store.terraform.calls import Answer, Call, Calls, Lost, refused, unreachable
from reconciler.store.terraform.words import MOMENT, Seen, lock_bytes, lock_id, read_lock

_CHANCE = random.SystemRandom()
_MOMENT_S = 30.0  # for how long a momentary lock holds where its holder died
_WAITS, _WAIT_S = 60, 0.1  # arbitrary: six seconds for the momentary locks of others
_SKEW_S = 2.0  # a server's clock is known to about a second


class Padlock:
    """The lock of one document; may be used from several threads."""

    def __init__(self, address: Address, calls: Calls) -> None:
        self._address = address
        self._calls = calls
        self._taken: dict[str, str] = {}
        self.held = ""
        """The ID under which this connection's run has it."""
        self.lost = False
        """Whether it was taken and is gone without having been given back."""

    def take(self, holder: Holder) -> Seen | None:
        """Take it for a run; None where it is ours, else whoever has it."""
        certain = self._calls.clock.known
        seen = self._patiently(holder)
        if seen is None and not certain and abs(self._calls.clock.now_s() - self._calls.clock.local_s()) > _SKEW_S:
            # The lock says when it was taken by this machine's clock, which turned out to be another than the server's.
            self.free(lock_id(holder))
            seen = self._patiently(holder)
        if seen is None:
            self.held, self.lost = lock_id(holder), False
            self._taken[holder.id] = self.held
        return seen

    def id_of(self, holder: Holder) -> str:
        """Give the ID on the wire under which a holder has it, or would have it."""
        return self._taken.get(holder.id) or lock_id(holder)

    def give_back(self, holder: Holder) -> None:
        """Give it back, if it is this holder's."""
        wire = self.id_of(holder)
        self.free(wire)
        self._taken.pop(holder.id, None)
        if self.held == wire:
            self.held, self.lost = "", False

    def free(self, wire: str) -> None:
        """Unlock with an ID; with any but the one that holds it this does nothing."""
        # The ID is in the query as well: where a proxy drops the body of a DELETE, GitLab would unlock for anybody.
        call = Call(
            does="unlock",
            method=self._address.unlock_method,
            url=self._address.unlock_url,
            lock=wire,
            body=lock_bytes(Holder(id=wire, run="", host=""), self._calls.clock.now_s(), wire),
        )
        match self._calls.send(call):
            case Lost() | Answer(status=500 | 502 | 503 | 504) as got:
                raise unreachable(self._address.shown, got)
            case Answer(status=404 | 405 | 501) as got:
                raise self._no_lock(self._address.unlock_method, got.status)
            case _:
                pass

    def look(self, wire: str = "") -> Seen | None:
        """Say who has it, without waiting for whoever has it under this ID."""
        prober = momentary()
        seen = self._patiently(prober, wire)
        if seen is None:
            self.free(lock_id(prober))
        return seen

    def still(self, wire: str) -> bool:
        """Tell whether it is held under this ID; a server that does not say whose it is, is taken to mean ours."""
        seen = self.look(wire)
        return seen is not None and seen.id in {wire, ""}

    def lose(self) -> None:
        """Remember that it is gone."""
        self.lost = bool(self.held)

    @contextlib.contextmanager
    def moment(self) -> Iterator[str]:
        """Hold it for one write, unless the run has it anyway; gives its ID. Raises `Moved` where it is another's."""
        if self.held:
            if self.lost:
                raise Moved(
                    "the lock of the state was lost", "Another run may have written since. Nothing was written."
                )
            yield self.held
            return
        holder = momentary()
        seen = self._patiently(holder)
        if seen is not None:
            raise Moved(
                "the state is in use",
                f"It is locked by {seen.holder.run} on {seen.holder.host}. Nothing was written.",
            )
        try:
            yield lock_id(holder)
        finally:
            # Where this fails the lock expires; the write is what it is.
            with contextlib.suppress(StateUnusable):
                self.free(lock_id(holder))

    def attempt(self, holder: Holder) -> Seen | None:
        """Try once to take it; None where it is ours."""
        wire = lock_id(holder)
        call = Call(
            does="lock",
            method=self._address.lock_method,
            url=self._address.lock_url,
            body=lock_bytes(holder, self._calls.clock.now_s(), wire),
        )
        got = self._calls.send(call)
        match got:
            case Answer(done=True):
                return None
            case Answer(status=409 | 423):
                seen = read_lock(got.body)
                # An earlier try, the answer of which was lost, may have taken it.
                return seen if seen.id != wire else None
            case Lost(sent=True) | Answer(status=500 | 502 | 503 | 504):
                self._abandon(wire)
                raise Unanswered(
                    "the state's server did not say whether the state is locked", f"{self._address.shown}. Try again."
                )
            case Answer(status=404 | 405 | 501):
                raise self._no_lock(self._address.lock_method, got.status)
            case Answer(status=400 | 412 | 422):
                raise refused(
                    "the state's server did not accept the lock",
                    f"{self._address.shown} answers {got.status} to {self._address.lock_method}.",
                )
            case _:
                raise unreachable(self._address.shown, got)

    def _patiently(self, holder: Holder, wire: str = "") -> Seen | None:
        """Try to take it, and wait out the momentary locks of others."""
        for _ in range(_WAITS):
            seen = self.attempt(holder)
            if seen is None or not seen.momentary or seen.id == wire:
                return seen
            if self._forgotten(seen):
                self.free(seen.id)
            self._calls.pause(_WAIT_S * _CHANCE.uniform(0.2, 1.0))
        return self.attempt(holder)

    def _forgotten(self, seen: Seen) -> bool:
        """Tell whether a momentary lock is one whose holder died: it has twice the time that a write can take."""
        return seen.created_s is not None and seen.created_s + 2 * _MOMENT_S < self._calls.clock.now_s()

    def _abandon(self, wire: str) -> None:
        """Give back what may have been taken without our knowing."""
        with contextlib.suppress(StateUnusable):
            self.free(wire)

    def _no_lock(self, method: str, status: int) -> StateUnusable:
        return refused(
            "the state cannot be locked",
            f"{self._address.shown} answers {status} to {method}: its lock has another address or "
            "method, or there is none. Set TF_HTTP_LOCK_ADDRESS, TF_HTTP_UNLOCK_ADDRESS, TF_HTTP_LOCK_METHOD and "
            "TF_HTTP_UNLOCK_METHOD. Without a lock nothing is written.",
        )


def momentary() -> Holder:
    """Give a holder for a moment, unlike any other."""
    return Holder(id=str(uuid.uuid4()), run=MOMENT, host=socket.gethostname(), ttl_s=_MOMENT_S)
