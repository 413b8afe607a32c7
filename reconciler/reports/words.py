"""Sentences: numbers with their nouns, and prose that is never wider than the reader's terminal."""

from __future__ import annotations

import textwrap

from reconciler.reports.options import RenderOptions
from reconciler.reports.paint import paint


def counted(count: int, noun: str) -> str:
    """Give `1 client`, `2 clients`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def span(seconds: float) -> str:
    """Give a length of time in its two largest units: `3 days`, `11 h 20 min`, `45 s`."""
    left = round(abs(seconds))
    for size, unit, below, small in ((86_400, "day", 0, ""), (3_600, "h", 60, "min"), (60, "min", 1, "s")):
        if left >= 2 * size or (below and left >= size):
            number, rest = divmod(left, size)
            told = counted(number, unit) if unit == "day" else f"{number} {unit}"
            return told + (f" {rest // below} {small}" if below and rest // below else "")
    return f"{left} s"


def wrapped(text: str, width: int, *, indent: str = "") -> list[str]:
    """Give the lines of one paragraph; no word is broken, since it may be one to paste."""
    return textwrap.wrap(
        text, width, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def sentence(text: str, options: RenderOptions, head: str = "", *styles: str) -> str:
    """Give a paragraph within the width; `head`, with which it begins, is painted."""
    told = "\n".join(wrapped(text, options.width))
    return paint(head, *styles, colour=options.colour) + told[len(head) :] if told.startswith(head) else told
