"""The safes that the suite of `Safe` runs over. A further one is one further entry of `SAFES`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from keyring.backend import KeyringBackend

from reconciler.core.login import App, Login, Secret
from reconciler.core.ports import Safe
from reconciler.errors import LocalDisk
from reconciler.store.safes.file import FileSafe
from reconciler.store.safes.shared import SharedSafe
from reconciler.store.safes.system import KeyringSafe
from reconciler.store.seal import Key
from tests.contracts.backends import BACKENDS
from tests.contracts.shelves import MemoryBackend, Server

KEY = Key(bytes(range(32)))


def login(number: int = 1, **more: float) -> Login:
    """Give a login unlike others."""
    return Login(
        app=App(id="app", secret=Secret("canary-secret"), redirect_uri="https://app.example/back"),
        origin="http://localhost",
        access=Secret(f"canary-access-{number}"),
        refresh=Secret(f"canary-refresh-{number}"),
        issued_at=more.get("issued_at", 1000.0),
        expires_at=more.get("expires_at", 44_200.0),
        scopes=("user:profile:read", "user:clients:read"),
    )


@dataclass(slots=True)
class Drawer:
    """What several safes in memory share."""

    logins: dict[str, Login] = field(default_factory=dict)
    broken: Callable[[Login], bool] = lambda _: False
    written: list[Login] = field(default_factory=list)
    turn: threading.Lock = field(default_factory=threading.Lock)


class MemorySafe:
    """Fills `Safe` over a drawer; some writes can be made to fail."""

    told = "memory"

    def __init__(self, drawer: Drawer | None = None) -> None:
        self.drawer = drawer if drawer is not None else Drawer()

    def read(self, name: str) -> Login | None:
        """Give a login."""
        return self.drawer.logins.get(name)

    def write(self, name: str, login: Login) -> None:
        """Keep a login."""
        if self.drawer.broken(login):
            raise LocalDisk("the drawer is stuck", "It does not move.")
        self.drawer.logins[name] = login
        self.drawer.written.append(login)

    def remove(self, name: str) -> bool:
        """Remove a login."""
        return self.drawer.logins.pop(name, None) is not None

    @contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Take turns, whatever the name."""
        assert name
        with self.drawer.turn:
            yield


class MemoryKeyring(KeyringBackend):
    """A keyring in memory."""

    priority = 0.1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # as it says
        self.kept: dict[tuple[str, str], str] = {}
        self.cuts = 0
        """How many letters it drops of what it keeps."""

    def get_password(self, service: str, username: str) -> str | None:
        """Give a text."""
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep a text."""
        self.kept[service, username] = password[: len(password) - self.cuts]

    def delete_password(self, service: str, username: str) -> None:
        """Remove a text."""
        del self.kept[service, username]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wall:
    """A place with nothing in it, where safes can be opened."""

    opened: Callable[[], Safe]


def _memory(_: Path) -> Wall:
    drawer = Drawer()
    return Wall(opened=lambda: MemorySafe(drawer))


def _keyring(folder: Path) -> Wall:
    ring = MemoryKeyring()
    return Wall(opened=lambda: KeyringSafe(ring, "a keyring", folder / "locks"))


def _shared(_: Path) -> Wall:
    server = Server()
    return Wall(opened=lambda: SharedSafe(MemoryBackend(server), KEY, sleep=lambda _: None))


def _stored(name: str) -> Callable[[Path], AbstractContextManager[Wall]]:
    """Give a safe in one of the shared storages."""

    @contextmanager
    def opened(folder: Path) -> Iterator[Wall]:
        with BACKENDS[name](folder) as shelf:
            yield Wall(opened=lambda: SharedSafe(shelf.opened(), KEY, sleep=lambda _: None))

    return opened


def _alone(opened: Callable[[Path], Wall]) -> Callable[[Path], AbstractContextManager[Wall]]:
    """Give what needs no server."""
    return lambda folder: nullcontext(opened(folder))


SAFES: Mapping[str, Callable[[Path], AbstractContextManager[Wall]]] = {
    "memory": _alone(_memory),
    "keyring": _alone(_keyring),
    "file": _alone(lambda folder: Wall(opened=lambda: FileSafe(folder / "logins"))),
    "shared": _alone(_shared),
    **{f"shared-{name}": _stored(name) for name in BACKENDS if not name.startswith("memory")},
}
