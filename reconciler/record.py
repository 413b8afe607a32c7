"""Write down what an apply does, as it does it, and close the run with one new version of the state (step 9).

It sees a `Store` and knows no file. Edits are journaled one by one and folded into the state at the end.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

from reconciler.core.outcome import Outcome
from reconciler.core.ports import Store
from reconciler.core.resource import Address, RemoteId, parent_of
from reconciler.core.state import Bind, Intend, State, StateEdit, Unbind, edited


class Recorder:
    """Fills the `Ledger` port over a `Store`; may be used from several threads."""

    def __init__(self, store: Store, state: State) -> None:
        self._store = store
        self._state = state
        self._edits: list[StateEdit] = []
        self._lock = threading.Lock()
        self._ids = {address: binding.id for address, binding in state.bindings.items()}
        self._held = {child: {i for a, i in self._ids.items() if _is_child(a) is child} for child in (False, True)}

    @property
    def state(self) -> State:
        """Give the state that the run began with."""
        return self._state

    def begin(self, account: str, origin: str, root: str) -> State:
        """Prove that this machine can write before anything is sent, and say what the state is for."""
        self._state = self._store.save(replace(self._state, account=account, origin=origin, root=root))
        return self._state

    def intend(self, intents: Sequence[Intend]) -> None:
        """Make these intents durable."""
        self._write(intents)

    def settle(self, outcomes: Sequence[Outcome]) -> None:
        """Make the edits of these outcomes durable, together."""
        edits = [edit for outcome in outcomes for edit in outcome.edits]
        if edits:
            self._write(edits)

    def holds(self, remote_id: RemoteId, *, child: bool = False) -> bool:
        """Tell whether some address is bound to this record by now."""
        with self._lock:
            return remote_id in self._held[child]

    def finish(self, ended: str = "") -> State:
        """Fold everything recorded into one new version of the state; `ended` says that nothing is sent from now on."""
        with self._lock:
            state = edited(self._state, tuple(self._edits))
            intents = {address: replace(intent, ended=ended) for address, intent in state.intents.items()}
            self._state = self._store.save(replace(state, intents=intents))
            self._edits = []
            return self._state

    def _write(self, edits: Sequence[StateEdit]) -> None:
        with self._lock:
            self._store.append(edits)
            self._edits.extend(edits)
            for edit in edits:
                self._note(edit)

    def _note(self, edit: StateEdit) -> None:
        held = self._held[_is_child(edit.address)]
        if isinstance(edit, (Bind, Unbind)) and (old := self._ids.pop(edit.address, None)) is not None:
            held.discard(old)
        if isinstance(edit, Bind):
            self._ids[edit.address] = edit.binding.id
            held.add(edit.binding.id)


def _is_child(address: Address) -> bool:
    return parent_of(address) is not None
