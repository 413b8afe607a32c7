"""The stores that the suite of `Store` runs over. A further store is one further entry of `STORES`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.core.ports import Store
from reconciler.store.documents import Documents
from reconciler.store.seal import Key
from reconciler.store.shared import SharedState
from reconciler.store.statefile import StateFile
from tests.contracts.memory import MemoryStore, Shelf
from tests.contracts.shelves import MemoryBackend, Server


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one state is kept."""

    opened: Callable[[], Store]
    """Gives a store over it, as a run of its own would."""
    spoil: Callable[[], None]
    """Makes it impossible to write there, once a state was saved and something appended."""


def _memory(_: Path) -> Place:
    shelf = Shelf()

    def spoil() -> None:
        shelf.broken = True

    return Place(opened=lambda: MemoryStore(shelf), spoil=spoil)


def _file(folder: Path) -> Place:
    path = folder / "deep" / "state.json"
    store = StateFile(path)

    def spoil() -> None:
        # The user that runs the tests may be root, whom permissions do not stop; a folder in the way does.
        store.journal.unlink()
        store.journal.mkdir()

    return Place(opened=lambda: StateFile(path), spoil=spoil)


def _shared(*, single: bool = False, key: Key | None = None) -> Callable[[Path], Place]:
    def placed(_: Path) -> Place:
        server = Server(single=single)

        def spoil() -> None:
            server.fault = lambda verb, _name: "refused" if verb in {"create", "replace"} else ""

        return Place(opened=lambda: SharedState(Documents(MemoryBackend(server), key), pause_s=0.01), spoil=spoil)

    return placed


STORES: Mapping[str, Callable[[Path], Place]] = {
    "memory": _memory,
    "file": _file,
    "shared": _shared(),
    "shared-sealed": _shared(key=Key(bytes(range(32)))),
    "shared-single": _shared(single=True),
    "shared-single-sealed": _shared(single=True, key=Key(bytes(range(32)))),
}
