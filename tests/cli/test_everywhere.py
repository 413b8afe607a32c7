"""`--all`: several accounts, each on its own, one table, one exit code."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox.faults import Fault
from reconciler.store.lock import held
from tests.cli.agency import APPLY, IDS, Agency, firm, folders, profiles, table, working, writes
from tests.cli.program import PATIENCE_S, PROGRAM, Ran, at_terminal, called, spawned, until


@pytest.fixture
def agency(tmp_path: Path) -> Iterator[Agency]:
    """Give a login with three empty accounts."""
    with working(tmp_path) as found:
        yield found


def events(ran: Ran) -> list[dict[str, Any]]:
    """Read a stream of events."""
    return [json.loads(line) for line in ran.out.splitlines()]


def state_of(file: str) -> Any:  # noqa: ANN401 - JSON
    """Read a state."""
    return json.loads(Path(file).read_text(encoding="utf-8"))


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
    """With --json each event has its folder or profile, and the last one is the table."""
    layout()
    writes("bolt/clients.yaml" if layout is folders else "bolt.yaml", "version: 1\nclients: []\n")
    ran = spawned("plan", "--all", "--json", "--detailed-exitcode")
    assert (ran.code, ran.err) == (3, "")
    *others, last = events(ran)
    key = "folder" if layout is folders else "profile"
    assert [event[key] for event in others] == ["acme"] * 2 + ["bolt"] * 2 + ["coral"] * 2
    assert (last["type"], last["exit_code"], last["@level"], key in last) == ("accounts_summary", 3, "error", False)
    assert [row["exit_code"] for row in last["accounts"]] == [2, 3, 2]
    assert last["accounts"][0] == {
        "name": "acme",
        key: "acme",
        "account": "Aa1",
        "exit_code": 2,
        "changes": {"add": 1, "change": 0, "import": 0, "remove": 0, "operation": "plan"},
        "plan_id": others[1]["plan_id"],
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


def test_a_person_is_asked_for_each(agency: Agency) -> None:
    """At a terminal each plan is asked for; `no` to one goes on with the next, and is told as declined."""
    folders()
    with at_terminal("apply", "--all", "--settle", "0") as person:
        for name, answer in (("acme", "yes"), ("bolt", "no"), ("coral", "yes")):
            person.shows(f"Account {name}")
            person.shows("Enter a value: ")
            person.seen = ""
            person.types(f"{answer}\n")
        assert person.ends() == 1
    assert "declined: apply was declined" in person.text
    assert [len(agency.clients(name)) for name in IDS] == [1, 0, 1]


def test_nobody_can_approve(agency: Agency) -> None:
    """Without a terminal and without consent nothing is read."""
    folders()
    ran = called("apply", "--all")
    assert (ran.code, "nobody can approve" in ran.err) == (64, True)
    assert agency.sandbox.log.entries == []


def test_expected_plans(agency: Agency) -> None:
    """`--expect NAME=PLAN_ID` approves each account's plan by itself; one that moved is refused alone."""
    folders()
    *_, last = events(called("plan", "--all", "--json"))
    words = [word for row in last["accounts"] for word in ("--expect", f"{row['name']}={row['plan_id']}")]
    writes("bolt/clients.yaml", firm("bolt", 1, 2))
    ran = called("apply", "--all", *words)
    assert ran.code == 5
    assert [len(agency.clients(name)) for name in IDS] == [1, 0, 1]
    some = called("apply", "--all", *words[:2])
    assert (some.code, "for bolt and 1" in some.err) == (64, True)
    other = called("apply", "--all", "--expect", "bolts=1")
    assert (other.code, "Did you mean bolt?" in other.err) == (64, True)


@pytest.mark.parametrize("out", ["plans", "plans/{name}.plan"])
def test_saved_plans(out: str, agency: Agency) -> None:
    """`--out` saves one private plan an account; `apply --all` carries just these out."""
    writes("north/acme/clients.yaml", firm("acme"))
    folders("bolt")
    Path("plans").mkdir()
    ran = called("plan", "--all", "--out", out)
    assert ran.code == 0, ran.err
    saved = sorted(Path("plans").iterdir())
    assert [file.name for file in saved] == ["bolt.plan", "north-acme.plan"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in saved} == {0o600}
    assert f"reconciler apply --all '{Path.cwd()}/plans/{{name}}.plan'" in ran.err
    writes("bolt/clients.yaml", firm("bolt", 1, 2))
    done = called("apply", "--all", "plans/{name}.plan", "--settle", "0")
    assert done.code == 5
    assert (agency.clients("acme"), agency.clients("bolt")) == (["acme client 1"], [])


def test_formats_in_files(agency: Agency) -> None:
    """`--format FORMAT={name}...` writes a file for each account, seen from the working folder."""
    profiles()
    ran = called("plan", "--all", "--format", "text", "--format", "json={name}.json")
    assert ran.code == 0, ran.err
    assert {name: "clients.c1" in Path(f"{name}.json").read_text(encoding="utf-8") for name in IDS} == dict.fromkeys(
        IDS, True
    )


def test_states_by_name(agency: Agency) -> None:
    """`--state` with `{name}` gives each account a state of its own."""
    folders()
    Path("states").mkdir()
    assert called(*APPLY, "--state", "states/{name}.json").code == 0
    assert sorted(state_of(f"states/{name}.json")["account"] for name in IDS) == sorted(IDS.values())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("plan", "--all", "--account", "Aa1"), "one account is named for all"),
        (("plan", "--all", "--state", "one.json"), "one file is named for all accounts"),
        (("plan", "--all", "--format", "json=one.json"), "one file is named for all accounts"),
        (("plan", "--all", "--format", "json"), "several documents for one output"),
        (("validate", "--all", "--format", "json"), "several documents for one output"),
        (("plan", "--all", "--profile", "acme"), "--profile and --all contradict each other"),
        (("validate", "--all", "acme", "bolt"), "--all takes one folder"),
        (("plan", "--all", "acme/clients.yaml"), "--all takes a folder"),
        (("plan", "--all", "acme"), "no account is found"),
        (("apply", "--all", "--expect", "1234"), "--expect needs the account"),
        (("apply", "--expect", "1", "--expect", "2"), "two plans are expected"),
        (("plan", "--out", "acme"), "--out names a folder"),
    ],
)
def test_contradictions(words: tuple[str, ...], told: str, agency: Agency) -> None:
    """What would be one thing for all accounts is wrong usage, before anything is read."""
    folders()
    ran = called(*words)
    assert (ran.code, told in ran.err) == (64, True), ran.err
    assert agency.sandbox.log.entries == []


def test_the_environment_names_no_account_for_all(agency: Agency) -> None:
    """A FRESHBOOKS_ACCOUNT_ID that was left over makes no account another one."""
    folders()
    os.environ["FRESHBOOKS_ACCOUNT_ID"] = "Aa1"
    assert called(*APPLY).code == 64
    assert agency.sandbox.log.entries == []


def test_the_environment_says_all(agency: Agency) -> None:
    """RECONCILER_ALL is --all; a profile that is typed wins over it, and a typed --all over RECONCILER_PROFILE."""
    profiles()
    os.environ["RECONCILER_ALL"] = "1"
    assert "3 accounts (" in called("plan").out
    assert "3 accounts (" not in called("plan", "--profile", "acme").out
    os.environ["RECONCILER_PROFILE"] = "acme"
    assert called("plan").code == 64
    assert "3 accounts (" in called("plan", "--all").out


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
