"""What the action, the pipelines and pre-commit install for their users works; it is fetched first, so CI does this."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ci.runner import ROOT, git

pytestmark = pytest.mark.skipif(not os.environ.get("CI"), reason="packages are installed for this, where CI is set")
WRONG = "version: 1\nclients:\n  acme: {organisation: Acme}\n"
RIGHT = "version: 1\nclients:\n  acme: {organization: Acme}\n"


def ran(*command: str | Path, inside: Path, **environment: str) -> tuple[int, str]:
    """Run a command without what the tests' own environment has; give its exit code and what it said."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL", "GIT_"))}
    done = subprocess.run(
        command, cwd=inside, env={**kept, **environment}, capture_output=True, text=True, timeout=300, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_the_action_installs_by_hashes(tmp_path: Path) -> None:
    """The program runs from an environment of its own, with packages of the lock only; a second call is instant."""
    install = ("bash", ROOT / "action" / "install.sh", tmp_path / "tool")
    code, told = ran(*install, inside=tmp_path)
    assert code == 0, told
    (tmp_path / "clients.yaml").write_text(RIGHT, "utf-8")
    code, told = ran(tmp_path / "tool" / "bin" / "reconciler", "validate", inside=tmp_path)
    assert (code, told) == (0, "Valid: 1 client, 0 contacts.\n")
    made = (tmp_path / "tool" / "requirements.txt").stat().st_mtime_ns
    assert ran(*install, inside=tmp_path)[0] == 0
    assert (tmp_path / "tool" / "requirements.txt").stat().st_mtime_ns == made


def test_the_pre_commit_hook(tmp_path: Path) -> None:
    """The hook stops a commit with a mistake and tells its line; without, and without clients, it lets it through."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is not a git checkout")
    git(tmp_path, "init", "--quiet")
    hook = (Path(sys.executable).parent / "pre-commit", "try-repo", ROOT, "reconciler-validate", "--all-files")

    def tried(name: str, text: str) -> tuple[int, str]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
        git(tmp_path, "add", "--all")
        return ran(*hook, inside=tmp_path, PRE_COMMIT_HOME=str(tmp_path / ".git" / "hooks-home"))

    assert "no files to check" in tried("README.md", "Nothing\n")[1]
    code, told = tried("clients/acme.yaml", WRONG)
    assert code == 1, told
    assert "clients/acme.yaml:3:10" in told
    code, told = tried("clients/acme.yaml", RIGHT)
    assert code == 0, told
