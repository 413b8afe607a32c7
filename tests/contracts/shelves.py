"""Shared storage in memory, with a clock of its own and every way to fail that a network has."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from reconciler.errors import Moved, StateUnusable, Unanswered
from reconciler.store.backend import Holder, Stored

Fault = Callable[[str, str], str]
"""Told of each call (its verb, and the document's name); gives "" or how it fails: refused, lost-before, lost-after."""


@dataclass(slots=True, kw_only=True)
class Server:
    """What all connections to one storage share."""

    single: bool = False
    documents: dict[str, Stored] = field(default_factory=dict)
    holder: Holder | None = None
    seconds: float = 1_700_000_000.0
    calls: list[tuple[str, str]] = field(default_factory=list)
    fault: Fault = lambda _verb, _name: ""
    _counter: int = 0
    _guard: threading.RLock = field(default_factory=threading.RLock)

    def version(self) -> str:
        """Give a version unlike any before."""
        self._counter += 1
        return f'"{self._counter}"'


class MemoryBackend:
    """Fills `Backend` and `Lock` over a `Server`."""

    def __init__(self, server: Server) -> None:
        self.server = server

    @property
    def shown(self) -> str:
        """Give a made-up address."""
        return "memory://shelf/state.json"

    @property
    def single(self) -> bool:
        """Tell what the server was made as."""
        return self.server.single

    def read(self, name: str) -> Stored | None:
        """Give a document."""
        self._before("read", name)
        with self.server._guard:
            return self.server.documents.get(name)

    def create(self, name: str, content: bytes) -> str:
        """Write a document that is not there."""
        return self._written("create", name, content, None)

    def replace(self, name: str, content: bytes, version: str) -> str:
        """Replace a version."""
        return self._written("replace", name, content, version)

    def delete(self, name: str, version: str) -> None:
        """Delete a version."""
        fails = self._before("delete", name)
        with self.server._guard:
            self._expect(name, version)
            del self.server.documents[name]
            self._after(fails)

    def names(self, prefix: str) -> Sequence[str]:
        """Give the names that begin so."""
        self._before("names", prefix)
        with self.server._guard:
            return sorted(name for name in self.server.documents if name.startswith(prefix) and not self.single)

    def check(self) -> None:
        """A dictionary honours conditions."""

    def close(self) -> None:
        """Nothing is open."""

    def take(self, holder: Holder) -> Holder | None:
        """Take the lock."""
        fails = self._before("take", "")
        with self.server._guard:
            if self.server.holder is not None:
                return self.server.holder
            self.server.holder = self._until(holder)
            self._after(fails)
            return None

    def renew(self, holder: Holder) -> bool:
        """Prolong the lock."""
        fails = self._before("renew", "")
        with self.server._guard:
            if self.server.holder is None or self.server.holder.id != holder.id:
                return False
            self.server.holder = self._until(holder)
            self._after(fails)
            return True

    def release(self, holder: Holder) -> None:
        """Give the lock up."""
        self._before("release", "")
        with self.server._guard:
            if self.server.holder is not None and self.server.holder.id == holder.id:
                self.server.holder = None

    def remove(self, seen: Holder) -> bool:
        """Remove somebody's lock, unless it was renewed."""
        self._before("remove", "")
        with self.server._guard:
            if self.server.holder != seen:
                return False
            self.server.holder = None
            return True

    @property
    def asks(self) -> bool:
        """A look changes nothing."""
        return True

    def peek(self) -> Holder | None:
        """Say who has it."""
        self._before("peek", "")
        with self.server._guard:
            return self.server.holder

    def now_s(self) -> float:
        """Give the server's clock."""
        return self.server.seconds

    def _until(self, holder: Holder) -> Holder:
        return replace(holder, expires_at_s=self.server.seconds + holder.ttl_s)

    def _written(self, verb: str, name: str, content: bytes, version: str | None) -> str:
        fails = self._before(verb, name)
        with self.server._guard:
            self._expect(name, version)
            stored = Stored(content=content, version=self.server.version())
            self.server.documents[name] = stored
            self._after(fails)
            return stored.version

    def _before(self, verb: str, name: str) -> str:
        self.server.calls.append((verb, name))
        # Not under the guard: a fault may be another run that gets in between.
        fails = self.server.fault(verb, name)
        if fails == "refused":
            raise StateUnusable("the storage cannot be reached", "It refused the connection.", code="store-unreachable")
        if fails == "lost-before":
            raise Unanswered("the storage did not answer", "Nobody knows whether it wrote.")
        return fails

    def _after(self, fails: str) -> None:
        if fails == "lost-after":
            raise Unanswered("the storage did not answer", "Nobody knows whether it wrote.")

    def _expect(self, name: str, version: str | None) -> None:
        stored = self.server.documents.get(name)
        if (stored.version if stored is not None else None) != version:
            raise Moved("the document is another by now", "Somebody else has written it.")
