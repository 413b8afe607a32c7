"""Memory in the place of a vendor and of a disk: fills the ports, and says what it was asked to do.

It knows no vendor's field: any `Kind` will do. It passes the very suites that the real implementations pass.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from reconciler.core.kind import Kind
from reconciler.core.outcome import Answer, Done, Outcome, Refusal, Rejected, Unknown
from reconciler.core.ports import Identity, Membership, Meter
from reconciler.core.resource import Address, LiveResource, RemoteId, Value, Visibility, parent_of
from reconciler.core.state import Intend, State, StateEdit, edited
from reconciler.errors import LocalDisk, StateUnusable
from tests.contracts.rest import Rest

FIRST_ID, FIRST_CHILD_ID = 700001, 1
_fresh = itertools.count(1)


class Verb(StrEnum):
    """A call that writes."""

    CREATE = "create"
    UPDATE = "update"
    SET_VISIBILITY = "set_visibility"
    ADD_CHILDREN = "add_children"
    UPDATE_CHILD = "update_child"
    DELETE_CHILD = "delete_child"


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One call that writes, as the account saw it."""

    verb: Verb
    id: RemoteId | None = None
    """The top-level record; for a child's call the one that the child belongs to; None for a create."""
    child: RemoteId | None = None
    fields: Mapping[str, Value] = field(default_factory=dict)
    children: tuple[Mapping[str, Value], ...] = ()
    """Those created or added."""
    kept: tuple[LiveResource, ...] = ()
    """For ADD_CHILDREN: the children that were sent along."""
    visibility: Visibility | None = None


class Fault(StrEnum):
    """What goes wrong with a write: its answer gets lost, or the program is killed while it is on its way."""

    LOST_BEFORE = "lost before it is done"
    LOST_AFTER = "lost after it is done"
    DIES_BEFORE = "killed before it is done"
    DIES_AFTER = "killed after it is done"


class Died(Exception):
    """The program was killed."""


class MemoryAccount:
    """Fills `Reader` and `Writer` for any kind; `records` may be edited from outside between calls."""

    def __init__(
        self,
        kind: Kind,
        records: Sequence[LiveResource] = (),
        *,
        cleans: Callable[[str, Value], Value] = lambda _, value: value,
        reissues: bool = False,
        tells_children: bool = True,
    ) -> None:
        self._kind = kind
        self._lock = threading.RLock()
        self._cleans = cleans
        self._reissues = reissues
        self._tells_children = tells_children
        self._ids = itertools.count(max([FIRST_ID, *(record.id + 1 for record in records)]))
        known = [child.id for record in records for child in record.children or ()]
        self._child_ids = itertools.count(max([FIRST_CHILD_ID, *(number + 1 for number in known)]))
        self.account_id = "Memory"
        self.records: dict[RemoteId, LiveResource] = {record.id: record for record in records}
        self.writes: list[Write] = []
        self.rest = Rest()
        self.ready, self.undisturbed = self.rest.ready, self.rest.undisturbed
        self.faults: dict[int, Fault] = {}
        """By the number of the write, counted from 0."""

    @property
    def kind(self) -> Kind:
        """Give the kind served."""
        return self._kind

    @property
    def origin(self) -> str:
        """Give an address that nobody can reach."""
        return "memory://"

    def identify(self) -> Identity:
        """Say that one account is reached."""
        return Identity(name="Memory", memberships=(Membership(account_id=self.account_id),))

    def use_account(self, account_id: str) -> None:
        """Take the only account there is."""
        assert account_id == self.account_id

    def listing(self, visibility: Visibility, meter: Meter) -> Sequence[LiveResource]:
        """Give every record of this visibility."""
        with self._lock:
            found = [record for record in self.records.values() if record.visibility is visibility]
        meter.total(len(found))
        meter.advance(len(found))
        return found

    def fetch(self, remote_id: RemoteId) -> LiveResource | None:
        """Give one record, deleted or not."""
        return self.records.get(remote_id)

    def search(self, fields: Mapping[str, Value]) -> Sequence[LiveResource]:
        """Give active and archived records with the unique key of these fields, or with one of the names."""
        names = self._kind.unique_key
        if not any(_folded(fields.get(name)) for name in names):
            names = self._kind.naming
        sought = {name: text for name in names if (text := _folded(fields.get(name)))}
        with self._lock:
            return [
                record
                for record in self.records.values()
                if record.visibility is not Visibility.DELETED
                and any(_folded(record.fields.get(name)) == text for name, text in sought.items())
            ]

    # Writing.

    def create(self, fields: Mapping[str, Value], children: Sequence[Mapping[str, Value]]) -> Answer:
        """Create a record with its children."""

        def make() -> Answer:
            if not any(_folded(fields.get(name)) for name in self._kind.identity):
                return Rejected(reason="it has no name")
            made = LiveResource(
                id=RemoteId(next(self._ids)), fields=self._stored({}, fields), children=tuple(self._added(children))
            )
            self.records[made.id] = made
            return self._told(made)

        return self._write(Write(verb=Verb.CREATE, fields=fields, children=tuple(children)), make)

    def update(self, remote_id: RemoteId, fields: Mapping[str, Value]) -> Answer:
        """Change these fields."""
        return self._change(
            Write(verb=Verb.UPDATE, id=remote_id, fields=fields),
            lambda record: replace(record, fields=self._stored(record.fields, fields)),
        )

    def set_visibility(self, remote_id: RemoteId, visibility: Visibility) -> Answer:
        """Move a record between active, archived and deleted."""
        return self._change(
            Write(verb=Verb.SET_VISIBILITY, id=remote_id, visibility=visibility),
            lambda record: replace(record, visibility=visibility),
        )

    def add_children(
        self, remote_id: RemoteId, current: Sequence[LiveResource], added: Sequence[Mapping[str, Value]]
    ) -> Answer:
        """Replace the children by those sent: whatever is not among `current` is gone."""

        def put(record: LiveResource) -> LiveResource:
            known = {child.id for child in record.children or ()}
            kept = [
                replace(child, id=child.id if child.id in known and not self._reissues else self._next_child())
                for child in current
            ]
            return replace(record, children=(*kept, *self._added(added)))

        write = Write(verb=Verb.ADD_CHILDREN, id=remote_id, kept=tuple(current), children=tuple(added))
        return self._change(write, put)

    def update_child(self, child_id: RemoteId, fields: Mapping[str, Value]) -> Answer:
        """Replace all fields of a child."""
        write = Write(verb=Verb.UPDATE_CHILD, id=self._owner(child_id), child=child_id, fields=fields)
        return self._change(write, lambda record: _with_child(record, child_id, self._stored({}, fields)))

    def delete_child(self, child_id: RemoteId) -> Answer:
        """Delete a child."""
        write = Write(verb=Verb.DELETE_CHILD, id=self._owner(child_id), child=child_id)
        return self._change(write, lambda record: _with_child(record, child_id, None))

    # What they share.

    def _write(self, write: Write, make: Callable[[], Answer]) -> Answer:
        with self._lock:
            fault = self.faults.get(len(self.writes))
            self.writes.append(write)
            before = fault in {Fault.LOST_BEFORE, Fault.DIES_BEFORE}
            answer = Unknown(reason="the answer was lost") if before else make()
            if fault in {Fault.DIES_BEFORE, Fault.DIES_AFTER}:
                raise Died
            return Unknown(reason="the answer was lost") if fault is Fault.LOST_AFTER else answer

    def _change(self, write: Write, change: Callable[[LiveResource], LiveResource]) -> Answer:
        def make() -> Answer:
            record = self.records.get(write.id) if write.id is not None else None
            if record is None:
                return Rejected(reason="it was not found", cause=Refusal.GONE)
            self.records[record.id] = changed = change(record)
            return self._told(changed) if write.child is None else Done()

        return self._write(write, make)

    def _told(self, record: LiveResource) -> Done:
        return Done(live=record if self._tells_children else replace(record, children=None))

    def _owner(self, child_id: RemoteId) -> RemoteId | None:
        owners = (
            record.id for record in self.records.values() for child in record.children or () if child.id == child_id
        )
        return next(owners, None)

    def _stored(self, before: Mapping[str, Value], sent: Mapping[str, Value]) -> Mapping[str, Value]:
        """Give the fields after a write, without the empty ones."""
        after = {**before, **{name: self._cleans(name, value) for name, value in sent.items()}}
        return {name: value for name, value in after.items() if value is not None and value != ""}

    def _added(self, children: Sequence[Mapping[str, Value]]) -> Iterator[LiveResource]:
        for fields in children:
            yield LiveResource(id=self._next_child(), fields=self._stored({}, fields))

    def _next_child(self) -> RemoteId:
        return RemoteId(next(self._child_ids))


def _with_child(record: LiveResource, child_id: RemoteId, fields: Mapping[str, Value] | None) -> LiveResource:
    """Give the record with one child changed, or without it."""
    rest = [
        child if child.id != child_id else replace(child, fields=fields or {})
        for child in record.children or ()
        if child.id != child_id or fields is not None
    ]
    return replace(record, children=tuple(rest))


def _folded(value: Value) -> str:
    return value.strip().casefold() if isinstance(value, str) else ""


@dataclass(slots=True)
class Shelf:
    """What a disk holds: one version of the state, and the edits since."""

    state: State | None = None
    edits: list[StateEdit] = field(default_factory=list)
    broken: bool = False


class MemoryStore:
    """Fills `Store` over a shelf, which several stores may share."""

    def __init__(self, shelf: Shelf | None = None) -> None:
        self.shelf = shelf if shelf is not None else Shelf()
        self._loaded: tuple[str, int] | None = None

    def load(self) -> State:
        """Give the state with every edit since."""
        stored = self.shelf.state
        self._loaded = _version(stored)
        if stored is None:
            number = next(_fresh)
            return State(lineage=f"lineage-{number}", salt=f"salt-{number}", fresh=True)
        return edited(stored, tuple(self.shelf.edits)) if self.shelf.edits else stored

    def begin(self, state: State, _intents: Sequence[Intend]) -> tuple[State, frozenset[Address]]:
        """Save."""
        return self.save(state), frozenset()

    def append(self, edits: Sequence[StateEdit]) -> None:
        """Keep these edits."""
        self._check_disk()
        self.shelf.edits.extend(edits)

    def flush(self) -> None:
        """Keep nothing back."""

    def save(self, state: State) -> State:
        """Replace the version loaded."""
        if _version(self.shelf.state) != self._loaded:
            raise StateUnusable("another run has written the state", "It is not the version that was loaded.")
        self._check_disk()
        saved = replace(state, serial=state.serial + 1, fresh=False)
        self.shelf.state, self.shelf.edits = saved, []
        self._loaded = _version(saved)
        return saved

    def _check_disk(self) -> None:
        if self.shelf.broken:
            raise LocalDisk("the shelf is broken")


def _version(state: State | None) -> tuple[str, int] | None:
    return (state.lineage, state.serial) if state is not None else None


class MemoryLedger:
    """Fills `Ledger`; `state` is what has been written down so far."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.broken = False
        self._lock = threading.Lock()

    def intend(self, intents: Sequence[Intend]) -> None:
        """Keep these intents."""
        self._keep(tuple(intents))

    def settle(self, outcomes: Sequence[Outcome]) -> None:
        """Keep the edits of these outcomes."""
        self._keep(tuple(edit for outcome in outcomes for edit in outcome.edits))

    def holds(self, remote_id: RemoteId, *, child: bool = False) -> bool:
        """Look through the bindings."""
        return any(
            binding.id == remote_id and (parent_of(address) is not None) is child
            for address, binding in self.state.bindings.items()
        )

    def _keep(self, edits: tuple[StateEdit, ...]) -> None:
        with self._lock:
            if self.broken:
                raise LocalDisk("the ledger is full")
            self.state = edited(self.state, edits)
