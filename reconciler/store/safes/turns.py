"""One process of this machine at a time on one login: a file lock, which ends with its holder however that ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from reconciler.errors import Locked
from reconciler.store.durable import PRIVATE, PRIVATE_FOLDER, disk

PATIENCE_S = 60.0
"""Longer than one request for tokens can take."""


@contextmanager
def turn(folder: Path, name: str, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Wait for one's turn with a login, and have it for as long as the block lasts."""
    path = folder / f"{name}.lock"
    lock = filelock.FileLock(path, timeout=patience_s, mode=PRIVATE)
    with disk(path):
        folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        try:
            lock.acquire(poll_interval=0.02)
        except filelock.Timeout as error:
            raise Locked(
                "the login is in use",
                f"Another process has held {path} for {patience_s:.0f} s, to renew the login {name}. Try again.",
                code="login-locked",
            ) from error
    try:
        yield
    finally:
        lock.release()
