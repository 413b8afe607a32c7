"""The lock over the Terraform HTTP protocol: who has it, until when, and what happens to those who lost it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

import pytest

from reconciler.errors import Moved, StateUnusable, Unanswered
from reconciler.store.backend import Holder
from reconciler.store.terraform.words import MOMENT, lock_bytes, lock_id
from tests.store.connecting import KINDS, NOW_S, Place, always, at, holder, place
from tests.store.gitlab import KEYS, Plain
from tests.store.statehost import Fault, Record, Server


@pytest.fixture(params=KINDS)
def there(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Give each kind of server, with nothing on it."""
    with place(request.param()) as found:
        yield found


def locked_by(server: Server) -> str:
    """Give the ID that the server has the lock under."""
    lock = server.records.get("books", Record()).lock
    return str(lock["ID"]) if lock is not None else ""


def test_the_lock_is_spoken_of_as_terraform_does(there: Place) -> None:
    """All seven keys are sent, and the ID goes with every write and with the unlocking."""
    storage = there.open()
    storage.take(holder())
    storage.create("", b"x")
    storage.release(holder())
    by_verb = {asked.verb: asked for asked in there.server.asked}
    for verb in ("lock", "unlock"):
        told = json.loads(by_verb[verb].body)
        assert sorted(told) == sorted(KEYS)
        assert told["ID"] == lock_id(holder())
    assert by_verb["write"].lock == by_verb["unlock"].lock == lock_id(holder())
    assert locked_by(there.server) == ""


def test_whoever_is_refused_is_told_who_has_it(there: Place) -> None:
    """Run, host and link, from every kind of server; the expiry lies one ttl ahead."""
    there.open().take(holder(1))
    seen = there.open().take(holder(2))
    assert seen is not None
    assert (seen.id, seen.run, seen.host, seen.link) == ("id-1", "run-1", "host-1", "https://ci.example/1")
    assert seen.expires_at_s == pytest.approx(NOW_S + 60, abs=1)


@pytest.mark.parametrize("fault", [Fault.LOST_AFTER, Fault.BROKEN_AFTER, Fault.LOST_BEFORE, Fault.BUSY])
def test_a_lost_answer_to_a_lock_leaves_one_holder(there: Place, fault: Fault) -> None:
    """It is asked again: who took it without knowing has it, and is not told that another does."""
    there.server.fault = at("lock", fault)
    storage = there.open()
    assert storage.take(holder(1)) is None
    assert locked_by(there.server) == lock_id(holder(1))


def test_a_lock_that_never_answers_is_given_back(there: Place) -> None:
    """Nobody knows, so that it is unlocked with its own ID, and the run does not begin."""
    there.server.fault = always("lock", Fault.LOST_AFTER)
    with pytest.raises(Unanswered):
        there.open().take(holder(1))
    assert locked_by(there.server) == ""


def test_a_clock_that_is_wrong_is_no_expiry(there: Place) -> None:
    """A machine an hour behind the server's time holds its lock for a whole ttl all the same."""
    with place(type(there.server)(), skew_s=-3600.0) as skewed:
        skewed.open().take(holder(1))
        other = skewed.open()
        seen = other.take(holder(2))
        assert seen is not None
        assert seen.expires_at_s == pytest.approx(NOW_S + 60, abs=2)
        assert other.now_s() == pytest.approx(NOW_S, abs=2)


# Renewal.


def test_a_renewal_moves_the_expiry_and_not_the_version(there: Place) -> None:
    """After it others see a later expiry, and the holder writes with the version that it knew."""
    storage = there.open()
    storage.take(holder())
    version = storage.create("", b"old")
    there.clock.seconds += 50
    assert storage.renew(holder())
    there.clock.seconds += 20
    seen = there.open().peek()
    assert seen is not None
    assert seen.expires_at_s == pytest.approx(NOW_S + 110, abs=2)
    stored = there.open().read("")
    assert stored is not None
    assert (stored.content, stored.version) == (b"old", version)
    version = storage.replace("", b"new", version)
    assert there.open().read("") is not None


def test_a_renewal_before_there_is_a_state(there: Place) -> None:
    """The lease alone is written, which is no state: the first write creates it."""
    storage = there.open()
    storage.take(holder())
    there.clock.seconds += 50
    assert storage.renew(holder())
    there.clock.seconds += 20
    seen = there.open().peek()
    assert seen is not None
    assert seen.expires_at_s == pytest.approx(NOW_S + 110, abs=2)
    assert there.open().read("") is None
    version = storage.create("", b"first")
    with pytest.raises(Moved):
        storage.create("", b"second")
    storage.replace("", b"second", version)


def test_a_write_is_a_renewal(there: Place) -> None:
    """Within a sixth of the ttl after a write no renewal is sent; each write moves the expiry."""
    storage = there.open()
    storage.take(holder())
    there.clock.seconds += 50
    storage.create("", b"x")
    there.clock.seconds += 9
    before = len(there.server.asked)
    assert storage.renew(holder())
    assert len(there.server.asked) == before
    there.clock.seconds += 11
    seen = there.open().peek()
    assert seen is not None
    assert seen.expires_at_s == pytest.approx(NOW_S + 110, abs=2)


@pytest.mark.parametrize("fault", [Fault.LOST_AFTER, Fault.LOST_BEFORE, Fault.BROKEN_AFTER])
def test_a_renewal_whose_answer_is_lost_is_looked_up(there: Place, fault: Fault) -> None:
    """It is renewed once, and the holder goes on with its version."""
    storage = there.open()
    storage.take(holder())
    version = storage.create("", b"old")
    there.clock.seconds += 30
    there.server.fault = at("write", fault)
    assert storage.renew(holder())
    assert there.server.document()["serial"] == 2
    storage.replace("", b"new", version)


@pytest.mark.parametrize("written", [False, True])
@pytest.mark.parametrize("again", [False, True])
def test_who_was_removed_renews_nothing(there: Place, *, written: bool, again: bool) -> None:
    """Whether there is a state or not, and whether another has it by now or nobody: it is told, and writes no more."""
    storage, other = there.open(), there.open()
    storage.take(holder(1))
    version = storage.create("", b"old") if written else ""
    seen = other.peek()
    assert seen is not None
    assert other.remove(seen)
    if again:
        assert other.take(holder(2)) is None
    there.clock.seconds += 30
    assert not storage.renew(holder(1))
    with pytest.raises(Moved):
        storage.replace("", b"new", version)
    stored = there.open().read("")
    assert (stored.content if stored is not None else None) == (b"old" if written else None)
    assert locked_by(there.server) == (lock_id(holder(2)) if again else "")


def test_a_state_that_grew_old_is_renewed_with_what_is_there(there: Place) -> None:
    """A renewal writes what lies there, never what this run read before."""
    version = there.open().create("", b"old")
    storage = there.open()
    storage.read("")
    there.open().replace("", b"new", version)
    storage.take(holder())
    there.clock.seconds += 30
    assert storage.renew(holder())
    stored = there.open().read("")
    assert stored is not None
    assert stored.content == b"new"


# Removal.


def test_a_dead_holders_lock_is_taken_over(there: Place) -> None:
    """Who is not renewed expires; whoever saw that removes the lock and has the state, with what was written last."""
    there.open().take(holder(1))
    other = there.open()
    there.clock.seconds += 61
    seen = other.take(holder(2))
    assert seen is not None
    assert seen.expires_at_s < other.now_s()
    assert other.remove(seen)
    assert other.take(holder(2)) is None
    other.create("", b"x")
    assert locked_by(there.server) == lock_id(holder(2))


def test_a_renewed_lock_is_not_removed(there: Place) -> None:
    """Whoever saw an expired lock does not remove it where it was renewed since."""
    storage, other = there.open(), there.open()
    storage.take(holder(1))
    storage.create("", b"x")
    there.clock.seconds += 70
    seen = other.peek()
    assert seen is not None
    assert seen.expires_at_s < other.now_s()
    assert storage.renew(holder(1))
    assert not other.remove(seen)
    assert locked_by(there.server) == lock_id(holder(1))


def test_a_lock_of_terraform_has_no_expiry(there: Place) -> None:
    """It is told with its owner, lasts for ever, and goes when a person says so."""
    told = dict.fromkeys(KEYS, "") | {
        "ID": "15d73f0e-ffa1-83d6-27b7-69e0963b5b49",
        "Operation": "OperationTypeApply",
        "Who": "ada@laptop",
        "Created": "2023-11-14T22:13:20Z",
    }
    there.server.records["books"] = Record(lock=dict(told))
    storage = there.open()
    seen = storage.take(holder(1))
    assert seen is not None
    assert (seen.id, seen.expires_at_s) == (told["ID"], math.inf)
    there.clock.seconds += 1e6
    assert storage.peek() == seen
    assert storage.remove(seen)
    assert storage.take(holder(1)) is None


def test_a_server_that_does_not_say_who_keeps_its_lock() -> None:
    """An unknown holder is told as such, and cannot be removed: without an ID a GitLab would unlock for anybody."""
    with place(Plain(tells_holder=False)) as there:
        storage, other = there.open(), there.open()
        storage.take(holder(1))
        seen = other.take(holder(2))
        assert seen is not None
        assert (seen.id, seen.expires_at_s) == ("", math.inf)
        before = there.server.verbs().count("unlock")
        assert not other.remove(seen)
        assert there.server.verbs().count("unlock") == before
        storage.create("", b"x")
        there.clock.seconds += 30
        assert storage.renew(holder(1))


# Locks of a moment.


def momentary(created_s: float) -> dict[str, object]:
    """Give the lock of a look or a single write."""
    held = Holder(id="id-9", run=MOMENT, host="host-9", ttl_s=30.0)
    told = json.loads(lock_bytes(held, created_s, lock_id(held)))
    assert isinstance(told, dict)
    return told


def test_a_momentary_lock_is_waited_out(there: Place) -> None:
    """Who comes while another only looks, waits instead of being refused."""
    there.server.records["books"] = Record(lock=momentary(NOW_S))

    def fault(_: object) -> Fault:
        if len(there.server.asked) == 4:
            there.server.records["books"].lock = None
        return Fault.NONE

    there.server.fault = fault
    assert there.open().take(holder(1)) is None
    assert 0 < sum(there.clock.waits) < 2


def test_a_forgotten_moment_is_cleared(there: Place) -> None:
    """Where whoever looked died, the next one clears it after a minute, and not before."""
    there.server.records["books"] = Record(lock=momentary(NOW_S))
    seen = there.open().take(holder(1))
    assert seen is not None
    assert seen.run == MOMENT
    there.clock.seconds = NOW_S + 61
    there.open().create("", b"x")
    assert locked_by(there.server) == ""


# Servers that do not lock.


def test_without_a_lock_nothing_is_written() -> None:
    """A server that knows no LOCK is refused, with the names of the variables that say where it is."""
    with place(Plain(locks=False)) as there:
        for action in (lambda: there.open().take(holder()), lambda: there.open().create("", b"x")):
            with pytest.raises(StateUnusable, match="cannot be locked") as caught:
                action()
            assert caught.value.code == "store-refused"
            assert "TF_HTTP_LOCK_ADDRESS" in caught.value.detail
        assert "write" not in there.server.verbs()


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("lie", ["honest", "careful"])
def test_a_server_that_lies_is_found_out(there: Place, lie: str, *, held: bool) -> None:
    """One that gives the lock to two, or lets anybody unlock, is refused by the self-test, which leaves no lock."""
    setattr(there.server, lie, False)
    storage = there.open()
    if held:
        storage.take(holder(1))
    with pytest.raises(StateUnusable, match="does not lock"):
        storage.check()
    assert locked_by(there.server) in {"", lock_id(holder(1))}


def test_the_self_test_leaves_anothers_lock_alone(there: Place) -> None:
    """While a run has it, being refused is the proof: nothing is unlocked."""
    there.open().take(holder(1))
    there.open().check()
    assert locked_by(there.server) == lock_id(holder(1))
    assert "unlock" not in there.server.verbs()


@pytest.mark.parametrize("verb", ["lock", "unlock"])
def test_a_refused_login_is_told(there: Place, verb: str) -> None:
    """Who may not lock, or unlock, is told which variables to set."""
    there.server.fault = always(verb, Fault.DENIED)
    storage = there.open()
    with pytest.raises(StateUnusable, match="refused the login") as caught:
        storage.take(holder()) if verb == "lock" else storage.release(holder())
    assert "TF_HTTP_PASSWORD" in caught.value.detail
    assert caught.value.code == "store-refused"
