"""Where the accounts of `--all` are: the profiles of one file of settings, or the folders below one folder.

It opens no configuration and reaches no account; a folder whose settings are wrong is found all the same, and says so
when its turn comes.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.errors import ConfigurationInvalid, UsageError
from reconciler.load import SUFFIXES
from reconciler.profiles import named
from reconciler.reports.paint import plain
from reconciler.settings import FILE, ROOTS, repository_file

_ROOT_FILE, _ROOT_FOLDER = ROOTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """Where one account is looked after: a folder, or a profile in it."""

    name: str
    folder: Path
    below: str = ""
    """The folder, seen from where was looked; empty for that one itself."""
    profile: str | None = None

    @property
    def tags(self) -> Mapping[str, object]:
        """Give what tells its events from those of others."""
        told = {"folder": self.below, "profile": self.profile}
        return {name: value for name, value in told.items() if value}

    @property
    def file_name(self) -> str:
        """Give its name as a part of a file's name."""
        return self.name.replace("/", "-")


def find(top: Path) -> list[Station]:
    """Give the profiles of a folder's settings, or else the accounts of the folders below it; sorted.

    Raises:
        ConfigurationInvalid: the folder's own settings are wrong, so that nobody knows what they are.
        UsageError: there are none.
        OSError: a folder cannot be looked into; what may be in it must not be left out in silence.
    """
    if not top.is_dir():
        raise UsageError("--all takes a folder", f"{plain(str(top))} is none. Accounts are looked for below it.")
    stations = _profiles(top, "")
    if not stations:
        for folder in _accounts_below(top):
            stations += _at(folder, folder.relative_to(top).as_posix())
    if not stations:
        raise UsageError(
            "no account is found",
            f"{FILE} has no `profiles:` here, and no folder below holds a {FILE}, a {_ROOT_FILE} or a {_ROOT_FOLDER}/. "
            "Leave out --all to work on this folder.",
        )
    return stations


def _profiles(folder: Path, below: str) -> list[Station]:
    with contextlib.chdir(folder):
        names = named(repository_file())
    before = f"{below}/" if below else ""
    return [Station(name=before + name, folder=folder, below=below, profile=name) for name in names]


def _at(folder: Path, below: str) -> list[Station]:
    """Give the accounts of a folder that is one, or has several profiles."""
    alone = Station(name=below, folder=folder, below=below)
    try:
        return _profiles(folder, below) or [alone]
    except ConfigurationInvalid:
        return [alone]


def _accounts_below(folder: Path) -> Iterator[Path]:
    for inner in _folders(folder):
        yield from _accounts(inner)


def _accounts(folder: Path) -> list[Path]:
    """Give a folder if it is an account's, else the accounts below it.

    A `clients` with YAML files in it is the root of the folder around it, and no account of its own; one with accounts
    in it is no root.
    """
    if folder.name == _ROOT_FOLDER and any(file.suffix in SUFFIXES for file in folder.iterdir()):
        return []
    if (folder / FILE).exists() or (folder / _ROOT_FILE).exists():
        return [folder]
    below = list(_accounts_below(folder))
    return below or ([folder] if (folder / _ROOT_FOLDER).is_dir() else [])


def _folders(folder: Path) -> list[Path]:
    """Give the folders in a folder, without hidden ones and links."""
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    return [folder / name for name in sorted(names) if not name.startswith(".")]
