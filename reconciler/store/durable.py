"""Writes that survive the machine's power: temporary file, fsync, rename, folder fsync. All or nothing."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from reconciler.errors import LocalDisk

PRIVATE = 0o600


@contextlib.contextmanager
def disk(path: Path) -> Iterator[None]:
    """Turn what the operating system says into `LocalDisk`, with the place and the reason."""
    try:
        yield
    except OSError as error:
        raise LocalDisk(
            "a file could not be written durably",
            f"{path}: {error.strerror or error}. Nothing further is sent to FreshBooks. Free space or fix the "
            "permissions, then run again: what was done is found again.",
        ) from error


def write_file(path: Path, content: bytes) -> None:
    """Replace a file as a whole, with mode 0600; after a crash it is the old or the new one. Raises `LocalDisk`."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with disk(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
            try:
                write_all(descriptor, content)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            temporary.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        fsync_folder(path.parent)


def write_all(descriptor: int, content: bytes) -> None:
    """Write every byte: the system may take fewer at a time."""
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]


def fsync_folder(folder: Path) -> None:
    """Make a new name durable; a no-op where folders cannot be opened (Windows)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
