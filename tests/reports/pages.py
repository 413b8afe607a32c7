"""A page read back as a browser would: its elements with their attributes, and the text of each card."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from reconciler.core.change import Plan
from reconciler.providers.freshbooks.wire import CLIENT
from reconciler.reports.html import render_html
from reconciler.reports.options import RenderOptions

OPTIONS = RenderOptions(kind=CLIENT)
Element = tuple[str, tuple[tuple[str, str | None], ...]]


@dataclass(slots=True)
class Read:
    """What a page holds."""

    elements: list[Element] = field(default_factory=list)
    cards: dict[str, str] = field(default_factory=dict)
    """The text of each change by its address, blanks made one."""
    text: str = ""
    """Everything that is shown."""
    blocks: dict[str, str] = field(default_factory=dict)
    """The style and the script."""

    def attribute(self, tag: str, name: str) -> list[str]:
        """Give an attribute of every element of a kind that has it."""
        return [dict(found)[name] or "" for kind, found in self.elements if kind == tag and name in dict(found)]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.read = Read()
        self._block = ""
        self._card = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.read.elements.append((tag, tuple(attrs)))
        self._block = tag if tag in {"style", "script"} else ""
        if tag == "details":
            self._card = dict(attrs).get("id") or ""
            if self._card:
                assert self._card not in self.read.cards
                self.read.cards[self._card] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag in {"style", "script"}:
            self._block = ""
        if tag == "details":
            self._card = ""

    def handle_data(self, data: str) -> None:
        if self._block:
            self.read.blocks[self._block] = self.read.blocks.get(self._block, "") + data
            return
        self.read.text += data + " "
        if self._card:
            self.read.cards[self._card] += data + " "


def read(page: str) -> Read:
    """Read a page."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    reader.read.cards = {address: " ".join(text.split()) for address, text in reader.read.cards.items()}
    reader.read.text = " ".join(reader.read.text.split())
    return reader.read


def page_of(plan: Plan, options: RenderOptions = OPTIONS) -> Read:
    """Render a plan, and read the page."""
    return read(render_html(plan, options))
