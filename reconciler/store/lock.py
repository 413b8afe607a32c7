"""One run at a time on one state: a file lock that dies with its holder, and a note that says who that is."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import filelock

from reconciler.core.facts import Held
from reconciler.errors import Locked
from reconciler.store.durable import PRIVATE, PRIVATE_FOLDER, disk, write_all


class Own:
    """Fills `Lease`: the lock ends with this program, and no sooner."""

    def holds(self) -> bool:
        """Tell that it is ours."""
        return True


@contextlib.contextmanager
def held(state: Path, run: str, *, timeout_s: float = 0.0) -> Iterator[Own]:
    """Hold the lock of a state for as long as the block lasts; wait `timeout_s` for another holder to end."""
    path = state.with_name(state.name + ".lock")
    note = _note(state)
    with disk(path):
        path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        lock = filelock.FileLock(path, timeout=timeout_s, mode=PRIVATE)
        try:
            lock.acquire(poll_interval=0.05)
        except filelock.Timeout as error:
            raise _locked(note) from error
    try:
        with disk(note):
            told = {
                "run": run,
                "host": socket.gethostname(),
                "pid": os.getpid(),
                "since": datetime.now(UTC).isoformat(timespec="seconds"),
            }
            _write(note, json.dumps(told).encode())
        yield Own()
    finally:
        with contextlib.suppress(OSError):
            note.unlink()
        lock.release()


def holder(state: Path) -> Held | None:
    """Say who has the lock of a state, by the note that its holder keeps; the lock itself is not touched.

    Raises:
        OSError: whether there is a note cannot be seen.
    """
    try:
        raw = _note(state).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        told = json.loads(raw)
        run, host, pid, since = str(told["run"]), str(told["host"]), int(told["pid"]), str(told["since"])
    except (ValueError, KeyError, TypeError):
        return Held(who="another run", ends="The lock ends with its process.", local=True)
    who = f"run {run} on {host} (process {pid})"
    dead = host == socket.gethostname() and not _alive(pid)
    return Held(who=who, run=run, since=since, ends="The lock ends with that process.", dead=dead, local=True)


def _alive(pid: int) -> bool:
    """Tell whether there may be such a process."""
    if os.name == "nt":
        # There the call that asks would end it.
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return pid > 0
    return pid > 0


def _note(state: Path) -> Path:
    return state.with_name(state.name + ".holder")


def _write(note: Path, told: bytes) -> None:
    descriptor = os.open(note, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
    try:
        write_all(descriptor, told)
    finally:
        os.close(descriptor)


def _locked(note: Path) -> Locked:
    try:
        told = json.loads(note.read_text(encoding="utf-8"))
        who = f"run {told['run']} on {told['host']} (process {told['pid']}, since {told['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        who = "another run"
    return Locked(
        "the state is in use",
        f"It is held by {who}. The lock ends with that process. Try again, or wait for it with --lock-timeout 60.",
    )
