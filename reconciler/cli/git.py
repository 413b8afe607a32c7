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


def facts_of(private: Sequence[Path]) -> GitFacts | None:
    """Look whether git tracks these files and folders, or would; None where this is no repository.

    Saved plans are looked for besides.
    """
    top = (asked("rev-parse", "--show-toplevel") or "").strip()
    if not top:
        return None
    inside = [str(path) for path in private if _lies_in(path, Path(top))]
    tracked = _names(asked("ls-files", "-z", "--", *inside, "*.plan"))
    loose = _names(asked("ls-files", "-z", "--others", "--exclude-standard", "--directory", "--", *inside, "*.plan"))
    # What is not there yet will be.
    coming = [name for name in inside if not Path(name).exists() and asked("check-ignore", "--", name) is None]
    return GitFacts(tracked=tuple(tracked), loose=tuple(dict.fromkeys([*loose, *coming])))


def _lies_in(path: Path, top: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(top))


def _names(listed: str | None) -> list[str]:
    return [name for name in (listed or "").split("\0") if name]
