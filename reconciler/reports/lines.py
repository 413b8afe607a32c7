"""A value of several lines, line by line: what stays, what goes, what comes.

Each line stands in quotes, so that none of a stranger's can read as one of ours, and blanks at its end are seen.
"""

from __future__ import annotations

from itertools import groupby

from reconciler.core.change import AttributeChange
from reconciler.core.resource import Value
from reconciler.reports.linediff import compared
from reconciler.reports.safe import quoted

_AROUND = 3
"""Lines that stay, shown on each side of those that do not."""

Line = tuple[str, str]
"""The sign, and the line as it may be shown."""


def differing(attribute: AttributeChange, *, hidden: bool = False) -> list[Line]:
    """Give the lines of a change of which a side has several; none for any other."""
    before, after = attribute.before, attribute.after
    if hidden or not (_several(before) or _several(after)):
        return []
    changes = list(compared(_lines(before), _lines(after)))
    told: list[Line] = []
    at = 0
    for stays, found in groupby(changes, key=lambda each: each[0] == " "):
        run = list(found)
        first, at = at == 0, at + len(run)
        if stays:
            told += _staying([line for _, line in run], first=first, last=at == len(changes))
        else:
            told += [(sign, quoted(line)) for sign, line in run]
    return told


def _several(value: Value) -> bool:
    return isinstance(value, str) and "\n" in value


def _lines(value: Value) -> list[str]:
    return value.split("\n") if isinstance(value, str) and value else []


def _staying(lines: list[str], *, first: bool, last: bool) -> list[Line]:
    """Give lines that stay, without those that are far from any that does not."""
    head, tail = (0 if first else _AROUND), (0 if last else _AROUND)
    left_out = len(lines) - head - tail
    if left_out <= 1:
        return [(" ", quoted(line)) for line in lines]
    kept = [(" ", quoted(line)) for line in lines[:head]]
    kept.append((" ", f"# ({left_out} unchanged lines)"))
    return kept + [(" ", quoted(line)) for line in lines[len(lines) - tail :]]
