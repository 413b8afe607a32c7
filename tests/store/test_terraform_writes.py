"""Writes over the Terraform HTTP protocol: never blind, never twice, and what is unknown is looked up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from reconciler.errors import Moved, StateUnusable, Unanswered
from tests.store.connecting import KINDS, Place, always, at, holder, place
from tests.store.gitlab import Gitea, GitLab, Plain
from tests.store.statehost import Asked, Fault, Server


@pytest.fixture(params=KINDS)
def there(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Give each kind of server, with nothing on it."""
    with place(request.param()) as found:
        yield found


def content(there: Place, name: str = "") -> bytes | None:
    """Give what another connection reads."""
    stored = there.open().read(name)
    return stored.content if stored is not None else None


def writes(there: Place) -> int:
    """Count the writes that arrived."""
    return there.server.verbs().count("write")


# What one run costs.


@pytest.mark.parametrize(("kind", "reads"), [(GitLab, 1), (Gitea, 1), (Plain, 4)])
def test_a_run_costs_a_lock_a_read_and_a_request_a_write(kind: type[Server], reads: int) -> None:
    """Where the server counts serials nothing is read between the writes of one run; else before each of them."""
    with place(kind()) as there:
        storage = there.open()
        storage.take(holder())
        storage.read("")
        version = storage.create("", b"0")
        for number in (1, 2):
            version = storage.replace("", b"%d" % number, version)
        storage.release(holder())
        verbs = there.server.verbs()
        assert (verbs[0], verbs[-1]) == ("lock", "unlock")
        assert {verb: verbs.count(verb) for verb in verbs} == {"lock": 1, "read": reads, "write": 3, "unlock": 1}


def test_every_write_is_under_a_lock(there: Place) -> None:
    """A write outside of a run takes the lock for itself, and gives it back."""
    there.open().create("login/work.json", b"{}")
    assert there.server.verbs() == ["lock", "read", "write", "unlock"]
    assert {asked.name for asked in there.server.asked} == {"books-login-work.json"}
    assert there.server.records["books-login-work.json"].lock is None


def test_the_lock_of_the_state_is_not_that_of_a_login(there: Place) -> None:
    """While a run has the state, the login beside it is written and deleted."""
    storage = there.open()
    storage.take(holder())
    version = storage.create("login", b"\xff\x00")
    assert content(there, "login") == b"\xff\x00"
    storage.delete("login", version)
    assert content(there, "login") is None


def test_serials_rise(there: Place) -> None:
    """Each write has the next serial, and the lineage stays."""
    storage = there.open()
    version = storage.create("", b"0")
    first = there.server.document()
    storage.replace("", b"1", version)
    second = there.server.document()
    assert (first["serial"], second["serial"]) == (1, 2)
    assert first["lineage"] == second["lineage"]


def test_writes_carry_their_digest(there: Place) -> None:
    """Each body goes with its MD5, as Terraform sends it."""
    there.open().create("", b"0")
    [asked] = [asked for asked in there.server.asked if asked.verb == "write"]
    assert len(asked.headers["content-md5"]) == 24


def test_what_was_read_before_the_lock_is_read_again() -> None:
    """A state that was removed and begun anew since, with lower serials, is not written over from memory."""
    with place(GitLab()) as there:
        storage, other = there.open(), there.open()
        version = storage.replace("", b"1", storage.create("", b"0"))
        other.delete("", version)
        other.create("", b"anew")
        storage.take(holder())
        with pytest.raises(Moved):
            storage.replace("", b"2", version)
        assert content(there) == b"anew"


# Answers that do not come.

UNKNOWN = (Fault.LOST_BEFORE, Fault.LOST_AFTER, Fault.BROKEN_BEFORE, Fault.BROKEN_AFTER, Fault.TRUNCATED)


@pytest.mark.parametrize("fault", UNKNOWN)
def test_a_lost_answer_is_looked_up(there: Place, fault: Fault) -> None:
    """Whether the write arrived or not: it is there once, with the version given, and sent again only if not."""
    storage = there.open()
    version = storage.create("", b"old")
    before = writes(there)
    there.server.fault = at("write", fault)
    version = storage.replace("", b"new", version)
    stored = there.open().read("")
    assert stored is not None
    assert (stored.content, stored.version) == (b"new", version)
    arrived = fault in {Fault.LOST_AFTER, Fault.BROKEN_AFTER}
    assert writes(there) - before == (1 if arrived else 2) or fault is Fault.TRUNCATED
    assert there.server.document()["serial"] == 2


@pytest.mark.parametrize("fault", [Fault.LOST_BEFORE, Fault.BROKEN_BEFORE])
def test_after_two_lost_tries_nobody_knows(there: Place, fault: Fault) -> None:
    """A server that never answers leaves an unanswered write, after two tries and not more, and without a wait."""
    storage = there.open()
    version = storage.create("", b"old")
    before = writes(there)
    there.server.fault = always("write", fault)
    with pytest.raises(Unanswered):
        storage.replace("", b"new", version)
    assert writes(there) - before == 2
    assert there.clock.waits == []
    assert content(there) == b"old"


def test_an_unanswered_write_that_cannot_be_looked_up_is_found_again(there: Place) -> None:
    """It is told as unanswered; the very same write, tried again, finds itself done."""
    storage = there.open()
    version = storage.create("", b"old")

    def fault(asked: Asked) -> Fault:
        if asked.verb == "write":
            there.server.fault = always("read", Fault.BROKEN_BEFORE)
            return Fault.LOST_AFTER
        return Fault.NONE

    there.server.fault = fault
    with pytest.raises(Unanswered):
        storage.replace("", b"new", version)
    there.server.fault = lambda _: Fault.NONE
    before = writes(there)
    again = storage.replace("", b"new", version)
    assert writes(there) == before
    storage.replace("", b"newer", again)
    with pytest.raises(Moved):
        storage.replace("", b"new", version)


def test_a_lost_write_never_overwrites_another(there: Place) -> None:
    """Where somebody else wrote while ours was lost, theirs stays."""
    storage = there.open()
    version = storage.create("", b"old")
    record = there.server.records["books"]

    def fault(asked: Asked) -> Fault:
        if asked.verb == "write":
            theirs = {**there.server.document(), "serial": 2, "edition": "theirs", "reconciler": "theirs"}
            record.versions = {**record.versions, 2: _bytes(theirs)}
            there.server.fault = lambda _: Fault.NONE
            return Fault.LOST_BEFORE
        return Fault.NONE

    there.server.fault = fault
    with pytest.raises(Moved):
        storage.replace("", b"mine", version)
    assert content(there) == b"theirs"


def test_an_answer_that_comes_too_late_is_looked_up() -> None:
    """A server that takes longer than we wait has done it."""
    with place(GitLab(), timeout_s=0.3) as there:
        storage = there.open()
        there.server.fault = at("write", Fault.SLOW)
        storage.create("", b"new")
        there.server.released.set()
        assert content(there) == b"new"
        assert writes(there) == 1


# Refusals.


@pytest.mark.parametrize("status", [409, 500])
def test_who_lost_the_lock_writes_nothing(status: int) -> None:
    """A GitLab says 409, or by its published code 500, to the ID of a lock that is gone: nothing more is written."""
    with place(GitLab(wrong_id_status=status)) as there:
        storage = there.open()
        storage.take(holder(1))
        version = storage.create("", b"old")
        other = there.open()
        seen = other.peek()
        assert seen is not None
        other.remove(seen)
        with pytest.raises(Moved):
            storage.replace("", b"new", version)
        before = writes(there)
        with pytest.raises(Moved):
            storage.replace("", b"new", version)
        assert writes(there) == before
        assert content(there) == b"old"


def test_nobody_writes_what_another_run_has_locked(there: Place) -> None:
    """A write without the lock is refused while another has it, and does not wait for it."""
    version = there.open().create("", b"old")
    there.open().take(holder(1))
    before = len(there.clock.waits)
    with pytest.raises(Moved, match="in use"):
        there.open().replace("", b"new", version)
    assert content(there) == b"old"
    assert len(there.clock.waits) == before


@pytest.mark.parametrize(
    ("fault", "code"),
    [(Fault.DENIED, "store-refused"), (Fault.MOVED, "store-unreachable"), (Fault.BUSY, "store-unreachable")],
)
def test_a_server_that_says_no_has_written_nothing(there: Place, fault: Fault, code: str) -> None:
    """A refused login, a redirect (never followed) and a server that stays busy are told for what they are."""
    storage = there.open()
    version = storage.create("", b"old")
    there.server.fault = always("write", fault)
    with pytest.raises(StateUnusable) as caught:
        storage.replace("", b"new", version)
    assert caught.value.code == code
    there.server.fault = lambda _: Fault.NONE
    assert content(there) == b"old"
    assert {asked.name for asked in there.server.asked} == {"books"}


def test_a_busy_server_is_waited_for(there: Place) -> None:
    """A write that the server has not begun is sent again, as often as Terraform would."""
    there.server.fault = at("write", Fault.BUSY, Fault.BUSY)
    there.open().create("", b"new")
    assert content(there) == b"new"
    assert there.clock.waits != []


def test_a_server_that_is_not_there_is_unreachable(there: Place) -> None:
    """Nothing listens: nothing was written, and nobody need wonder."""
    storage = there.open()
    there.server.fault = always("read", Fault.LOST_BEFORE)
    with pytest.raises(StateUnusable) as caught:
        storage.read("")
    assert caught.value.code == "store-unreachable"


@pytest.mark.parametrize("fault", [Fault.LOST_BEFORE, Fault.BROKEN_BEFORE, Fault.BUSY, Fault.TRUNCATED])
def test_a_read_is_tried_again(there: Place, fault: Fault) -> None:
    """A read may be repeated whatever became of it."""
    there.open().create("", b"here")
    there.server.fault = at("read", fault, fault)
    assert content(there) == b"here"


def test_a_torn_document_is_not_nothing(there: Place) -> None:
    """Half a document stops the run; it is neither an empty state nor overwritten."""
    storage = there.open()
    version = storage.create("", b"here")
    there.server.fault = always("read", Fault.TORN)
    for action in (
        lambda: storage.read(""),
        lambda: storage.create("", b"x"),
        lambda: storage.replace("", b"", version),
    ):
        with pytest.raises(StateUnusable) as caught:
            action()
        assert caught.value.code == "state-torn"
    there.server.fault = lambda _: Fault.NONE
    assert content(there) == b"here"


def test_another_programs_state_is_left_alone(there: Place) -> None:
    """What Terraform keeps at the address is neither read as ours nor written over."""
    there.open().create("", b"x")
    theirs = b'{"version":4,"terraform_version":"1.11.4","serial":9,"lineage":"l","outputs":{},"resources":[]}'
    there.server.records["books"].versions = {9: theirs}
    storage = there.open()
    for action in (lambda: storage.read(""), lambda: storage.create("", b"mine"), lambda: storage.delete("", "any")):
        with pytest.raises(StateUnusable) as caught:
            action()
        assert caught.value.code == "state-foreign"
    assert there.server.records["books"].latest == theirs
    assert there.server.records["books"].lock is None


def test_an_etag_guards_where_there_is_one() -> None:
    """A server with ETags refuses a write over what came between our read and our write."""
    with place(Plain(etags=True)) as there:
        version = there.open().create("", b"old")

        def fault(asked: Asked) -> Fault:
            if asked.verb == "write":
                there.server.fault = lambda _: Fault.NONE
                theirs = {**there.server.document(), "edition": "theirs", "reconciler": "theirs"}
                there.server.answer(replace(asked, body=_bytes(theirs)))
            return Fault.NONE

        there.server.fault = fault
        with pytest.raises(Moved):
            there.open().replace("", b"mine", version)
        assert content(there) == b"theirs"


# Deletes.


def test_a_delete_whose_answer_is_lost_is_looked_up(there: Place) -> None:
    """What is gone is gone, whatever the server said."""
    storage = there.open()
    version = storage.create("login", b"x")
    there.server.fault = at("delete", Fault.LOST_AFTER)
    storage.delete("login", version)
    assert content(there, "login") is None


def test_a_state_that_is_being_removed_is_neither_there_nor_nothing() -> None:
    """A GitLab removes in its own time: until then the state can be neither read nor written."""
    with place(GitLab(defers_removal=True)) as there:
        storage = there.open()
        storage.delete("", storage.create("", b"x"))
        with pytest.raises(StateUnusable, match="being removed"):
            storage.read("")
        there.server.records.clear()
        assert storage.read("") is None


def _bytes(told: dict[str, object]) -> bytes:
    return json.dumps(told).encode()
