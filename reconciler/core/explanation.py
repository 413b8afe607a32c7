"""What a code, an exit code or a word means, for a person who meets it; and how one is found by what was pasted.

The texts stand in `reconciler/explanations/`, once; this reads no file and renders nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

ANYTHING = "..."
"""Stands in a summary for what differs each time: a number, an option's name."""


class Sort(StrEnum):
    """What is explained."""

    CODE = "code"
    """Of an error, a question, a guard or a note."""
    EXIT = "exit"
    """The number that the program ends with."""
    WORD = "word"
    """What plans and tables are told in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One summary that a code is printed as, and what it says in particular, where there is more than one."""

    text: str
    told: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A mistake, small, and what is printed for it; without a file it is only what is printed."""

    prints: str
    file: str = ""
    content: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One entry. Texts are paragraphs, parted by empty lines; what is to be typed stands indented by four blanks."""

    name: str
    sort: Sort
    group: str
    about: str
    """What everything of its group has in common."""
    brief: str
    exits: tuple[int, ...] = ()
    printed: tuple[Summary, ...] = ()
    meaning: str
    remedy: str = ""
    example: Example | None = None
    see: str = ""
    """A page below docs/, perhaps with an anchor."""
    script: str = ""
    """Of an exit code: what a script does about it, after "a script"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Entries that belong together, in the order in which they are listed."""

    title: str
    about: str
    sort: Sort
    entries: tuple[Explanation, ...]


Catalogue = Sequence[Group]


def entries(catalogue: Catalogue) -> Iterator[Explanation]:
    """Give all entries, in their order."""
    for group in catalogue:
        yield from group.entries


# Finding.

_BAR = re.compile(r"^[ \t]*[|\u2502!][ \t]?", re.MULTILINE)
_BRACKETS = re.compile(r"\[([a-z][a-z0-9-]*)\]")
_SEVERITY = re.compile(r"^(?:error|warning|note): *")
_EXIT = re.compile(r"^\[?exit(?: code)? ([0-9]+)\]?$")


def find(catalogue: Catalogue, text: str) -> list[Explanation]:
    """Give what a name means, or a summary or message that was pasted; capitals do not matter.

    A name can be that of a code and of a word; then it is both.
    """
    pasted = " ".join(_BAR.sub("", text).lower().split())
    every = list(entries(catalogue))
    for code in _BRACKETS.findall(pasted):
        if found := [entry for entry in every if entry.sort is Sort.CODE and entry.name == code]:
            return found
    bare = _EXIT.sub(r"\1", _SEVERITY.sub("", pasted)).rstrip(".")
    if found := [entry for entry in every if entry.name in {bare, bare.replace("_", "-")}]:
        return found
    return [entry for entry in every if summary_of(entry, bare) is not None]


def summary_of(entry: Explanation, pasted: str) -> Summary | None:
    """Give the summary of an entry that a text is, if one is."""
    return next((summary for summary in entry.printed if _pattern(summary.text).fullmatch(pasted)), None)


def close(catalogue: Catalogue, text: str) -> list[str]:
    """Give the names that may have been meant: at most three, the most likely first."""
    known: dict[str, str] = {}
    for entry in entries(catalogue):
        known[entry.name] = entry.name
        known |= {summary.text.lower(): entry.name for summary in entry.printed}
    found = get_close_matches(" ".join(text.lower().split()), known, n=3)
    return list(dict.fromkeys(known[name] for name in found))


def leading_to(catalogue: Catalogue, code: int) -> list[Explanation]:
    """Give the codes that an exit code can come from."""
    return [entry for entry in entries(catalogue) if entry.sort is Sort.CODE and code in entry.exits]


def _pattern(summary: str) -> re.Pattern[str]:
    parts = map(re.escape, summary.lower().rstrip(".").split(ANYTHING))
    return re.compile(".+".join(parts))
