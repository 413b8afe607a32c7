"""The recording of the demo shows what the demo prints today, and is harmless and small."""

from __future__ import annotations

import re

from tests.docs.recording import COLUMNS, PICTURE, Picture, printed, session

PIECES = {"svg", "title", "style", "g", "rect", "circle", "text"}
MOST_BYTES = 40_000


def test_it_is_current() -> None:
    """The recording shows the demo's output to the letter."""
    shown = [line.rstrip() for line in Picture(PICTURE.read_text(encoding="utf-8")).lines]
    now = [line.rstrip() for line in session(printed())]
    assert shown == now, "the demo has changed: run docs/images/record.py, and look at the picture"


def test_the_demo_fits_the_recording() -> None:
    """No line of the demo is wrapped at a terminal of the usual width, so that the recording looks like one."""
    assert [line for line in session(printed()) if len(line) > COLUMNS] == []


def test_it_reaches_for_nothing() -> None:
    """It consists of letters and shapes: no script, no listener, no picture, no font or link from elsewhere."""
    text = PICTURE.read_text(encoding="utf-8")
    picture = Picture(text)
    assert picture.elements <= PIECES
    assert [name for name in picture.attributes if name.startswith("on") or name.endswith(("href", "src"))] == []
    assert re.findall(r"\w+://[^\"]+", text) == ["http://www.w3.org/2000/svg"]
    assert re.findall(r"url\(|@import|@font-face|<!DOCTYPE|<!ENTITY", text) == []


def test_it_is_small_and_short() -> None:
    """A page loads it at once, and a reader has seen it all within half a minute."""
    assert PICTURE.stat().st_size < MOST_BYTES
    [length_s] = set(re.findall(r"\{animation:\w+ ([\d.]+)s step-end infinite\}", PICTURE.read_text(encoding="utf-8")))
    assert 15 <= float(length_s) <= 25
