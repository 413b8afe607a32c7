"""The ledgers that the suite of `Ledger` runs over. A further ledger is one further entry of `LEDGERS`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.core.ports import Ledger
from reconciler.core.resource import Address, RemoteId
from reconciler.core.state import Bind, Binding, State, edited
from reconciler.errors import LocalDisk, StateUnusable
from reconciler.record import Recorder
from tests.contracts.memory import MemoryLedger
from tests.contracts.stores import STORES

ACME, JANE = Address("clients.acme"), Address("clients.acme.contacts.jane")
BOUND, BOUND_CHILD = RemoteId(700_001), RemoteId(31)
BEGUN = edited(
    State(lineage="begun", salt="salt", account="Ab12Cd", origin="memory://", root="clients.yaml"),
    (
        Bind(address=ACME, binding=Binding(id=BOUND)),
        Bind(address=JANE, binding=Binding(id=BOUND_CHILD, parent=BOUND)),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """A ledger, and the state that would be found if the power failed now."""

    ledger: Ledger
    survives: Callable[[], State]
    spoil: Callable[[], None]
    """Makes it impossible to write down anything more."""


def _memory(_: Path) -> Books:
    ledger = MemoryLedger(BEGUN)

    def spoil() -> None:
        ledger.broken = True

    return Books(ledger=ledger, survives=lambda: ledger.state, spoil=spoil)


def _recorder(store_name: str) -> Callable[[Path], Books]:
    def opened(folder: Path) -> Books:
        place = STORES[store_name](folder)
        store = place.opened()
        store.load()
        store.save(BEGUN)
        recorder = Recorder(store, store.load())
        recorder.begin(BEGUN.account, BEGUN.origin, BEGUN.root)

        def survives() -> State:
            # A batch is durable within a second at the latest.
            with contextlib.suppress(LocalDisk, StateUnusable):
                store.flush()
            return place.opened().load()

        return Books(ledger=recorder, survives=survives, spoil=place.spoil)

    return opened


LEDGERS: Mapping[str, Callable[[Path], Books]] = {
    "memory": _memory,
    "recorder-in-memory": _recorder("memory"),
    "recorder-on-file": _recorder("file"),
    "recorder-shared": _recorder("shared"),
    "recorder-shared-single": _recorder("shared-single"),
}
