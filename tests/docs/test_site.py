"""docs/ becomes a site: built strictly, in four parts, complete, without a dead link, and without any other host."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.docs.pages import DOCS, links
from tests.docs.site import PARTS, Built, built, navigation

PAGES = sorted(DOCS.rglob("*.md"))
APART = {DOCS / "guarantees.md": "Explanation"}
"""What stands outside its part's folder: the README's first screen leads there."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build it once."""
    return built(tmp_path_factory.mktemp("site"))


def _file(site: Path, source: Path) -> Path:
    return (site / source.relative_to(DOCS)).with_suffix(".html")


def _target(site: Path, page: Path, link: str) -> tuple[Path, str]:
    """Give the file and the anchor that a link within the site leads to."""
    parts = urlsplit(link)
    path = unquote(parts.path)
    file = page if not path else (site / path.lstrip("/") if path.startswith("/") else page.parent / path)
    return (file / "index.html" if file.is_dir() else file), unquote(parts.fragment)


def test_the_navigation_has_four_parts() -> None:
    """Learn, do, look up, understand: in this order, after the index."""
    assert list(dict.fromkeys(entry.part for entry in navigation())) == ["", *PARTS]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_every_page_is_in_the_navigation(page: Path) -> None:
    """Each page is listed once, in the part whose folder it lies in; the index alone stands in none."""
    folders = {folder: part for part, folder in PARTS.items()}
    part = APART.get(page) or folders.get(page.parent.name, "")
    listed = [entry.part for entry in navigation() if entry.page == page]
    assert listed == [part], f"{page.relative_to(DOCS)}: list it once in `nav` of zensical.toml, under {part!r}"


def test_the_navigation_lists_nothing_else() -> None:
    """What is listed is there."""
    assert {entry.page for entry in navigation()} == set(PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_no_link_leads_out_of_docs(page: Path) -> None:
    """A page links to pages and images below docs/, for the site has nothing else of the repository."""
    out = [str(file) for file, _ in links(page) if not file.resolve().is_relative_to(DOCS)]
    assert out == [], f"{page.name}: name the file in `code`, or show it as a generated block (reference/files.md)"


def test_every_page_is_built(site: Path) -> None:
    """Each page of docs/ is a page of the site, beside the one for an address that is not there."""
    assert {file.relative_to(site) for file in site.rglob("*.html")} == {
        *(page.relative_to(DOCS).with_suffix(".html") for page in PAGES),
        Path("404.html"),
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_every_link_of_a_built_page_resolves(page: Path, site: Path) -> None:
    """Each link, script, style and image of a page is a file of the site, each anchor an element of that file."""
    at = _file(site, page)
    found = Built(at)
    for link in (*found.links, *found.fetched):
        if urlsplit(link).scheme:
            continue
        file, anchor = _target(site, at, link)
        assert file.is_file(), link
        assert not anchor or anchor in Built(file).anchors, link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_a_page_fetches_nothing_from_elsewhere(page: Path, site: Path) -> None:
    """Fonts, scripts, styles and images are files of the site; only links that a person follows leave it."""
    assert [link for link in Built(_file(site, page)).fetched if urlsplit(link).netloc] == []


def test_styles_fetch_nothing_from_elsewhere(site: Path) -> None:
    """No style imports or shows what another host has."""
    for style in site.rglob("*.css"):
        told = re.findall(r"(?:url\(\s*[\"']?|@import\s+[\"'])([^\"')]+)", style.read_text(encoding="utf-8"))
        assert [link for link in told if urlsplit(link).netloc] == [], style.name


def test_a_page_is_called_as_in_the_navigation(site: Path) -> None:
    """Tabs and bookmarks tell the pages apart: each has a title of its own."""
    titles = {entry.page: Built(_file(site, entry.page)).title for entry in navigation()}
    assert titles == {entry.page: f"{entry.title} - reconciler" for entry in navigation()}


def test_the_search_knows_every_page(site: Path) -> None:
    """The index of the search has an entry for each page."""
    entries = json.loads((site / "search.json").read_text(encoding="utf-8"))["items"]
    found = {entry["location"].partition("#")[0] for entry in entries}
    assert found == {str(page.relative_to(DOCS).with_suffix(".html")) for page in PAGES}
