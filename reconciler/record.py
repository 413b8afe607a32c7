"""Write down what an apply does, as it does it, and close the run with one new version of the state (step 9).

It sees a `Store` and knows no file. Edits are journaled as they come and folded into the state at the end, from the
state that the run began with: so an intent that was announced, and whose create was never begun, ends with the run.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

from reconciler.core.outcome import Outcome
from reconciler.core.ports import Store
from reconciler.core.resource import Address, RemoteId, parent_of
from reconciler.core.state import Bind, Intend, Intent, State, StateEdit, Unbind, edited


class Recorder:
    """Fills the `Ledger` port over a `Store`; may be used from several threads."""

    def __init__(self, store: Store, state: State) -> None:
        self._store = store
        self._state = state
        self._edits: list[StateEdit] = []
        self._announced: dict[Address, Intent] = {}
        self._lock = threading.Lock()
        self._ids = {address: binding.id for address, binding in state.bindings.items()}
        self._held = {child: {i for a, i in self._ids.items() if _is_child(a) is child} for child in (False, True)}

    @property
    def state(self) -> State:
        """Give the state that the run began with."""
        return self._state

    def begin(self, account: str, origin: str, root: str, intents: Sequence[Intend] = ()) -> State:
        """Prove that the state can be written before anything is sent, and say what it is for.

        `intents` are those of all creates of the run, for a store that writes them down at once.
        """
        wanted = replace(self._state, account=account, origin=origin, root=root)
        self._state, written = self._store.begin(wanted, intents)
        self._announced = {intent.address: intent.intent for intent in intents if intent.address in written}
        return self._state

    def intend(self, intents: Sequence[Intend]) -> None:
        """Make these intents durable, but for those that have been since the run began."""
        with self._lock:
            known = [intent for intent in intents if _same(self._announced.get(intent.address), intent.intent)]
            self._edits.extend(known)
        new = [intent for intent in intents if intent not in known]
        if new:
            self._write(new)

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
        # Edits of one record come one after the other; those of several may pass each other on the way to the store.
        self._store.append(edits)
        with self._lock:
            self._edits.extend(edits)
            for edit in edits:
                self._note(edit)

    def _note(self, edit: StateEdit) -> None:
        held = self._held[_is_child(edit.address)]
        if not isinstance(edit, Intend):
            # What was announced is spent: a second try needs an intent of its own.
            self._announced.pop(edit.address, None)
        if isinstance(edit, (Bind, Unbind)) and (old := self._ids.pop(edit.address, None)) is not None:
            held.discard(old)
        if isinstance(edit, Bind):
            self._ids[edit.address] = edit.binding.id
            held.add(edit.binding.id)


def _same(announced: Intent | None, intent: Intent) -> bool:
    """Tell whether an intent is written down already; when it was is only ever shown."""
    return announced is not None and replace(announced, sent_at=intent.sent_at) == intent


def _is_child(address: Address) -> bool:
    return parent_of(address) is not None
