"""Where one state is kept, put together: its store, its lock, its records of runs, and its name for people.

It chooses an implementation by the address and reads no environment: that is handed in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Protocol

from reconciler.core.facts import Held, KeptFiles, RunFiles
from reconciler.core.ports import Lease, Store
from reconciler.core.state import State
from reconciler.errors import UsageError
from reconciler.store import lease, lock
from reconciler.store.backend import Backend, Lock, Trace
from reconciler.store.documents import Documents
from reconciler.store.history import History, Runs, SharedHistory
from reconciler.store.lease import Patience
from reconciler.store.looking import kept_files, run_files, shared_holder
from reconciler.store.seal import read_key
from reconciler.store.shared import SharedState
from reconciler.store.statefile import StateFile

STATE_KEY, LOCK_TTL = "RECONCILER_STATE_KEY", "RECONCILER_LOCK_TTL"
_SHORTEST_TTL_S, _LONGEST_TTL_S = 0.1, 3600.0


class Storage(Backend, Lock, Protocol):
    """Shared storage: documents and a lock."""


Hold = Callable[[str, Patience], AbstractContextManager[Lease]]
"""Takes the lock for a run of this name."""

SCHEMES: Mapping[str, tuple[str, str]] = {
    "s3": ("objects.storage", "open_objects"),
    "az": ("objects.storage", "open_objects"),
    "abfs": ("objects.storage", "open_objects"),
    "abfss": ("objects.storage", "open_objects"),
    "gs": ("objects.storage", "open_objects"),
    "https": ("terraform.storage", "open_terraform"),
    "http": ("terraform.storage", "open_terraform"),
    "postgresql": ("postgres.storage", "open_postgres"),
    "postgres": ("postgres.storage", "open_postgres"),
}
"""By the scheme of an address, the module below this folder and its function, which opens a `Storage`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one state is kept."""

    shown: str
    """The path or address, without anything secret."""
    store: Store
    runs: Runs
    hold: Hold
    backup: Path | None = None
    """The version before the last, where that is a file of its own."""
    restore: Callable[[], State] | None = None
    """Puts the backup in the place of the state, where there is one."""
    storage: Storage | None = None
    """What it stands on, where it is shared."""
    holder: Callable[[], Held | None] | None = None
    """Says who has the lock, without touching it; None where that cannot be."""
    files: Callable[[], KeptFiles] | None = None
    """Looks at the files of a state on this machine."""
    run_files: Callable[[], RunFiles] | None = None
    """Looks at the records of runs on this machine."""
    close: Callable[[], None] = field(default=lambda: None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Who works here, for whoever finds the lock taken."""

    host: str
    link: str = ""


def is_shared(address: str) -> bool:
    """Tell an address from a path."""
    return "://" in address


def local(path: Path, runs: Path) -> Place:
    """Give a place on this machine."""
    store = StateFile(path)
    return Place(
        shown=str(path),
        store=store,
        runs=History(runs),
        hold=lambda run, patience: lock.held(path, run, timeout_s=patience.timeout_s),
        backup=store.backup,
        restore=store.restore,
        holder=lambda: lock.holder(path),
        files=lambda: kept_files(path),
        run_files=lambda: run_files(runs),
    )


def shared(address: str, environment: Mapping[str, str], worker: Worker, trace: Trace | None = None) -> Place:
    """Give a place in shared storage.

    Raises:
        UsageError: the address, a key or a variable makes no sense.
        StateUnusable: what it needs is not installed.
    """
    storage = opened(address, environment, trace)
    key = read_key(environment[STATE_KEY], STATE_KEY) if environment.get(STATE_KEY) else None
    documents = Documents(storage, key)
    state = SharedState(documents)
    ttl_s = _ttl_s(environment.get(LOCK_TTL, ""))

    def hold(run: str, patience: Patience) -> AbstractContextManager[Lease]:
        since = datetime.now(UTC).isoformat(timespec="seconds")
        return lease.held(storage, lease.new_holder(run, worker.host, worker.link, since, ttl_s), patience)

    return Place(
        shown=storage.shown,
        store=state,
        runs=SharedHistory(documents, state),
        hold=hold,
        storage=storage,
        holder=(lambda: shared_holder(storage, time.time)) if storage.asks else None,
        close=storage.close,
    )


def opened(address: str, environment: Mapping[str, str], trace: Trace | None = None) -> Storage:
    """Give a connection to shared storage."""
    scheme = address.partition("://")[0].lower()
    if scheme not in SCHEMES:
        raise UsageError(
            "the state's address is of no known kind",
            f"It begins with {scheme}://. A state is kept in a file, or at s3://, az://, gs://, https:// or "
            "postgresql://.",
        )
    module, function = SCHEMES[scheme]
    open_one = getattr(import_module(f"reconciler.store.{module}"), function)
    storage: Storage = open_one(address, environment, trace=trace)
    return storage


def _ttl_s(text: str) -> float:
    try:
        ttl_s = float(text) if text else lease.TTL_S
    except ValueError:
        ttl_s = 0.0
    if not _SHORTEST_TTL_S <= ttl_s <= _LONGEST_TTL_S:
        raise UsageError(f"{LOCK_TTL} is not a time", "Write seconds, such as 60: so long a lock holds unrenewed.")
    return ttl_s
