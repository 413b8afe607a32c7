"""The recording of the demo as a browser shows it."""

from __future__ import annotations

from playwright.sync_api import Browser, Page

from tests.docs.recording import PICTURE, ROWS, Picture

_SEEN = """() => [...document.querySelectorAll("text")].filter(text => {
    const box = text.getBoundingClientRect();
    return document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2) === text;
}).map(text => text.textContent.replaceAll("\\u00a0", " "))"""
_STOP = "at => document.getAnimations().forEach(one => { one.pause(); one.currentTime = at; })"
_LENGTH = "document.getAnimations()[0].effect.getTiming().duration"


def opened(chromium: Browser, *, still: bool) -> Page:
    """Open the recording as it is."""
    page = chromium.new_page(reduced_motion="reduce" if still else "no-preference")
    page.goto(PICTURE.as_uri())
    assert page.evaluate("document.documentElement.nodeName") == "svg"
    return page


def screen(page: Page) -> list[str]:
    """Give the pieces of text that are seen and neither covered nor scrolled away."""
    seen: list[str] = page.evaluate(_SEEN)
    return seen


def test_it_begins_empty_and_ends_with_the_last_screen(chromium: Browser) -> None:
    """Line by line the output appears, and scrolls as at a terminal; the end is a screen full of it."""
    page = opened(chromium, still=False)
    page.evaluate(_STOP, 1)
    assert screen(page) == []
    page.evaluate(_STOP, page.evaluate(_LENGTH) / 2)
    halfway = screen(page)
    page.evaluate(_STOP, page.evaluate(_LENGTH) - 1)
    last = screen(page)
    lines = Picture(PICTURE.read_text(encoding="utf-8")).lines
    assert set(halfway) != set(last)
    assert last
    assert "".join(last).replace(" ", "") == "".join(lines[-ROWS:]).replace(" ", "")
    page.close()


def test_it_stands_still_for_whoever_wants_that(chromium: Browser) -> None:
    """Where less motion is preferred nothing moves, and the last screen is shown."""
    page = opened(chromium, still=True)
    assert page.evaluate("document.getAnimations().length") == 0
    lines = Picture(PICTURE.read_text(encoding="utf-8")).lines
    assert "".join(screen(page)).replace(" ", "") == "".join(lines[-ROWS:]).replace(" ", "")
    page.close()
