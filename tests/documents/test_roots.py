"""What belongs to a root: no part of it vanishes without a word, since its clients would be deleted."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from reconciler.load import check
from reconciler.providers.freshbooks.wire import CLIENT

GOOD = "version: 1\nclients: {}\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a root with one good file."""
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "good.yaml").write_text(GOOD)
    return folder


def found(root: Path) -> list[tuple[str, str]]:
    """Check a root; give code and place of each problem."""
    return [
        (p.code, os.path.relpath(p.position.file, root) if p.position else "") for p in check([str(root)], CLIENT)[1]
    ]


def test_linked_files_within_the_root_are_read(root: Path) -> None:
    """A link to a file of the root is as good as the file."""
    (root / "linked.yaml").symlink_to(root / "good.yaml")
    assert found(root) == []


def test_linked_files_from_outside_are_refused(root: Path, tmp_path: Path) -> None:
    """A link to a file elsewhere is an error."""
    (tmp_path / "outside.yaml").write_text(GOOD)
    (root / "linked.yaml").symlink_to(tmp_path / "outside.yaml")
    assert found(root) == [("link-out", "linked.yaml")]


@pytest.mark.parametrize("inside", [True, False])
def test_linked_folders_are_refused(root: Path, tmp_path: Path, inside: bool) -> None:  # noqa: FBT001 - a parameter of the case
    """A link to a folder is an error wherever it leads, since it is not followed."""
    other = (root if inside else tmp_path) / "other"
    other.mkdir()
    (other / "more.yaml").write_text(GOOD)
    (root / "linked").symlink_to(other)
    assert found(root) == [("linked-folder", "linked")]


def test_links_that_lead_nowhere_are_refused(root: Path) -> None:
    """A link whose target is not there may have been a part of the root."""
    (root / "gone.yaml").symlink_to(root / "missing.yaml")
    (root / "mounted").symlink_to(root / "not-there")
    assert found(root) == [("unreadable", "gone.yaml"), ("unreadable", "mounted")]


def test_hidden_entries_are_left_alone(root: Path) -> None:
    """What is hidden is no part of a root, whatever it is."""
    (root / ".git").symlink_to("/")
    (root / ".#good.yaml").symlink_to("nowhere")
    assert found(root) == []


def test_folders_that_cannot_be_read_are_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that cannot be looked into is an error with its place."""
    (root / "closed").mkdir()
    real = os.scandir

    def scandir(path: Any) -> Any:  # noqa: ANN401 - as os.scandir
        # Permissions do not hold for root, as whom tests may run.
        if str(path).endswith("closed"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert found(root) == [("unreadable", "closed")]
    assert found(root / "closed") == [("unreadable", ".")]


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not hold for root")
def test_files_that_cannot_be_read_are_refused(root: Path) -> None:
    """A file that cannot be read is an error with its place."""
    (root / "good.yaml").chmod(0)
    assert found(root) == [("unreadable", "good.yaml")]


def test_files_that_are_none_are_refused(root: Path) -> None:
    """A pipe among the files is an error, and nobody waits for it."""
    os.mkfifo(root / "pipe.yaml")
    assert found(root) == [("not-a-file", "pipe.yaml")]


def test_problems_come_in_the_order_of_the_files(tmp_path: Path) -> None:
    """Files that are named one by one are told of in that order."""
    files = [tmp_path / f"{name}.yaml" for name in ("c", "b", "a")]
    for file, text in zip(files, ("clients: {}", "[", "clients: {}"), strict=True):
        file.write_text(text)
    problems = check([str(file) for file in files], CLIENT)[1]
    assert [p.position.file for p in problems if p.position] == [str(file) for file in files]


def test_names_that_cannot_be_told_are_refused(tmp_path: Path) -> None:
    """A file whose name is not UTF-8 is an error; one with a line break in its name is told on one line."""
    (tmp_path / os.fsdecode(b"a\xff.yaml")).write_text("version: 1\n")
    (tmp_path / "b\n.yaml").symlink_to("nowhere")
    found = check([str(tmp_path)], CLIENT)[1]
    assert [problem.code for problem in found] == ["unreadable", "unreadable"]
    assert all("\n" not in problem.detail for problem in found)
