"""Logins in the keyring of the operating system, and only there.

The library `keyring` falls back to files in the clear, to nothing, or to whatever a plugin brings; those are not used.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import keyring

from reconciler.core.login import Login, decode, encode
from reconciler.errors import NotAllowed
from reconciler.store.safes.turns import PATIENCE_S, turn

SERVICE = "freshbooks-reconciler"
_REAL = frozenset(
    {
        ("keyring.backends.macOS", "Keyring", "the macOS keychain"),
        ("keyring.backends.Windows", "WinVaultKeyring", "the Windows credential store"),
        ("keyring.backends.SecretService", "Keyring", "the Secret Service keyring"),
        ("keyring.backends.libsecret", "Keyring", "the Secret Service keyring"),
        ("keyring.backends.kwallet", "DBusKeyring", "KWallet"),
        ("keyring.backends.kwallet", "DBusKeyringKWallet4", "KWallet"),
    }
)
_NAMES = {(module, name): told for module, name, told in _REAL}


class Ring(Protocol):
    """What is used of a keyring."""

    def get_password(self, service: str, username: str) -> str | None:
        """Give what is kept."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep something."""

    def delete_password(self, service: str, username: str) -> None:
        """Remove it."""


def chosen(given: object | None = None) -> tuple[Ring, str] | None:
    """Give the keyring that the library has chosen, with its name; None where it is not the system's own.

    `given` is looked at instead of the library's choice. Of a chain the first real one is taken.
    """
    backend = given if given is not None else keyring.get_keyring()
    kind = type(backend)
    if (kind.__module__, kind.__name__) == ("keyring.backends.chainer", "ChainerBackend"):
        found = (chosen(each) for each in getattr(backend, "backends", ()))
        return next((each for each in found if each is not None), None)
    told = _NAMES.get((kind.__module__, kind.__name__))
    return (backend, told) if told is not None else None  # type: ignore[return-value] # each of them has these three


class KeyringSafe:
    """Fills `Safe` with a keyring; who is first is decided by a lock in a folder, for keyrings know none."""

    def __init__(self, ring: Ring, told: str, locks: Path, *, patience_s: float = PATIENCE_S) -> None:
        self._ring, self._told = ring, told
        self._locks, self._patience_s = locks, patience_s

    @property
    def told(self) -> str:
        """Name the keyring."""
        return self._told

    def read(self, name: str) -> Login | None:
        """Give a login."""
        text = self._asked(name)
        return None if text is None else decode(text.encode(), f"{self._told} for {name}")

    def _asked(self, name: str) -> str | None:
        with self._silent():
            return self._ring.get_password(SERVICE, name)

    def write(self, name: str, login: Login) -> None:
        """Keep a login, and look whether it is kept: some keyrings cut long texts."""
        text = encode(login).decode()
        with self._silent():
            self._ring.set_password(SERVICE, name, text)
            kept = self._ring.get_password(SERVICE, name)
        if kept != text:
            raise NotAllowed(
                "the keyring did not take the login",
                f"{self._told} gives back something else than it was given. Keep the login in a file instead: "
                f"`reconciler login {name} --keep file`.",
                code="keyring",
            )

    def remove(self, name: str) -> bool:
        """Remove a login."""
        if self._asked(name) is None:
            return False
        with self._silent():
            self._ring.delete_password(SERVICE, name)
        return True

    def locked(self, name: str) -> AbstractContextManager[None]:
        """Wait for one's turn."""
        return turn(self._locks, name, self._patience_s)

    @contextmanager
    def _silent(self) -> Iterator[None]:
        """Tell whatever a keyring fails with by its kind alone: its own words could hold what is kept."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - each system has errors of its own
            raise NotAllowed(
                "the keyring does not answer",
                f"{self._told}: {type(error).__name__}. Unlock it, or keep logins in a file: `reconciler login --keep "
                "file`.",
                code="keyring",
            ) from None
