"""`--all`: several accounts, each on its own, one table, one exit code."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox.faults import Fault
from reconciler.store.lock import held
from tests.cli.agency import APPLY, IDS, Agency, events, firm, folders, profiles, state_of, table, working, writes
from tests.cli.program import PATIENCE_S, PROGRAM, called, spawned, until


@pytest.mark.parametrize("layout", [folders, profiles])
def test_each_account_gets_its_own(layout: Any, agency: Agency) -> None:  # noqa: ANN401 - one of two functions
    """Each account has its own clients, its own state and its own run record, and the next plan has nothing to do."""
    layout()
    ran = called(*APPLY)
    assert ran.code == 0, ran.err
    assert {name: agency.clients(name) for name in IDS} == {name: [f"{name} client 1"] for name in IDS}
    assert agency.is_unmixed()
    for name, account_id in IDS.items():
        home = f"{name}/.reconciler" if layout is folders else f".reconciler/{name}"
        assert state_of(f"{home}/state.json")["account"] == account_id
        assert [state_of(str(file))["account"] for file in Path(home, "runs").iterdir()] == [account_id]
    assert table(ran.out)["bolt"] == ("0", "applied")
    assert not Path(".reconciler/state.json").exists()
    again = called("plan", "--all", "--detailed-exitcode")
    assert again.code == 0
    assert set(table(again.out).values()) == {("0", "no changes"), table(again.out)["total"]}


def test_a_heading_and_a_row_for_each(agency: Agency) -> None:
    """Each account has one heading line, on both streams where they are apart, and one row with sums and account."""
    folders()
    ran = called("plan", "--all", "--detailed-exitcode")
    assert ran.code == 2
    for number, name in enumerate(IDS, 1):
        assert ran.out.count(f"Account {name} ({number} of 3)\n") == 1
        assert ran.err.count(f"Account {name} ({number} of 3)\n") == 1
    assert "  acme   Aa1        1       0        0     2  changes pending\n" in ran.out
    assert ran.out.endswith("3 accounts (changes pending: 3). Exit code 2: changes pending.\n")


def test_one_that_fails_stops_no_other(agency: Agency) -> None:
    """An invalid file, a foreign account, a guard and a lock each end their own account only."""
    for name in IDS:
        writes(f"{name}/clients.yaml", firm(name, *range(1, 6)))
    assert called(*APPLY).code == 0
    writes("acme/clients.yaml", firm("acme", 1))
    writes("alien/clients.yaml", firm("acme", 1).replace("Aa1", "Zz9"))
    writes("bad/clients.yaml", "version: 1\nclients: [}\n")
    writes("coral/clients.yaml", firm("coral", *range(1, 7)))
    with held(Path("bolt/.reconciler/state.json"), "another"):
        ran = spawned(*APPLY)
    assert ran.code == 10, ran.err
    codes = {name: code for name, (code, _) in table(ran.out).items() if name != "total"}
    assert codes == {"acme": "5", "alien": "8", "bad": "3", "bolt": "10", "coral": "0"}
    assert table(ran.out)["bolt"][1] == "locked: the state is in use"
    assert len(agency.clients("acme")) == 5
    assert len(agency.clients("coral")) == 6
    assert agency.is_unmixed()
    assert "Traceback" not in ran.all


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_sequence(agency: Agency, number: signal.Signals, code: int) -> None:
    """The account in hand ends well, no further one is begun, and the table says so."""
    folders()
    agency.sandbox.wrapper.faults.rules.append(Fault.parse("POST */account/Bb2/users/clients delay=0.7#1"))
    with subprocess.Popen(
        [*PROGRAM, *APPLY], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        journal = Path("bolt/.reconciler/state.json.journal")
        until(lambda: journal.exists() and b'"intend"' in journal.read_bytes())
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == code, err
    assert table(out)["acme"] == ("0", "applied")
    assert table(out)["bolt"][0] == str(code)
    assert table(out)["coral"] == ("", "not reached")
    assert agency.clients("bolt") == ["bolt client 1"]
    assert agency.clients("coral") == []
    assert "Account coral" not in out
    assert called(*APPLY).code == 0
    assert {name: len(agency.clients(name)) for name in IDS} == dict.fromkeys(IDS, 1)


def test_a_plan_ends_at_once(agency: Agency) -> None:
    """A plan that waits for one account's answer does not wait any longer, and no further account is asked."""
    folders()
    agency.sandbox.wrapper.faults.rules.append(Fault.parse("GET */account/Bb2/* delay=2"))
    with subprocess.Popen(
        [*PROGRAM, "plan", "--all"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        before = ""
        while "Account bolt" not in before:
            before += process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130, err
    assert [table(before + out)[name][0] for name in IDS] == ["0", "130", ""]
    assert not any("/account/Cc3/" in str(entry["path"]) for entry in agency.sandbox.log.entries)


@pytest.mark.parametrize("layout", [folders, profiles])
def test_events_say_whose_they_are(layout: Any, agency: Agency) -> None:  # noqa: ANN401 - one of two functions
    """With --json each event between the version and the table has its folder or profile; each account ends in sums."""
    layout()
    writes("bolt/clients.yaml" if layout is folders else "bolt.yaml", "version: 1\nclients: []\n")
    ran = spawned("plan", "--all", "--json", "--detailed-exitcode")
    assert (ran.code, ran.err) == (3, "")
    first, *others, last = events(ran)
    key = "folder" if layout is folders else "profile"
    assert (first["type"], key in first) == ("version", False)
    assert list(dict.fromkeys(event[key] for event in others)) == ["acme", "bolt", "coral"]
    sums = [event for event in others if event["type"] == "change_summary"]
    assert [(event[key], event["exit_code"]) for event in sums] == [("acme", 2), ("bolt", 3), ("coral", 2)]
    assert [event["type"] for event in others].count("version") == 0
    assert (last["type"], last["exit_code"], last["@level"], key in last) == ("accounts_summary", 3, "error", False)
    assert [row["exit_code"] for row in last["accounts"]] == [2, 3, 2]
    assert last["accounts"][0] == {
        "name": "acme",
        key: "acme",
        "account": "Aa1",
        "exit_code": 2,
        "changes": {"add": 1, "change": 0, "import": 0, "remove": 0, "operation": "plan"},
        "plan_id": sums[0]["plan_id"],
        "result": "changes pending",
    }


def test_validate(folder: Path) -> None:
    """`validate --all` checks every account offline; a broken one has its row."""
    folders()
    writes("coral/clients.yaml", "version: 1\nclients: {c1: {colour: red}}\n")
    ran = called("validate", "--all")
    assert ran.code == 3
    assert table(ran.out)["acme"] == ("0", "Valid: 1 client, 0 contacts")
    assert table(ran.out)["coral"] == ("3", "configuration invalid: 1 problem in the configuration")


def test_an_account_must_be_named(tmp_path: Path) -> None:
    """An account without a name is not taken for the login's only one, which is another's."""
    with working(tmp_path) as agency:
        folders("acme")
        writes("bolt/clients.yaml", firm("bolt").replace("account: Bb2\n", ""))
        del agency.sandbox.accounts["Bb2"], agency.sandbox.accounts["Cc3"]
        agency.sandbox.grants.others = ()
        ran = spawned(*APPLY)
        assert (ran.code, table(ran.out)["acme"][0], table(ran.out)["bolt"][0]) == (8, "0", "8")
        assert "each account must be named" in ran.err
        assert agency.clients("acme") == ["acme client 1"]


def test_swapped_accounts_write_nothing(agency: Agency) -> None:
    """Where the ids of two profiles are swapped, neither state is used and neither account is touched."""
    profiles("acme", "bolt")
    assert called(*APPLY).code == 0
    before = len(agency.writes())
    settings = Path("reconciler.yaml").read_text(encoding="utf-8")
    writes("reconciler.yaml", settings.replace("Aa1", "x").replace("Bb2", "Aa1").replace("account: x", "account: Bb2"))
    for name in ("acme", "bolt"):
        writes(f"{name}.yaml", firm(name, 1, 2).replace(f"account: {IDS[name]}\n", ""))
    ran = spawned(*APPLY)
    assert ran.code == 9, ran.err
    assert len(agency.writes()) == before


def test_below_another_folder(agency: Agency) -> None:
    """DIR and --chdir say where to look; what is printed to go on with can be pasted where the program was started."""
    writes("books/acme/clients.yaml", firm("acme"))
    writes("books/bolt/clients.yaml", firm("bolt"))
    start = Path.cwd()
    for words in (("--chdir", "books", "plan", "--all"), ("plan", "--all", "books")):
        ran = called(*words, "--out", "../plans" if words[0] == "--chdir" else "plans")
        os.chdir(start)
        assert (ran.code, set(table(ran.out))) == (0, {"acme", "bolt", "total"}), ran.err
        assert f"reconciler apply {start / 'plans/acme.plan'} --chdir books/acme\n" in ran.err.replace("books/../", "")
        assert "--chdir books\n" in ran.err


def test_in_the_sandbox(folder: Path) -> None:
    """With --sandbox each account has a sandbox account and a state of its own, named or not."""
    writes("reconciler.yaml", "version: 1\nprofiles: {one: {root: one.yaml}, two: {root: two.yaml}}\n")
    for name in ("one", "two"):
        writes(f"{name}.yaml", f"version: 1\nclients: {{c: {{organization: Of {name}}}}}\n")
    ran = called("apply", "--all", "--sandbox", "--auto-approve")
    assert ran.code == 0, ran.err
    assert {path.name for path in Path(".reconciler").iterdir()} == {"one", "two"}
    assert called("plan", "--all", "--sandbox", "--detailed-exitcode").code == 0


def test_memory_is_given_back(agency: Agency) -> None:
    """What one account's plan needed is not kept while the next ones have their turn."""
    import gc  # noqa: PLC0415 - what the program leaves behind in this very process

    folders()
    called("plan", "--all")
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
