"""Colour where it belongs, and foreign text that cannot do anything to a terminal or a log."""

from __future__ import annotations

import unicodedata

_CODES = {"red": "31", "green": "32", "yellow": "33", "cyan": "36", "bold": "1", "dim": "2", "magenta": "35"}

# Direction marks and overrides can make a line read as what it is not (CVE-2021-42574); these and all control
# characters are spelled out.
_DECEIVING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029\ufeff")
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
    """Give a foreign text without quotes, made harmless the same way; line breaks and quotes stay as they are."""
    if value.isascii() and value.isprintable():
        return value
    return "".join(letter if letter in '\n"\\' else _spelled(letter) for letter in value)


def _spelled(letter: str) -> str:
    if letter in _NAMED:
        return _NAMED[letter]
    if letter in _DECEIVING or unicodedata.category(letter) in {"Cc", "Cs", "Co", "Cn"}:
        return f"\\u{ord(letter):04x}" if ord(letter) < 0x10000 else f"\\U{ord(letter):08x}"  # noqa: PLR2004 - four digits reach so far
    return letter
