"""Colour where it belongs, and how wide a text is; what is foreign is made harmless by `safe.py`."""

from __future__ import annotations

import unicodedata

from reconciler.reports.safe import plain, quoted

__all__ = ["cells", "paint", "plain", "quoted"]

_CODES = {"red": "31", "green": "32", "yellow": "33", "cyan": "36", "bold": "1", "dim": "2", "magenta": "35"}


def paint(text: str, *styles: str, colour: bool) -> str:
    """Give the text in these styles, or as it is."""
    if not colour or not text or not styles:
        return text
    return f"\x1b[{';'.join(_CODES[style] for style in styles)}m{text}\x1b[0m"


def cells(text: str) -> int:
    """Give how many columns a terminal needs for a text that only prints."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in {"W", "F"} else 1
        for letter in text
    )
