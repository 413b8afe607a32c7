"""Fills `Backend` and `Lock` over the Terraform HTTP protocol: documents by name, and the lock of the state.

It adds what the protocol lacks: an expiry, which the document tells of, by the server's clock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from reconciler.store.backend import Holder, Stored, Trace
from reconciler.store.terraform.address import Address, read_address
from reconciler.store.terraform.calls import Call, Calls, refused
from reconciler.store.terraform.document import Document
from reconciler.store.terraform.padlock import momentary
from reconciler.store.terraform.words import Seen, lock_id


class TerraformStorage:
    """A state behind an HTTP address; may be used from several threads."""

    def __init__(
        self,
        address: Address,
        *,
        sleep: Callable[[float], None] = time.sleep,
        local_clock: Callable[[], float] = time.time,
        trace: Trace | None = None,
        timeout_s: float = 30.0,
    ) -> None:
        self._address = address
        self._calls = Calls(address, sleep=sleep, local_clock=local_clock, trace=trace, timeout_s=timeout_s)
        self._documents: dict[str, Document] = {}
        self._guard = threading.Lock()

    @property
    def shown(self) -> str:
        """Give the address without its query."""
        return self._address.shown

    @property
    def single(self) -> bool:
        """Tell that runs and journals cannot lie beside the state; a login can, at an address of its own."""
        return True

    def read(self, name: str) -> Stored | None:
        """Give a document."""
        return self._document(name).read()

    def create(self, name: str, content: bytes) -> str:
        """Write a document that is not there."""
        return self._document(name).write(content, "")

    def replace(self, name: str, content: bytes, version: str) -> str:
        """Replace a version."""
        return self._document(name).write(content, version)

    def delete(self, name: str, version: str) -> None:
        """Delete a version."""
        self._document(name).delete(version)

    def names(self, prefix: str) -> Sequence[str]:  # noqa: ARG002 - the port's signature
        """Give nothing: the protocol cannot list what lies beside a state."""
        return ()

    def check(self) -> None:
        """Prove that the lock keeps others out, and that nobody else's ID removes it: all the rest stands on that."""
        lock = self._document("").lock
        one, two = momentary(), momentary()
        seen = lock.attempt(one)
        if seen is not None and (seen.id != lock.held or not seen.id):
            return  # another has it, and we do not get it; theirs is not to be tried with
        taken = [one] if seen is None else []
        kept_out = False
        try:
            lock.free(lock_id(two))
            kept_out = lock.attempt(two) is not None
            if not kept_out:
                taken.append(two)
        finally:
            for holder in taken:
                lock.free(lock_id(holder))
        if not kept_out:
            raise refused(
                "the state's server does not lock",
                f"{self.shown} gave the lock to two at a time, or let go of it for somebody else's ID. Nothing that is "
                "kept there would be safe.",
            )

    def close(self) -> None:
        """Close the connections."""
        self._calls.close()

    # The lock.

    def take(self, holder: Holder) -> Holder | None:
        """Take the lock; None where it is ours now."""
        state = self._document("")
        seen = state.lock.take(holder)
        if seen is not None:
            return self._told(seen)
        state.forget()
        return None

    def renew(self, holder: Holder) -> bool:
        """Prolong the lock."""
        return self._document("").renew(holder)

    def release(self, holder: Holder) -> None:
        """Give the lock up."""
        self._document("").lock.give_back(holder)

    def remove(self, seen: Holder) -> bool:
        """Remove somebody's lock, unless it was renewed or is another's by now."""
        lock = self._document("").lock
        now = lock.look()
        if now is None or not now.id or now.holder.id != seen.id or self._told(now).expires_at_s > seen.expires_at_s:
            return False
        lock.free(now.id)
        return True

    @property
    def asks(self) -> bool:
        """Tell that `peek` cannot just ask."""
        return False

    def peek(self) -> Holder | None:
        """Say who has it; for this the lock is tried, since the protocol cannot ask."""
        seen = self._document("").lock.look()
        return self._told(seen) if seen is not None else None

    def now_s(self) -> float:
        """Give the server's clock."""
        if not self._calls.clock.known:
            self._calls.send(Call(does="read", method="HEAD", url=self._address.url))
        return self._calls.clock.now_s()

    def _told(self, seen: Seen) -> Holder:
        """Give a holder with its expiry; one that does not say when it took the lock, or is not of ours, has none."""
        if seen.created_s is None:
            return replace(seen.holder, expires_at_s=float("inf"))
        ttl_s = seen.holder.ttl_s
        until = seen.created_s + ttl_s
        # Only what would be over without it may need the lease, which takes the whole document to read.
        if until <= self.now_s():
            lease = self._document("").lease()
            until = max(until, lease.renewed + ttl_s) if lease is not None and lease.id == seen.id else until
        return replace(seen.holder, expires_at_s=until)

    def _document(self, name: str) -> Document:
        with self._guard:
            if name not in self._documents:
                self._documents[name] = Document(self._address.beside(name), self._calls)
            return self._documents[name]


def open_terraform(address: str, environment: Mapping[str, str], *, trace: Trace | None = None) -> TerraformStorage:
    """Give a connection to this address, by Terraform's variables; a bare `http://` means TF_HTTP_ADDRESS."""
    return TerraformStorage(read_address("" if address.endswith("://") else address, environment), trace=trace)
