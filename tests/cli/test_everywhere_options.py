"""What one command line may say for several accounts: consent, plans, files, and what would mix them up."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from tests.cli.agency import APPLY, IDS, Agency, events, firm, folders, profiles, state_of, table, writes
from tests.cli.program import at_terminal, called, spawned
from tests.store.gitlab import GitLab
from tests.store.statehost import Asked, running


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


def test_states_in_shared_storage(agency: Agency) -> None:
    """With `{name}` in an address each account has its own document and lock there; a foreign lock stops one only."""
    folders()
    with running(GitLab(login=None)) as server:
        address = server.url("{name}")
        taken = dict.fromkeys(("Operation", "Info", "Version", "Created", "Path"), "")
        body = json.dumps({"ID": "another's", "Who": "somebody", **taken}).encode()
        server.answer(Asked(method="POST", target=f"{server.path}bolt/lock", headers={}, body=body))
        ran = spawned(*APPLY, "--state", address)
        assert ran.code == 10, ran.err
        assert {name: code for name, (code, _) in table(ran.out).items() if name in IDS} == {
            "acme": "0",
            "bolt": "10",
            "coral": "0",
        }
        assert [len(agency.clients(name)) for name in IDS] == [1, 0, 1]
        assert not list(Path().glob("**/state.json"))
        assert called("plan", "--chdir", "acme", "--state", server.url("acme"), "--detailed-exitcode").code == 0


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
