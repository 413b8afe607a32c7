"""The documentation's site in Chromium: it fits wide and narrow screens, can be searched, and asks no other host."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from functools import partial

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.docs.pages import DOCS
from tests.docs.site import built, navigation

TELEPHONE, DESK = 360, 1440
_TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
# What a browser says of every link that leads to a heading of a page with a search field.
_HARMLESS = "Autofocus processing was blocked"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Say nothing."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the site on this machine, as any host of files would."""
    folder = built(tmp_path_factory.mktemp("site"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def _opened(chromium: Browser, address: str, width: int) -> tuple[Page, list[str]]:
    """Open a page that is watched: what it asks of others, and what it complains of."""
    troubles: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if _HARMLESS not in message.text:
            troubles.append(f"console: {message.text}")

    page = chromium.new_page(viewport={"width": width, "height": 900})
    page.set_default_timeout(10_000)
    page.on("request", lambda asked: None if asked.url.startswith(address) else troubles.append(asked.url))
    page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
    page.on("console", said)
    return page, troubles


@pytest.mark.parametrize("width", [TELEPHONE, DESK])
def test_every_page_fits_its_screen(width: int, chromium: Browser, address: str) -> None:
    """No page is wider than the screen (tables and code are pushed within it), asks another host, or complains."""
    page, troubles = _opened(chromium, address, width)
    wide = []
    for entry in navigation():
        name = entry.page.relative_to(DOCS).with_suffix(".html").as_posix()
        page.goto(address + name)
        wide += [name] if page.evaluate(_TOO_WIDE) else []
    page.close()
    assert (wide, troubles) == ([], [])


def test_the_search_finds(chromium: Browser, address: str) -> None:
    """A word of the documentation, typed into the search, leads to the page that has it, without any other host."""
    page, troubles = _opened(chromium, address, DESK)
    page.goto(address)
    page.locator(".md-search__button").click()
    page.get_by_role("combobox").fill("tombstone")
    page.get_by_role("option", name="Tombstones").click()
    page.wait_for_url("**/explanation/matching.html*")
    page.close()
    assert troubles == []
