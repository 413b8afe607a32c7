"""Documents in shared storage as this program keeps them: sealed where a key is given, written surely or not at all.

It knows what is a document, and not what one says.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
from dataclasses import dataclass

from reconciler.errors import Moved, StateUnusable, Unanswered
from reconciler.store.backend import Backend
from reconciler.store.seal import Key, seal, unseal

_SEALED = b"sealed:"
_TRIES = 3


@dataclass(slots=True, kw_only=True)
class _Version:
    version: str | None
    """None where there is no such document."""


class Documents:
    """Reads and replaces documents of one place; remembers which version of each was seen last."""

    def __init__(self, backend: Backend, key: Key | None = None) -> None:
        self.backend = backend
        self._key = key
        self._seen: dict[str, _Version] = {}

    @property
    def shown(self) -> str:
        """Give the address for people."""
        return self.backend.shown

    def read(self, name: str) -> bytes | None:
        """Give a document, or None where there is none."""
        stored = self.backend.read(name)
        self._seen[name] = _Version(version=stored.version if stored is not None else None)
        return self._opened(name, stored.content) if stored is not None else None

    def write(self, name: str, content: bytes) -> None:
        """Replace the version seen last, or create what was not there.

        Raises:
            Moved: somebody else has written it since; theirs is there still.
            Unanswered: nobody can tell whether it was written.
            StateUnusable: the storage is out of reach; nothing was written.
        """
        told = self._closed(name, content)
        seen = self._seen.get(name)
        if seen is None:
            raise StateUnusable("the state was never read", "A version that nobody has seen cannot be replaced.")
        for left in reversed(range(_TRIES)):
            try:
                seen.version = self._put(name, told, seen.version)
            except (Unanswered, Moved) as error:
                # An answer that says no may be to a second try of a request whose first one did arrive.
                if self._arrived(name, told, seen, error):
                    return
                if isinstance(error, Moved) or not left:
                    raise
            else:
                return

    def create(self, name: str, content: bytes) -> None:
        """Write a document that nobody else has ever named; raises as `write` does."""
        self._seen[name] = _Version(version=None)
        self.write(name, content)

    def remove(self, name: str) -> None:
        """Remove a document that only old runs know of; one that is gone already, or another by now, is let be."""
        stored = self.backend.read(name)
        if stored is not None:
            with contextlib.suppress(Moved, Unanswered):
                self.backend.delete(name, stored.version)

    def _put(self, name: str, told: bytes, version: str | None) -> str:
        if version is None:
            return self.backend.create(name, told)
        return self.backend.replace(name, told, version)

    def _arrived(self, name: str, told: bytes, seen: _Version, error: StateUnusable) -> bool:
        """Look whether a write arrived after all; False where the former version is there and it may be sent anew."""
        try:
            stored = self.backend.read(name)
        except StateUnusable:
            raise error from None
        if stored is not None and stored.content == told:
            seen.version = stored.version
            return True
        if (stored.version if stored is not None else None) != seen.version:
            raise Moved(
                "another run has written the state",
                f"{self.shown} is not the version that this run began with. Nothing of it was overwritten. Plan again.",
            ) from error
        return False

    def _closed(self, name: str, content: bytes) -> bytes:
        return _SEALED + base64.b64encode(seal(self._key, content, name or "state")) if self._key else content

    def _opened(self, name: str, content: bytes) -> bytes:
        sealed = content.startswith(_SEALED)
        if self._key is None:
            if sealed:
                raise StateUnusable(
                    "the state is encrypted",
                    f"{self.shown} was written with RECONCILER_STATE_KEY. Set the same key here. Nothing was changed.",
                    code="sealed",
                )
            return content
        try:
            raw = base64.b64decode(content.removeprefix(_SEALED), validate=True) if sealed else content
        except binascii.Error:
            raw = b""
        return unseal(self._key, raw, name or "state", f"{self.shown} ({name})" if name else self.shown)
