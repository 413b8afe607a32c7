"""The state in shared storage: how many requests, what a lost answer does, and that nobody's version is overwritten."""

from __future__ import annotations

import itertools
import threading
from dataclasses import replace

import pytest

from reconciler.core.change import Action, Change
from reconciler.core.resource import Address, RemoteId
from reconciler.core.state import Bind, Binding, Intend, Intent, State, StateEdit, edited
from reconciler.errors import Moved, StateUnusable, Unanswered
from reconciler.store.documents import Documents
from reconciler.store.history import SharedHistory
from reconciler.store.shared import BATCH, SharedState
from tests.contracts.records import run_of
from tests.contracts.shelves import MemoryBackend, Server

WRITES = {"create", "replace", "delete"}


def opened(server: Server, pause_s: float = 0.01) -> SharedState:
    """Give a run's store."""
    return SharedState(Documents(MemoryBackend(server)), pause_s=pause_s)


def bind(number: int) -> StateEdit:
    """Give the binding of one record."""
    return Bind(address=Address(f"clients.c{number}"), binding=Binding(id=RemoteId(700_000 + number), sent="email=00"))


def intend(number: int) -> Intend:
    """Give the intent of one create."""
    return Intend(address=Address(f"clients.c{number}"), intent=Intent(run="run-1", key="email=00", body="x"))


def begun(server: Server, *edits: StateEdit) -> State:
    """Save a first version."""
    store = opened(server)
    return store.save(edited(replace(store.load(), account="Ab12Cd", origin="https://x", root="c"), edits))


@pytest.fixture(params=[False, True], ids=["several", "single"])
def server(request: pytest.FixtureRequest) -> Server:
    """Give storage with several documents, or with one."""
    return Server(single=request.param)


# Requests.


def writes(server: Server) -> list[tuple[str, str]]:
    """Give the writes so far."""
    return [call for call in server.calls if call[0] in WRITES]


def test_intents_of_a_run_are_one_write(server: Server) -> None:
    """A thousand creates are announced in one write, and their intents cost nothing more when they are sent."""
    begun(server)
    store = opened(server)
    state = store.load()
    server.calls.clear()
    store.begin(state, [intend(number) for number in range(1000)])
    assert len(writes(server)) == 1
    assert len(opened(server).load().intents) == 1000


def test_run_without_creates_begins_without_a_write(server: Server) -> None:
    """Where the state says already what it is for, a run that creates nothing begins without a write."""
    begun(server)
    store = opened(server)
    state = store.load()
    server.calls.clear()
    store.begin(state, [])
    assert writes(server) == []
    store.begin(replace(state, root="other"), [])
    assert len(writes(server)) == 1


def test_edits_travel_in_batches(server: Server) -> None:
    """A thousand bindings one by one are at most one write for fifty of them, plus one for the time that has passed."""
    state = begun(server)
    store = opened(server, pause_s=60.0)
    store.load()
    server.calls.clear()
    for number in range(1000):
        store.append([bind(number)])
    store.flush()
    assert len(writes(server)) <= 1000 / BATCH + 1
    assert opened(server).load() == edited(state, tuple(map(bind, range(1000))))


def test_records_without_calls_go_together(server: Server) -> None:
    """Many edits at once wait for the pause only, so that an account that is adopted is one write."""
    state = begun(server)
    store = opened(server, pause_s=60.0)
    store.load()
    server.calls.clear()
    for start in range(0, 5000, 500):
        store.append(list(map(bind, range(start, start + 500))))
    store.flush()
    assert len(writes(server)) == 1
    assert opened(server).load().bindings == edited(state, tuple(map(bind, range(5000)))).bindings


def test_lone_edit_is_written_within_the_pause(server: Server) -> None:
    """What comes alone does not wait for others for ever."""
    begun(server)
    store = opened(server, pause_s=0.01)
    store.load()
    written = threading.Event()

    def watch(verb: str, _: str) -> str:
        if verb in WRITES:
            written.set()
        return ""

    server.fault = watch
    store.append([bind(1)])
    assert written.wait(5)


def test_apply_costs_two_requests_beside_its_batches(server: Server) -> None:
    """Reading, saving and the run's record: with one batch, two requests more than reading and saving a state."""
    begun(server)
    server.calls.clear()
    documents = Documents(MemoryBackend(server))
    store = SharedState(documents, pause_s=60.0)
    state = store.load()
    state, _ = store.begin(state, [])
    store.append([bind(1)])
    store.flush()
    store.save(edited(state, (bind(1),)))
    change = Change(action=Action.UPDATE, address=Address("clients.c1"), kind="client")
    SharedHistory(documents, store).write(run_of(change))
    batches, reading_and_saving, extra = 1, 2, 2
    assert len(server.calls) <= reading_and_saving + batches + extra


def test_long_journal_is_folded() -> None:
    """A journal that has grown goes into the state, so that no batch is ever large."""
    server = Server()
    state = begun(server)
    store = opened(server, pause_s=60.0)
    store.load()
    for number in range(6000):
        store.append([bind(number)])
    store.flush()
    assert opened(server).load().bindings == edited(state, tuple(map(bind, range(6000)))).bindings
    assert len(server.documents["journal"].content) < 600_000
    assert len([call for call in writes(server) if call == ("replace", "")]) >= 1


# What goes wrong.


@pytest.mark.parametrize("fails", ["lost-before", "lost-after"])
def test_unanswered_writes_are_looked_up(server: Server, fails: str) -> None:
    """A write whose answer got lost is looked up and, where it did not arrive, sent again; nothing is written twice."""
    state = begun(server)
    turn = itertools.cycle([fails, ""])
    server.fault = lambda verb, _: next(turn) if verb in WRITES else ""
    store = opened(server)
    now = store.load()
    now, _ = store.begin(now, [intend(1)])
    store.append([intend(2)])
    store.append([bind(1)])
    store.flush()
    saved = store.save(edited(now, (bind(1),)))
    server.fault = lambda *_: ""
    assert opened(server).load() == saved
    assert saved.serial > state.serial


def test_storage_that_never_answers_is_told(server: Server) -> None:
    """Where no write is ever answered, and none arrives, that is an error, and the former version stays."""
    state = begun(server)
    server.fault = lambda verb, _: "lost-before" if verb in WRITES else ""
    store = opened(server)
    now = store.load()
    with pytest.raises(Unanswered):
        store.save(replace(now, root="mine"))
    with pytest.raises(Unanswered):
        store.append([intend(1)])
    server.fault = lambda *_: ""
    assert opened(server).load() == state


def test_another_runs_version_is_never_overwritten(server: Server) -> None:
    """Whatever a run writes after another has written, it is refused, and the other's is there still."""
    begun(server)
    one, two = opened(server), opened(server)
    one.load()
    state = two.load()
    theirs = two.save(replace(state, root="theirs"))
    with pytest.raises(Moved):
        one.save(replace(state, root="mine"))
    assert opened(server).load() == theirs


def test_another_runs_version_is_not_overwritten_after_a_lost_answer(server: Server) -> None:
    """A write that got no answer, and behind which another run has written, is not sent again."""
    state = begun(server)
    one, two = opened(server), opened(server)
    one.load(), two.load()
    theirs: list[State] = []

    def fault(verb: str, _: str) -> str:
        if verb in WRITES and not theirs:
            theirs.append(state)
            theirs[0] = two.save(replace(state, root="theirs"))
            return "lost-before"
        return ""

    server.fault = fault
    with pytest.raises(Moved):
        one.save(replace(state, root="mine"))
    assert opened(server).load() == theirs[0]


def test_batch_that_failed_stops_the_next(server: Server) -> None:
    """After a batch could not be written, whoever writes down more is told, before anything else is sent."""
    begun(server)
    store = opened(server)
    store.load()
    server.fault = lambda verb, _: "refused" if verb in WRITES else ""
    store.append([bind(1)])
    with pytest.raises(StateUnusable):
        store.flush()
    server.fault = lambda *_: ""
    with pytest.raises(StateUnusable):
        store.append([bind(2)])


def test_plan_that_reads_while_another_run_folds() -> None:
    """A reader without the lock that comes between a fold and a new journal looks again, and gets one whole version."""
    server = Server()
    begun(server)
    writer, reader = opened(server), opened(server)
    now = writer.load()
    turned: list[State] = []

    def fault(verb: str, name: str) -> str:
        if (verb, name) == ("read", "journal") and not turned:
            turned.append(now)
            turned[0] = writer.save(edited(now, (bind(1),)))
            writer.append([bind(2)])
            writer.flush()
        return ""

    server.fault = fault
    assert reader.load() == edited(turned[0], (bind(2),))


def test_lost_state_with_a_journal_is_refused() -> None:
    """Where the state is gone and its journal is there, nothing is begun anew."""
    server = Server()
    begun(server)
    store = opened(server)
    store.load()
    store.append([intend(1)])
    del server.documents[""]
    with pytest.raises(StateUnusable) as refused:
        opened(server).load()
    assert refused.value.code == "state-missing"


def test_altered_state_is_refused(server: Server) -> None:
    """A state that was cut or edited in the storage is refused, and left as it is."""
    begun(server, bind(1))
    stored = server.documents[""]
    for raw in (stored.content[:-20], stored.content.replace(b"700001", b"700002"), b"", b"<html>Log in</html>"):
        server.documents[""] = replace(stored, content=raw)
        with pytest.raises(StateUnusable):
            opened(server).load()
        assert server.documents[""].content == raw
