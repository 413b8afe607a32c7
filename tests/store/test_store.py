"""The state on the disk: whole or not at all, journaled, locked, and never read as something that it is not."""

from __future__ import annotations

import multiprocessing
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.core.resource import Address, OnRemove, RemoteId
from reconciler.core.state import Bind, Binding, Desist, Intend, Intent, StateEdit, Tombstone, Unbind, edited
from reconciler.errors import LocalDisk, Locked, StateUnusable
from reconciler.store.durable import write_file
from reconciler.store.lock import held
from reconciler.store.statefile import StateFile

ACME, BOLT = Address("clients.acme"), Address("clients.bolt")
EDITS: list[StateEdit] = [
    Bind(address=ACME, binding=Binding(id=RemoteId(1), sent="email=00", source="clients.yaml:3")),
    Intend(address=BOLT, intent=Intent(run="r", key="email=1", body="", known=(RemoteId(7),), sent_at="now")),
    Unbind(address=ACME, tombstone=Tombstone(id=RemoteId(1), how=OnRemove.DELETE)),
    Desist(address=BOLT),
]


@pytest.fixture
def store(tmp_path: Path) -> StateFile:
    """Give a store that was saved once."""
    made = StateFile(tmp_path / "sub" / "state.json")
    made.save(made.load())
    return made


def again(store: StateFile) -> StateFile:
    """Give what a later run sees."""
    return StateFile(store.path)


def test_nothing_is_a_fresh_state(tmp_path: Path) -> None:
    """Where there is no file, the state is fresh, and each fresh state is its own."""
    one, two = (StateFile(tmp_path / name).load() for name in ("a", "b"))
    assert one.fresh
    assert one.lineage != two.lineage
    assert one.salt != two.salt


def test_edits_are_seen_after_each_append(store: StateFile) -> None:
    """What was appended is there for the next run, edit by edit."""
    state = store.load()
    for count, edit in enumerate(EDITS, 1):
        store.append([edit])
        assert replace(again(store).load(), fresh=False) == edited(state, tuple(EDITS[:count]))


def test_saving_folds_the_journal_in(store: StateFile) -> None:
    """After a save the journal is gone, the version before is the backup, and the serial has grown."""
    state = store.load()
    store.append(EDITS[:2])
    saved = store.save(edited(state, tuple(EDITS[:2])))
    assert saved.serial == state.serial + 1
    assert again(store).load() == saved
    assert not store.journal.exists()
    assert StateFile(store.backup).load() == state
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


def test_spent_journal_is_not_read_again(store: StateFile) -> None:
    """A journal that the crash of a save left behind counts for nothing, and is replaced by the next run's."""
    state = store.load()
    store.append(EDITS[:1])
    left = store.journal.read_bytes()
    saved = store.save(edited(state, tuple(EDITS[:1])))
    store.journal.write_bytes(left)
    later = again(store)
    assert later.load() == saved
    later.append(EDITS[2:3])
    assert again(store).load() == edited(saved, tuple(EDITS[2:3]))


def test_two_writers_never_both_win(store: StateFile) -> None:
    """A save whose version another run has replaced is refused."""
    one, two = again(store), again(store)
    first, second = one.load(), two.load()
    one.save(first)
    with pytest.raises(StateUnusable, match="another run"):
        two.save(second)


def test_torn_last_line_is_ignored_and_cut_off(store: StateFile) -> None:
    """A line that the power cut was never acted on; the next append goes behind what is whole."""
    store.load()
    store.append(EDITS[:1])
    store.append(EDITS[1:2])
    whole = store.journal.read_bytes()
    last = whole.rstrip(b"\n").rfind(b"\n") + 1
    for length in range(last + 1, len(whole)):
        store.journal.write_bytes(whole[:length])
        assert BOLT not in again(store).load().intents
    later = again(store)
    later.load()
    later.append(EDITS[1:2])
    assert BOLT in again(store).load().intents


def test_bad_line_inside_is_an_error(store: StateFile) -> None:
    """A journal that was altered is not trusted, and left untouched."""
    store.load()
    for edit in EDITS[:3]:
        store.append([edit])
    raw = bytearray(store.journal.read_bytes())
    raw[30] ^= 1
    store.journal.write_bytes(raw)
    with pytest.raises(StateUnusable, match="journal"):
        again(store).load()
    assert store.journal.read_bytes() == raw


def test_state_cut_at_every_byte_is_refused(store: StateFile) -> None:
    """However the file was truncated, it is never read as a state, never as none, and left untouched."""
    state = store.load()
    store.save(edited(state, tuple(EDITS[:2])))
    raw = store.path.read_bytes()
    for length in range(len(raw) - 1):
        store.path.write_bytes(raw[:length])
        with pytest.raises(StateUnusable) as refused:
            again(store).load()
        assert str(store.backup) in refused.value.detail
        assert store.path.read_bytes() == raw[:length]


def test_flipped_bits_are_refused(store: StateFile) -> None:
    """One bit that changed anywhere is noticed."""
    state = store.load()
    store.save(edited(state, tuple(EDITS[:2])))
    raw = store.path.read_bytes()
    for place in range(0, len(raw) - 1, 3):
        changed = bytearray(raw)
        changed[place] ^= 1 << (place % 7)
        store.path.write_bytes(changed)
        with pytest.raises(StateUnusable):
            again(store).load()


@pytest.mark.parametrize(
    "raw", [b"{}", b"[]", b"null", b'{"format": 99, "lineage": "x", "serial": 1}', b"\xff\xfe", b"{" * 5000]
)
def test_other_files_are_refused(raw: bytes, store: StateFile) -> None:
    """What is no state, or a newer one, is an error and not an empty state."""
    store.path.write_bytes(raw)
    with pytest.raises(StateUnusable):
        again(store).load()


def test_missing_state_with_a_journal_is_refused(store: StateFile) -> None:
    """A journal without its state holds what a run did: that is not nothing."""
    store.load()
    store.append(EDITS[:1])
    store.path.unlink()
    with pytest.raises(StateUnusable, match="missing"):
        again(store).load()


@pytest.mark.skipif(os.name == "nt", reason="permissions are others on Windows")
def test_disk_that_refuses_is_told(tmp_path: Path) -> None:
    """Where nothing can be written, the error says where and why."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LocalDisk, match="durably"):
        write_file(tmp_path / "file" / "state.json", b"x")


def _hold(path: Path, ready: object, go_on: object) -> None:
    with held(path, "run-1"):
        ready.set()  # type: ignore[attr-defined] # an event of another process
        go_on.wait(30)  # type: ignore[attr-defined] # the same


def test_lock_names_its_holder_and_dies_with_it(tmp_path: Path) -> None:
    """A second run is told who holds the state; when that process is killed, the lock is free."""
    path = tmp_path / "state.json"
    context = multiprocessing.get_context("spawn")
    ready, go_on = context.Event(), context.Event()
    holder = context.Process(target=_hold, args=(path, ready, go_on))
    holder.start()
    assert ready.wait(30)
    with pytest.raises(Locked) as locked, held(path, "run-2"):
        pass
    assert "run-1" in locked.value.detail
    assert str(holder.pid) in locked.value.detail
    holder.kill()
    holder.join()
    with held(path, "run-2", timeout_s=5):
        pass


def test_what_a_killed_run_left_is_swept_up(store: StateFile) -> None:
    """A half-written file that a killed run left beside the state is gone after the next save."""
    left = store.path.with_name(f".{store.path.name}.0123.tmp")
    left.write_bytes(b"half")
    store.save(store.load())
    assert sorted(path.name for path in store.path.parent.iterdir() if path.suffix == ".tmp") == []
