"""A value of several lines, line by line: what stays, what goes, what comes.

Each line stands in quotes, so that none of a stranger's can read as one of ours, and blanks at its end are seen.
"""

from __future__ import annotations

from difflib import SequenceMatcher

from reconciler.core.change import AttributeChange
from reconciler.core.resource import Value
from reconciler.reports.safe import quoted

_AROUND = 3
"""Lines that stay, shown on each side of those that do not."""
_MOST = 400
"""Lines on one side that are compared one by one; more are shown as gone and come, for comparing costs the product."""

Line = tuple[str, str]
"""The sign, and the line as it may be shown."""


def differing(attribute: AttributeChange, *, hidden: bool = False) -> list[Line]:
    """Give the lines of a change of which a side has several; none for any other."""
    before, after = attribute.before, attribute.after
    if hidden or not (_several(before) or _several(after)):
        return []
    old, new = _lines(before), _lines(after)
    if max(len(old), len(new)) > _MOST:
        return [*(("-", quoted(line)) for line in old), *(("+", quoted(line)) for line in new)]
    told: list[Line] = []
    opcodes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    for number, (tag, first, last, new_first, new_last) in enumerate(opcodes):
        if tag == "equal":
            told += _staying(old[first:last], first=number == 0, last=number == len(opcodes) - 1)
        else:
            told += [("-", quoted(line)) for line in old[first:last]]
            told += [("+", quoted(line)) for line in new[new_first:new_last]]
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
