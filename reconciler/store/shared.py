"""The state in shared storage: the same `Store`, where every write is a request, so that writes are gathered.

    ""        one complete version, as in a file; where storage has a single document, its records of runs below it
    journal   what came since, replaced as a whole by each batch; folded into the state where it has grown

An intent is durable when `append` returns, together with all that came before it. Everything else goes with the next
batch: after a second, or fifty edits. What a kill loses of a batch is found again: a create by its intent, all else
by comparing.
"""

from __future__ import annotations

import secrets
import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from reconciler.core.codec import decode_edit, decode_state, encode_edit, encode_state
from reconciler.core.resource import Address
from reconciler.core.state import Intend, State, StateEdit, edited
from reconciler.errors import StateUnusable
from reconciler.store import journal
from reconciler.store.documents import Documents
from reconciler.store.journal import Heading, Journal

STATE, JOURNAL = "", "journal"
BATCH, PAUSE_S = 50, 1.0
_LOOKS = 3
_SMALL = 256 * 1024
"""Below it a journal is never folded; arbitrary: a second's upload on a slow line."""


@dataclass(slots=True)
class _Pending:
    """What waits for the next batch."""

    edits: list[StateEdit]
    calls: int = 0
    """How many of them came singly, from calls."""
    number: int = 0
    """Of the last edit that was appended."""
    durable: int = 0
    """Of the last edit that is written."""
    due: bool = False
    failure: StateUnusable | None = None


class SharedState:
    """Fills the `Store` port over documents; one process at a time, by its lease."""

    def __init__(self, documents: Documents, *, pause_s: float = PAUSE_S) -> None:
        self._documents = documents
        self._single = documents.backend.single
        self._pause_s = pause_s
        self._state: State | None = None
        """The version in storage, with all that is durable since; None where none was ever saved."""
        self._journal: list[bytes] = []
        self._folded: Heading | None = None
        self._runs = b""
        self._runs_due = False
        """Whether the records of runs are others than in storage."""
        self._turn = threading.Condition()
        self._pending = _Pending([])
        self._writing = False
        self._thread: threading.Thread | None = None

    def load(self) -> State:
        """Give the state with everything recorded so far; a fresh one where there is none."""
        for left in reversed(range(_LOOKS)):
            self._pending, self._journal, self._folded, self._state = _Pending([]), [], None, None
            raw = self._documents.read(STATE)
            told = self._documents.read(JOURNAL) if not self._single else None
            entries = journal.decoded(told, f"{self._documents.shown} (journal)") if told else None
            stored = self._decoded(raw) if raw is not None else None
            # A plan holds no lock: between its two reads another run may have folded the journal into a new state.
            if not left or stored is None or entries is None or entries.heading.serial <= stored.serial:
                return self._told(stored, entries)
        raise AssertionError("the last look returns")

    def _told(self, stored: State | None, entries: Journal | None) -> State:
        """Put the state and what came since together."""
        if stored is None:
            if entries is not None:
                raise StateUnusable(
                    "the state is missing, but its journal is there",
                    f"{self._documents.shown}. {_REMEDY}",
                    code="state-missing",
                )
            return State(lineage=uuid.uuid4().hex, salt=secrets.token_hex(16), fresh=True)
        self._folded = Heading(lineage=stored.lineage, serial=stored.serial)
        self._state = stored
        if entries is not None and entries.heading == self._folded:
            self._journal = list(entries.payloads)
            self._state = edited(stored, tuple(map(decode_edit, entries.payloads)))
        elif entries is not None and (entries.heading.serial >= stored.serial):
            raise StateUnusable(
                "the state and its journal do not belong together",
                f"{self._documents.shown}. {_REMEDY}",
                code="state-foreign",
            )
        return self._state

    def _decoded(self, raw: bytes) -> State:
        line, _, self._runs = raw.partition(b"\n")
        try:
            return decode_state(line + b"\n")
        except StateUnusable as error:
            raise StateUnusable(
                error.summary, f"{self._documents.shown}: {error.detail} {_REMEDY}", code=error.code
            ) from error

    def begin(self, state: State, intents: Sequence[Intend]) -> tuple[State, frozenset[Address]]:
        """Write down all intents of the run in one, with its record; without any, only what is not there yet."""
        now = self._state
        known = now is not None and (now.account, now.origin, now.root) == (state.account, state.origin, state.root)
        if intents or self._runs_due or not known:
            saved = self.save(edited(state, tuple(intents)))
            state = replace(state, serial=saved.serial, fresh=False)
        return state, frozenset(intent.address for intent in intents)

    def append(self, edits: Sequence[StateEdit]) -> None:
        """Take edits for the next batch; return once they are durable where one is an intent, or many wait already.

        Many at once are of records that needed no call, and only wait for the pause: what is lost of them is found
        again, and an account that is adopted goes in a write a second instead of one for every few hundred records.
        """
        if self._folded is None:
            raise StateUnusable("the state was never saved", "A journal continues a saved state.")
        if not edits:
            return
        with self._turn:
            pending = self._pending
            pending.edits.extend(edits)
            pending.number += len(edits)
            pending.calls += len(edits) if len(edits) < BATCH else 0
            self._begin_writing()
            if any(isinstance(edit, Intend) for edit in edits) or pending.calls >= BATCH:
                self._wait_for(pending.number)
            self._raise_failure()

    def flush(self) -> None:
        """Return when everything appended is durable."""
        with self._turn:
            if self._pending.edits or self._writing:
                self._wait_for(self._pending.number)
            self._raise_failure()

    def save(self, state: State) -> State:
        """Replace the state; what has not been written yet is part of it, or void."""
        with self._turn:
            self._turn.wait_for(lambda: not self._writing)
            self._pending.edits.clear()
            self._pending.calls = 0
            self._pending.durable = self._pending.number
            serial = max(state.serial, self._folded.serial if self._folded is not None else 0)
            return self._save(replace(state, serial=serial + 1, fresh=False))

    @property
    def runs(self) -> tuple[bytes, ...]:
        """Give the records of runs within the single document, the newest first, as of when the state was loaded."""
        return tuple(self._runs.splitlines())

    def keep_runs(self, records: Sequence[bytes]) -> None:
        """Keep these records of runs within the single document, and no others.

        They go with the next version of the state, which a run saves when it begins and at its end.
        """
        with self._turn:
            self._runs_due = True
            self._runs = b"".join(record + b"\n" for record in records)

    def _save(self, state: State) -> State:
        if self._state is None:
            # The first use: a storage that ignores conditions must not be trusted with anything.
            self._documents.backend.check()
        self._documents.write(STATE, self._encoded(state))
        # The journal's heading is older than the state now, so that it counts for nothing.
        self._journal, self._state, self._runs_due = [], state, False
        self._folded = Heading(lineage=state.lineage, serial=state.serial)
        return state

    def _encoded(self, state: State) -> bytes:
        return encode_state(state) + self._runs

    # Batches.

    def _begin_writing(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._write_batches, daemon=True)
            self._thread.start()
        self._turn.notify_all()

    def _wait_for(self, number: int) -> None:
        self._pending.due = True
        self._turn.notify_all()
        self._turn.wait_for(lambda: self._pending.durable >= number or self._pending.failure is not None)

    def _raise_failure(self) -> None:
        if self._pending.failure is not None:
            raise self._pending.failure

    def _write_batches(self) -> None:
        """Write one batch after the other, until nothing waits."""
        while (batch := self._next_batch()) is not None:
            failure = self._tried(batch)
            with self._turn:
                self._writing = False
                self._pending.failure = failure
                if failure is None:
                    self._pending.durable += len(batch)
                self._turn.notify_all()

    def _next_batch(self) -> Sequence[StateEdit] | None:
        """Give what to write now, once it is enough or has waited long enough; None where nothing is left."""
        with self._turn:
            pending = self._pending
            self._turn.wait_for(lambda: pending.due or pending.calls >= BATCH, timeout=self._pause_s)
            batch = tuple(pending.edits)
            if not batch or pending.failure is not None:
                self._thread = None
                return None
            pending.edits.clear()
            pending.calls, pending.due = 0, False
            self._writing = True
            return batch

    def _tried(self, batch: Sequence[StateEdit]) -> StateUnusable | None:
        try:
            self._write(batch)
        except StateUnusable as failure:
            return failure
        except Exception as fault:  # noqa: BLE001 - a thread has nobody to raise to; whoever appends next hears of it
            return StateUnusable("the state could not be written", f"{type(fault).__name__}.")
        return None

    def _write(self, batch: Sequence[StateEdit]) -> None:
        state, heading = self._state, self._folded
        if state is None or heading is None:
            raise StateUnusable("the state was never saved", "A journal continues a saved state.")
        state = edited(state, tuple(batch))
        if self._single:
            self._documents.write(STATE, self._encoded(state))
            self._state = state
            return
        entries = [*self._journal, *map(encode_edit, batch)]
        told = journal.encoded(heading, entries)
        if len(told) > max(_SMALL, 64 * len(state.bindings)):
            self._save(replace(state, serial=heading.serial + 1))
        else:
            self._documents.write(JOURNAL, told)
            self._journal, self._state = entries, state


_REMEDY = (
    "Nothing was changed. Bring the state back from a copy or an older version in the storage; if there is none, move "
    "it away and plan: everything is found again by what it is called, except pending removals and protection."
)
