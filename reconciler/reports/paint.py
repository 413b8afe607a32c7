"""Colour where it belongs, and foreign text that cannot do anything to a terminal or a log."""

from __future__ import annotations

import unicodedata

_CODES = {"red": "31", "green": "32", "yellow": "33", "cyan": "36", "bold": "1", "dim": "2", "magenta": "35"}

# Control characters move a cursor; format characters (zero-width ones, tags, direction marks) can make a line read as
# what it is not (CVE-2021-42574); separators, private and unassigned ones are whatever a terminal makes of them.
_SPELLED_OUT = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}


def paint(text: str, *styles: str, colour: bool) -> str:
    """Give the text in these styles, or as it is."""
    if not colour or not text or not styles:
        return text
    return f"\x1b[{';'.join(_CODES[style] for style in styles)}m{text}\x1b[0m"


def quoted(value: str) -> str:
    """Give a foreign text in double quotes, everything that is not plain print spelled out."""
    return f'"{"".join(map(_spelled, value))}"'


def plain(value: str) -> str:
    """Give a foreign text without quotes as one line, made harmless the same way; quotes stay as they are."""
    if value.isascii() and value.isprintable():
        return value
    return "".join(letter if letter in '"\\' else _spelled(letter) for letter in value)


def cells(text: str) -> int:
    """Give how many columns a terminal needs for a text that only prints."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in {"W", "F"} else 1
        for letter in text
    )


def _spelled(letter: str) -> str:
    if letter in _NAMED:
        return _NAMED[letter]
    if unicodedata.category(letter) in _SPELLED_OUT:
        return f"\\u{ord(letter):04x}" if ord(letter) < 0x10000 else f"\\U{ord(letter):08x}"  # noqa: PLR2004 - four digits reach so far
    return letter
