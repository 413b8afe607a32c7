"""What can be seen of a state's files, of records of runs and of a disk, without changing any of them.

It judges nothing and repairs nothing: values come of it, and what they mean is said by others.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

from reconciler.core.codec import decode_state
from reconciler.core.facts import Backup, DiskFacts, Held, KeptFiles, RunFiles
from reconciler.errors import StateUnusable
from reconciler.store import journal
from reconciler.store.backend import Lock
from reconciler.store.durable import prove
from reconciler.store.lease import described, lasting

_OTHERS = 0o077
_SURELY_OVER_S = 300.0
"""Arbitrary: two clocks are compared, which may differ by so much."""


def kept_files(state: Path) -> KeptFiles:
    """Look at the files of a state on this machine. Raises `StateUnusable` where its journal cannot be trusted."""
    backup, entries = state.with_name(state.name + ".backup"), state.with_name(state.name + ".journal")
    told = journal.read(entries)
    spent = told is not None and _serial(state) > told.heading.serial
    return KeptFiles(
        exposed=exposed((state, backup, entries)),
        backup=_backup(backup),
        backup_path=str(backup),
        edits=len(told.payloads) if told is not None and not spent else 0,
    )


def _serial(state: Path) -> int:
    try:
        return decode_state(state.read_bytes()).serial
    except (OSError, StateUnusable):
        return -1


def _backup(path: Path) -> Backup:
    try:
        decode_state(path.read_bytes())
    except FileNotFoundError:
        return Backup.NONE
    except (OSError, StateUnusable):
        return Backup.UNREADABLE
    return Backup.SOUND


def exposed(paths: Iterable[Path]) -> tuple[str, ...]:
    """Give those files that other users of this machine can get at; where modes say nothing (Windows), none."""
    return tuple(str(path) for path in paths if (seen := _file(path)) and os.name != "nt" and seen.st_mode & _OTHERS)


def _file(path: Path) -> os.stat_result | None:
    """Look at a file; None where none is there, which another run may just have removed."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found if stat.S_ISREG(found.st_mode) else None


def run_files(folder: Path) -> RunFiles:
    """Look at the records of runs."""
    files = sorted(folder.glob("*.json"))
    size = sum(seen.st_size for file in files if (seen := _file(file)) is not None)
    return RunFiles(folder=str(folder), bytes=size, exposed=exposed(files))


def disk_of(folder: Path) -> DiskFacts:
    """Look at the disk of a folder, by a durable write into it, or into the nearest one above that is there."""
    there = next(above for above in (folder, *folder.parents) if above.exists())
    refused = ""
    try:
        prove(there)
    except OSError as error:
        refused = error.strerror or str(error)
    return DiskFacts(
        folder=str(there),
        free_bytes=shutil.disk_usage(there).free,
        free_files=_free_files(there),
        refused=refused,
    )


def _free_files(folder: Path) -> int | None:
    if not hasattr(os, "statvfs"):
        return None
    found = os.statvfs(folder)
    # Some file systems have no such limit, and say so by a sum of nothing.
    return found.f_favail if found.f_files else None


def shared_holder(lock: Lock, clock: Callable[[], float]) -> Held | None:
    """Say who has the lock of a shared state; `clock` is this machine's, for some storages tell theirs by a write only.

    Raises:
        StateUnusable: the storage is out of reach.
    """
    seen = lock.peek()
    if seen is None:
        return None
    return Held(
        who=described(seen).removeprefix("is held by "),
        run=seen.run,
        ends=f"{lasting(seen, clock)}.",
        dead=clock() - seen.expires_at_s > _SURELY_OVER_S,
        removal=f"reconciler state unlock {seen.id}" if seen.id else "",
    )
