"""Foreign text made safe for the surface it is shown on; `safe` is the only way from a value to an output.

A client can name itself, so every value is a stranger's. It decides nothing about what may be shown (`hiding.py`).
"""

from __future__ import annotations

import re
import unicodedata
from enum import Enum
from functools import lru_cache
from html import escape
from typing import assert_never


class Surface(Enum):
    """Where a text is shown, and so what it could do there."""

    TERMINAL = "terminal"
    """One line that only prints; quotes stay as they are. Terminals, logs, files of text."""
    QUOTED = "quoted"
    """The same in double quotes, from which the value reads back as it was."""
    MARKDOWN = "markdown"
    """A code span: no tag, link, image or mention can come of it."""
    HTML = "html"
    """Text of an element or of a quoted attribute."""
    CSV = "csv"
    """A cell that no spreadsheet takes for a formula; quoting it is the writer's business."""
    JSON = "json"
    """For programs: exact, the encoder escapes what must be."""


def safe(text: str, surface: Surface) -> str:
    """Give a foreign text such that it can only be read where it is shown."""
    match surface:
        case Surface.TERMINAL:
            return plain(text)
        case Surface.QUOTED:
            return quoted(text)
        case Surface.MARKDOWN:
            return _code_span(plain(text))
        case Surface.HTML:
            return escape(plain(text))
        case Surface.CSV:
            return _cell(text)
        case Surface.JSON:
            return text
        case _:
            assert_never(surface)


# Terminals. Control characters move a cursor; format characters (zero-width ones, tags, direction marks) can make a
# line read as what it is not (CVE-2021-42574); separators, private and unassigned ones are whatever a terminal makes
# of them.
_SPELLED_OUT = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}
# Letters and marks that leave no trace: joiners, fillers, variation selectors (Default_Ignorable_Code_Point), a blank.
_UNSEEN = "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef"
_INVISIBLE = re.compile(f"[{_UNSEEN}]")


def plain(value: str) -> str:
    """Give a foreign text without quotes as one line, made harmless; quotes and backslashes stay as they are."""
    if value.isprintable() and not (_INVISIBLE.search(value) and not value.isascii()):
        return value
    return "".join(letter if letter in '"\\' else _spelled(letter) for letter in value)


def quoted(value: str) -> str:
    """Give a foreign text in double quotes, everything that is not plain print spelled out as JSON does."""
    if value.isascii() and value.isprintable() and '"' not in value and "\\" not in value:
        return f'"{value}"'
    return f'"{"".join(map(_spelled, value))}"'


@lru_cache(maxsize=4096)
def _spelled(letter: str) -> str:
    if letter in _NAMED:
        return _NAMED[letter]
    if unicodedata.category(letter) in _SPELLED_OUT or _INVISIBLE.match(letter):
        return _code_point(letter)
    return letter


def _code_point(letter: str) -> str:
    return f"\\u{ord(letter):04x}" if ord(letter) < 0x10000 else f"\\U{ord(letter):08x}"  # noqa: PLR2004 - four digits reach so far


# Logs that a runner reads. GitHub: https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs;
# Azure: https://github.com/microsoft/azure-pipelines-agent, src/Microsoft.VisualStudio.Services.Agent/Command.cs.

_MARK = re.compile("##|::|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f]")
_COMMAND = re.compile(r"(?P<sign>\#\#(?:vso)?)\[", re.IGNORECASE)
# What begins a colour is skipped as well, and its bracket would be taken for that of a command.
_COLOURED_COMMAND = re.compile(r"\#(?P<rest>\#(?:vso)?\x1b+\[)", re.IGNORECASE)
_AT_THE_BEGINNING = re.compile(r"^(?P<blanks>\s*):(?=:)", re.MULTILINE)
# Both compare by the rules of a language, which skip what cannot be seen; JSON has it as it is. Colours stay.
_FORMATTING = (
    "\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb"
    "\U000e0000-\U000e0fff"
)
_SKIPPED = re.compile(f"[{_FORMATTING}{_UNSEEN}]")


def unheeded(output: str) -> str:
    """Give a whole output as a text in which a CI runner finds no command; as JSON it means the same."""
    if _MARK.search(output) or not output.isascii():
        output = _SKIPPED.sub(lambda found: _as_json(found[0]), output)
        output = _COMMAND.sub(r"\g<sign>\\u005b", output)
        output = _COLOURED_COMMAND.sub(r"\\u0023\g<rest>", output)
        output = _AT_THE_BEGINNING.sub(r"\g<blanks>\\u003a", output)
    return output


def _as_json(letter: str) -> str:
    """Spell a letter as JSON does: beyond four digits in two halves."""
    units = letter.encode("utf-16-be")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04x}" for at in range(0, len(units), 2))


# Markdown.

_BACKTICKS = re.compile("`+")


def longest_run(text: str) -> int:
    """Give the length of the longest run of backticks."""
    return max((len(run) for run in _BACKTICKS.findall(text)), default=0)


def fence(text: str) -> str:
    """Give a fence that no line of the text can close."""
    return "`" * max(3, longest_run(text) + 1)


def _code_span(text: str) -> str:
    """Put one line into a code span; a blank at each end keeps its own backticks and blanks."""
    ticks = "`" * (longest_run(text) + 1)
    inside = text if text.strip("` ") == text and text else f" {text} "
    return f"{ticks}{inside}{ticks}"


# Spreadsheets: https://owasp.org/www-community/attacks/CSV_Injection; the wide forms are taken for the same.

_FORMULA = re.compile("'*\\s*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def _cell(text: str) -> str:
    """Put an apostrophe before what begins like a formula; `uncelled` takes it away again."""
    return f"'{text}" if _FORMULA.match(text) else text


def uncelled(cell: str) -> str:
    """Give the value back that `safe` made a cell of."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
