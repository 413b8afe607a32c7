"""One function makes a foreign text safe for its surface, whatever letters it has."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from html import unescape
from html.parser import HTMLParser
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.reports.safe import Surface, fence, plain, quoted, safe, uncelled, unheeded
from tests.reports.hostile import PIECES, commands_in, text

EVERY = [chr(number) for number in range(0x110000)]
UNSEEN_RANGES = (
    *((0x34F, 0x34F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2800, 0x2800), (0x3164, 0x3164)),
    *((0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xE0100, 0xE01EF)),
)
FORMULA = tuple("=+-@\t\r\uff1d\uff0b\uff0d\uff20")
any_text = st.text() | st.lists(st.sampled_from(PIECES), max_size=6).map("".join)


def test_every_code_point_only_prints() -> None:
    """Of all code points none moves a cursor, turns the text, hides or ends the line."""
    for surface in (Surface.TERMINAL, Surface.QUOTED, Surface.HTML, Surface.MARKDOWN):
        shown = set(safe("".join(EVERY), surface))
        bad = {letter for letter in shown if unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}}
        assert bad == set(), surface


@pytest.mark.parametrize(
    "unseen", ["\u034f", "\ufe0f", "\U000e0100", "\u3164", "\u115f", "\u2800", "\u200b", "\U000e0041"]
)
def test_what_nobody_sees_is_spelled_out(unseen: str) -> None:
    """A letter that leaves no trace shows that it is there."""
    assert plain(f"a{unseen}b").startswith("a\\")
    assert quoted(f"a{unseen}b").isascii()


@given(any_text)
def test_a_quoted_text_reads_back(value: str) -> None:
    """What stands in quotes is JSON's, but for what is beyond four digits."""
    if all(ord(letter) < 0x10000 for letter in value):
        assert json.loads(quoted(value)) == value


@given(any_text)
@example("`")
@example(" ` ")
@example("")
def test_a_code_span_cannot_be_left(value: str) -> None:
    """The ticks around a text are a run that does not occur in it."""
    span = safe(value, Surface.MARKDOWN)
    ticks = len(span) - len(span.lstrip("`"))
    inside = span[ticks:-ticks]
    assert span == "`" * ticks + inside + "`" * ticks
    assert "`" * ticks not in inside or "`" * (ticks + 1) in inside
    assert inside.strip(" ") == plain(value).strip(" ")
    assert not inside.startswith("`")
    assert not inside.endswith("`")
    assert "\n" not in span


@given(any_text)
def test_a_fence_cannot_be_closed(value: str) -> None:
    """A fence is longer than every run of backticks in it."""
    assert fence(value) not in value
    assert len(fence(value)) >= 3


class Elements(HTMLParser):
    """Counts what is more than text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Count an element."""
        self.found.append(f"{tag} {attrs}")

    def handle_endtag(self, tag: str) -> None:
        """Count the end of one."""
        self.found.append(tag)

    def handle_comment(self, data: str) -> None:
        """Count a comment."""
        self.found.append(data)

    def handle_decl(self, decl: str) -> None:
        """Count a declaration."""
        self.found.append(decl)

    def handle_data(self, data: str) -> None:
        """Take text."""
        self.text += data


def test_html_has_no_element() -> None:
    """2,000 payloads between tags and in an attribute stay text, and read back."""
    chance = Random(1)
    for _ in range(2_000):
        value = text(chance)
        shown = safe(value, Surface.HTML)
        parser = Elements()
        parser.feed(f'<p title="{shown}">{shown}</p>')
        parser.close()
        assert parser.found == [f"p {[('title', plain(value))]}", "p"]
        assert parser.text == unescape(shown) == plain(value)


@given(any_text)
@example("=1+1")
@example("'=1+1")
@example("\uff1d1")
@example("  +1")
def test_csv_has_no_formula(value: str) -> None:
    """No cell begins like a formula, and the value reads back."""
    cell = safe(value, Surface.CSV)
    assert not cell.lstrip(" ").startswith(FORMULA)
    assert uncelled(cell) == value
    written = io.StringIO()
    csv.writer(written).writerow([cell, "next"])
    if "\0" not in value:
        assert next(csv.reader(io.StringIO(written.getvalue(), newline=""))) == [cell, "next"]


@given(any_text)
def test_json_stays_exact(value: str) -> None:
    """For programs nothing is changed; and what a runner would heed is spelled so that JSON means the same."""
    assert safe(value, Surface.JSON) == value
    for document in (json.dumps({"a": value}), json.dumps({"a": value}, ensure_ascii=False)):
        assert json.loads(unheeded(document)) == {"a": value}


@given(st.lists(any_text).map("\n".join))
def test_a_runner_finds_nothing(output: str) -> None:
    """Whatever is written, no line of it is a command."""
    assert commands_in(unheeded(output)) == []


UNSEEN = [chr(number) for first, last in UNSEEN_RANGES for number in range(first, last + 1)]


@given(st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"], exclude_characters=UNSEEN)))
def test_ordinary_text_stays(value: str) -> None:
    """Letters of every script, signs and blanks are left as they are."""
    assert plain(value) == value
