"""What git knows of a configuration's lines: which commit wrote one, or took one out. It runs git, and changes nothing.

Where there is no git, no repository, or no answer in time, nothing is known, and that is no error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.cli import git
from reconciler.core.resource import Address, key_of, parent_of
from reconciler.reports.wants import UNCOMMITTED, Commit, Want

_MOST = 50
"""Arbitrary: of so many it is told one by one; a key that is gone is a question of its own to git."""
_HEADER = re.compile(r"([0-9a-f]{40,64}) \d+ \d+")


@dataclass(slots=True)
class _Lines:
    """Who wrote each line of one file, as it is now."""

    commits: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


def commits_of(found: Sequence[Want]) -> Mapping[str, Commit]:
    """Give, by address, the commit that made the configuration want what it wants there."""
    files = {want.at.file for want in found if want.at is not None and not want.gone}
    lines = {file: _blamed(file) for file in sorted(files)}
    told = {want: _hash(want, lines) for want in found[:_MOST] if want.at is not None}
    known = {(name, want.at.file): None for want, name in told.items() if name and want.at is not None}
    commits = {each: _described(*each) for each in known}
    return {want.address: commits[name, want.at.file] for want, name in told.items() if name and want.at is not None}


def _hash(want: Want, lines: Mapping[str, _Lines]) -> str:
    """Give the commit of the line that is meant: of the field, else of the key, else the one that took the key out."""
    if want.at is None:
        return ""
    if want.gone:
        return _removal(want.address, want.at.file)
    there, start = lines[want.at.file], want.at.line - 1
    block = list(zip(there.texts, there.commits, strict=True))[start : start + max(want.lines, 1)]
    for name in want.names:
        for text, told in block:
            if re.search(rf"(^|[\s{{,\"']){re.escape(name)}[\"']?\s*:", text):
                return told
    return block[0][1] if block else ""


def _blamed(file: str) -> _Lines:
    found = _Lines()
    for line in _git(file, "blame", "--no-textconv", "--line-porcelain", "--", Path(file).name).split("\n"):
        if line.startswith("\t"):
            found.texts.append(line[1:])
        elif header := _HEADER.match(line):
            found.commits.append(header[1])
    return found if len(found.texts) == len(found.commits) else _Lines()


def _removal(address: str, file: str) -> str:
    """Give the commit that took a key out; a child's may stand under any record, so that nothing is certain of it."""
    if parent_of(Address(address)) is not None:
        return ""
    pattern, name = rf"^ *{key_of(Address(address))} *:", Path(file).name
    if _git(file, "grep", "-E", "-l", "-e", pattern, "HEAD", "--", name):
        return UNCOMMITTED
    return _git(file, "log", "-1", "--format=%H", "--no-textconv", "--no-ext-diff", f"-G{pattern}", "--", name).strip()


def _described(name: str, file: str) -> Commit:
    if not name.strip("0"):
        return Commit(id=UNCOMMITTED)
    shown = _git(file, "log", "-1", "--format=%h%x00%an%x00%s", name).strip("\n").split("\0")
    if len(shown) != 3:  # noqa: PLR2004 - the three that were asked for
        return Commit(id=name[:10])
    short, author, subject = shown
    return Commit(id=short, author=author, subject=subject)


def last_commit(file: str) -> str:
    """Give the commit that changed a file last."""
    told = _git(file, "log", "-1", "--format=%h", "--", Path(file).name).strip()
    return told if told.isalnum() else ""


def checked_out(root: str) -> str:
    """Give the commit that a root stands at, with a `+` where it differs from that."""
    told = _git(root, "log", "-1", "--format=%h").strip()
    if not told.isalnum():
        return ""
    return f"{told}+" if _git(root, "status", "--porcelain", "--", Path(root).name).strip() else told


def _git(file: str, *words: str) -> str:
    """Ask the git of the folder that a file is in; what it does not know is empty."""
    return git.asked("-C", str(Path(file).parent), *words) or ""
