"""`sandbox` as a shell uses it, and `--sandbox` on other commands."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sqlite3
import stat
import subprocess
from pathlib import Path

import pytest

from reconciler.sandbox.server import running
from tests.cli.program import ACME, PROGRAM, called, spawned, until, writes
from tests.cli.test_signals import started
from tests.cli.test_token import flat

NAMES = {
    "FRESHBOOKS_API_URL",
    "FRESHBOOKS_ACCOUNT_ID",
    "FRESHBOOKS_ACCESS_TOKEN",
    "FRESHBOOKS_CLIENT_ID",
    "FRESHBOOKS_CLIENT_SECRET",
    "FRESHBOOKS_REFRESH_TOKEN",
    "FRESHBOOKS_REDIRECT_URI",
}


def test_lines_for_a_shell(folder: Path) -> None:
    """What `sandbox` prints can be evaluated, and a plan in that shell reaches the account."""
    writes(ACME)
    with started("sandbox", "--account", "Shell1") as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in NAMES]
        assert all(line.startswith("export FRESHBOOKS_") for line in lines)
        command = "".join(lines) + '"$@"; env | grep ^FRESHBOOKS_'
        done = subprocess.run(
            ["sh", "-c", command, "sh", *PROGRAM, "plan"], capture_output=True, text=True, timeout=30, check=False
        )
    assert "Plan: 1 to add" in done.stdout, done.stderr
    assert {line.partition("=")[0] for line in done.stdout.splitlines()} >= NAMES
    assert "FRESHBOOKS_ACCOUNT_ID=Shell1" in done.stdout


def test_one_line_of_json(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --json it is one line, ready for any program."""
    with started("sandbox", "--json") as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert set(told) >= NAMES
        writes(ACME)
        for name, value in told.items():
            monkeypatch.setenv(name, value)
        assert called("plan").code == 0


def test_the_catalogue(folder: Path) -> None:
    """`--list-quirks` names every switch and fault and ends."""
    ran = called("sandbox", "--list-quirks")
    assert (ran.code, ran.err) == (0, "")
    assert "reset-after" in ran.out


def test_a_database_that_is_none(folder: Path) -> None:
    """A file that is not a database of the sandbox is a mistake of the user, not a fault of the program."""
    writes(ACME)
    with started("sandbox", "--db", "clients.yaml") as process:
        _, err = process.communicate(timeout=20)
    assert "fault of the program" not in err
    assert process.returncode in {1, 64}


def test_a_database_of_another_program(folder: Path) -> None:
    """A database of something else is left as it is, and so is a device."""
    with contextlib.closing(sqlite3.connect("other.db")) as other:
        other.execute("CREATE TABLE t (a)")
    Path("other.db").chmod(0o644)
    before = Path("other.db").read_bytes()
    for name in ("other.db", "/dev/null", "nowhere/one.db"):
        ran = called("sandbox", "--db", name)
        assert (ran.code, "cannot be used as a database" in flat(ran)) == (64, True)
    assert (Path("other.db").read_bytes(), Path("other.db").stat().st_mode & 0o777) == (before, 0o644)
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_the_server_s_files_are_private(folder: Path) -> None:
    """Database, what SQLite keeps beside it, and request log are 0600 while the server runs."""
    before = os.umask(0)
    try:
        with running(db="one.db", log=folder / "one.log", seed=2):
            found = {file.name: file.stat().st_mode & 0o777 for file in folder.glob("one.*")}
    finally:
        os.umask(before)
    assert found == dict.fromkeys(("one.db", "one.db-wal", "one.db-shm", "one.log"), 0o600)


def answers(port: int) -> bool:
    """Tell whether anybody listens at a port."""
    with contextlib.closing(socket.socket()) as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


def test_detached(folder: Path) -> None:
    """With --detach a shell can eval the lines at once; the account answers until its process is ended."""
    writes(ACME)
    script = (
        'eval "$("$@" sandbox --detach)" && "$@" plan; kill "$RECONCILER_SANDBOX_PID" && echo "$FRESHBOOKS_API_URL"'
    )
    done = subprocess.run(
        ["bash", "-c", script, "bash", *PROGRAM], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Plan: 1 to add" in done.stdout
    port = int(done.stdout.split()[-1].rpartition(":")[2])
    until(lambda: not answers(port))


def test_detached_and_failed(folder: Path) -> None:
    """A sandbox that cannot begin says why, and its exit code is that of the command that waits for it."""
    writes(ACME)
    ran = spawned("sandbox", "--detach", "--db", "clients.yaml")
    assert (ran.code, ran.out) == (64, "")
    assert "cannot be used as a database" in flat(ran)


def test_any_command_in_the_sandbox(folder: Path) -> None:
    """--sandbox works without an account, keeps what was done, and has a state of its own."""
    writes("account: Yaml1\n" + ACME)
    assert called("apply", "--sandbox", "--auto-approve").code == 0
    assert "No changes." in called("plan", "--sandbox", "--detailed-exitcode").out
    assert "clients.acme" in called("state", "list", "--sandbox").out
    assert called("state", "list").out == ""
    files = {file.name for file in Path(".reconciler/sandbox").iterdir()}
    assert {"Yaml1.db", "Yaml1.state.json", "runs"} <= files
    assert not Path(".reconciler/state.json").exists()


@pytest.mark.parametrize("name", ["FRESHBOOKS_ACCESS_TOKEN", "FRESHBOOKS_API_URL"])
def test_the_sandbox_never_meets_the_real_account(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --sandbox the environment's token and address are not used."""
    writes(ACME)
    monkeypatch.setenv(name, "https://api.freshbooks.invalid")
    assert called("plan", "--sandbox").code == 0


def test_the_sandbox_never_meets_the_real_state(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --sandbox the state and the logins of environment and settings are left alone; a typed state is used."""
    writes(ACME)
    writes("state: http\nlogins: s3://nowhere/logins\n", "reconciler.yaml")
    assert called("plan", "--sandbox").code == 0
    monkeypatch.setenv("RECONCILER_STATE", "real.json")
    assert called("apply", "--sandbox", "--auto-approve").code == 0
    assert not Path("real.json").exists()
    assert called("apply", "--sandbox", "--auto-approve", "--state", "typed.json").code == 0
    assert Path("typed.json").exists()
    monkeypatch.setenv("RECONCILER_STATE", "{name}.json")
    Path("reconciler.yaml").write_text("version: 1\nprofiles: {one: {}}\n")
    assert called("apply", "--all", "--sandbox", "--auto-approve").code == 0
    assert Path(".reconciler/one/sandbox").exists()
    assert not Path("one.json").exists()


def test_the_demo(folder: Path) -> None:
    """The demo runs the whole job without an account, says each command, and leaves nothing behind."""
    before = Path.cwd()
    ran = called("demo")
    assert (ran.code, ran.err) == (0, ran.err)
    assert "$ reconciler plan --sandbox --summary --out first.plan" in ran.out
    assert "Plan: 15 to add" in ran.out
    assert "Apply complete! Resources: 15 added" in ran.out
    assert "No changes." in ran.out
    assert "Plan: 0 to add, 1 to change, 0 to destroy." in ran.out
    assert (Path.cwd(), list(folder.iterdir())) == (before, [])


def test_the_demo_can_be_kept(folder: Path) -> None:
    """With --keep the folder stays, and can be worked on, as it says."""
    ran = called("demo", "--keep", "kept here")
    assert ran.code == 0
    assert "the files stay in kept here." in ran.out
    assert "cd 'kept here'; reconciler apply --sandbox" in ran.out
    assert {"clients.yaml", "first.plan", ".reconciler"} <= {file.name for file in Path("kept here").iterdir()}
    assert called("--chdir", "kept here", "--sandbox", "plan", "--detailed-exitcode").code == 2


def test_the_demo_writes_over_nothing(folder: Path) -> None:
    """Where something is called clients.yaml already, be it a link that leads nowhere, the demo does not begin."""
    Path("mine").mkdir()
    Path("mine/clients.yaml").symlink_to("elsewhere.yaml")
    ran = called("demo", "--keep", "mine")
    assert (ran.code, "mine/clients.yaml exists" in ran.err) == (1, True)
    assert not Path("mine/elsewhere.yaml").exists()


def test_the_demo_is_told_as_events(folder: Path) -> None:
    """With --json its commands tell events, and what is said between them stands beside."""
    ran = called("demo", "--json")
    told = [json.loads(line)["type"] for line in ran.out.splitlines()]
    assert (ran.code, told.count("apply_complete"), told[-1]) == (0, 15, "change_summary")
    assert "[5/5] One phone number is edited" in ran.err


def test_the_demo_under_a_variable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """RECONCILER_CHDIR is --chdir for the demo as well."""
    Path("there").mkdir()
    monkeypatch.setenv("RECONCILER_CHDIR", "there")
    ran = called("demo")
    assert ran.code == 0, ran.err
