"""What a command could not have to begin with, where it goes on without."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from reconciler.errors import Interrupted, ReconcilerError

Had = TypeVar("Had")


@dataclass(slots=True, kw_only=True)
class Lacking:
    """The errors of what could not be had, by its name."""

    lenient: bool
    """Whether the command goes on; else the first error ends it."""
    errors: dict[str, ReconcilerError] = field(default_factory=dict)

    def tried(self, name: str, have: Callable[[], Had]) -> Had | None:
        """Give what is to be had, or None and remember why."""
        try:
            return have()
        except ReconcilerError as error:
            if not self.lenient or isinstance(error, Interrupted):
                raise
            self.errors[name] = error
            return None
