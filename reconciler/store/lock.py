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
    note = state.with_name(state.name + ".holder")
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
