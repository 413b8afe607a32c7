"""The records of runs: what each change was before and after, one private document a run. It does not read them yet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from reconciler.core.outcome import Outcome
from reconciler.store.documents import Documents
from reconciler.store.durable import write_file
from reconciler.store.shared import SharedState

_MOST_IN_A_SINGLE_DOCUMENT = 2 * 1024 * 1024
"""Arbitrary: it travels with every write of the state."""


class Runs(Protocol):
    """Where the records of runs are kept."""

    def write(self, run: str, account: str, began: str, outcomes: Sequence[Outcome]) -> None:
        """Write down one run; personal values are in it. Raises `LocalDisk` or `StateUnusable`."""


def encoded(run: str, account: str, began: str, outcomes: Sequence[Outcome]) -> bytes:
    """Give the record of one run, on one line."""
    told = {
        "format": 1,
        "run": run,
        "account": account,
        "began": began,
        "outcomes": [
            {"result": outcome.result, "reason": outcome.reason, "change": outcome.change} for outcome in outcomes
        ],
    }
    return msgspec.json.encode(told, order="deterministic") + b"\n"


class History:
    """Fills `Runs` with a folder, a file a run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, run: str, account: str, began: str, outcomes: Sequence[Outcome]) -> None:
        """Write a private file. Raises `LocalDisk`."""
        write_file(self._folder / f"{run}.json", encoded(run, account, began, outcomes))


class SharedHistory:
    """Fills `Runs` beside a shared state; where there is one document only, within its next version, the newest."""

    def __init__(self, documents: Documents, state: SharedState) -> None:
        self._documents = documents
        self._state = state

    def write(self, run: str, account: str, began: str, outcomes: Sequence[Outcome]) -> None:
        """Write a document, sealed as the state is. Raises `StateUnusable`."""
        told = encoded(run, account, began, outcomes)
        if self._documents.backend.single:
            self._state.keep_run(told.rstrip(b"\n"), _MOST_IN_A_SINGLE_DOCUMENT)
        else:
            self._documents.create(f"runs/{run}.json", told)
