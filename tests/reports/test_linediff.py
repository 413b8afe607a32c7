"""Texts of several lines as one list of lines: nothing lost, nothing invented, long runs counted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.reports.linediff import Line, line_changes

TEXTS = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=30).map("\n".join).filter(lambda text: text != "\n")
NUMBERS = "\n".join(map(str, range(20)))


def side(lines: list[Line], sign: str) -> int:
    """Count the lines of one side; what is left out counts as what it stands for."""
    return sum(int(line) if kind == "…" else 1 for kind, line in lines if kind in {" ", "…", sign})


def test_a_changed_line_stands_between_kept_ones() -> None:
    """The old line precedes the new one, both where they belong."""
    assert line_changes("one\ntwo\nthree", "one\n2\nthree") == [(" ", "one"), ("-", "two"), ("+", "2"), (" ", "three")]


def test_long_runs_are_counted() -> None:
    """Of many kept lines, two on either side of a difference are shown and the rest is counted."""
    assert line_changes(NUMBERS, NUMBERS.replace("9\n", "x\n", 1)) == [
        ("…", "7"), (" ", "7"), (" ", "8"), ("-", "9"), ("+", "x"), (" ", "10"), (" ", "11"), ("…", "8"),
    ]  # fmt: skip


def test_a_single_kept_line_is_shown_and_not_counted() -> None:
    """What is left out is at least two lines: a count takes a line itself."""
    assert line_changes("1\n2\n3\nx", "1\n2\n3\ny")[:3] == [(" ", "1"), (" ", "2"), (" ", "3")]


@pytest.mark.parametrize("text", ["one\ntwo", "one\ntwo\n", "one\r\ntwo\r\n"])
def test_a_new_text_is_its_lines(text: str) -> None:
    """Where there was nothing, every line is new; how lines end is no line."""
    assert line_changes("", text) == [("+", "one"), ("+", "two")]
    assert line_changes(text, "") == [("-", "one"), ("-", "two")]


def test_other_line_ends_are_a_difference() -> None:
    """Carriage returns and a last line break are shown where only one side has them."""
    assert line_changes("a\r\nb", "a\nb") == [("-", "a\r"), ("+", "a"), (" ", "b")]
    assert line_changes("a\nb\n", "a\nb") == [(" ", "a"), (" ", "b"), ("-", "")]


def test_large_texts_are_not_compared_line_by_line() -> None:
    """Where comparing would take the square of many lines, all of one side goes and all of the other comes."""
    old, new = "\n".join(f"a{n}" for n in range(2_000)), "\n".join(f"b{n}" for n in range(2_000))
    lines = line_changes(f"same\n{old}\nsame", f"same\n{new}\nsame")
    assert [sign for sign, _ in lines] == [" ", *"-" * 2_000, *"+" * 2_000, " "]


@given(TEXTS, TEXTS)
def test_both_sides_are_whole(before: str, after: str) -> None:
    """Whatever the texts, no line of either side is lost."""
    stripped = before.endswith("\n") and (not after or after.endswith("\n"))
    again = after.endswith("\n") and (not before or before.endswith("\n"))
    lines = line_changes(before, after)
    assert side(lines, "-") == (before.count("\n") + 1 - stripped if before else 0)
    assert side(lines, "+") == (after.count("\n") + 1 - again if after else 0)
    if not any(sign == "…" for sign, _ in lines):
        assert "\n".join(line for sign, line in lines if sign in " -") == (before[:-1] if stripped else before)
        assert "\n".join(line for sign, line in lines if sign in " +") == (after[:-1] if again else after)
