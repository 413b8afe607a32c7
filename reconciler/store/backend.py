"""What shared storage must be able to do: keep documents that only whoever knows the version replaces, and lock.

Protocols and values only; `objects`, `terraform` and `postgres` fill them, `shared` and `lease` stand on them.
Nothing here knows what a document says. One contract suite (`tests/contracts/test_backend.py`) runs over all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

Trace = Callable[[str, str, str, float], None]
"""Told of each request: method, address, status or failure, seconds. Never of a body, a query, a header or a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A document as it was read."""

    content: bytes
    version: str
    """Opaque: an ETag, a serial, a row's number. Equal only while nobody has written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who has the lock, for people and for whoever takes over."""

    id: str
    """Unlike any other's; also the ID of the Terraform protocol."""
    run: str
    host: str
    link: str = ""
    """The address of the CI job, if there is one."""
    since: str = ""
    """UTC, ISO 8601, when it was taken, by the holder's clock; only ever shown."""
    ttl_s: float = 60.0
    """For how long it holds without being renewed."""
    expires_at_s: float = 0.0
    """By the store's own clock (`Lock.now_s`), as of its last renewal; given by the store, not by the holder."""


class Backend(Protocol):
    """Documents by name, of any size up to 100 MB; may be used from several threads.

    A name is lower-case letters, digits, `-`, `_`, `.` and `/`; the empty name is the state itself.

    Every method raises `StateUnusable` (code `store-unreachable`, `store-refused`) where nothing was done, and no error
    text holds a password, a key or the query of an address.
    """

    @property
    def shown(self) -> str:
        """Give the address as people may see it: without passwords, keys and query."""

    @property
    def single(self) -> bool:
        """Tell whether it is meant for one document (the Terraform protocol): only logins are laid beside it."""

    def read(self, name: str) -> Stored | None:
        """Give a document, or None where the store says that there is none."""

    def create(self, name: str, content: bytes) -> str:
        """Write a document that is not there yet; give its version. Raises `Moved` where it is, `Unanswered`."""

    def replace(self, name: str, content: bytes, version: str) -> str:
        """Replace the version that was read; give the new one. Raises `Moved` where another is there, `Unanswered`."""

    def delete(self, name: str, version: str) -> None:
        """Delete the version that was read. Raises `Moved` where another is there, `Unanswered`."""

    def names(self, prefix: str) -> Sequence[str]:
        """Give the names of the documents that begin so, sorted; of nothing where it is meant for one document."""

    def check(self) -> None:
        """Prove, with a document of its own, that conditions are honoured; `StateUnusable` where they are not."""

    def close(self) -> None:
        """Close the connections."""


class Lock(Protocol):
    """One holder at a time, who is gone some time after it died; may be used from several threads.

    Raises `StateUnusable` as a `Backend` does.
    """

    def take(self, holder: Holder) -> Holder | None:
        """Take the lock; None where it is ours now, else whoever has it. `Unanswered` where nobody knows."""

    def renew(self, holder: Holder) -> bool:
        """Prolong it by its `ttl_s`; False where it is ours no longer. After `Unanswered` it may be tried again."""

    def release(self, holder: Holder) -> None:
        """Give it up, if it is still ours; nobody else's is ever removed."""

    def remove(self, seen: Holder) -> bool:
        """Remove the lock of a holder that expired (or that a person gave up); False where it is another's by now."""

    @property
    def asks(self) -> bool:
        """Tell whether `peek` only asks; where the protocol cannot, it tries the lock for a moment."""

    def peek(self) -> Holder | None:
        """Say who has it."""

    def now_s(self) -> float:
        """Give the store's own clock, in seconds since 1970: the clocks of two machines do not agree."""
