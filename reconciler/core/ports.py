"""The roles that the steps need filled: reading and writing an account, keeping a state, telling of progress.

Protocols only. Each port has one contract suite under `tests/contracts/` that every implementation passes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from reconciler.core.kind import Kind
from reconciler.core.login import Login
from reconciler.core.outcome import Answer, Outcome
from reconciler.core.resource import Address, LiveResource, RemoteId, Value, Visibility
from reconciler.core.state import Intend, State, StateEdit


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """One account that the login reaches."""

    account_id: str
    business: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the login is."""

    name: str = ""
    email: str = ""
    memberships: tuple[Membership, ...] = ()


class Meter(Protocol):
    """Told of progress while pages are read or records written; the default does nothing."""

    def total(self, count: int) -> None:
        """Raise the number of expected units by `count`."""

    def advance(self, count: int = 1) -> None:
        """Say that `count` units are done."""


class Reader(Protocol):
    """Reads one account. Planning gets this and nothing more: it has no method that writes.

    Every method may be called from several threads, and raises `ReadIncomplete` or `NotAllowed`.
    """

    @property
    def kind(self) -> Kind:
        """The top-level kind that this provider serves."""

    @property
    def origin(self) -> str:
        """Scheme, host and port of the API, as the state remembers it."""

    def identify(self) -> Identity:
        """Say who the login is and which accounts it reaches."""

    def use_account(self, account_id: str) -> None:
        """Choose the account that every later call speaks to."""

    def listing(self, visibility: Visibility, meter: Meter) -> Sequence[LiveResource]:
        """Give every record of this visibility with its children, in no particular order; whole, or an error."""

    def fetch(self, remote_id: RemoteId) -> LiveResource | None:
        """Give one record fresh, wherever it is, with its children; None only when the vendor says it is gone."""

    def search(self, fields: Mapping[str, Value]) -> Sequence[LiveResource]:
        """Give active and archived records that may share the natural key of these fields (a superset is fine)."""


class Writer(Reader, Protocol):
    """Writes one account. No method raises for what the vendor answered: the `Answer` says it.

    A call is one request. A create is never sent a second time by a Writer.
    """

    def ready(self) -> bool:
        """See to it that writing can go on for a while; False where that must wait until no create is under way.

        Called before each record is begun. Raises `NotAllowed` where it cannot go on, `LocalDisk`.
        """

    def undisturbed(self) -> AbstractContextManager[None]:
        """Mark a block from a create's intent to its outcome: meanwhile nothing is done that could end the access."""

    def create(self, fields: Mapping[str, Value], children: Sequence[Mapping[str, Value]]) -> Answer:
        """Create a record with its children in one call."""

    def update(self, remote_id: RemoteId, fields: Mapping[str, Value]) -> Answer:
        """Change these fields of a record and no other."""

    def set_visibility(self, remote_id: RemoteId, visibility: Visibility) -> Answer:
        """Delete, archive or bring back a record, in a call of its own."""

    def add_children(
        self, remote_id: RemoteId, current: Sequence[LiveResource], added: Sequence[Mapping[str, Value]]
    ) -> Answer:
        """Add children: sends every child of `current` with all its fields and its id, then the added ones."""

    def update_child(self, child_id: RemoteId, fields: Mapping[str, Value]) -> Answer:
        """Change a child; `fields` holds every field, merged from a fresh read."""

    def delete_child(self, child_id: RemoteId) -> Answer:
        """Delete a child."""


class Ledger(Protocol):
    """Where an apply writes down what it does, before and after; it does not say how.

    Every method returns only when its entry would survive the machine's power, and raises `LocalDisk` otherwise,
    after which no further API write may be sent. May be called from several threads.
    """

    def intend(self, intents: Sequence[Intend]) -> None:
        """Write down that these creates may be sent from now on."""

    def settle(self, outcomes: Sequence[Outcome]) -> None:
        """Write down what became of changes that one call decided, and the edits to the state that follow from it."""

    def holds(self, remote_id: RemoteId, *, child: bool = False) -> bool:
        """Tell whether some address is bound to this record by now; ids of children are a sequence of their own."""


class Store(Protocol):
    """Keeps the state: always one complete version, old or new. May be used from several threads.

    Beside what is said at each method, `StateUnusable` is raised where shared storage is out of reach.
    """

    def load(self) -> State:
        """Give the state with everything recorded so far; a fresh one where there is none. Raises `StateUnusable`."""

    def begin(self, state: State, intents: Sequence[Intend], /) -> tuple[State, frozenset[Address]]:
        """Prepare for a run: save the state where that is needed, and prove that it can be written.

        Where each write crosses a network, the intents of the whole run are made durable here, in one; gives the
        state as it is from now on, without them, and the addresses for which that was done.
        """

    def append(self, edits: Sequence[StateEdit]) -> None:
        """Make these edits durable, cheaply; `load` sees them from now on. Raises `LocalDisk`.

        Where each write crosses a network, edits without an intent may wait a second for others (`flush`).
        """

    def flush(self) -> None:
        """Return when everything appended is durable."""

    def save(self, state: State) -> State:
        """Replace the state by this one, which must descend from the version loaded; give it with its new serial.

        Raises `Moved` when another run has written in between, `LocalDisk` when it cannot be durable.
        """


class Lease(Protocol):
    """A run's hold of the state's lock."""

    def holds(self) -> bool:
        """Tell whether the lock is surely ours at this moment; once it is not, it never is again."""


class Safe(Protocol):
    """Keeps logins by name, each whole or not at all.

    Between a `read` and a `write` within `locked` nobody else writes that login: others wait, or one of the two writes
    raises `Moved`. Raises `NotAllowed` where a login is there and must not or cannot be used.
    """

    @property
    def told(self) -> str:
        """Say where it keeps them, as people know the place."""

    def read(self, name: str) -> Login | None:
        """Give a login, or None where there is none."""

    def write(self, name: str, login: Login) -> None:
        """Keep a login in the place of what was there, durably; raises `LocalDisk` or what storage fails with."""

    def remove(self, name: str) -> bool:
        """Remove a login; tell whether there was one."""

    def locked(self, name: str) -> AbstractContextManager[None]:
        """Be the only one who renews this login, for as long as the block lasts. Raises `Locked`."""
