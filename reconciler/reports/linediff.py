"""Two texts of several lines as one list of lines, each kept, gone or new. It escapes and colours nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

Line = tuple[str, str]
"""A sign (` ` kept, `-` gone, `+` new, `…` left out) and the line, or how many lines are left out."""

_AROUND = 2
"""Kept lines that are shown on either side of a difference; arbitrary: enough to see where one is."""
_MOST = 250_000
"""Pairs of lines that are compared one with the other; arbitrary: a hundredth of a second."""


def line_changes(before: str, after: str) -> list[Line]:
    """Give the lines of both texts in order, long runs of kept ones shortened to a count."""
    old, new = _lines(before, after), _lines(after, before)
    return list(_shortened(list(compared(old, new))))


def _lines(text: str, other: str) -> list[str]:
    """Part a text into lines; carriage returns and a last line break are shown only where they are a difference."""
    if "\r" in text and _ends_alike(text) and _ends_alike(other):
        text = text.replace("\r\n", "\n")
    if text.endswith("\n") and (not other or other.endswith("\n")):
        text = text[:-1]
    return text.split("\n") if text else []


def _ends_alike(text: str) -> bool:
    return text.count("\r\n") == text.count("\n") == text.count("\r")


def compared(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    """Give every line of both, each kept, gone or new."""
    # What both begin and end with is set aside first: it is most of a long text, and the rest takes the square of time.
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    yield from ((" ", line) for line in old[:start])
    yield from _compared(old[start : len(old) - end], new[start : len(new) - end])
    yield from ((" ", line) for line in old[len(old) - end :])


def _compared(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    if len(old) * len(new) > _MOST:
        yield from (("-", line) for line in old)
        yield from (("+", line) for line in new)
        return
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from ((" ", line) for line in old[i:j])
        else:
            yield from (("-", line) for line in old[i:j])
            yield from (("+", line) for line in new[k:m])


def _shortened(lines: Sequence[Line]) -> Iterator[Line]:
    """Replace the middle of each long run of kept lines by its length."""
    at = 0
    while at < len(lines):
        end = at
        while end < len(lines) and lines[end][0] == " ":
            end += 1
        first = at + _AROUND if at else 0
        last = end - _AROUND if end < len(lines) else end
        if last - first > 1:
            yield from lines[at:first]
            yield ("…", str(last - first))
            yield from lines[last:end]
        else:
            yield from lines[at:end]
        if end < len(lines):
            yield lines[end]
        at = end + 1
