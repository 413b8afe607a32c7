"""Where `--all` finds accounts: profiles first, then folders, sorted; nothing is left out in silence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reconciler.cli.stations import find
from reconciler.errors import ConfigurationInvalid, UsageError
from tests.cli.agency import writes

EMPTY = "version: 1\nclients: {}\n"


def found(top: str = ".") -> list[str]:
    """Give the names of the stations."""
    return [station.name for station in find(Path(top))]


def test_folders(folder: Path) -> None:
    """A folder with settings, a clients.yaml or a clients/ is an account; hidden, nested and linked ones are not."""
    writes("b/clients.yaml", EMPTY)
    writes("b/nested/clients.yaml", EMPTY)
    writes("a/clients/one.yaml", EMPTY)
    writes("c/reconciler.yaml", "version: 1\nroot: books\n")
    writes("c/books/clients.yaml", EMPTY)
    writes(".hidden/clients.yaml", EMPTY)
    writes("docs/readme.yaml", EMPTY)
    writes("group/x/clients.yaml", EMPTY)
    writes("group/deeper/y/clients.yml.d/clients.yaml", EMPTY)
    Path("link").symlink_to("b")
    assert found() == ["a", "b", "c", "group/deeper/y/clients.yml.d", "group/x"]
    assert found("group") == ["deeper/y/clients.yml.d", "x"]


def test_a_root_is_no_account(folder: Path) -> None:
    """A `clients` with YAML files is the root of the folder around it; one with accounts in it is no root."""
    writes("a/clients/clients.yaml", EMPTY)
    writes("clients/clients.yaml", EMPTY)
    writes("north/clients/acme/clients.yaml", EMPTY)
    writes("north/clients/bolt/reconciler.yaml", "version: 1\n")
    assert found() == ["a", "north/clients/acme", "north/clients/bolt"]


def test_profiles_come_first(folder: Path) -> None:
    """Where the folder's settings have profiles, these are the accounts; so it is in a folder below."""
    writes("agency/reconciler.yaml", "version: 1\nprofiles: {b: {}, a: {}}\n")
    writes("agency/other/clients.yaml", EMPTY)
    writes("alone/clients.yaml", EMPTY)
    assert found("agency") == ["a", "b"]
    assert found() == ["agency/a", "agency/b", "alone"]
    first = find(Path())[0]
    assert (first.tags, first.file_name) == ({"folder": "agency", "profile": "a"}, "agency-a")


def test_broken_settings(folder: Path) -> None:
    """A folder whose settings are wrong is found, to say so in its turn; those of the top end the run."""
    writes("a/reconciler.yaml", "version: 2\n")
    writes("b/clients.yaml", EMPTY)
    assert found() == ["a", "b"]
    writes("reconciler.yaml", "version: 1\nprofiles: []\n")
    with pytest.raises(ConfigurationInvalid):
        found()


@pytest.mark.parametrize("top", [".", "clients.yaml", "nowhere"])
def test_nothing(folder: Path, top: str) -> None:
    """Where there is no account below, that is wrong usage."""
    writes("clients.yaml", EMPTY)
    with pytest.raises(UsageError):
        found(top)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look into any folder")
def test_a_folder_that_cannot_be_seen(folder: Path) -> None:
    """A folder that cannot be looked into ends the run: there may be accounts in it."""
    writes("a/clients.yaml", EMPTY)
    Path("b").mkdir(mode=0)
    try:
        with pytest.raises(PermissionError):
            found()
    finally:
        Path("b").chmod(0o700)
