"""Logins as files of the user's own, `NAME.json`, which nobody else may read. Not encrypted: the mode protects them."""

from __future__ import annotations

import os
import stat
from contextlib import AbstractContextManager
from pathlib import Path

from reconciler.core.login import Login, decode, encode
from reconciler.errors import NotAllowed
from reconciler.store.durable import PRIVATE, PRIVATE_FOLDER, disk, fsync_folder, write_file
from reconciler.store.safes.turns import PATIENCE_S, turn

_LARGEST = 64 * 1024
_OTHERS_READ, _OTHERS_WRITE = 0o077, 0o022


class FileSafe:
    """Fills `Safe` with a folder."""

    def __init__(self, folder: Path, *, patience_s: float = PATIENCE_S) -> None:
        self._folder = folder
        self._patience_s = patience_s

    @property
    def told(self) -> str:
        """Give the folder."""
        return str(self._folder)

    def read(self, name: str) -> Login | None:
        """Give a login; one that others can read, or that is not the user's own file, is refused."""
        path = self._path(name)
        try:
            self._check_folder()
            content = _private(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _exposed(f"{path} cannot be read: {error.strerror or error}.") from error
        return decode(content, str(path))

    def write(self, name: str, login: Login) -> None:
        """Replace the file as a whole."""
        path = self._path(name)
        with disk(path):
            self._folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            self._check_folder()
            # What runs that were killed while they wrote have left; nobody else writes now.
            for left in self._folder.glob(f".{path.name}.*.tmp"):
                left.unlink(missing_ok=True)
        write_file(path, encode(login))

    def remove(self, name: str) -> bool:
        """Unlink the file, whatever it is by now."""
        path = self._path(name)
        with disk(path):
            try:
                path.unlink()
            except FileNotFoundError:
                return False
            fsync_folder(self._folder)
        return True

    def locked(self, name: str) -> AbstractContextManager[None]:
        """Wait for one's turn, by a lock beside the file."""
        return turn(self._folder, name, self._patience_s)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _check_folder(self) -> None:
        """Refuse a folder in which others could put a file of theirs."""
        found = self._folder.lstat()
        if not stat.S_ISDIR(found.st_mode):
            raise _exposed(f"{self._folder} is a link or no folder. Put a real folder there: `mkdir -m 700`.")
        if os.name != "nt":
            _check(self._folder, found, _OTHERS_WRITE, PRIVATE_FOLDER)


def _private(path: Path) -> bytes:
    """Read a file without following a link, looking at what was opened and not at what the name meant before."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        if path.is_symlink():
            raise _exposed(f"{path} is a link. Put the file itself there, or log in again.") from None
        raise
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST:
            raise _exposed(f"{path} is no file of a login.")
        if os.name != "nt":
            _check(path, found, _OTHERS_READ, PRIVATE)
        with open(descriptor, "rb", closefd=False) as opened:
            return opened.read(_LARGEST)
    finally:
        os.close(descriptor)


def _check(path: Path, found: os.stat_result, others: int, wanted: int) -> None:
    if found.st_uid != os.geteuid():
        raise _exposed(f"{path} belongs to user {found.st_uid}, and this program runs as {os.geteuid()}.")
    if stat.S_IMODE(found.st_mode) & others:
        raise _exposed(
            f"{path} has mode {stat.S_IMODE(found.st_mode):04o}, so that others can get at it. Whoever could read it "
            f"has the login: log out and in again if that may have happened, else `chmod {wanted:o} {path}`."
        )


def _exposed(why: str) -> NotAllowed:
    return NotAllowed("the file of a login cannot be trusted", f"{why} It was not used.", code="login-exposed")
