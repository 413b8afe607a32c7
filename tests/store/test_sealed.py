"""What lies beside a shared state, and what a key makes of all of it: it says nothing, and cannot be swapped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from reconciler.core.change import Action, Change
from reconciler.core.resource import Address
from reconciler.core.state import edited
from reconciler.errors import StateUnusable
from reconciler.store.documents import Documents
from reconciler.store.history import SharedHistory
from reconciler.store.seal import Key
from reconciler.store.shared import SharedState
from tests.contracts.records import name_of, run_of
from tests.contracts.shelves import MemoryBackend, Server
from tests.store.test_shared import begun, bind, intend


def opened(server: Server, key: Key | None = None) -> SharedState:
    """Give a run's store."""
    return SharedState(Documents(MemoryBackend(server), key), pause_s=0.01)


@pytest.fixture(params=[False, True], ids=["several", "single"])
def server(request: pytest.FixtureRequest) -> Server:
    """Give storage with several documents, or with one."""
    return Server(single=request.param)


# Encryption.

KEY, OTHER = Key(bytes(range(32)), "RECONCILER_STATE_KEY"), Key(bytes(32), "RECONCILER_STATE_KEY")


def sealed(server: Server) -> SharedState:
    """Give a run's store with the key."""
    return opened(server, KEY)


def test_sealed_state_says_nothing(server: Server) -> None:
    """With a key nothing in the storage can be read without it: no address, no id, no account."""
    store = sealed(server)
    store.save(edited(replace(store.load(), account="Ab12Cd"), (bind(1),)))
    store.append([intend(2)])
    for stored in server.documents.values():
        for told in (b"clients", b"700001", b"Ab12Cd", b"lineage"):
            assert told not in stored.content
    assert set(sealed(server).load().intents) == {"clients.c2"}


@pytest.mark.parametrize("key", [None, OTHER], ids=["none", "another"])
def test_sealed_state_needs_its_key(server: Server, key: Key | None) -> None:
    """Without its key, or with another, the state is refused with a sentence that says so, and left as it is."""
    store = sealed(server)
    store.save(store.load())
    before = dict(server.documents)
    with pytest.raises(StateUnusable) as refused:
        opened(server, key).load()
    assert "RECONCILER_STATE_KEY" in refused.value.detail
    assert MemoryBackend(server).shown in refused.value.detail
    assert server.documents == before


def test_plain_state_is_not_taken_for_a_sealed_one(server: Server) -> None:
    """With a key, a state in the clear is refused: somebody may have put it there."""
    begun(server)
    with pytest.raises(StateUnusable) as refused:
        sealed(server).load()
    assert refused.value.code == "not-sealed"


def test_sealed_documents_cannot_be_swapped() -> None:
    """A journal put in the place of the state is refused."""
    server = Server()
    store = sealed(server)
    store.save(store.load())
    store.append([intend(1)])
    server.documents[""] = server.documents["journal"]
    with pytest.raises(StateUnusable) as refused:
        sealed(server).load()
    assert refused.value.code == "sealed-altered"


# Records of runs.


def records(server: Server, count: int, size: int) -> Iterator[str]:
    """Write several records; give the names of those that are kept."""
    documents = Documents(MemoryBackend(server))
    store = SharedState(documents)
    state = store.load()
    change = Change(action=Action.UPDATE, address=Address("clients.c1"), kind="client")
    for number in range(count):
        SharedHistory(documents, store).write(run_of(change, number, reason="x" * size))
        state = store.save(state)
    for number in range(count):
        if any(f'"run":"{name_of(number)}"'.encode() in stored.content for stored in server.documents.values()):
            yield name_of(number)


def test_records_lie_beside_the_state(server: Server) -> None:
    """Each run's record is kept, and the state stays what it was."""
    state = begun(server, bind(1))
    assert list(records(server, 3, 10)) == [name_of(number) for number in range(3)]
    assert opened(server).load().bindings == state.bindings


def test_single_document_keeps_the_newest_records() -> None:
    """Where there is one document, it does not grow for ever: the newest records stay."""
    server = Server(single=True)
    state = begun(server, bind(1))
    assert list(records(server, 5, 600_000)) == [name_of(number) for number in (2, 3, 4)]
    assert opened(server).load().bindings == state.bindings
    store = opened(server)
    state = store.load()
    store.save(state)
    assert name_of(4).encode() in server.documents[""].content


def test_single_document_takes_record_and_state_in_one_write() -> None:
    """The record of a run goes with the version of the state that closes it."""
    server = Server(single=True)
    begun(server)
    server.calls.clear()
    assert list(records(server, 1, 10)) == [name_of(0)]
    assert [verb for verb, _ in server.calls] == ["read", "replace"]
