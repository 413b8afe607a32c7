"""What an unquoted YAML scalar means by YAML 1.2's core schema: `no`, `ON`, `12:30` and dates are text. Pure."""

from __future__ import annotations

import re

_CONSTANTS: dict[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_NUMBER_STARTS = frozenset("0123456789+-.")
# https://yaml.org/spec/1.2.2/#103-core-schema
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_LONGEST_NUMBER = 18
_UNWANTED = 2.0**51 + 0.5
"""Stands for every number that nothing can be: no whole one, and larger than any that is wanted."""


def resolve(text: str) -> str | int | float | bool | None:
    """Give the value of a plain scalar; those that nothing can be come back as one and the same."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in _NUMBER_STARTS:
        return text
    if _INTEGER.fullmatch(text):
        if len(text) > _LONGEST_NUMBER:
            return _UNWANTED
        return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
    return _real(text) if _FLOAT.fullmatch(text) else text


def _real(text: str) -> int | float:
    # Infinite, or no number at all, ends in a letter.
    number = _UNWANTED if text[-1].isalpha() else float(text)
    if not -_UNWANTED < number < _UNWANTED:
        return _UNWANTED
    return int(number) if number.is_integer() else number
