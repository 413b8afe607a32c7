"""Where a line begins, and which piece of it is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.documents.lines import EXCERPT, Lines

TEXTS = st.text(st.sampled_from("ab \u00e9\u20ac\U0001f600\n"), max_size=60)


@given(TEXTS, st.integers(1, 500))
def test_every_line_is_found(text: str, repeated: int) -> None:
    """A line is found by its number, however many stand before it."""
    whole = text * repeated
    lines = Lines(whole.encode())
    split = whole.split("\n")
    for number in {1, len(split) // 2 + 1, len(split)}:
        assert lines.excerpt(number, 1) == split[number - 1][:EXCERPT]
    assert lines.excerpt(len(split) + 1, 1) == ""


@given(TEXTS, st.data())
def test_bytes_and_places_agree(text: str, data: st.DataObject) -> None:
    """The place of a byte leads back to it."""
    at = data.draw(st.integers(0, len(text)))
    offset = len(text[:at].encode())
    lines = Lines(text.encode())
    line, column = lines.place(offset)
    assert (line, column) == (text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
    assert lines.offset(line, column) == offset


def test_a_mark_and_a_carriage_return_are_no_text() -> None:
    """Neither a byte order mark nor the end of a line of Windows is shown."""
    lines = Lines(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert [lines.excerpt(1, 1), lines.excerpt(2, 1)] == ["a: 1", "b: 2"]
    assert lines.place(3) == (1, 1)


@pytest.mark.parametrize("before", ["x" * 300, "\u00e9" * 300])
def test_a_far_column_is_shown(before: str) -> None:
    """Where a column lies beyond the piece that fits, the piece ends with the word that begins there."""
    text = f"{{a: {before}, emial: x, {'y' * 300}}}"
    shown = Lines(text.encode()).excerpt(1, text.index("emial") + 1)
    assert len(shown) == EXCERPT
    assert shown.startswith("..." + before[0])
    assert shown.endswith(", emial")


def test_an_endless_column_is_not_looked_for() -> None:
    """Nobody looks at column 1,000,000, so nothing is shown."""
    assert Lines(b"x" * 2_000_000).excerpt(1, 1_000_000) == ""
