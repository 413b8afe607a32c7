"""The contract of `Backend` and `Lock`: nobody's write is overwritten unseen, and one holds the lock."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from reconciler.errors import Moved
from reconciler.store.backend import Holder
from tests.contracts.backends import Shelf, Storage


def holder(number: int = 1, **more: float) -> Holder:
    """Give a holder of its own."""
    return Holder(
        id=f"00000000-0000-4000-8000-{number:012d}",
        run=f"20260101T000000Z-{number:06x}",
        host=f"host{number}",
        link=f"https://ci.example/jobs/{number}",
        since="2026-01-01T00:00:00Z",
        **more,
    )


def names(storage: Storage) -> list[str]:
    """Give the names to try: the state, and one beside it where there can be one."""
    return [""] if storage.single else ["", "runs/one.json"]


def body(text: str) -> bytes:
    """Give a document: JSON, since some storages take nothing else."""
    return b'{"told": "%s"}' % text.encode()


# Documents.


def test_nothing_is_none(shelf: Shelf) -> None:
    """What was never written is None."""
    storage = shelf.opened()
    assert [storage.read(name) for name in names(storage)] == [None] * len(names(storage))


def test_created_is_read(shelf: Shelf) -> None:
    """What was created is read by others byte for byte, with the version that was given."""
    storage = shelf.opened()
    for name in names(storage):
        version = storage.create(name, body(f"one {name}"))
        for reader in (storage, shelf.opened()):
            stored = reader.read(name)
            assert stored is not None
            assert (stored.content, stored.version) == (body(f"one {name}"), version)


def test_created_once(shelf: Shelf) -> None:
    """Of two that create, the second is refused and the first stays."""
    one, two = shelf.opened(), shelf.opened()
    for name in names(one):
        one.create(name, body("first"))
        with pytest.raises(Moved):
            two.create(name, body("second"))
        stored = two.read(name)
        assert stored is not None
        assert stored.content == body("first")


def test_replaced_in_turn(shelf: Shelf) -> None:
    """Whoever knows the version replaces it, again and again."""
    storage = shelf.opened()
    for name in names(storage):
        version = storage.create(name, body("0"))
        for count in range(1, 4):
            version = storage.replace(name, body(str(count)), version)
        stored = shelf.opened().read(name)
        assert stored is not None
        assert (stored.content, stored.version) == (body("3"), version)


def test_old_version_replaces_nothing(shelf: Shelf) -> None:
    """A version that is no longer there is refused, whatever it is replaced by, and what is there stays."""
    one, two = shelf.opened(), shelf.opened()
    for name in names(one):
        old = one.create(name, body("old"))
        read = two.read(name)
        assert read is not None
        new = two.replace(name, body("new"), read.version)
        for content in (body("mine"), body("new"), body("old")):
            with pytest.raises(Moved):
                one.replace(name, content, old)
        stored = one.read(name)
        assert stored is not None
        assert (stored.content, stored.version) == (body("new"), new)


def test_missing_is_not_replaced(shelf: Shelf) -> None:
    """A document that is not there is not replaced."""
    storage = shelf.opened()
    for name in names(storage):
        version = storage.create(name, body("there"))
        storage.delete(name, version)
        with pytest.raises(Moved):
            shelf.opened().replace(name, body("mine"), version)
        assert storage.read(name) is None


def test_deleted_is_gone_and_may_come_back(shelf: Shelf) -> None:
    """A delete needs the version; after it the name is free, and the old version stays void."""
    one, two = shelf.opened(), shelf.opened()
    for name in names(one):
        old = one.create(name, body("one"))
        new = one.replace(name, body("two"), old)
        with pytest.raises(Moved):
            two.delete(name, old)
        two.read(name)
        two.delete(name, new)
        assert one.read(name) is None
        one.create(name, body("three"))
        with pytest.raises(Moved):
            two.replace(name, body("four"), new)


def test_documents_do_not_touch_each_other(shelf: Shelf) -> None:
    """A write of one name changes no other name's version."""
    storage = shelf.opened()
    if storage.single:
        return
    first = storage.create("", body("state"))
    storage.create("journal.json", body("journal"))
    storage.replace("", body("state 2"), first)
    stored = storage.read("journal.json")
    assert stored is not None
    assert stored.content == body("journal")


def test_names_of_what_lies_there(shelf: Shelf) -> None:
    """The names that begin so are given, sorted, without what was deleted, the state, and what only begins alike."""
    storage = shelf.opened()
    storage.create("", body("state"))
    if storage.single:
        assert list(storage.names("")) == []
        return
    assert list(storage.names("runs/")) == []
    versions = {
        name: storage.create(name, body(name))
        for name in ("runs/b.json", "runs/a.json", "runs/gone.json", "runs.json", "logins/runs/a.json", "journal")
    }
    storage.delete("runs/gone.json", versions["runs/gone.json"])
    other = shelf.opened()
    assert list(other.names("runs/")) == ["runs/a.json", "runs/b.json"]
    assert list(other.names("runs/b")) == ["runs/b.json"]
    assert list(other.names("jo")) == ["journal"]
    assert list(other.names("runs")) == ["runs.json", "runs/a.json", "runs/b.json"]


def test_many_names(shelf: Shelf) -> None:
    """More documents than a storage lists in one answer are all named."""
    storage = shelf.opened()
    if storage.single:
        return
    wanted = [f"runs/{number:04d}.json" for number in range(1100)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: storage.create(name, b"{}"), wanted))
    assert list(storage.names("runs/")) == wanted


def test_large_documents(shelf: Shelf) -> None:
    """Twenty megabytes are kept as they are."""
    storage = shelf.opened()
    content = b'{"told": "%s"}' % (b"0123456789abcdef" * (20 * 1024 * 1024 // 16))
    version = storage.create("", content)
    stored = shelf.opened().read("")
    assert stored is not None
    assert stored.content == content
    storage.replace("", body("small"), version)


def test_of_many_that_replace_one_wins(shelf: Shelf) -> None:
    """Eight that replace the same version at once: one gets through, and its content is there."""
    version = shelf.opened().create("", body("begin"))
    storages = [shelf.opened() for _ in range(8)]
    for storage in storages:
        storage.read("")
    gate = threading.Barrier(8)

    def attempt(number: int) -> str | None:
        gate.wait()
        try:
            return storages[number].replace("", body(f"writer {number}"), version)
        except Moved:
            return None

    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(attempt, range(8)))
    [winner] = [number for number, version in enumerate(got) if version is not None]
    stored = shelf.opened().read("")
    assert stored is not None
    assert stored.content == body(f"writer {winner}")


def test_check_leaves_nothing(shelf: Shelf) -> None:
    """The self-test passes on a storage that honours conditions, again and again, and leaves no state behind."""
    storage = shelf.opened()
    storage.check()
    shelf.opened().check()
    assert storage.read("") is None


# The lock.


def test_one_holds(shelf: Shelf) -> None:
    """The second is told who the first is, in all that was said of them; after the release it is free."""
    one, two = shelf.opened(), shelf.opened()
    assert one.peek() is None
    assert one.take(holder(1)) is None
    seen = two.take(holder(2))
    assert seen is not None
    assert (seen.id, seen.run, seen.host, seen.link) == (holder(1).id, holder(1).run, "host1", holder(1).link)
    assert two.peek() == seen
    one.release(holder(1))
    assert two.peek() is None
    assert two.take(holder(2)) is None
    two.release(holder(2))


def test_it_expires_by_the_clock_of_the_store(shelf: Shelf) -> None:
    """A holder's expiry lies its `ttl_s` ahead by the store's clock, and a renewal moves it on."""
    one, two = shelf.opened(), shelf.opened()
    one.take(holder(1, ttl_s=30.0))
    seen = two.take(holder(2))
    assert seen is not None
    assert seen.ttl_s == 30.0
    assert 25.0 < seen.expires_at_s - two.now_s() <= 31.5
    assert one.renew(holder(1, ttl_s=30.0))
    later = two.peek()
    assert later is not None
    assert later.expires_at_s >= seen.expires_at_s
    one.release(holder(1))


def test_release_is_the_holders(shelf: Shelf) -> None:
    """Who does not hold it releases nothing and renews nothing."""
    one, two = shelf.opened(), shelf.opened()
    one.take(holder(1))
    two.release(holder(2))
    assert not two.renew(holder(2))
    seen = two.peek()
    assert seen is not None
    assert seen.id == holder(1).id
    one.release(holder(1))
    assert not one.renew(holder(1))
    one.release(holder(1))


def test_remove_is_of_that_very_holder(shelf: Shelf) -> None:
    """A lock can be removed by whoever saw it, once; the former holder then knows, and harms nobody."""
    one, two = shelf.opened(), shelf.opened()
    one.take(holder(1))
    seen = two.take(holder(2))
    assert seen is not None
    assert two.remove(seen)
    assert not two.remove(seen)
    assert two.take(holder(2)) is None
    assert not one.renew(holder(1))
    one.release(holder(1))
    now = two.peek()
    assert now is not None
    assert now.id == holder(2).id
    assert not one.remove(replace(seen, id=holder(3).id))
    two.release(holder(2))


def test_of_many_that_take_one_wins(shelf: Shelf) -> None:
    """Sixteen that take it at once: one has it, and the others are told of that one."""
    storages = [shelf.opened() for _ in range(16)]
    gate = threading.Barrier(16)

    def attempt(number: int) -> Holder | None:
        gate.wait()
        return storages[number].take(holder(number + 1))

    with ThreadPoolExecutor(16) as pool:
        got = list(pool.map(attempt, range(16)))
    [winner] = [number for number, seen in enumerate(got) if seen is None]
    assert {seen.id for seen in got if seen is not None} == {holder(winner + 1).id}
    storages[winner].release(holder(winner + 1))


def test_who_only_asks_keeps_nobody_out(shelf: Shelf) -> None:
    """Where a look only asks, whoever takes the lock meanwhile gets it, each time."""
    one, two = shelf.opened(), shelf.opened()
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            two.peek()

    if not one.asks:
        return
    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        try:
            for _ in range(10):
                assert one.take(holder(1)) is None
                one.release(holder(1))
        finally:
            over.set()
        looking.result()
