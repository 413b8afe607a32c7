"""One value as a YAML scalar that reads back as just that value, here and with readers of older YAML.

Plain where nobody could take it for anything else, else quoted, a text of several lines as a block. It knows no key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from reconciler.core.resource import Value
from reconciler.documents.scalars import resolve

WIDTH = 100
"""Arbitrary: where a paragraph is folded."""
LONG = 120
"""Arbitrary: a text of one line that is longer is folded."""

# YAML 1.1, which many tools still read: https://yaml.org/type/
_OLD_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))
_OLD_NUMBER = re.compile(
    r"[-+]?[0-9][0-9_,]*(\.[0-9_]*)?([eE][-+]?[0-9]*)?|[-+]?\.[0-9_]+([eE][-+]?[0-9]+)?"
    r"|[-+]?0[bBoOxX][0-9a-fA-F_]+|[-+]?[0-9][0-9_]*(:[0-9_]+)+(\.[0-9_]*)?|[-+]?\.(inf|Inf|INF|nan|NaN|NAN)"
)
_OLD_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?")
_PLAIN_START = re.compile(r"[^\W_]|[(+/$\u20ac\u00a3_.]")
_NOT_PLAIN = re.compile(r":(?=\s|$)|\s#")
_NOT_IN_FLOW = re.compile(r"[,\[\]{}:?]")
_NAMED = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\", "\0": "\\0"}


def scalar(value: Value | int, *, flow: bool = False) -> str:
    """Give a value on one line; `flow` says that it stands between braces."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case _:
            return value if _is_plain(value, flow=flow) else quoted(value)


def _is_plain(text: str, *, flow: bool) -> bool:
    if not text.isprintable() or not _PLAIN_START.match(text) or text.endswith(" "):
        return False
    if _NOT_PLAIN.search(text) or (flow and _NOT_IN_FLOW.search(text)):
        return False
    return isinstance(resolve(text), str) and not _is_something_old(text)


def _is_something_old(text: str) -> bool:
    return (
        text.lower() in _OLD_WORDS or _OLD_NUMBER.fullmatch(text) is not None or _OLD_DATE.fullmatch(text) is not None
    )


def quoted(text: str) -> str:
    """Give a text in double quotes, on one line; what cannot be seen is spelt out."""
    return f'"{"".join(map(_spelt, text))}"'


def _spelt(letter: str) -> str:
    if letter in _NAMED:
        return _NAMED[letter]
    if letter.isprintable():
        return letter
    code = ord(letter)
    if code <= 0xFF:  # noqa: PLR2004 - two digits reach so far
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - four digits reach so far


def block(value: Value | int) -> tuple[str, list[str]] | None:
    """Give a long text as a block: its sign (`|`, `>-`) and its lines, yet to be indented; None where one line is best.

    Only what survives an editor becomes a block: no blanks at the end of a line, no line that begins with one.
    """
    if not isinstance(value, str) or (len(value) <= LONG and "\n" not in value):
        return None
    body, ending = (value[:-1], "") if value.endswith("\n") else (value, "-")
    lines = body.split("\n")
    if not (lines[0] and lines[-1]) or any(_is_fragile(line) for line in lines):
        return None
    if len(lines) > 1:
        return f"|{ending}", lines
    folded = list(_folded(body))
    return (f">{ending}", folded) if len(folded) > 1 else None


def _is_fragile(line: str) -> bool:
    return line != line.strip() or not line.isprintable()


def _folded(text: str) -> Iterator[str]:
    """Break a text at single blanks, which a reader puts back."""
    line = ""
    for word in re.split(r"(?<=[^ ]) (?=[^ ])", text):
        if line and len(line) + len(word) >= WIDTH:
            yield line
            line = word
        else:
            line = f"{line} {word}" if line else word
    yield line
