"""The tutorial is short enough for a break between two meetings."""

from __future__ import annotations

from tests.docs.pace import PAGE, pace


def test_the_tutorial_takes_less_than_ten_minutes() -> None:
    """Reading all of it, the outputs too, and typing what it says takes a newcomer less than ten minutes."""
    found = pace(PAGE)
    assert found.minutes < 10, f"{found}: {found.minutes:.1f} minutes; shorten it"


def test_the_pace_counts_what_is_read_and_typed() -> None:
    """Neither side is forgotten: there are hundreds of words, and the file and the commands to type."""
    found = pace(PAGE)
    assert found.words > 500
    assert found.keys > 500
