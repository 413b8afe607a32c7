"""A disk that can be watched, can fail, and can lose its power: the system's calls on one folder, seen through.

It stands between the program and the system by replacing functions of `os` in this process, for one folder only. Each
call is one step; before a step it may fail or the power may go. What survives a loss of power is worked out from the
steps: what was synced for certain, and the rest as unkindly as file systems are allowed to be.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

_CALLS = ("open", "write", "fsync", "close", "replace", "link", "unlink")
_REAL: dict[str, Any] = {name: getattr(os, name) for name in _CALLS}


class Loss(StrEnum):
    """What a loss of power leaves of what was not synced."""

    SYNCED_ONLY = "only synced data"
    NAMES_WITHOUT_DATA = "names without data"
    TORN_WRITE = "torn last write"


@dataclass(slots=True)
class Inode:
    """One file's content: as written, and as it was when last synced."""

    now: bytes = b""
    synced: bytes = b""


@dataclass(slots=True)
class Disk:
    """The steps seen so far, and what they have made of the folder."""

    folder: Path
    before: Callable[[int, str, str], None] = lambda *_: None
    """Called before each step with its number from 1, its kind and the file's name; may raise OSError."""
    steps: list[tuple[str, str]] = field(default_factory=list)
    names: dict[str, Inode] = field(default_factory=dict)
    durable: dict[str, Inode] = field(default_factory=dict)
    """The names that would be found after a loss of power, for certain."""
    _open: dict[int, str] = field(default_factory=dict)

    def name(self, path: Any) -> str:  # noqa: ANN401 - whatever os takes
        """Give a path as seen from the folder; empty where it is not in it, or is the lock's."""
        if not isinstance(path, (str, os.PathLike)):
            return ""
        place = Path.cwd() / path
        inside = place == self.folder or self.folder in place.parents
        return str(place.relative_to(self.folder)) if inside and place.suffix not in {".lock", ".holder"} else ""

    def step(self, kind: str, name: str) -> None:
        """Take a step, or fail."""
        self.steps.append((kind, name))
        self.before(len(self.steps), kind, name)

    def load(self) -> None:
        """Take what lies in the folder for synced."""
        for path in self.folder.rglob("*"):
            if path.is_file() and (name := self.name(path)):
                content = path.read_bytes()
                self.names[name] = self.durable[name] = Inode(content, content)

    def image(self, loss: Loss) -> dict[str, bytes]:
        """Give the folder's files as they would be found after the power has gone now."""
        names = self.durable if loss is Loss.SYNCED_ONLY else self.names
        found = {}
        for name, inode in names.items():
            content = inode.synced
            if loss is Loss.TORN_WRITE:
                fresh = inode.now.removeprefix(inode.synced)
                content = (inode.synced if inode.now.startswith(inode.synced) else b"") + fresh[: len(fresh) // 2]
            found[name] = content
        return found

    # What stands in for the functions of `os`.

    def open(self, path: Any, flags: int, mode: int = 0o777, **more: Any) -> int:  # noqa: ANN401 - whatever os takes
        """Open a file or the folder."""
        name = self.name(path)
        if name:
            self.step("open", name)
        descriptor = int(_REAL["open"](path, flags, mode, **more))
        if name:
            self._open[descriptor] = name
            if flags & (os.O_WRONLY | os.O_RDWR):
                inode = self.names.setdefault(name, Inode())
                inode.now = b"" if flags & os.O_TRUNC else inode.now
        return descriptor

    def write(self, descriptor: int, content: Any) -> int:  # noqa: ANN401 - anything with bytes
        """Write at the end of a file, as all of ours are written."""
        name = self._open.get(descriptor)
        if name is not None:
            self.step("write", name)
        count = int(_REAL["write"](descriptor, content))
        if name is not None:
            self.names[name].now += bytes(content)[:count]
        return count

    def fsync(self, descriptor: int) -> None:
        """Sync a file's content, or a folder's names."""
        name = self._open.get(descriptor)
        if name is None:
            return
        self.step("fsync", name)
        if name in self.names:
            self.names[name].synced = self.names[name].now
            return
        prefix = "" if name == "." else name + "/"
        for known in {*self.durable, *self.names}:
            if known.startswith(prefix) and "/" not in known[len(prefix) :]:
                if known in self.names:
                    self.durable[known] = self.names[known]
                else:
                    self.durable.pop(known, None)

    def close(self, descriptor: int) -> None:
        """Close a file."""
        self._open.pop(descriptor, None)
        _REAL["close"](descriptor)

    def replace(self, source: Any, target: Any, **more: Any) -> None:  # noqa: ANN401 - whatever os takes
        """Rename a file over another."""
        if name := self.name(target):
            self.step("rename", name)
            self.names[name] = self.names.pop(self.name(source))
        _REAL["replace"](source, target, **more)

    def link(self, source: Any, target: Any, **more: Any) -> None:  # noqa: ANN401 - whatever os takes
        """Give a file a second name."""
        if name := self.name(target):
            self.step("link", name)
            self.names[name] = self.names[self.name(source)]
        _REAL["link"](source, target, **more)

    def unlink(self, path: Any, **more: Any) -> None:  # noqa: ANN401 - whatever os takes
        """Take a name away."""
        name = self.name(path)
        if name and name in self.names:
            self.step("unlink", name)
            del self.names[name]
        _REAL["unlink"](path, **more)


@contextmanager
def watched(folder: Path, before: Callable[[int, str, str], None] = lambda *_: None) -> Iterator[Disk]:
    """See every step on this folder's files for as long as the block lasts."""
    disk = Disk(folder=folder.resolve(), before=before)
    disk.load()
    for name in _CALLS:
        setattr(os, name, getattr(disk, name))
    try:
        yield disk
    finally:
        for name, function in _REAL.items():
            setattr(os, name, function)
