"""A problem that a person can act on, and the place in a file that it speaks of.

It does not print: `reports/` turns diagnostics into text, JSON and the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A place in a file: `file` as the user would type it, line and column from 1."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Severity(StrEnum):
    """How much a diagnostic matters: an error stops, a warning and a note do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One problem: `summary` without user data, `detail` with what, why, and what to do next."""

    code: str
    """Stable and kebab-case (`unknown-key`); what `explain` and tests refer to."""
    summary: str
    detail: str = ""
    severity: Severity = Severity.ERROR
    position: Position | None = None
    excerpt: str = ""
    """The source line that `position` names, without its line break; empty where there is none."""
    address: str = ""


def one_line(text: str) -> str:
    """Spell out line breaks: who named a record, a key or a file must not add a line to those that a person is told."""
    return text.replace("\r", "\\r").replace("\n", "\\n")


def listed(names: Sequence[str], most: int) -> str:
    """Give the first names, and say how many more there are."""
    left = len(names) - most
    return ", ".join(names[:most]) + (f" and {left} more" if left > 0 else "")
