"""Logins in shared storage, sealed, for runners that keep nothing.

Nobody holds a lock there, for whoever died would hold it on: whoever's mark "sent" replaces the version that was read
is the one who asks for tokens. All others see a young mark, and wait for what comes of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from reconciler.core.login import Login, decode, encode
from reconciler.errors import Moved, NotAllowed, StateUnusable, Unanswered
from reconciler.store.backend import Backend, Stored
from reconciler.store.seal import Key, seal, unseal

_UNDER_WAY_S = 45.0
"""A mark that stands longer is no renewal that is under way: a request for tokens takes 35 s at most."""
_OLD_S = 600.0
"""A mark that is older by its own words was cut off: clocks of two machines hardly differ by more."""
_LOOK_S = 0.5
_TRIES = 5


class SharedSafe:
    """Fills `Safe` with documents `logins/NAME` beside the state."""

    def __init__(
        self,
        backend: Backend,
        key: Key,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._backend, self._key, self._sleep, self._clock = backend, key, sleep, clock
        self._seen: dict[str, str | None] = {}
        """The version of each login that was read last, which alone a write replaces."""

    @property
    def told(self) -> str:
        """Name the storage."""
        return f"{self._backend.shown} (encrypted)"

    def read(self, name: str) -> Login | None:
        """Give a login."""
        stored = self._stored(name)
        self._seen[name] = stored.version if stored is not None else None
        return self._opened(name, stored) if stored is not None else None

    def _stored(self, name: str) -> Stored | None:
        return self._backend.read(_document(name))

    def _opened(self, name: str, stored: Stored) -> Login:
        try:
            return decode(unseal(self._key, stored.content, _document(name)), f"{self.told}, {_document(name)},")
        except StateUnusable as error:
            raise NotAllowed("the login cannot be decrypted", error.detail, code="login-sealed") from error

    def write(self, name: str, login: Login) -> None:
        """Replace the version that was read last, for good: an answer that gets lost is looked after."""
        content = seal(self._key, encode(login), _document(name))
        for tried in range(_TRIES):
            try:
                self._seen[name] = self._put(name, content)
            except Unanswered:
                if tried == _TRIES - 1:
                    raise
                self._sleep(_LOOK_S * 2**tried)
            except Moved:
                # By somebody else, unless it was the try before this one.
                if not tried or not self._arrived(name, content):
                    raise
            else:
                return
            if self._arrived(name, content):
                return

    def _put(self, name: str, content: bytes) -> str:
        before = self._seen.get(name)
        if before is None:
            return self._backend.create(_document(name), content)
        return self._backend.replace(_document(name), content, before)

    def _arrived(self, name: str, content: bytes) -> bool:
        """Tell whether a write that was not answered is there; where it is not, it can be sent again as it is."""
        try:
            stored = self._stored(name)
        except StateUnusable:
            return False
        if stored is None or stored.content != content:
            return False
        self._seen[name] = stored.version
        return True

    def remove(self, name: str) -> bool:
        """Delete the document."""
        for _ in range(_TRIES):
            stored = self._stored(name)
            if stored is None:
                return False
            try:
                self._backend.delete(_document(name), stored.version)
            except (Moved, Unanswered):
                continue
            return True
        raise StateUnusable("the login could not be removed", f"{self.told} was written to in between. Try again.")

    @contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Wait until no renewal can be under way; who writes first from then on is the only one."""
        first = self._mark(name)
        waited = 0.0
        while first is not None and waited < _UNDER_WAY_S:
            self._sleep(_LOOK_S)
            waited += _LOOK_S
            now = self._mark(name)
            if now != first:
                first, waited = now, 0.0
        yield

    def _mark(self, name: str) -> str | None:
        """Give the version of a login whose renewal may be under way."""
        stored = self._stored(name)
        if stored is None:
            return None
        pending = self._opened(name, stored).pending
        if pending is None or pending.refused or self._clock() - _moment(pending.at) > _OLD_S:
            return None
        return stored.version


def _moment(told: str) -> float:
    try:
        return datetime.fromisoformat(told).timestamp()
    except ValueError:
        return 0.0


def _document(name: str) -> str:
    return f"logins/{name}"
