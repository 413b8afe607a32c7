"""States in object stores: lost answers, storages that lie, signals, and how many requests it takes."""

from __future__ import annotations

import signal
import socket
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pytest

from reconciler.errors import Moved, ReconcilerError, StateUnusable, Unanswered
from reconciler.store.backend import Stored
from reconciler.store.objects.storage import ObjectStorage, open_objects
from tests.contracts import moto_s3
from tests.contracts.test_backend import body, holder
from tests.contracts.wire import Wire, once, times, wire_to


def opened(
    address: str, environment: Mapping[str, str], monotonic: Callable[[], float] = time.monotonic
) -> ObjectStorage:
    """Open a storage that waits for nothing."""
    return open_objects(address, environment, sleep=lambda _: None, monotonic=monotonic)


def s3(port: int = 0, bucket: str = "", **more: Callable[[], float]) -> ObjectStorage:
    """Open a fresh place at moto, over another port if one is given."""
    server = moto_s3.moto()
    address = f"s3://{bucket or server.bucket()}/team/state.json?endpoint=http://127.0.0.1:{port or server.port}"
    return opened(address, moto_s3.CREDENTIALS, **more)


@contextmanager
def wired() -> Iterator[tuple[Wire, ObjectStorage, ObjectStorage]]:
    """Give a wire, a storage behind it, and the same place reached directly."""
    server = moto_s3.moto()
    bucket = server.bucket()
    with wire_to("127.0.0.1", server.port) as wire:
        yield wire, s3(wire.own_port, bucket), s3(bucket=bucket)


def said(error: BaseException) -> str:
    """Give everything that an error could show, its trace included."""
    own = f"{error.summary} {error.detail}" if isinstance(error, ReconcilerError) else ""
    return f"{own} {error!r} {''.join(traceback.format_exception(error))}"


# Lost answers.


@pytest.mark.parametrize("how", ["before", "after"])
def test_a_lost_answer_is_found_out(how: str) -> None:
    """A create, a replacement and a delete whose answer is lost once are done once, and known to be ours."""
    with wired() as (wire, storage, beside):
        wire.rule = once(how, when=b"PUT ")
        version = storage.create("", body("one"))
        wire.rule = once(how, when=b"PUT ")
        version = storage.replace("", body("two"), version)
        assert beside.read("") == Stored(content=body("two"), version=version)
        wire.rule = once(how, when=b"PUT ")
        storage.delete("", version)
        assert beside.read("") is None


@pytest.mark.parametrize("how", ["before", "after"])
def test_a_lost_answer_never_hides_another(how: str) -> None:
    """A write whose answer is lost, while somebody else has written before it, is refused, and theirs stays."""
    with wired() as (wire, storage, beside):
        version = storage.create("", body("one"))
        theirs = beside.replace("", body("theirs"), version)
        wire.rule = once(how, when=b"PUT ")
        with pytest.raises(Moved):
            storage.replace("", body("ours"), version)
        assert beside.read("") == Stored(content=body("theirs"), version=theirs)


def test_all_answers_lost() -> None:
    """A write of which no try is answered counts as done if it is there, and else as unknown."""
    with wired() as (wire, storage, _):
        wire.rule = times(3, "after", when=b"PUT ")
        version = storage.create("", body("one"))
        wire.rule = times(3, "before", when=b"PUT ")
        with pytest.raises(Unanswered):
            storage.replace("", body("two"), version)
        wire.rule = times(9, "after", when=b"team/state.json")
        with pytest.raises(Unanswered):
            storage.replace("", body("two"), version)


@pytest.mark.parametrize("answer", ["503 SlowDown", "500 InternalError", "409 ConditionalRequestConflict", "429 Busy"])
def test_a_busy_storage_is_asked_again(answer: str) -> None:
    """What a storage answers under load is no verdict: reads and writes are tried again, by us and under control."""
    server, storage = moto_s3.moto(), s3()
    for call in (lambda: storage.create("", body("one")), lambda: storage.read("")):
        del server.requests[:]
        server.busy.extend([answer] * 2)
        call()
        assert len(server.requests) == 3
        server.busy.extend([answer] * 9)
        with pytest.raises(StateUnusable) as caught:
            storage.replace("", body("two"), '"0"')
        assert caught.value.code == "store-unanswered"
        assert server.busy == [answer] * 3
        server.busy.clear()


def test_unreadable_is_not_absent() -> None:
    """A read that is never answered is an error, not an empty storage; one lost answer is made up for."""
    with wired() as (wire, storage, _):
        storage.create("", body("one"))
        wire.rule = once("after", when=b"GET ")
        assert storage.read("") is not None
        wire.rule = times(9, "after", when=b"GET ")
        with pytest.raises(StateUnusable) as caught:
            storage.read("")
        assert caught.value.code == "store-unreachable"


@pytest.mark.parametrize("how", ["before", "after"])
def test_the_lock_survives_lost_answers(how: str) -> None:
    """Taking, renewing and releasing with a lost answer each end where they would have with it."""
    with wired() as (wire, storage, beside):
        for step in (storage.take, storage.renew, storage.release):
            wire.rule = once(how, when=b"PUT ")
            step(holder(1))
            seen = beside.peek()
            assert (seen.id if seen else "") == ("" if step == storage.release else holder(1).id)


def test_a_renewal_that_arrives_late_is_ours() -> None:
    """After a renewal of which nobody knew, the next one works whether or not it had arrived."""
    for how in ("before", "after"):
        with wired() as (wire, storage, _):
            storage.take(holder(1))
            wire.rule = times(9, how, when=b"state.json.lock")
            with pytest.raises(Unanswered):
                storage.renew(holder(1))
            wire.rule = lambda _: ""
            assert storage.renew(holder(1))


# Storages that lie.


@pytest.mark.parametrize(
    ("ignored", "told"),
    [("HTTP_IF_NONE_MATCH", "If-None-Match was ignored"), ("HTTP_IF_MATCH", "If-Match was ignored")],
)
def test_a_storage_without_conditions_is_found(ignored: str, told: str) -> None:
    """A storage that overlooks a condition is refused by its self-test, which says which one, and leaves nothing."""
    server = moto_s3.moto()
    storage = s3(bucket=(bucket := server.bucket()))
    server.ignores.add(ignored)
    try:
        with pytest.raises(StateUnusable) as caught:
            storage.check()
    finally:
        server.ignores.clear()
    assert caught.value.code == "store-no-conditions"
    assert told in caught.value.detail
    assert server.keys(bucket) == []


def test_the_check_leaves_nothing() -> None:
    """The self-test of an honest storage leaves no object behind, and touches no state."""
    server = moto_s3.moto()
    storage = s3(bucket=(bucket := server.bucket()))
    storage.create("", body("state"))
    storage.check()
    assert server.keys(bucket) == ["team/state.json"]


# The lock.


def test_what_is_no_lock_is_told() -> None:
    """Where something else lies in the lock's place, that is said, and it is left there."""
    bucket = moto_s3.moto().bucket()
    lock = f"s3://{bucket}/team/state.json.lock?endpoint={moto_s3.moto().url}"
    opened(lock, moto_s3.CREDENTIALS).create("", b"something else")
    for call in (s3(bucket=bucket).peek, lambda: s3(bucket=bucket).take(holder())):
        with pytest.raises(StateUnusable, match="lock of the state cannot be read"):
            call()


def test_the_clock_is_asked_once_a_minute() -> None:
    """The storage's time is read from an object that was just written, and goes on by itself for a minute."""
    passed = [0.0]
    with wired() as (wire, _, beside):
        bucket = beside.shown.split("/")[2]
        storage = s3(wire.own_port, bucket, monotonic=lambda: passed[0])
        first = storage.now_s()
        passed[0] = 59.0
        assert storage.now_s() == first + 59.0
        assert wire.requests() == [f"{verb} /{bucket}/team/state.json.clock" for verb in ("PUT", "GET")]
        passed[0] = 61.0
        assert storage.now_s() < first + 59.0
        assert len(wire.requests()) == 4


def test_requests_for_each_step() -> None:
    """Each step takes as many requests as the manual says, where nothing goes wrong."""
    counted: dict[str, int] = {}
    with wired() as (wire, storage, beside):

        def count(step: str, call: Callable[[], object]) -> object:
            before = len(wire.requests())
            given = call()
            counted[step] = len(wire.requests()) - before
            return given

        count("check", storage.check)
        count("read nothing", lambda: storage.read(""))
        version = str(count("create", lambda: storage.create("", body("1"))))
        version = str(count("replace", lambda: storage.replace("", body("2"), version)))
        count("read", lambda: storage.read(""))
        count("delete", lambda: storage.delete("", version))
        count("create again", lambda: storage.create("", body("3")))
        count("take", lambda: storage.take(holder(1)))
        count("renew", lambda: storage.renew(holder(1)))
        beside.take(holder(2))
        count("release", lambda: storage.release(holder(1)))
        beside.take(holder(2))
        count("refused", lambda: storage.take(holder(1)))
        count("now", storage.now_s)
    assert counted == {
        "check": 5, "read nothing": 1, "create": 1, "replace": 1, "read": 1, "delete": 1, "create again": 1,
        "take": 2, "renew": 1, "release": 1, "refused": 1, "now": 2,
    }  # fmt: skip


def test_a_signal_is_heard_while_a_storage_is_silent() -> None:
    """Ctrl-C does not wait for a storage that does not answer."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    former = signal.signal(signal.SIGALRM, interrupt)
    began = time.monotonic()
    try:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            storage = s3(silent.getsockname()[1], "silent-bucket")
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            with pytest.raises(KeyboardInterrupt):
                storage.read("")
    finally:
        signal.signal(signal.SIGALRM, former)
    assert time.monotonic() - began < 5.0


def test_each_request_is_traced() -> None:
    """Whoever asks to see the requests sees method, object and answer, neither keys nor options."""
    server = moto_s3.moto()
    bucket = server.bucket()
    told: list[str] = []
    storage = open_objects(
        f"s3://{bucket}/state.json?endpoint={server.url}",
        moto_s3.CREDENTIALS,
        trace=lambda *parts: told.append(" ".join(parts[:3])),
    )
    assert storage.read("") is None
    storage.create("", body("1"))
    with pytest.raises(Moved):
        storage.create("", body("2"))
    where = f"s3://{bucket}/state.json"
    assert told[:2] == [f"GET {where} 404 NoSuchKey", f"PUT {where} done"]
    assert f"PUT {where} 412 PreconditionFailed" in told
