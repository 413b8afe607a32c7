"""What is seen of a lock, of files and of a disk, and that nothing is touched for it."""

from __future__ import annotations

import json
import os
import socket
from functools import partial
from pathlib import Path

import pytest

from reconciler.core.facts import Backup, Held, RunFiles
from reconciler.store.backend import Holder
from reconciler.store.durable import prove
from reconciler.store.lock import held, holder
from reconciler.store.looking import disk_of, kept_files, run_files, shared_holder
from tests.contracts.shelves import MemoryBackend, Server

NOW_S = 1_700_000_000.0


def test_who_has_the_lock(tmp_path: Path) -> None:
    """The holder is told while the lock is held, and nobody before and after; looking takes nothing from anybody."""
    state = tmp_path / "state.json"
    assert holder(state) is None
    with held(state, "one"):
        seen = holder(state)
        assert seen is not None
        assert (seen.local, seen.dead) == (True, False)
        assert seen.who == f"run one on {socket.gethostname()} (process {os.getpid()})"
    assert holder(state) is None
    with held(state, "two"):
        pass


@pytest.mark.parametrize(
    ("pid", "host", "expected"),
    [(None, "", "alive"), (2**22 + 1, "", "dead"), (0, "", "dead"), (-1, "", "dead"), (2**70, "", "alive"),
     (1, "other", "alive")],
)  # fmt: skip
def test_a_note_that_was_left(tmp_path: Path, pid: int | None, host: str, expected: str) -> None:
    """A note of this machine whose process is gone is a dead run's; of another machine's nobody knows."""
    told = {
        "run": "r",
        "host": host or socket.gethostname(),
        "pid": pid if pid is not None else os.getpid(),
        "since": "then",
    }
    (tmp_path / "state.json.holder").write_text(json.dumps(told), encoding="utf-8")
    seen = holder(tmp_path / "state.json")
    assert seen is not None
    assert seen.dead is (expected == "dead")


def test_a_note_that_may_not_be_seen(tmp_path: Path) -> None:
    """Whether somebody holds a lock is not guessed; below a file nobody can."""
    (tmp_path / "state.json.holder").mkdir()
    with pytest.raises(IsADirectoryError):
        holder(tmp_path / "state.json")
    (tmp_path / "file").touch()
    assert holder(tmp_path / "file" / "state.json") is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"run": 1}', '{"run":1,"host":"h","pid":"x","since":""}'])
def test_a_note_that_cannot_be_read(tmp_path: Path, content: str) -> None:
    """Somebody may hold the lock then."""
    (tmp_path / "state.json.holder").write_text(content, encoding="utf-8")
    seen = holder(tmp_path / "state.json")
    assert seen is not None
    assert (seen.who, seen.dead) == ("another run", False)


def test_a_shared_lock() -> None:
    """A shared lock is told with its end and its removal; it is dead only when it expired long ago."""
    server = Server()
    storage = MemoryBackend(server)
    assert shared_holder(storage, lambda: NOW_S) is None
    storage.take(Holder(id="7f-1", run="one", host="vm", since="then", ttl_s=60.0))
    calls = len(server.calls)
    seen = shared_holder(storage, lambda: server.seconds)
    assert seen == Held(
        who="run one on vm, since then", run="one", ends="It expires in 60 s unless it is renewed.",
        removal="reconciler state unlock 7f-1",
    )  # fmt: skip
    for later, dead in ((100.0, False), (1_000.0, True)):
        seen = shared_holder(storage, partial(sum, (server.seconds, later)))
        assert seen is not None
        assert seen.dead is dead
    assert {verb for verb, _ in server.calls[calls:]} == {"peek"}


def test_files_that_others_can_get_at(tmp_path: Path) -> None:
    """Any right of a group or of everybody counts; a missing file has none."""
    state = tmp_path / "state.json"
    assert kept_files(state).exposed == ()
    for mode, count in ((0o600, 0), (0o640, 1), (0o602, 1), (0o700, 0)):
        state.write_bytes(b"{}")
        state.chmod(mode)
        assert len(kept_files(state).exposed) == count
    (tmp_path / "state.json.backup").write_bytes(b"no state")
    assert kept_files(state).backup is Backup.UNREADABLE


def test_records_of_runs(tmp_path: Path) -> None:
    """Their size is that of the files; what is no file, or is gone when it is looked at, does not count."""
    for name, content in (("one.json", b"12345"), ("two.json", b"678"), ("other.txt", b"9")):
        (tmp_path / name).write_bytes(content)
    (tmp_path / "one.json").chmod(0o600)
    (tmp_path / "two.json").chmod(0o604)
    (tmp_path / "gone.json").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder.json").mkdir()
    expected = RunFiles(folder=str(tmp_path), bytes=8, exposed=(str(tmp_path / "two.json"),))
    assert run_files(tmp_path) == expected
    assert run_files(tmp_path / "nowhere") == RunFiles(folder=str(tmp_path / "nowhere"), bytes=0)


def test_a_disk(tmp_path: Path) -> None:
    """The nearest folder that is there is tried, nothing is made, and nothing is left."""
    facts = disk_of(tmp_path / "not" / "there")
    assert (facts.folder, facts.refused) == (str(tmp_path), "")
    assert facts.free_bytes > 0
    prove(tmp_path)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_bytes(b"")
    assert disk_of(tmp_path / "file" / "below").refused == "Not a directory"
