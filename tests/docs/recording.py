"""The demo at a terminal as it runs now, and the text that a picture of it shows; docs/images/record.py makes one."""

from __future__ import annotations

import subprocess
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

from tests.cli.program import ESCAPES, at_terminal

PICTURE = Path(__file__).parents[2] / "docs/images/demo.svg"
COLUMNS, ROWS = 80, 24
PROMPT = "$ "
COMMAND = "reconciler demo"
LETTER_WIDTH, FONT_HEIGHT, LINE_HEIGHT = 12.2, 20.0, 24.4
"""What rich gives a letter and a line in a picture."""


@cache
def painted() -> str:
    """Run the demo at a terminal; give what it wrote there, with its colours."""
    # Nobody sits there, so that no bar moves: what is written stays.
    with at_terminal(*COMMAND.split()[1:], columns=COLUMNS, streams={"stdin": subprocess.DEVNULL}) as terminal:
        code = terminal.ends()
    assert code == 0, terminal.seen
    return terminal.seen


def printed() -> str:
    """Give the same without colours."""
    return ESCAPES.sub("", painted())


def session(text: str) -> list[str]:
    """Give the lines of a terminal at which the demo is called for and has written this."""
    return [PROMPT + COMMAND, *text.splitlines(), PROMPT]


class Picture(HTMLParser):
    """What a picture consists of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements = set[str]()
        self.attributes = set[str]()
        self._pieces = list[tuple[float, float, str]]()
        self._at: tuple[float, float] | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Hear of an element."""
        self.elements.add(tag)
        named = dict(attrs)
        self.attributes |= named.keys()
        self._at = (float(named["y"] or 0), float(named["x"] or 0)) if tag == "text" else None

    def handle_data(self, data: str) -> None:
        """Hear of a text."""
        if self._at is not None:
            self._pieces.append((*self._at, data.replace("\xa0", " ")))

    def handle_endtag(self, tag: str) -> None:
        """Hear of the end of an element."""
        if tag == "text":
            self._at = None

    @property
    def lines(self) -> list[str]:
        """Give the lines of the whole session, whichever of them the window shows at a time."""
        found: list[str] = []
        for y, x, text in sorted(self._pieces):
            row = round((y - FONT_HEIGHT) / LINE_HEIGHT)
            found += [""] * (row + 1 - len(found))
            found[row] = found[row].ljust(round(x / LETTER_WIDTH)) + text
        return found
