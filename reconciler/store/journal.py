r"""Edits appended to a file, each durable before `append` returns; the last line may be torn, no other.

    length checksum payload\n      both in hexadecimal, over the payload's bytes

The first line says which version of the state the edits belong to; a journal of an older version is spent.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from reconciler.errors import StateUnusable
from reconciler.store.durable import PRIVATE, disk, fsync_folder, write_all


class Heading(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The version of the state that a journal continues."""

    lineage: str
    serial: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """The journal as read."""

    heading: Heading
    payloads: tuple[bytes, ...]


def _line(payload: bytes) -> bytes:
    return b"%08x %08x %s\n" % (len(payload), zlib.crc32(payload), payload)


def encoded(heading: Heading, payloads: Iterable[bytes]) -> bytes:
    """Give a whole journal."""
    return b"".join([_line(msgspec.json.encode(heading)), *map(_line, payloads)])


def append(path: Path, heading: Heading, payloads: Iterable[bytes]) -> None:
    """Add payloads; the file is begun with its heading. Raises `LocalDisk`, after which nothing may be sent."""
    with disk(path):
        new = not path.exists()
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, PRIVATE)
        try:
            write_all(descriptor, encoded(heading, payloads) if new else b"".join(map(_line, payloads)))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if new:
            fsync_folder(path.parent)


def repair(path: Path) -> None:
    """Cut off a torn last line before more is appended to it. Raises `LocalDisk`."""
    with disk(path):
        raw = path.read_bytes()
        whole = sum(len(line) for line in _whole_lines(raw, str(path)))
        if whole < len(raw):
            with path.open("r+b") as opened:
                opened.truncate(whole)
                os.fsync(opened.fileno())


def read(path: Path) -> Journal | None:
    """Give the journal; None where there is none, or only a torn heading. `StateUnusable` for a bad line inside."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateUnusable("the state's journal cannot be read", f"{path}: {error.strerror}.") from error
    return decoded(raw, str(path))


def decoded(raw: bytes, place: str) -> Journal | None:
    """Give the journal that these bytes are, as `read` does; `place` is where they were found."""
    payloads = [line[18:-1] for line in _whole_lines(raw, place)]
    if not payloads:
        return None
    try:
        heading = msgspec.json.decode(payloads[0], type=Heading)
    except msgspec.MsgspecError as error:
        raise _bad(place, 1) from error
    return Journal(heading=heading, payloads=tuple(payloads[1:]))


def _whole_lines(raw: bytes, place: str) -> Sequence[bytes]:
    lines = raw.splitlines(keepends=True)
    good: list[bytes] = []
    for number, line in enumerate(lines, 1):
        if _sound(line):
            good.append(line)
        elif number == len(lines) and not line.endswith(b"\n"):
            # The power failed while it was written, so nothing was sent on its strength.
            break
        else:
            raise _bad(place, number)
    return good


def _sound(line: bytes) -> bool:
    payload = line[18:-1]
    return line.endswith(b"\n") and line[:18] == b"%08x %08x " % (len(payload), zlib.crc32(payload))


def _bad(place: str, number: int) -> StateUnusable:
    return StateUnusable(
        "the state's journal cannot be trusted",
        f"Line {number} of {place} was altered. It holds what the last run did, so it is left untouched. Bring it back "
        "from a copy; without one, remove it and plan: everything is found again by what it is called.",
        code="journal-torn",
    )
