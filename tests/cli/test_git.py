"""What git knows of private files in a repository whose top is elsewhere, and what to write so that it ignores them."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from reconciler.cli.git import facts_of, remotes
from reconciler.core.facts import GitFacts
from reconciler.core.finding import Verdict
from reconciler.doctor import local

HOME = [Path(".reconciler")]


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of a new repository, whose .gitignore has a last line without an end."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("*.log", encoding="utf-8")
    (tmp_path / "books [1]").mkdir()
    monkeypatch.chdir(tmp_path / "books [1]")
    return tmp_path


def test_a_folder_to_come_is_ignored_as_a_folder(repository: Path) -> None:
    """A line for a folder, as `init` writes it, holds before the folder is there."""
    assert facts_of(HOME, []) == GitFacts(loose=("books [1]/.reconciler/",), top="..")
    (repository / ".gitignore").write_text(".reconciler/\n", encoding="utf-8")
    assert facts_of(HOME, [Path(".reconciler/state.json")]) == GitFacts(top="..")


@pytest.mark.parametrize("there", [False, True])
def test_what_is_said_to_write_works(repository: Path, *, there: bool) -> None:
    """Run as it stands, the command lets git ignore each file and folder, wherever it lies, and what it did before."""
    files = [repository / "state.json", Path("a *b ?.json")]
    Path("x y.plan").touch()
    if there:
        Path(".reconciler").mkdir()
        for file in (*files, Path(".reconciler/runs.json")):
            file.touch()
    command = local.git(facts_of(HOME, files)).command
    subprocess.run(["sh", "-c", command], check=True)
    assert facts_of(HOME, files) == GitFacts(top="..")
    for other in ("noise.log", "../state.json"):
        assert subprocess.run(["git", "check-ignore", "-q", other], check=False).returncode == 0
    for kept in ("a cb x.json", "state.json", "clients.yaml"):
        assert subprocess.run(["git", "check-ignore", "-q", kept], check=False).returncode == 1


def test_what_is_tracked_is_named_from_here() -> None:
    """The command that takes a file out works in the folder in which it is told, and keeps the file."""
    Path(".reconciler").mkdir()
    Path(".reconciler/state.json").touch()
    subprocess.run(["git", "add", "-f", "."], check=True)
    finding = local.git(facts_of(HOME, []))
    assert subprocess.run(shlex.split(finding.command), capture_output=True, check=True).returncode == 0
    assert Path(".reconciler/state.json").exists()
    assert facts_of(HOME, []) == GitFacts(loose=("books [1]/.reconciler/",), top="..")


def test_a_git_that_does_not_answer(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What git does not say is not known, and not taken for well; without a repository there is nothing to say."""
    (repository / ".git/index").write_bytes(b"garbage")
    assert facts_of(HOME, []) == GitFacts(silent=True)
    monkeypatch.setenv("PATH", os.devnull)
    facts = facts_of(HOME, [])
    assert facts == GitFacts(silent=True)
    assert local.git(facts).verdict is Verdict.SKIPPED
    (repository / ".git").rename(repository / "git")
    assert facts_of(HOME, []) is None


def test_remotes() -> None:
    """Each remote is given with its first address, which may hold a blank."""
    assert remotes() == {}
    for name, url in (("b.c", "https://one.example/x y"), ("origin", "git@two.example:a.git")):
        subprocess.run(["git", "remote", "add", name, url], check=True)
    subprocess.run(["git", "remote", "set-url", "--add", "b.c", "https://three.example"], check=True)
    assert remotes() == {"b.c": "https://one.example/x y", "origin": "git@two.example:a.git"}
