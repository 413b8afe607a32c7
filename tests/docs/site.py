"""The documentation as a site: its plan in zensical.toml, a build of it, and what the pages refer to."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

from tests.docs.pages import DOCS, ROOT

SETTINGS = ROOT / "zensical.toml"
PARTS = {"Tutorial": "tutorial", "How-to": "how-to", "Reference": "reference", "Explanation": "explanation"}
"""The four parts, in the order of the navigation, each with the folder of its pages."""


class Entry(NamedTuple):
    """One page in the navigation: the part that it stands in (none for the index), what it is called, its source."""

    part: str
    title: str
    page: Path


def navigation() -> Iterator[Entry]:
    """Give the entries of the navigation, in its order."""
    for listed in _project()["nav"]:
        [(title, below)] = listed.items()
        if isinstance(below, str):
            yield Entry("", title, DOCS / below)
        else:
            yield from (Entry(title, name, DOCS / page) for each in below for name, page in each.items())


def _project() -> dict[str, Any]:
    with SETTINGS.open("rb") as file:
        return dict(tomllib.load(file)["project"])


def built(folder: Path) -> Path:
    """Build the site strictly, from a copy, so that nothing is written into the checkout; give its root."""
    shutil.copy(SETTINGS, folder)
    shutil.copytree(DOCS, folder / "docs")
    done = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--strict"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No issues found" in done.stdout + done.stderr, done.stderr
    return folder / "site"


class Built(HTMLParser):
    """One page that was built."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        """Every name that a link can end in."""
        self.links: list[str] = []
        """Where its links lead."""
        self.fetched: list[str] = []
        """What a browser fetches for it without being asked: scripts, styles, images."""
        self.title = ""
        """What a browser's tab shows."""
        self._inside = ""
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what an element refers to, or can be referred to by."""
        named = {name: value or "" for name, value in attrs}
        self._inside = tag
        self.anchors |= {named[name] for name in ("id", "name") if name in named}
        if tag == "a" and "href" in named:
            self.links.append(named["href"])
        elif tag == "link" and named.get("rel") not in {"prev", "next"}:
            self.fetched.append(named["href"])
        else:
            self.fetched += [named[name] for name in ("src", "srcset", "data", "poster") if name in named]

    def handle_endtag(self, tag: str) -> None:
        """Leave the element whose text may have been of interest."""
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        """Keep the title."""
        if self._inside == "title":
            self.title += data
