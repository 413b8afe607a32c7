"""One headless Chromium per worker, and pages in it that are watched for whatever they should not do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import PROGRAM, browser
from tests.browser.visits import Visits


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start Chromium; without it a person is told that these tests did not run, and CI fails."""
    if not PROGRAM.exists():
        told = f"there is no Chromium at {PROGRAM}: the HTML page was NOT tested in a browser"
        if os.environ.get("CI"):
            pytest.fail(told)
        pytest.skip(told)
    with browser() as opened:
        yield opened


@pytest.fixture
def visits(chromium: Browser, tmp_path: Path) -> Iterator[Visits]:
    """Open pages; at the end each of them must have kept quiet."""
    opened = Visits(chromium, tmp_path)
    yield opened
    opened.close()
    assert opened.troubles == []
