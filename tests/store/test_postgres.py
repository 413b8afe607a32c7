"""States in PostgreSQL: lost answers, broken sessions, and how many statements it takes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

import pytest

from reconciler.errors import Moved, StateUnusable, Unanswered
from reconciler.store.backend import Stored
from reconciler.store.postgres.sessions import Session, server_of
from reconciler.store.postgres.storage import PostgresStorage, open_postgres
from tests.contracts.cluster import CREDENTIALS, PASSWORD, Cluster
from tests.contracts.test_backend import body, holder
from tests.contracts.wire import Wire, once, times, wire_to

INSERT, UPDATE, DELETE = (
    b'INTO "reconciler".documents',
    b'UPDATE "reconciler".documents',
    b'FROM "reconciler".documents',
)


Opened = Callable[..., PostgresStorage]
Wired = tuple[Wire, PostgresStorage, PostgresStorage]


@pytest.fixture
def wired(server: Cluster, ending: ExitStack, opened: Opened) -> Wired:
    """Give a wire, a storage behind it, and the same place reached directly; the tables are there."""
    database = server.database()
    wire = ending.enter_context(wire_to("127.0.0.1", server.port))
    beside = opened(server.address(database))
    beside.check()
    return wire, opened(server.address(database, port=wire.own_port)), beside


def end_sessions(server: Cluster, storage: PostgresStorage) -> None:
    """End all sessions of a database from the server's side, as a restart does."""
    name = storage.shown.rpartition("/")[2]
    with server.admin() as connection:
        connection.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", (name,))


# Lost answers.


@pytest.mark.parametrize("how", ["before", "after"])
def test_a_lost_answer_is_found_out(wired: Wired, how: str) -> None:
    """A create, a replacement and a delete whose answer is lost once are done once, and known to be ours."""
    wire, storage, beside = wired
    wire.rule = once(how, when=INSERT)
    version = storage.create("", body("one"))
    wire.rule = once(how, when=UPDATE)
    version = storage.replace("", body("two"), version)
    assert beside.read("") == Stored(content=body("two"), version=version)
    wire.rule = once(how, when=DELETE)
    storage.delete("", version)
    assert beside.read("") is None


@pytest.mark.parametrize("how", ["before", "after"])
def test_a_lost_answer_never_hides_another(wired: Wired, how: str) -> None:
    """A write whose answer is lost, while somebody else has written before it, is refused, and theirs stays."""
    wire, storage, beside = wired
    version = storage.create("", body("one"))
    theirs = beside.replace("", body("theirs"), version)
    wire.rule = once(how, when=UPDATE)
    with pytest.raises(Moved):
        storage.replace("", body("ours"), version)
    with pytest.raises(Moved):
        storage.delete("", version)
    assert beside.read("") == Stored(content=body("theirs"), version=theirs)


def test_all_answers_lost(wired: Wired) -> None:
    """A write of which no try is answered counts as done if it is there, and else as unknown."""
    wire, storage, _ = wired
    wire.rule = times(3, "after", when=INSERT)
    version = storage.create("", body("one"))
    wire.rule = times(3, "before", when=UPDATE)
    with pytest.raises(Unanswered):
        storage.replace("", body("two"), version)
    wire.rule = times(9, "after", when=DELETE)
    with pytest.raises(StateUnusable) as caught:
        storage.read("")
    assert caught.value.code == "store-unreachable"


@pytest.mark.parametrize("how", ["before", "after"])
def test_the_lock_survives_lost_answers(wired: Wired, how: str) -> None:
    """Taking, renewing and releasing with a lost answer each end where they would have with it."""
    wire, storage, beside = wired
    wire.rule = once(how, when=b'INTO "reconciler".locks')
    assert storage.take(holder(1)) is None
    wire.rule = once(how, when=b'UPDATE "reconciler".locks')
    assert storage.renew(holder(1))
    seen = beside.peek()
    assert seen is not None
    assert seen.id == holder(1).id
    wire.rule = once(how, when=b'DELETE FROM "reconciler".locks')
    storage.release(holder(1))
    assert beside.take(holder(2)) is None


# Sessions.


def test_a_broken_session_is_opened_anew(server: Cluster, opened: Opened) -> None:
    """After a restart of the server documents go on, and a lock goes on whose row is still ours."""
    storage = opened(server.address())
    storage.take(holder(1))
    version = storage.create("", body("one"))
    end_sessions(server, storage)
    assert storage.renew(holder(1))
    assert storage.replace("", body("two"), version)
    end_sessions(server, storage)
    assert storage.read("") is not None
    storage.release(holder(1))
    assert storage.peek() is None


def test_a_broken_session_brings_no_lost_lock_back(server: Cluster, opened: Opened) -> None:
    """Where the lock was removed while the session was broken, the holder is told, and the next one keeps it."""
    address = server.address()
    one, two = opened(address), opened(address)
    one.take(holder(1))
    end_sessions(server, one)
    seen = two.take(holder(2))
    assert seen is not None
    assert two.remove(seen)
    assert two.take(holder(2)) is None
    assert not one.renew(holder(1))
    one.release(holder(1))
    assert two.renew(holder(2))


def test_a_renewed_lock_is_not_removed(server: Cluster, opened: Opened) -> None:
    """Whoever saw a lock before it was renewed does not remove it."""
    address = server.address()
    one, two = opened(address), opened(address)
    one.take(holder(1))
    seen = two.take(holder(2))
    assert seen is not None
    assert one.renew(holder(1))
    assert not two.remove(seen)
    assert one.renew(holder(1))


def test_sessions_wait_for_the_disk(server: Cluster, opened: Opened, ending: ExitStack) -> None:
    """A database that answers before its disk is told to wait; one that waits for replicas is left alone."""
    database = server.database()
    for given, used in (("off", "on"), ("local", "on"), ("remote_apply", "remote_apply")):
        with server.admin() as connection:
            connection.execute(f"ALTER DATABASE {database} SET synchronous_commit = {given}")
        parameters = {"host": "127.0.0.1", "port": str(server.port), "user": "team", "dbname": database}
        session = Session(server_of(parameters, CREDENTIALS, schema="s", shown="", tables=()), lasting=True)
        ending.callback(session.close)
        assert session.read("SHOW synchronous_commit") == [(used,)]
        assert session.read("SHOW idle_session_timeout") == [("0",)]


def test_names_and_schemas_are_apart(server: Cluster, opened: Opened) -> None:
    """States of other names, and in other schemas, have documents and a lock of their own."""
    database = server.database()
    places = [opened(server.address(database, more=more)) for more in ("", "?name=b", "?name=b&schema=other")]
    for place in places:
        assert place.read("") is None
        place.create("", body(place.shown))
        assert place.take(holder(1)) is None
    assert [place.shown.rpartition("/")[2] for place in places] == [database, f"{database} (b)", f"{database} (b)"]


# How many statements it takes.


def test_statements_for_each_step(wired: Wired) -> None:
    """Each step takes as many statements as the manual says, where nothing goes wrong; a session costs some once."""
    wire, storage, _ = wired
    counted: dict[str, int] = {}

    def count(step: str, call: Callable[[], object]) -> object:
        before = len(wire.sent)
        given = call()
        counted[step] = sum(chunk[:1] in {b"P", b"Q"} for chunk in wire.sent[before:])
        return given

    count("first read", lambda: storage.read(""))
    version = str(count("create", lambda: storage.create("", body("1"))))
    version = str(count("replace", lambda: storage.replace("", body("2"), version)))
    count("read", lambda: storage.read(""))
    count("delete", lambda: storage.delete("", version))
    count("take", lambda: storage.take(holder(1)))
    count("renew", lambda: storage.renew(holder(1)))
    count("release", lambda: storage.release(holder(1)))
    count("now", storage.now_s)
    assert counted == {
        "first read": 2, "create": 1, "replace": 1, "read": 1, "delete": 1, "take": 5, "renew": 1, "release": 1,
        "now": 1,
    }  # fmt: skip


def test_each_statement_is_traced(server: Cluster) -> None:
    """Whoever asks to see the requests sees statement, table, address and outcome, and no user, password or value."""
    told: list[str] = []
    address = server.address(user="reader")
    storage = open_postgres(address, CREDENTIALS, trace=lambda *parts: told.append(" ".join(parts[:3])))
    try:
        assert storage.read("") is None
    finally:
        storage.close()
    shown = address.replace("reader@", "")
    assert told[-1] == f"SELECT documents {shown} the tables are not there"
    assert [line for line in told if PASSWORD in line or "reader@" in line] == []
