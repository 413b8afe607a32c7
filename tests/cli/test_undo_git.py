"""After an undo: the lines that still want it, and the commits that wrote them, as a real git tells them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.program import ACME, BOLT, called, writes
from tests.cli.undoing import FULL, LIMITS, QUICK, does, newest, undoes, without
from tests.golden.story import Story


def git(*words: str) -> str:
    """Run git as Ada."""
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@x.example", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", *who, *words], check=True, capture_output=True, text=True).stdout.strip()


def commits(subject: str) -> str:
    """Commit all that there is; give the commit as git shows it."""
    git("add", "-A", "clients.yaml")
    git("commit", "-qm", subject)
    return git("log", "-1", "--format=%h")


@pytest.fixture
def repository(place: Story) -> Story:
    """Give an account, and a repository with a first commit that is applied."""
    git("init", "-q")
    does(FULL)
    commits("first")
    return place


def test_the_commit_of_a_line(repository: Story) -> None:
    """It is the commit that wrote the very line which wants it, whatever was committed since."""
    does(FULL.replace("Toronto", "Ottawa"))
    moved = commits("Acme moves\x07")
    writes(FULL.replace("Toronto", "Ottawa").replace("Bolt Bikes", "Bolt Bicycles"))
    commits("another")
    told = undoes()
    assert '  clients.acme (clients.yaml:3): write p_city: "Toronto", or the next apply changes it again\n' in told
    assert (
        f'  commit {moved} "Acme moves\\u0007" by Ada wrote one of these: git revert {moved} takes it back whole\n'
        in told
    )
    assert "changed last" not in told


def test_what_a_commit_took_out(repository: Story) -> None:
    """Of a block that is gone it is the commit that took it out."""
    does(without(FULL, "claire"))
    gone = commits("without Claire")
    writes(without(FULL, "claire").replace("Toronto", "Ottawa"))
    commits("another")
    told = undoes()
    assert "  clients.claire (clients.yaml:13): write its block again, or the next apply removes it\n" in told
    assert f"git revert {gone} takes it back whole" in told


def test_what_is_not_committed(repository: Story) -> None:
    """Of an edit that is in no commit that is said, for a line and for a block that is gone."""
    does(without(FULL, "claire").replace("Toronto", "Ottawa"))
    told = undoes()
    assert "2 of these are not committed yet: edit the file" in told
    assert "git revert" not in told


def test_a_squash(repository: Story) -> None:
    """Of several commits that were made one it is that one."""
    branch = git("branch", "--show-current")
    git("checkout", "-qb", "work")
    for text in (FULL.replace("Toronto", "Ottawa"), without(FULL, "claire").replace("Toronto", "Ottawa")):
        writes(text)
        commits("step")
    git("checkout", "-q", branch)
    git("merge", "-q", "--squash", "work")
    squashed = commits("Two things")
    assert called("apply", *QUICK, *LIMITS).code == 0
    assert f'commit {squashed} "Two things" by Ada wrote 2 of these' in undoes()


def test_revert_does_it(repository: Story) -> None:
    """With that commit reverted the configuration wants nothing of it, and the next plan is empty."""
    does(without(FULL, "acme").replace("Bolt Bikes", "Bolt"))
    told = commits("wrong")
    assert f"git revert {told}" in undoes()
    git("revert", "--no-edit", told)
    ran = called("plan", "--detailed-exitcode")
    assert (ran.code, "No changes." in ran.out) == (0, True)


def test_the_run_knows_its_commit(repository: Story) -> None:
    """The history says at which commit a run was made, with a + where the files differed from it; an undo has none."""
    writes(FULL.replace("Toronto", "Ottawa"))
    told = commits("moves")
    assert called("apply", *QUICK).code == 0
    assert f"; commit {told}; plan " in called("history", newest()).out
    does(FULL.replace("Toronto", "Rome"))
    [event] = [json.loads(line)["run"] for line in called("history", "--last", "1", "--json").out.splitlines()]
    assert event["commit"] == f"{told}+"
    undoes()
    assert "; commit" not in called("history", newest()).out


def test_events(repository: Story) -> None:
    """With --json each thing that is still wanted has its commit."""
    does(FULL.replace("Toronto", "Ottawa"))
    told = commits("moves")
    events = [json.loads(line) for line in called("undo", *QUICK, "--json").out.splitlines()]
    assert [event["wanted"]["commit"] for event in events if event["type"] == "still_wanted"] == [told]


def test_another_folder(place: Story) -> None:
    """It is the repository of the files that is asked, wherever the program runs."""
    Path("conf").mkdir()
    subprocess.run(["git", "init", "-q", "conf"], check=True)
    for city in ("Toronto", "Ottawa"):
        writes(ACME.replace("}", f", p_city: {city}}}"), "conf/clients.yaml")
        git("-C", "conf", "add", "clients.yaml")
        git("-C", "conf", "commit", "-qm", f"to {city}")
        assert called("apply", "conf/clients.yaml", *QUICK).code == 0
    wrote = git("-C", "conf", "log", "-1", "--format=%h")
    writes("root: conf/clients.yaml\n", "reconciler.yaml")
    told = called("undo", *QUICK).out
    assert "conf/clients.yaml" in told
    assert f"git revert {wrote}" in told


def test_without_git(place: Story) -> None:
    """Where there is no repository, or no git, the lines are named all the same."""
    does(ACME + BOLT)
    does(ACME)
    told = undoes()
    assert "clients.bolt (clients.yaml:4): write its block again" in told
    assert "commit" not in told.partition("still wants")[2]
    Path("clients.yaml").write_text("version: [", encoding="utf-8")
    ran = called("undo", *QUICK, *LIMITS)
    assert (ran.code, "cannot be read; it may still want" in ran.err) == (0, True)


def test_hostile_git(repository: Story, tmp_path: Path) -> None:
    """No program that a repository names for git to run is run."""
    mark = tmp_path / "ran"
    for name in ("core.fsmonitor", "core.pager", "diff.external", "diff.x.textconv", "diff.x.command", "core.editor"):
        git("config", name, f"touch {mark};")
    git("config", "log.showSignature", "true")
    (Path(".git") / "info" / "attributes").write_text("*.yaml diff=x\n", encoding="utf-8")
    does(without(FULL, "claire").replace("Toronto", "Ottawa"))
    undoes()
    assert not mark.exists()
