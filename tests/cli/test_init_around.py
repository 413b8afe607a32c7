"""`init` and what is around it: git, pipelines, editors, and whatever is in the way."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.test_init import ALL, became, begins, files, is_ready

# Pipelines and editors.


def _git(remote: str = "", folder: str = ".") -> None:
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    if remote:
        subprocess.run(["git", "-C", folder, "remote", "add", "origin", remote], check=True)


@pytest.mark.parametrize(
    ("remote", "pipeline"),
    [
        ("", ".github/workflows/reconciler.yml"),
        ("git@github.com:ada/books.git", ".github/workflows/reconciler.yml"),
        ("https://gitlab.example/ada/books.git", ".gitlab-ci.yml"),
        ("https://bitbucket.org/ada/books.git", None),
    ],
)
def test_the_remote_decides(folder: Path, remote: str, pipeline: str | None) -> None:
    """The pipeline is that of the host that git pushes to; for another host none is written, which is told."""
    _git(remote)
    told = begins().out
    assert [name for name in files() if name.endswith(".yml")] == ([pipeline] if pipeline else [])
    assert ("neither GitHub nor GitLab" in told) is (pipeline is None)


def test_a_remote_of_a_second_working_tree(folder: Path) -> None:
    """A working tree beside the repository has its remotes too."""
    Path("books").mkdir()
    _git("https://gitlab.example/ada/books.git", "books")
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@acme.example")
    subprocess.run(["git", "-C", "books", *who, "commit", "-q", "--allow-empty", "-m", "one"], check=True)
    subprocess.run(["git", "-C", "books", "worktree", "add", "-q", "../tree"], check=True)
    assert ".gitlab-ci.yml" in became("tree")


def test_a_pipeline_of_gitlab_s_is_kept(folder: Path) -> None:
    """Where .gitlab-ci.yml is there, and no remote, it is GitLab, and the file stays."""
    Path(".gitlab-ci.yml").write_text("test: {script: [make]}\n", encoding="utf-8")
    assert became()[".gitlab-ci.yml"] == "kept"
    assert ".github/workflows/reconciler.yml" not in files()


@pytest.mark.parametrize(("words", "left_out"), [(("--ci", "none"), ".github"), (("--editor", "none"), ".vscode")])
def test_what_is_not_wanted_is_left_out(folder: Path, words: tuple[str, ...], left_out: str) -> None:
    """Without a pipeline, or settings of an editor, nothing else is missing."""
    begins(*words)
    assert sorted(files()) == sorted(name for name in ALL if not name.startswith(left_out))
    is_ready()


def test_below_the_top_of_a_repository(folder: Path) -> None:
    """In a part of a repository no pipeline would run: none is written, and asking for one is refused with a reason."""
    _git()
    told = begins("books").out
    assert "a part of the git repository at ..," in told
    assert not Path("books/.github").exists()
    ran = begins("more", "--ci", "github", code=64)
    assert "a pipeline would not run here" in ran.err
    assert list(Path("more").iterdir()) == []


@pytest.mark.parametrize("config", ["[remote", "\0\xff", "x" * 2_000_000], ids=["half", "bytes", "large"])
def test_a_git_that_cannot_be_read_is_no_matter(folder: Path, config: str) -> None:
    """Whatever stands in .git, also where it is a file, ends in GitHub's pipeline."""
    Path(".git").mkdir()
    Path(".git/config").write_text(config, encoding="latin-1")
    assert became()[ALL[-1]] == "created"
    Path("tree").mkdir()
    Path("tree/.git").write_text("gitdir: ../.git/worktrees/tree\n", encoding="utf-8")
    assert became("tree")[ALL[-1]] == "created"


# What is in the way.


def test_a_file_is_no_folder(folder: Path) -> None:
    """Where DIR is a file, that is wrong usage; where a part of it is, the folder cannot be made."""
    Path("studio").write_text("", encoding="utf-8")
    assert "is a file" in begins("studio", code=64).err
    ran = begins("studio/books", code=11)
    assert "a folder could not be made" in ran.err
    assert "studio/books: Not a directory." in ran.err


@pytest.mark.parametrize("name", [".vscode", ".github", "schemas"])
def test_a_file_in_the_place_of_a_folder(folder: Path, name: str) -> None:
    """Where a file cannot be written, it is named, nothing that is there is lost, and another run goes on."""
    Path(name).write_text("mine", encoding="utf-8")
    ran = begins(code=11)
    assert f"{name}/" in ran.err
    assert Path(name).read_text(encoding="utf-8") == "mine"
    Path(name).unlink()
    begins()
    assert sorted(files()) == sorted(ALL)


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not hold for root")
def test_a_folder_that_may_not_be_written_to(folder: Path) -> None:
    """A read-only folder is told as such."""
    Path("studio").mkdir(mode=0o555)
    assert "schemas: Permission denied." in begins("studio", code=11).err


@pytest.mark.parametrize("name", [".gitignore", "schemas/clients.schema.json"])
def test_something_else_in_the_place_of_a_file(folder: Path, name: str) -> None:
    """A pipe or a folder where a file is read is told, and not waited for."""
    Path(name).parent.mkdir(exist_ok=True)
    os.mkfifo(name)
    assert f"{name} is not a regular file. Move it away." in begins(code=1).err


def test_a_link_that_leads_nowhere_is_kept(folder: Path) -> None:
    """A link of the user's is not written through."""
    Path("reconciler.yaml").symlink_to("elsewhere.yaml")
    assert became()["reconciler.yaml"] == "kept"
    assert not Path("elsewhere.yaml").exists()


def test_wrong_settings_are_told_first(folder: Path) -> None:
    """A reconciler.yaml with a mistake is told at its place, and nothing is written."""
    Path("reconciler.yaml").write_text("version: 1\nrot: clients/\n", encoding="utf-8")
    assert "reconciler.yaml:2:1" in begins(code=3).err
    assert list(files()) == ["reconciler.yaml"]


def test_names_are_made_harmless(folder: Path) -> None:
    """A folder whose name has letters that a terminal obeys is shown without them, and quoted for a shell."""
    told = begins("a \x1b[31mb").out
    assert "\x1b" not in told
    assert "  cd 'a " in told


def test_chdir_comes_first(folder: Path) -> None:
    """DIR is seen from the folder of --chdir."""
    Path("books").mkdir()
    begins("--chdir", "books", "acme")
    assert Path(folder, "books/acme/clients.yaml").exists()
