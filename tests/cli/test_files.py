"""What is written holds personal data or decides about it, so it is nobody else's to read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.program import ACME, BOLT, called, writes
from tests.golden.story import Story


@pytest.fixture(autouse=True)
def _open_handed() -> Iterator[None]:
    """Let every mode be as the program asks for it."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    """Give the mode of each file below a folder."""
    files = (file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): stat.filemode(file.stat().st_mode) for file in files}


def test_files_are_private(place: Story) -> None:
    """State, backup, lock, saved plan, reports and run records are 0600, whatever the umask."""
    writes(ACME)
    called("plan", "--out", "one.plan", "--format", "json=plan.json", "--format", "text=plan.txt")
    called("apply", "one.plan")
    writes(ACME + BOLT)
    called("apply", "--auto-approve")
    found = modes(Path.cwd())
    assert {"one.plan", "plan.json", "plan.txt", ".reconciler/state.json", ".reconciler/state.json.backup"} <= set(
        found
    )
    assert len([name for name in found if name.startswith(".reconciler/runs/")]) == 2
    assert {name: mode for name, mode in found.items() if mode != "-rw-------"} == {"clients.yaml": "-rw-rw-rw-"}


def test_the_journal_is_private(place: Story) -> None:
    """So is the journal of a run that was not closed."""
    writes(ACME)
    called("apply", "--auto-approve")
    Path(".reconciler/runs").rename("runs")
    writes("", ".reconciler/runs")
    writes(ACME + BOLT)
    assert called("apply", "--auto-approve").code == 11
    kept = {name: mode for name, mode in modes(Path(".reconciler")).items() if name.startswith("state.json")}
    assert set(kept.values()) == {"-rw-------"}


def test_a_file_that_was_open_is_private_afterwards(place: Story) -> None:
    """A plan saved over a file that everybody could read is private too."""
    writes(ACME)
    Path("one.plan").write_text("old", encoding="utf-8")
    Path("one.plan").chmod(0o666)
    called("plan", "--out", "one.plan")
    assert modes(Path.cwd())["one.plan"] == "-rw-------"


def test_nothing_else_is_left_behind(place: Story) -> None:
    """After an apply there is the state, its backup, the lock and the run record, and no temporary file."""
    writes(ACME)
    called("apply", "--auto-approve")
    names = {name if "runs/" not in name else "runs/ID" for name in modes(Path(".reconciler"))}
    assert names == {"state.json", "state.json.backup", "state.json.lock", "runs/ID"}


def test_a_plan_writes_nothing(place: Story) -> None:
    """A plan leaves no file behind, not even a folder."""
    writes(ACME)
    assert called("plan").code == 0
    assert modes(Path.cwd()).keys() == {"clients.yaml"}
    assert not Path(".reconciler").exists()


def test_the_sandbox_s_copy_is_private(folder: Path) -> None:
    """The account of --sandbox holds the same clients, so its database is private as well."""
    writes(ACME)
    called("apply", "--sandbox", "--auto-approve")
    assert modes(Path(".reconciler/sandbox"))["Sandbx.db"] == "-rw-------"
