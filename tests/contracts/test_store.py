"""The contract of `Store`: one complete version, old or new, and never somebody else's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from reconciler.core.resource import Address, OnRemove, RemoteId
from reconciler.core.state import Bind, Binding, Desist, Intend, Intent, State, StateEdit, Tombstone, Unbind, edited
from reconciler.errors import LocalDisk, StateUnusable
from tests.contracts.stores import Place

ACME, BOLT, JANE = Address("clients.acme"), Address("clients.bolt"), Address("clients.acme.contacts.jane")
EDITS: list[StateEdit] = [
    Bind(address=ACME, binding=Binding(id=RemoteId(1), sent="email=00", source="cl\u00efents.yaml:3", protected=True)),
    Bind(address=JANE, binding=Binding(id=RemoteId(2), parent=RemoteId(1), sent="email=01", answered="email=02")),
    Intend(address=BOLT, intent=Intent(run="r", key="email=1", body="", known=(RemoteId(7),), sent_at="now")),
    Unbind(address=ACME, tombstone=Tombstone(id=RemoteId(1), how=OnRemove.ARCHIVE)),
    Desist(address=BOLT),
]


def begun(place: Place) -> State:
    """Save a first version."""
    store = place.opened()
    return store.save(replace(store.load(), account="Ab12Cd", origin="https://x.example", root="clients.yaml"))


def test_nothing_is_fresh(place: Place) -> None:
    """Where nothing was saved the state is fresh and empty, and has a lineage and a salt of its own."""
    one, two = place.opened().load(), place.opened().load()
    for state in (one, two):
        assert state.fresh
        assert (state.bindings, state.tombstones, state.intents) == ({}, {}, {})
        assert state.salt
    assert one.lineage != two.lineage
    assert one.salt != two.salt


def test_saved_is_loaded(place: Place) -> None:
    """What was saved is loaded again, by this run and by others, as the version that save gave."""
    store = place.opened()
    wanted = edited(replace(store.load(), account="Ab12Cd"), tuple(EDITS[:3]))
    saved = store.save(wanted)
    assert saved == replace(wanted, serial=wanted.serial + 1, fresh=False)
    assert store.load() == saved
    assert place.opened().load() == saved


def test_serial_grows_with_every_save(place: Place) -> None:
    """A run may save more than once, and each version has the next serial and the same lineage."""
    store = place.opened()
    state = store.load()
    for _ in range(3):
        after = store.save(state)
        assert (after.lineage, after.serial) == (state.lineage, state.serial + 1)
        state = after


def test_appended_is_loaded(place: Place) -> None:
    """Every edit is there from the moment that it is flushed, in order, for any run."""
    state = begun(place)
    store = place.opened()
    store.load()
    for count, edit in enumerate(EDITS, 1):
        store.append([edit])
        store.flush()
        assert place.opened().load() == edited(state, tuple(EDITS[:count]))
    assert store.load() == edited(state, tuple(EDITS))


def test_nothing_appended_is_nothing(place: Place) -> None:
    """An empty append leaves everything as it was."""
    state = begun(place)
    store = place.opened()
    store.load()
    store.append([])
    assert place.opened().load() == state


def test_a_later_run_appends_behind_an_earlier_one(place: Place) -> None:
    """What a run that ended without saving has appended stays, and the next run adds to it."""
    state = begun(place)
    for edit in EDITS[:3]:
        store = place.opened()
        store.load()
        store.append([edit])
        store.flush()
    assert place.opened().load() == edited(state, tuple(EDITS[:3]))


def test_save_folds(place: Place) -> None:
    """After a save the edits are part of the version, and are not applied a second time."""
    state = begun(place)
    store = place.opened()
    store.load()
    store.append(EDITS[:1])
    saved = store.save(replace(state, root="other.yaml"))
    assert place.opened().load() == saved
    assert ACME not in place.opened().load().bindings
    store.append(EDITS[1:2])
    store.flush()
    assert place.opened().load() == edited(saved, tuple(EDITS[1:2]))


def test_of_two_runs_only_one_saves(place: Place) -> None:
    """A save is refused where another run has saved since the load, and the other's version stays."""
    begun(place)
    one, two = place.opened(), place.opened()
    first, second = one.load(), two.load()
    saved = one.save(replace(first, root="first"))
    with pytest.raises(StateUnusable):
        two.save(replace(second, root="second"))
    assert place.opened().load() == saved


def test_of_two_first_runs_only_one_saves(place: Place) -> None:
    """The same holds where there was no state yet."""
    one, two = place.opened(), place.opened()
    first, second = one.load(), two.load()
    saved = one.save(first)
    with pytest.raises(StateUnusable):
        two.save(second)
    assert place.opened().load() == saved


def test_what_was_not_loaded_is_not_replaced(place: Place) -> None:
    """A store that never loaded the version there cannot replace it."""
    saved = begun(place)
    with pytest.raises(StateUnusable):
        place.opened().save(State(lineage="foreign"))
    assert place.opened().load() == saved


def test_refused_run_may_load_and_try_again(place: Place) -> None:
    """After a load the version is known, and a save goes through."""
    begun(place)
    one, two = place.opened(), place.opened()
    one.load(), two.load()
    one.save(one.load())
    with pytest.raises(StateUnusable):
        two.save(State(lineage="stale"))
    assert two.save(two.load()).serial == place.opened().load().serial


def test_disk_that_refuses_is_told(place: Place) -> None:
    """An append that is not durable raises, so that nothing is sent on its strength."""
    begun(place)
    store = place.opened()
    store.load()
    store.append(EDITS[:1])
    store.flush()
    place.spoil()

    def write() -> None:
        store.append(EDITS[1:2])
        store.flush()

    with pytest.raises((LocalDisk, StateUnusable)):
        write()


def test_intents_are_durable_at_once(place: Place) -> None:
    """When an append with an intent returns, it would be found after a power failure, and all that came before it."""
    state = begun(place)
    store = place.opened()
    store.load()
    store.append(EDITS[:2])
    store.append(EDITS[2:3])
    assert place.opened().load() == edited(state, tuple(EDITS[:3]))


def test_begin_says_which_intents_it_wrote(place: Place) -> None:
    """What begin says is written down is there for any run, and none of it is in the state that it gives."""
    state = begun(place)
    intents = [edit for edit in EDITS if isinstance(edit, Intend)]
    store = place.opened()
    begun_with, written = store.begin(replace(store.load(), root="other.yaml"), intents)
    assert begun_with == replace(state, root="other.yaml", serial=begun_with.serial)
    assert begun_with.intents == {}
    assert set(place.opened().load().intents) == written
    assert written in ({BOLT}, set())
    assert place.opened().load().root == "other.yaml"
    saved = store.save(begun_with)
    assert place.opened().load() == saved
    assert saved.intents == {}


def test_many_threads_append(place: Place) -> None:
    """What several threads append at once is all there."""
    state = begun(place)
    store = place.opened()
    store.load()
    edits = [
        Bind(address=Address(f"clients.c{number}"), binding=Binding(id=RemoteId(number + 1))) for number in range(200)
    ]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda edit: store.append([edit]), edits))
    store.flush()
    assert place.opened().load() == edited(state, tuple(edits))
