"""What git knows of files, asked of the user's own git, which runs no program that a repository names.

Whatever it does not answer at once is not known.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from reconciler.core.facts import GitFacts

_PATIENCE_S = 2.0
"""How long git may take, none of whose answers is worth more."""
# A repository can name programs for git to run; none of them is needed here.
_QUIET = ("-c", "core.fsmonitor=false", "-c", "log.showSignature=false", "--no-pager")


def asked(*words: str) -> str | None:
    """Give what git prints; None where it fails, is not there, or takes too long."""
    try:
        done = subprocess.run(  # noqa: S603 - no shell; the names of files stand behind --
            ["git", *_QUIET, *words],  # noqa: S607 - the user's own git
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_PATIENCE_S,
            check=False,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def repository() -> Path | None:
    """Find the `.git` of the repository that the working folder is in, if it is in one; git is not asked."""
    here = Path.cwd()
    return next((found for folder in (here, *here.parents) if os.path.lexists(found := folder / ".git")), None)


def remotes() -> dict[str, str]:
    """Give the first address of each remote, by its name."""
    found: dict[str, str] = {}
    for entry in _parts(asked("config", "-z", "--get-regexp", r"^remote\..*\.url$")):
        key, _, url = entry.partition("\n")
        found.setdefault(key.removeprefix("remote.").removesuffix(".url"), url)
    return found


def facts_of(folders: Sequence[Path], files: Sequence[Path]) -> GitFacts | None:
    """Look whether git tracks these, or would take them, and saved plans besides; None where this is no repository."""
    told = asked("rev-parse", "--show-toplevel")
    if told is None:
        return GitFacts(silent=True) if repository() is not None else None
    top = os.path.realpath(told.rstrip("\n"))
    alone = [path for path in files if not any(_lies_in(path, folder) for folder in folders)]
    # With its slash a folder that is not there yet is known as one.
    private = [name for name in (*(f"{path}/" for path in folders), *map(str, alone)) if _lies_in(name, top)]
    tracked = asked("ls-files", "-z", "--", *private, "*.plan")
    loose = asked(
        *("ls-files", "-z", "--full-name", "--others", "--exclude-standard", "--directory", "--", *private, "*.plan")
    )
    if tracked is None or loose is None:
        return GitFacts(silent=True)
    # What is not there yet will be.
    coming = [_seen_from(top, name) for name in private if not Path(name).exists() and not _ignored(name)]
    return GitFacts(
        tracked=tuple(_parts(tracked)),
        loose=tuple(dict.fromkeys([*_parts(loose), *coming])),
        top=os.path.relpath(top, os.path.realpath(os.curdir)),
    )


def _lies_in(path: str | Path, folder: str | Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _ignored(name: str) -> bool:
    return asked("check-ignore", "--", os.path.realpath(name) + _slash(name)) is not None


def _seen_from(top: str, name: str) -> str:
    return os.path.relpath(os.path.realpath(name), top) + _slash(name)


def _slash(name: str) -> str:
    return "/" if name.endswith("/") else ""


def _parts(told: str | None) -> list[str]:
    return [part for part in (told or "").split("\0") if part]
