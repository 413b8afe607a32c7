"""How long a newcomer takes with the tutorial: the words to read, what is shown included, and the keys to press.

python -m tests.docs.pace
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tests.docs.pages import DOCS

PAGE = DOCS / "tutorial" / "first-apply.md"
WORDS_A_MINUTE = 200
"""What an adult reads of plain prose, on the slow side."""
KEYS_A_MINUTE = 200
"""Forty words of five letters: an average typist."""

_EDITS = 60
"""The keys of what the prose asks for besides: two words changed, quotes taken and given, a block deleted, a yes."""

_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_WORD = re.compile(r"[A-Za-z0-9][\w'-]*")
_LINK = re.compile(r"\]\([^)]*\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What a page asks of whoever goes through it."""

    words: int
    keys: int

    @property
    def minutes(self) -> float:
        """How long that takes, waiting for the program not counted."""
        return self.words / WORDS_A_MINUTE + self.keys / KEYS_A_MINUTE


def pace(page: Path) -> Pace:
    """Count a page: prose and outputs are read, shells' lines and files are typed."""
    text = page.read_text(encoding="utf-8")
    read, typed = [_FENCE.sub("", text)], []
    for block in _FENCE.finditer(text):
        lines = block["body"].splitlines()
        if block["language"] == "text":
            typed += [line[2:] for line in lines if line.startswith("$ ")]
            read += [line for line in lines if not line.startswith("$ ")]
        else:
            typed += [line.partition("   #")[0].rstrip() for line in lines]
    words = sum(len(_WORD.findall(_LINK.sub("]", part))) for part in read)
    return Pace(words=words, keys=sum(len(line) + 1 for line in typed) + _EDITS)


if __name__ == "__main__":
    found = pace(PAGE)
    print(f"{found.words} words to read, {found.keys} keys to press: {found.minutes:.1f} minutes")  # noqa: T201 - a script
