"""The shared storages that the suites of `Backend` and `Lock` run over. A further one is one further entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from reconciler.store.backend import Backend, Lock
from tests.contracts.shelves import MemoryBackend, Server


class Storage(Backend, Lock, Protocol):
    """Both ports in one, as every storage fills them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A place in some storage where nothing lies yet."""

    opened: Callable[[], Storage]
    """Gives a connection of its own, as another run on another machine would."""
    address: str = ""
    """What `--state` takes for it; empty for the one in memory."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """What the environment must hold for that."""


def _memory(*, single: bool) -> Callable[[Path], AbstractContextManager[Shelf]]:
    @contextmanager
    def opened(_: Path) -> Iterator[Shelf]:
        server = Server(single=single)
        yield Shelf(opened=lambda: MemoryBackend(server))

    return opened


BACKENDS: Mapping[str, Callable[[Path], AbstractContextManager[Shelf]]] = {
    "memory": _memory(single=False),
    "memory-single": _memory(single=True),
}
