"""The records of runs: what each change was before and after, one private file a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from reconciler.core.outcome import Outcome
from reconciler.store.durable import write_file


class History:
    """A folder of run records."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, run: str, account: str, began: str, outcomes: Sequence[Outcome]) -> None:
        """Write down one run; personal values are in it, so it is private. Raises `LocalDisk`."""
        told = {
            "format": 1,
            "run": run,
            "account": account,
            "began": began,
            "outcomes": [
                {"result": outcome.result, "reason": outcome.reason, "change": outcome.change} for outcome in outcomes
            ],
        }
        write_file(self._folder / f"{run}.json", msgspec.json.encode(told, order="deterministic") + b"\n")
