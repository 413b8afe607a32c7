"""The records of runs: what each change was before and after, one private document a run.

It tells which there are and removes old ones; what a record says is `core/run.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from reconciler.core.codec import decode_run, encode_run
from reconciler.core.run import Run
from reconciler.errors import StateUnusable
from reconciler.store.documents import Documents
from reconciler.store.durable import disk, write_file
from reconciler.store.shared import SharedState

_MOST_IN_A_SINGLE_DOCUMENT = 2 * 1024 * 1024
"""Arbitrary: it travels with every write of the state."""
_NAME = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{1,16}")
"""What a run is called; nothing else is ever taken for the name of a record."""
_FOLDER, _SUFFIX = "runs/", ".json"


class Runs(Protocol):
    """Where the records of runs are kept. Every method raises `StateUnusable` where shared storage is out of reach.

    Where they lie within the state, what is written or removed goes with the state's next version, which a run writes
    when it begins and when it ends.
    """

    def write(self, run: Run) -> None:
        """Write down one run, in the place of what was written of it before; it is durable then. Raises `LocalDisk`.

        Personal values are in it.
        """

    def names(self) -> Sequence[str]:
        """Give the names of the runs that are kept, the newest first."""

    def read(self, run: str) -> Run | None:
        """Give a run, or None where none is kept by this name. Raises `StateUnusable` (`run-unreadable`)."""

    def prune(self, before: str) -> int:
        """Remove the runs whose names sort before this; give how many there were. Raises `LocalDisk`."""


class History:
    """Fills `Runs` with a folder, a file a run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, run: Run) -> None:
        """Write a private file."""
        write_file(self._file(run.run), encode_run(run))

    def names(self) -> Sequence[str]:
        """Give the names of files that could be records."""
        found = [file.stem for file in self._folder.glob(f"*{_SUFFIX}")]
        return sorted((name for name in found if _NAME.fullmatch(name)), reverse=True)

    def read(self, run: str) -> Run | None:
        """Read a file."""
        if not _NAME.fullmatch(run):
            return None
        try:
            raw = self._file(run).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            told = f"{self._file(run)}: {error.strerror}."
            raise StateUnusable("the record of a run cannot be read", told, code="run-unreadable") from error
        return _decoded(raw, str(self._file(run)))

    def prune(self, before: str) -> int:
        """Remove files, and what runs that were killed while they wrote one have left of it."""
        old = [name for name in self.names() if name < before]
        files = [self._file(name) for name in old]
        files += [left for left in self._folder.glob(f".*{_SUFFIX}.*.tmp") if left.name[1:] < before]
        for file in files:
            with disk(file):
                file.unlink(missing_ok=True)
        return len(old)

    def _file(self, run: str) -> Path:
        return self._folder / f"{run}{_SUFFIX}"


class SharedHistory:
    """Fills `Runs` beside a shared state; where there is one document only, within its next version, the newest."""

    def __init__(self, documents: Documents, state: SharedState) -> None:
        self._documents = documents
        self._state = state
        self._written: set[str] = set()

    def write(self, run: Run) -> None:
        """Write a document, sealed as the state is."""
        told = encode_run(run)
        if self._single:
            self._keep(run.run, told)
        elif run.run in self._written:
            self._documents.write(_document(run.run), told)
        else:
            self._documents.create(_document(run.run), told)
            self._written.add(run.run)

    def _keep(self, run: str, told: bytes) -> None:
        kept, size = [told.rstrip(b"\n")], len(told)
        for line in self._state.runs:
            if _name(line) == run:
                continue
            size += len(line)
            if size <= _MOST_IN_A_SINGLE_DOCUMENT:
                kept.append(line)
        self._state.keep_runs(kept)

    def names(self) -> Sequence[str]:
        """Give the names of documents that could be records; of the single one the state must have been loaded."""
        if self._single:
            return sorted(filter(_NAME.fullmatch, map(_name, self._state.runs)), reverse=True)
        found = [name.removeprefix(_FOLDER).removesuffix(_SUFFIX) for name in self._documents.backend.names(_FOLDER)]
        return sorted(filter(_NAME.fullmatch, found), reverse=True)

    def read(self, run: str) -> Run | None:
        """Read a document."""
        if not _NAME.fullmatch(run):
            return None
        shown = f"{self._documents.shown} ({run})"
        if self._single:
            return next((_decoded(line, shown) for line in self._state.runs if _name(line) == run), None)
        raw = self._documents.read(_document(run))
        return _decoded(raw, shown) if raw is not None else None

    def prune(self, before: str) -> int:
        """Remove documents."""
        old = [name for name in self.names() if name < before]
        if self._single:
            if old:
                self._state.keep_runs([line for line in self._state.runs if _name(line) not in old])
            return len(old)
        for name in old:
            self._documents.remove(_document(name))
        return len(old)

    @property
    def _single(self) -> bool:
        return self._documents.backend.single


class _Named(msgspec.Struct):
    run: str


_named = msgspec.json.Decoder(_Named)


def _name(line: bytes) -> str:
    """Give a record's name, and nothing for what is none."""
    try:
        return _named.decode(line).run
    except msgspec.MsgspecError:
        return ""


def _document(run: str) -> str:
    return f"{_FOLDER}{run}{_SUFFIX}"


def _decoded(raw: bytes, shown: str) -> Run:
    try:
        return decode_run(raw)
    except StateUnusable as error:
        raise StateUnusable(error.summary, f"{shown}: {error.detail}", code=error.code) from error
