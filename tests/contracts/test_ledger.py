"""The contract of `Ledger`: what is written down survives, in order, before the next call is sent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from reconciler.core.change import Action, Change
from reconciler.core.outcome import Outcome, Result
from reconciler.core.resource import Address, OnRemove, RemoteId
from reconciler.core.state import Bind, Binding, Desist, Intend, Intent, StateEdit, Tombstone, Unbind
from reconciler.errors import LocalDisk, StateUnusable
from tests.contracts.ledgers import ACME, BEGUN, BOUND, BOUND_CHILD, JANE, Books

BOLT = Address("clients.bolt")
INTENT = Intent(run="run", key="email=00", body="email=00", known=(RemoteId(9),), sent_at="2026-01-01T00:00:00+00:00")
NEW = RemoteId(700_002)


def outcome(address: Address, *edits: StateEdit) -> list[Outcome]:
    """Give a done change of this address with its edits, as the only one to be settled."""
    change = Change(action=Action.UPDATE, address=address, kind="client")
    return [Outcome(change=change, result=Result.DONE, edits=edits)]


def test_begins_with_what_was_recorded(books: Books) -> None:
    """Before anything is written down, everything recorded is there and held."""
    assert books.survives().bindings == BEGUN.bindings
    assert books.ledger.holds(BOUND)
    assert books.ledger.holds(BOUND_CHILD, child=True)
    assert not books.ledger.holds(NEW)


def test_intents_survive_at_once(books: Books) -> None:
    """When `intend` returns, all of its intents would be found after a power failure."""
    other = Address("clients.cork")
    books.ledger.intend([Intend(address=BOLT, intent=INTENT), Intend(address=other, intent=INTENT)])
    assert books.survives().intents == {BOLT: INTENT, other: INTENT}


def test_outcome_closes_its_intent(books: Books) -> None:
    """A settled create is bound and no longer intended; one that did not happen is neither."""
    books.ledger.intend([Intend(address=BOLT, intent=INTENT)])
    books.ledger.settle(outcome(BOLT, Bind(address=BOLT, binding=Binding(id=NEW))))
    assert books.survives().intents == {}
    assert books.survives().bindings[BOLT].id == NEW
    books.ledger.intend([Intend(address=ACME, intent=INTENT)])
    books.ledger.settle(outcome(ACME, Desist(address=ACME)))
    assert books.survives().intents == {}
    assert books.survives().bindings[ACME].id == BOUND


def test_entries_count_in_their_order(books: Books) -> None:
    """What is settled later replaces what was settled earlier, also within one outcome."""
    one, two = Binding(id=RemoteId(1)), Binding(id=RemoteId(2))
    books.ledger.settle(outcome(BOLT, Bind(address=BOLT, binding=one)))
    books.ledger.settle(outcome(BOLT, Unbind(address=BOLT), Bind(address=BOLT, binding=two)))
    assert books.survives().bindings[BOLT] == two
    gone = Tombstone(id=RemoteId(2), how=OnRemove.DELETE)
    books.ledger.settle(outcome(BOLT, Bind(address=BOLT, binding=one), Unbind(address=BOLT, tombstone=gone)))
    assert BOLT not in books.survives().bindings
    assert books.survives().tombstones == {BOLT: gone}


def test_outcomes_settled_together_are_all_there(books: Books) -> None:
    """A record and its children may be written down at once."""
    bolt = outcome(BOLT, Bind(address=BOLT, binding=Binding(id=NEW)))
    books.ledger.settle([*bolt, *outcome(JANE, Unbind(address=JANE)), *outcome(ACME)])
    assert set(books.survives().bindings) == {ACME, BOLT}
    books.ledger.settle([])
    assert set(books.survives().bindings) == {ACME, BOLT}


def test_outcome_without_edits_changes_nothing(books: Books) -> None:
    """What was not attempted leaves no trace."""
    before = books.survives()
    books.ledger.settle(outcome(BOLT))
    assert books.survives() == before


def test_holds_follows_the_bindings(books: Books) -> None:
    """A record is held from its Bind to its Unbind, under whatever address; a rebound address lets the old one go."""
    books.ledger.settle(outcome(BOLT, Bind(address=BOLT, binding=Binding(id=NEW))))
    assert books.ledger.holds(NEW)
    books.ledger.settle(outcome(ACME, Bind(address=ACME, binding=Binding(id=RemoteId(5)))))
    assert books.ledger.holds(RemoteId(5))
    assert not books.ledger.holds(BOUND)
    books.ledger.settle(outcome(BOLT, Unbind(address=BOLT)))
    assert not books.ledger.holds(NEW)


def test_moved_record_stays_held(books: Books) -> None:
    """A record that goes from one address to another is held afterwards."""
    books.ledger.settle(outcome(BOLT, Unbind(address=ACME), Bind(address=BOLT, binding=Binding(id=BOUND))))
    assert books.ledger.holds(BOUND)


def test_intents_hold_nothing(books: Books) -> None:
    """A create that may be sent has no record yet, and those known to it are not ours."""
    books.ledger.intend([Intend(address=BOLT, intent=INTENT)])
    assert not books.ledger.holds(RemoteId(9))


def test_ids_of_children_are_their_own(books: Books) -> None:
    """A child and a record may have the same number; each is held as what it is."""
    assert not books.ledger.holds(BOUND_CHILD)
    assert not books.ledger.holds(BOUND, child=True)
    books.ledger.settle(outcome(BOLT, Bind(address=BOLT, binding=Binding(id=RemoteId(BOUND_CHILD)))))
    books.ledger.settle(outcome(JANE, Unbind(address=JANE)))
    assert books.ledger.holds(BOUND_CHILD)
    assert not books.ledger.holds(BOUND_CHILD, child=True)


def test_many_threads_lose_nothing(books: Books) -> None:
    """Outcomes settled side by side are all there."""
    addresses = [Address(f"clients.c{number}") for number in range(40)]

    def settled(number: int) -> None:
        address = addresses[number]
        books.ledger.intend([Intend(address=address, intent=INTENT)])
        books.ledger.settle(outcome(address, Bind(address=address, binding=Binding(id=RemoteId(800_000 + number)))))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(settled, range(len(addresses))))
    assert set(books.survives().bindings) == {*BEGUN.bindings, *addresses}
    assert books.survives().intents == {}
    assert all(books.ledger.holds(RemoteId(800_000 + number)) for number in range(len(addresses)))


def test_what_is_not_durable_is_told(books: Books) -> None:
    """Where nothing can be written down, both ways of writing raise, and the record is not held."""
    books.ledger.intend([Intend(address=BOLT, intent=INTENT)])
    books.spoil()
    with pytest.raises((LocalDisk, StateUnusable)):
        books.ledger.intend([Intend(address=BOLT, intent=INTENT)])
    with pytest.raises((LocalDisk, StateUnusable)):
        books.ledger.settle(outcome(BOLT, Bind(address=BOLT, binding=Binding(id=NEW))))
    assert not books.ledger.holds(NEW)
