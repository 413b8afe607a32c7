"""Writes that survive the machine's power: temporary file, fsync, rename, folder fsync. All or nothing."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Mapping
from glob import escape
from pathlib import Path

from reconciler.errors import LocalDisk

PRIVATE, PRIVATE_FOLDER = 0o600, 0o700
USUAL = 0o666
"""What the user's umask takes away from, as for any file that an editor makes."""
_PROBE_SIZE = 64 * 1024
"""Arbitrary: more than a file system keeps beside the file's name."""


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
    """Replace a file of our own as a whole, with mode 0600; after a crash it is the old or the new one.

    Raises `LocalDisk`. What the user names is written by `write_output`.
    """
    with disk(path):
        path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        _replace(path, content)


def write_output(path: Path, content: bytes) -> None:
    """Write a file that the user named: private, whole or not at all, and only where they said.

    A link keeps leading where it leads, a device or pipe is written to and stays, and no folder is made.

    Raises:
        LocalDisk: it cannot be written there.
    """
    try:
        if _is_stream(path):
            _pour(path, content)
        else:
            _replace(Path(os.path.realpath(path)), content)
    except OSError as error:
        raise LocalDisk(
            "a file could not be written durably",
            f"{path}: {error.strerror or error}. Name a file in a folder that exists and can be written to.",
        ) from error


def write_new(path: Path, content: bytes, mode: int = PRIVATE) -> None:
    """Write a file that is not there yet, whole or not at all, with the folders around it.

    It is private, unless the mode says `USUAL`.

    Raises:
        LocalDisk: it cannot be written there, or something is there by now.
    """
    with _named_by_user(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, content, mode=mode, new=True)


def write_new_folder(path: Path, files: Mapping[str, bytes]) -> bool:
    """Write a folder that has nothing in it yet, as a whole or not at all; tell whether it could be one.

    Where it holds something already, or is a link, nothing is written.

    Raises:
        LocalDisk: it cannot be written there.
    """
    with _named_by_user(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        for left in path.parent.glob(f".{escape(path.name)}.{'[0-9a-f]' * 16}.tmp"):
            # Of a run that was killed; who writes here holds the lock.
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left)
        if path.is_symlink() or (path.exists() and any(path.iterdir())):
            return False
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
        temporary.mkdir()
        try:
            for name, content in files.items():
                _write(temporary / name, content)
            fsync_folder(temporary)
            if path.exists():
                temporary.chmod(stat.S_IMODE(path.stat().st_mode))
                path.rmdir()
            temporary.rename(path)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        fsync_folder(path.parent)
        return True


def rewrite(path: Path, before: bytes, content: bytes) -> None:
    """Replace what a file of the user's holds, with its mode; only where it still is what was read of it.

    Raises:
        LocalDisk: it cannot be written there, or holds something else by now.
    """
    with _named_by_user(path):
        real = Path(os.path.realpath(path))
        if real.read_bytes() != before:
            raise OSError(errno.EBUSY, "it was changed by somebody else meanwhile")
        mode = stat.S_IMODE(real.stat().st_mode)
        if not mode & stat.S_IWUSR:
            # A rename would not ask.
            raise OSError(errno.EACCES, "it is read-only")
        _replace(real, content, mode=mode)


@contextlib.contextmanager
def _named_by_user(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LocalDisk(
            "a file could not be written durably",
            f"{path}: {error.strerror or error}. Name a file in a folder that can be written to, and run again: what "
            "was written is found again.",
        ) from error


def _is_stream(path: Path) -> bool:
    try:
        return not stat.S_ISREG(path.stat().st_mode) or path.parts[:2] == ("/", "dev")
    except FileNotFoundError:
        return False


def _pour(path: Path, content: bytes) -> None:
    # Appending, for /dev/stdout may be a file that something was written to already.
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
    try:
        write_all(descriptor, content)
    finally:
        os.close(descriptor)


def _replace(path: Path, content: bytes, *, mode: int = PRIVATE, new: bool = False) -> None:
    # A name that cannot be guessed, and never an existing file: the folder may be one that everybody writes to.
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(8)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, USUAL if mode == USUAL else PRIVATE)
    try:
        _fill(descriptor, content)
        if mode not in {PRIVATE, USUAL}:
            temporary.chmod(mode)
        if new:
            # Unlike a rename, a link never takes the place of what is there.
            os.link(temporary, path)
            temporary.unlink()
        else:
            temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    fsync_folder(path.parent)


def prove(folder: Path) -> None:
    """Write a file of its own into a folder as durably as a state is written, and remove it again.

    Raises:
        OSError: the folder or its disk does not take it.
    """
    temporary = folder / f".reconciler-probe.{secrets.token_hex(8)}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    try:
        _fill(descriptor, bytes(_PROBE_SIZE))
    finally:
        temporary.unlink()
    fsync_folder(folder)


def _write(path: Path, content: bytes) -> None:
    _fill(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), content)


def _fill(descriptor: int, content: bytes) -> None:
    try:
        write_all(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
