"""Where runs are recorded, for the suite of `Runs`. A further place is one further entry of `HISTORIES`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.core.run import Run
from reconciler.store.backend import Stored
from reconciler.store.documents import Documents
from reconciler.store.history import History, Runs, SharedHistory
from reconciler.store.seal import Key
from reconciler.store.shared import SharedState
from tests.contracts.shelves import MemoryBackend, Server

KEY = Key(bytes(range(32)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A place where runs are recorded."""

    opened: Callable[[], Runs]
    """Gives it as a run of its own would have it, with the state loaded."""
    spoil: Callable[[str], None]
    """Makes the record of a run unreadable."""
    raw: Callable[[], bytes]
    """Gives every byte that is kept."""


class _Closing(SharedHistory):
    """Records of runs that save the state at their end."""

    def __init__(self, documents: Documents, state: SharedState) -> None:
        super().__init__(documents, state)
        self._store, self._known = state, state.load()

    def write(self, run: Run) -> None:
        """Write, and end the run."""
        super().write(run)
        self._known = self._store.save(self._known)

    def prune(self, before: str) -> int:
        """Remove, and end the run."""
        removed = super().prune(before)
        self._known = self._store.save(self._known)
        return removed


def _folder(folder: Path) -> Archive:
    runs = folder / "deep" / "runs"

    def spoil(name: str) -> None:
        (runs / f"{name}.json").write_bytes(b'{"format": 2, "run": 1')

    return Archive(
        opened=lambda: History(runs),
        spoil=spoil,
        raw=lambda: b"".join(file.read_bytes() for file in runs.iterdir()),
    )


def _shared(*, single: bool = False, key: Key | None = None) -> Callable[[Path], Archive]:
    def placed(_: Path) -> Archive:
        server = Server(single=single)
        first = SharedState(Documents(MemoryBackend(server), key))
        first.save(first.load())

        def opened() -> Runs:
            documents = Documents(MemoryBackend(server), key)
            return _Closing(documents, SharedState(documents))

        def spoil(name: str) -> None:
            documents = Documents(MemoryBackend(server), key)
            where = "" if single else f"runs/{name}.json"
            content = documents.read(where)
            assert content is not None
            ours = f'"run":"{name}"'.encode()
            lines = [
                line.replace(b'"outcomes":[', b'"outcomes":7,"x":[') if ours in line else line
                for line in content.splitlines(keepends=True)
            ]
            documents.write(where, b"".join(lines))

        def raw() -> bytes:
            kept: Mapping[str, Stored] = server.documents
            return b"".join(stored.content for stored in kept.values())

        return Archive(opened=opened, spoil=spoil, raw=raw)

    return placed


HISTORIES: Mapping[str, Callable[[Path], Archive]] = {
    "folder": _folder,
    "shared": _shared(),
    "shared-sealed": _shared(key=KEY),
    "shared-single": _shared(single=True),
    "shared-single-sealed": _shared(single=True, key=KEY),
}
