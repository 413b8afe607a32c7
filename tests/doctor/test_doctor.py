"""The report as a whole: when all is well, on other places than a folder, and when the doctor itself is hindered."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from reconciler.core.state import edited
from reconciler.store.lock import held
from tests.cli.program import ACME, ESCAPES, PROGRAM, at_terminal, called, spawned, strikes, writes
from tests.docs.pages import rows, section
from tests.doctor import faults_access, faults_local
from tests.doctor.world import CHECKS, CLIENTS, PENDING, STATE, World, patiently, report
from tests.golden.story import telling


def test_all_is_well(world: World) -> None:
    """Where nothing is wrong every check is ok, each once and in order, and the exit code is 0."""
    found = world.doctor()
    assert found.code == 0
    assert tuple(found.findings) == CHECKS
    assert found.having("ok") == set(CHECKS), found.findings
    assert found.sums == {"ok": len(CHECKS), "warn": 0, "fail": 0, "skipped": 0}


def test_every_check_is_documented() -> None:
    """The page on the doctor has a row for each check, in their order, with what to do."""
    assert [cells[0].strip("`") for cells in rows(section("how-to/doctor.md", "The checks"))] == list(CHECKS)


def test_the_account_is_read_once(world: World) -> None:
    """One request without a token, one for the identity, and each list once: duplicates and bindings need no more."""
    before = len(world.story.sandbox.log.entries)
    world.doctor()
    asked = [str(entry["path"]) for entry in world.story.sandbox.log.entries[before:]]
    assert sorted(asked) == ["/accounting/account/Ab12Cd/users/clients"] * 2 + ["/auth/api/v1/users/me"] * 2


def test_before_the_first_apply(tmp_path: Path) -> None:
    """Without a state, a repository or an apply so far, all is well too."""
    with telling(tmp_path):
        writes(ACME)
        found = report(called("doctor", "--json"))
        assert found.having("ok") == set(CHECKS), found.findings
        assert not STATE.exists()


def test_as_text(world: World) -> None:
    """Each finding is a line with verdict and name; the remedy and its command stand below; the last line sums up."""
    STATE.chmod(0o644)
    del os.environ["FRESHBOOKS_ACCESS_TOKEN"]
    ran = called("doctor")
    assert (ran.code, ran.err) == (8, "")
    lines = ran.out.splitlines()
    heads = [line.split()[:2] for line in lines if line and not line.startswith(" ")]
    assert [name for _, name in heads[:-1]] == list(CHECKS)
    assert "    reconciler login default" in ran.out
    assert "    chmod 600 .reconciler/state.json" in ran.out
    assert lines[-1] == "12 ok, 1 warning, 1 failure, 4 skipped. Exit code 8: not logged in or not allowed."
    assert "skipped  account        Not looked at, since token failed." in lines
    assert all(len(line) <= 100 or len(line.split()) == 1 for line in lines)


def test_house_rules_are_told_where_there_are_some(world: World) -> None:
    """That the house rules hold is said only of a folder that has some; a broken default is shown where it stands."""
    assert "house rules" not in world.doctor("--offline").findings["configuration"]["told"]
    rules = "rules: {properties: {language: {const: en}}}\n"
    writes(rules, "reconciler.yaml")
    assert "; the house rules hold; " in world.doctor("--offline").findings["configuration"]["told"]
    writes(f"{rules}defaults: {{language: fr}}\n", "reconciler.yaml")
    told = world.doctor("--offline").findings["configuration"]["told"]
    assert told == "reconciler.yaml:3:22: a client breaks a house rule: clients.acme.language: it must be en."


def test_at_a_terminal(world: World) -> None:
    """At a terminal verdicts have colours; --no-color takes them away, and nothing else."""
    faults_access.duplicate(world)
    seen = []
    for words in ((), ("--no-color",)):
        with at_terminal("doctor", *words, environment={"COLUMNS": "80"}) as person:
            assert person.ends() == 0
            seen.append(person.seen)
    assert "\x1b[33;1mwarn" in seen[0]
    assert "\x1b[3" not in seen[1]
    assert [line.split() for line in ESCAPES.sub("", seen[0]).splitlines() if "duplicates " in line]


def test_a_reader_that_goes_away(world: World) -> None:
    """A closed pipe ends nothing before its time, and is no fault."""
    ran = spawned("doctor", around='"$@" | head -1')
    assert ran.err == ""
    assert len(ran.out.splitlines()) == 1


def test_what_foreign_text_says_only_prints(world: World) -> None:
    """A name that a client gave itself, or one in the YAML, moves no cursor."""
    world.story.sandbox.grants.business = "Evil\x1b[2J Ltd."
    ran = called("doctor")
    assert ran.code == 0
    assert "Evil\\u001b[2J Ltd." in ran.out
    assert "\x1b" not in ran.all


# Beside other runs.


def test_while_another_run_holds_the_lock(world: World) -> None:
    """A run that is under way explains its lock, the journal and open creates, and is not kept from going on."""
    with held(STATE, "20260101T000000Z-00000001"):
        store = world.store
        store.save(edited(store.load(), (faults_local.OPEN,)))
        store.load()
        store.append([faults_local.OPEN])
        found = world.doctor()
    assert (found.code, found.having("warn")) == (0, {"lock"}), found.findings
    assert "is held by run 20260101T000000Z-00000001 on " in found.findings["lock"]["told"]
    assert found.findings["lock"]["command"] == "reconciler apply --lock-timeout 60"


def test_after_a_run_was_killed(world: World) -> None:
    """A lock ends with its process: the note that a killed one has left is told, and no fault."""
    text = (
        "import pathlib, time\n"
        "from reconciler.store.lock import held\n"
        "with held(pathlib.Path('.reconciler/state.json'), 'dead-run'):\n"
        "    print(1, flush=True)\n"
        "    time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert world.doctor().verdict("lock") == "warn"
        process.send_signal(signal.SIGKILL)
    found = world.doctor()
    assert found.verdict("lock") == "ok"
    assert "run dead-run on " in found.findings["lock"]["told"]
    assert found.having("ok") == set(CHECKS)


# Where the disk or the network is in the way.


def test_a_disk_that_takes_nothing(world: World) -> None:
    """A disk on which no byte can be written fails, with the exit code that an apply would have."""
    found = world.doctor(around='ulimit -f 0; exec "$@"')
    assert (found.code, found.having("fail")) == (11, {"disk"}), found.findings
    assert "or make the folder writable" in found.findings["disk"]["remedy"]


def test_a_folder_that_cannot_be(world: World) -> None:
    """A state that is to lie below a file cannot be read, nor written."""
    found = world.doctor("--state", "clients.yaml/state.json")
    assert found.having("fail") == {"state", "disk"}, found.findings
    assert found.code == 9


def test_freshbooks_has_a_trouble(world: World) -> None:
    """Where FreshBooks fails it is said that nobody here is at fault, and the account cannot be read."""
    faults_access.server_fails(world)
    found = world.doctor()
    assert (found.having("warn"), found.having("fail"), found.code) == ({"connection"}, {"account"}, 4)
    assert "(HTTP 502)" in found.findings["connection"]["told"]


def test_the_key_of_shared_logins_is_a_secret(world: World) -> None:
    """The key that logins in shared storage are encrypted with must stand in no file either."""
    key = os.environ["RECONCILER_TOKEN_KEY"] = "c2VjcmV0IGtleSBvZiBsb2dpbnMgaW4gc3RvcmFnZSE="
    world.secrets.append(key)
    Path("reconciler.yaml").write_text(f"version: 1\n# key: {key}\n", encoding="utf-8")
    assert "reconciler.yaml:2 (a secret in use)" in world.doctor("--offline").findings["secrets"]["told"]


def test_an_address_that_gives_the_token_away(world: World) -> None:
    """Nothing is sent where no token may go."""
    faults_access.address_unusable(world)
    found = world.doctor()
    assert found.findings["connection"]["exit_code"] == 64
    assert found.verdict("account") == "skipped"


def test_a_check_that_breaks(world: World) -> None:
    """A fault of the program in one check is a failure of that check, and the rest is looked at all the same."""
    writes('state: "no path has\\0such a name"\n', "reconciler.yaml")
    found = world.doctor()
    assert (found.code, found.having("fail")) == (1, {"state", "lock", "git"}), found.findings
    assert "This check itself went wrong (ValueError)" in found.findings["state"]["told"]
    assert "--debug" in found.findings["state"]["remedy"]
    assert found.verdict("duplicates") == "ok"
    ran = called("doctor", "--debug")
    assert ran.err.count("Traceback") == 3


# Without the network, and with a login.


def test_offline(world: World) -> None:
    """With --offline FreshBooks is asked nothing, and what only it can tell is skipped."""
    before = len(world.story.sandbox.log.entries)
    found = world.doctor("--offline")
    assert found.code == 0
    assert found.having("skipped") == {"connection", "tls", "clock", "account", "bindings", "duplicates"}
    assert len(world.story.sandbox.log.entries) == before


def test_offline_runs_no_command_for_a_token(world: World) -> None:
    """A token command may ask somebody, so it is not run then."""
    faults_access.token_command_fails(world)
    assert "was not run" in world.doctor("--offline").findings["token"]["told"]


def test_a_login_is_renewed_when_asked(world: World) -> None:
    """With --renew a login whose token has ended is renewed, once, and the account is looked at."""
    safe = world.logs_in(expires_at=time.time() - 10)
    before = safe.read("default")
    ran = patiently("doctor", "--json", "--renew")
    world.outputs.append(ran.all)
    found = report(ran)
    assert found.having("ok") == set(CHECKS), found.findings
    after = safe.read("default")
    assert before is not None
    assert after is not None
    assert after.refresh != before.refresh
    world.secrets += [after.access.reveal(), after.refresh.reveal()]


def test_a_renewal_that_is_under_way_is_none_that_was_cut_off(world: World) -> None:
    """A young mark is another process's, which is at it."""
    young = replace(PENDING, at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
    world.logs_in(pending=young)
    assert world.doctor().having("ok") == set(CHECKS)


def test_what_a_token_says_of_itself(world: World) -> None:
    """Scopes and end of a token from elsewhere are read from the token, as far as it tells."""
    token = faults_access.jwt(scope="user:clients:read", exp=time.time() + 7_200)
    os.environ["FRESHBOOKS_ACCESS_TOKEN"] = token
    world.secrets.append(token)
    found = world.doctor("--offline")
    assert found.verdict("scopes") == "warn"
    assert "holds for 2 h" in found.findings["token"]["told"].replace("1 h 59 min", "2 h")


def test_sensitive_values_are_hidden(world: World) -> None:
    """A value of a sensitive field is in no sentence, not in that on a broken configuration either."""
    writes("sensitive: [email]\n", "reconciler.yaml")
    writes(CLIENTS.replace("email: billing@acme.example", "emial: billing@acme.example"))
    ran = called("doctor", "--json")
    assert ran.code == 3
    assert "billing@acme.example" not in ran.all


def test_options_before_duplicates(world: World) -> None:
    """An option of `doctor` before `duplicates` would be lost, and is refused."""
    ran = called("doctor", "--offline", "duplicates")
    assert (ran.code, "Write --offline after" in ran.err) == (64, True)
    assert json.loads(called("doctor", "--json", "duplicates").out.splitlines()[-1])["type"] == "duplicates_summary"


def test_an_interrupt_ends_it(world: World) -> None:
    """A signal ends it, as any command."""
    strikes(world.story, "GET /users/clients delay=5")
    with subprocess.Popen([*PROGRAM, "doctor"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if b"scopes" in line:
                process.send_signal(signal.SIGINT)
                break
        process.stdout.read()
        assert process.wait(20) == 130
