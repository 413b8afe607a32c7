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


def resolve(text: str) -> str | int | float | bool | None:
    """Give the value of a plain scalar; numbers that no id can be come back as floats."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in _NUMBER_STARTS:
        return text
    if _INTEGER.fullmatch(text):
        if len(text) > _LONGEST_NUMBER:
            return 0.5
        return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
    # The value itself is never used: wherever a text is wanted, any number is refused with its own spelling.
    return 0.5 if _FLOAT.fullmatch(text) else text
