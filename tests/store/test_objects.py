"""States in object stores: lost answers, refusals in words, storages that lie, and how many requests it takes."""

from __future__ import annotations

import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.errors import Moved, ReconcilerError, StateUnusable, Unanswered, UsageError
from reconciler.store.backend import Stored
from reconciler.store.clouds import place_of
from reconciler.store.objects import ObjectStorage, open_objects
from tests.contracts import azurite, gcs_like, moto_s3
from tests.contracts.test_backend import body, holder
from tests.contracts.wire import Wire, once, times, wire_to

CANARIES = ("AKIACANARY", "canary", azurite.KEY, azurite.KEY[:20], "sig=")


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


# Refusals.


@pytest.mark.parametrize("cloud", ["s3", "az", "gs"])
def test_no_such_bucket(cloud: str) -> None:
    """A bucket that does not exist is refused by name, when reading as when writing; it is not an empty state."""
    storage = {
        "s3": lambda: s3(bucket="no-such-bucket"),
        "az": lambda: opened(f"az://no-such-bucket/s?endpoint={azurite.azurite().url}", azurite.CREDENTIALS),
        "gs": lambda: opened(f"gs://no-such-bucket/s?endpoint={gcs_like.gcs().url}", gcs_like.CREDENTIALS),
    }[cloud]()
    for call in (lambda: storage.read(""), lambda: storage.create("", b"{}"), storage.check):
        with pytest.raises(StateUnusable) as caught:
            call()
        assert caught.value.code == "store-refused"
        assert "no-such-bucket" in caught.value.detail


def test_nobody_listens() -> None:
    """Where no connection comes about, nothing was written, and that is what it says."""
    with wire_to("127.0.0.1", 1) as wire:
        closed = wire.own_port
    for call in (lambda: s3(closed).read(""), lambda: s3(closed).create("", b"{}"), lambda: s3(closed).take(holder())):
        with pytest.raises(StateUnusable) as caught:
            call()
        assert caught.value.code == "store-unreachable"


def test_what_is_no_storage_is_not_empty() -> None:
    """A server that says 'not found' to everything, but not as a storage does, is refused."""
    address = f"az://x-container/state.json?endpoint={moto_s3.moto().url}/moto-api/nothing"
    with pytest.raises(StateUnusable) as caught:
        opened(address, azurite.CREDENTIALS).read("")
    assert caught.value.code == "store-refused"


def test_refused_logins_show_no_key() -> None:
    """Keys, tokens and signatures are in no error's words, representation or trace."""
    url, closed = azurite.azurite().url, "http://127.0.0.1:1"
    sas = "sv=2022-11-02&ss=b&srt=o&sp=rw&sig=canary%2Bsignature%3D"
    wrong = {**azurite.CREDENTIALS, "AZURE_STORAGE_ACCOUNT_KEY": "Y2FuYXJ5LXNlY3JldA=="}
    broken = {**azurite.CREDENTIALS, "AZURE_STORAGE_ACCOUNT_KEY": "canary, not base64"}
    signed = {"AZURE_STORAGE_ACCOUNT_NAME": azurite.ACCOUNT, "AZURE_STORAGE_SAS_TOKEN": sas}
    tries = [
        (f"az://{azurite.azurite().container()}/state.json?endpoint={url}", wrong),
        (f"az://some-container/state.json?endpoint={url}", broken),
        (f"az://some-container/state.json?endpoint={url}", signed),
        (f"az://some-container/state.json?endpoint={closed}", signed),
        ("az://some-container/state.json", {"AZURE_STORAGE_SAS_TOKEN": sas}),
        (f"gs://some-bucket/state.json?endpoint={closed}", {"GOOGLE_SERVICE_ACCOUNT_KEY": '{"private_key": "canary"}'}),
        (f"gs://some-bucket/state.json?endpoint={closed}", gcs_like.CREDENTIALS),
        (f"s3://some-bucket/state.json?endpoint={closed}", moto_s3.CREDENTIALS),
        ("s3://some-bucket/state.json", {"AWS_SECRET_ACCESS_KEY": "canary-secret"}),
    ]
    for address, environment in tries:
        with pytest.raises(StateUnusable) as caught:
            opened(address, environment).read("")
        assert [canary for canary in CANARIES if canary in said(caught.value)] == []
        place, _ = place_of(address, environment)
        assert [canary for canary in CANARIES if canary in repr(place)] == []
    assert "canary" not in repr(s3())


@pytest.mark.parametrize(
    "address",
    [
        "s3://AKIACANARY:canary@bucket/state.json",
        "s3://AKIACANARY@bucket/state.json",
        "s3://bucket/state.json?secret_access_key=canary",
        "s3://bucket/state.json#canary",
        "az://container/state.json?sas_token=canary",
        "gs://canary@bucket/state.json",
        "s3://bucket",
        "s3://bucket/",
        "s3://bucket/canary/../state.json",
        "s3://[canary/state.json",
        "s3://BUCKET/state.json",
        "s3://bucket/state.json?endpoint=http://canary.example",
        "s3://bucket/state.json?endpoint=ftp://canary.example",
    ],
)
def test_addresses_that_are_refused(address: str) -> None:
    """Credentials, unknown options, odd paths and plain http to others are refused, and not repeated."""
    with pytest.raises(UsageError) as caught:
        open_objects(address, {})
    assert caught.value.code == "store-address"
    assert "canary" not in said(caught.value).lower()


def test_addresses_that_are_understood() -> None:
    """Options win over the environment, of two variables the more exact one does, and abfs names its account."""
    environment = {
        "AWS_REGION": "eu-north-1",
        "AWS_ENDPOINT_URL": "https://general.example",
        "AWS_ENDPOINT_URL_S3": "https://s3.example",
    }
    place, address = place_of("s3://bucket/a/state.json?region=eu-west-1&virtual_hosted=false", environment)
    assert (place.settings["region"], place.settings["virtual_hosted_style_request"]) == ("eu-west-1", "false")
    assert place.settings["endpoint"] == place.settings["aws_endpoint_url_s3"] == "https://s3.example"
    assert (address.shown, address.path, place.plain_http) == ("s3://bucket/a/state.json", "a/state.json", False)
    place, address = place_of("abfss://container@books.dfs.core.windows.net/state.json", {"AZURE_STORAGE_KEY": "k"})
    assert (place.bucket, place.settings) == ("container", {"account_name": "books", "account_key": "k"})


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


def test_without_the_library(tmp_path: Path) -> None:
    """Without obstore the error names the extra to install."""
    (tmp_path / "obstore.py").write_text("raise ImportError")
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from reconciler.store.objects import open_objects\n"
        "try: open_objects('s3://bucket/state.json', {})\n"
        "except Exception as error: print(error.code, error.detail)\n"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.startswith("store-not-installed ")
    assert "pip install 'freshbooks-reconciler[objects]'" in told.stdout
