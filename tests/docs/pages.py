"""The pages of documentation, and what can be taken from them: links, headings, fenced blocks, rows of tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = (*sorted(DOCS.rglob("*.md")), *(ROOT / f"{name}.md" for name in ("ARCHITECTURE", "CONTRIBUTING", "README")))

_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(?P<title>.+?) *$", re.MULTILINE)


def text(page: str) -> str:
    """Give one page below docs/."""
    return (DOCS / page).read_text(encoding="utf-8")


def fenced(page: Path, language: str) -> list[str]:
    """Give the fenced blocks of one language."""
    found = _FENCE.finditer(page.read_text(encoding="utf-8"))
    return [block["body"] for block in found if block["language"] == language]


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """Give the (file, anchor) of every relative link outside fenced blocks; the anchor may be empty."""
    for found in _LINK.finditer(_FENCE.sub("", page.read_text(encoding="utf-8"))):
        if "://" not in found["target"]:
            file, _, anchor = found["target"].partition("#")
            yield (page.parent / file if file else page), anchor


def titles(page: Path) -> list[str]:
    """Give a page's headings."""
    plain = _FENCE.sub("", page.read_text(encoding="utf-8"))
    return [found["title"] for found in _HEADING.finditer(plain)]


def anchors(page: Path) -> set[str]:
    """Give the anchors of a page's headings, as GitHub makes them."""
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles(page)}


def section(page: str, title: str) -> str:
    """Give what stands under one heading, up to the next of its level or a higher one."""
    whole = text(page)
    # A comment in a fenced block looks like a heading.
    plain = _FENCE.sub(lambda block: " " * len(block[0]), whole)
    found = re.search(rf"^(#+) {re.escape(title)}$", plain, re.MULTILINE)
    assert found is not None, f"{page} has no heading {title!r}"
    after = re.compile(rf"^#{{1,{len(found[1])}}} ", re.MULTILINE).search(plain, found.end())
    return whole[found.end() : after.start() if after else None]


def rows(markdown: str) -> list[list[str]]:
    """Give the cells of every row of every table, without headings; fenced blocks hold none."""
    found: list[list[str]] = []
    for line in _FENCE.sub("", markdown).splitlines():
        if line.startswith("|"):
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            if all(re.fullmatch(r":?-+:?", cell) for cell in cells):
                found.pop()
            else:
                found.append(cells)
    return found
