"""Those lines of requirements.lock that run and build the program: what it needs itself, and what that needs.

It installs nothing, and needs nothing but Python: the action runs it before anything else is there.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

EXTRAS = ("objects", "postgres")
"""Where a shared state can live, beside those that need no package."""

_ENTRY = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==.*(?:\n[ #].*)*", re.MULTILINE)
_VIA = re.compile(r"^    #(?: via)? +(?P<parent>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?(?: \(.*\))?$", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def chosen(lock: str, project: str) -> str:
    """Give the entries, hashes and all, in the order of the lock; the development tools are not among them."""
    entries = {_plain(found["name"]): found[0] for found in _ENTRY.finditer(lock)}
    parents = {name: {_plain(found["parent"]) for found in _VIA.finditer(entry)} for name, entry in entries.items()}
    needed = _closed(_roots(project), parents)
    return "".join(f"{entry}\n" for name, entry in entries.items() if name in needed)


def _roots(project: str) -> set[str]:
    told = tomllib.loads(project)
    extras = told["project"].get("optional-dependencies", {})
    wanted: list[str] = [*told["project"]["dependencies"], *told["build-system"]["requires"]]
    wanted += [line for extra in EXTRAS for line in extras.get(extra, ())]
    # `psycopg[binary]` is an entry of its own, and what it brings names it as its parent.
    return {_plain(name[0]) for line in wanted if (name := _NAME.match(line))}


def _closed(roots: Iterable[str], parents: Mapping[str, Iterable[str]]) -> set[str]:
    needed = set(roots)
    while more := {name for name, of in parents.items() if name not in needed and needed & set(of)}:
        needed |= more
    return needed


def _plain(name: str) -> str:
    """Write a package's name in the one way that all its spellings share."""
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    root = Path(sys.argv[1])
    sys.stdout.write(
        chosen((root / "requirements.lock").read_text("utf-8"), (root / "pyproject.toml").read_text("utf-8"))
    )
