"""`doctor duplicates`: every group with its ids, and what to write so that they are told apart."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.cli.agency import Agency, profiles
from tests.cli.program import Ran, called, spawned, strikes, writes
from tests.doctor.world import CLIENTS, STATE, World


def groups(*words: str) -> list[dict[str, Any]]:
    """Give the groups as a program reads them."""
    ran = called("doctor", "duplicates", "--json", *words)
    assert ran.code == 0, ran.all
    events = [json.loads(line) for line in ran.out.splitlines()]
    assert [event["type"] for event in events] == ["duplicates"] * (len(events) - 1) + ["duplicates_summary"]
    assert events[-1]["duplicates"]["groups"] == len(events) - 1
    return [event["duplicates"] for event in events[:-1]]


def listed(*words: str) -> Ran:
    """Give what a person reads."""
    return called("doctor", "duplicates", "--detailed-exitcode", *words)


def test_none(world: World) -> None:
    """Without any it says so, with exit code 0 either way, and has sent reads alone."""
    before = len(world.story.sandbox.log.entries)
    ran = listed()
    assert (ran.code, ran.out, ran.err) == (0, "No two clients have the same natural key.\n", "")
    assert {entry["method"] for entry in world.story.sandbox.log.entries[before:]} == {"GET"}


def test_a_group(world: World) -> None:
    """A group names what is the same, and each record with its id, state, address and what it owes."""
    person = world.story.person
    acme = world.id_of("acme")
    second = person.creates(organization="ACME Ltd.", email="billing@acme.example", p_city="Toronto")
    third = person.creates(organization="Acme ltd.", email="billing@acme.example")
    person.archives(third)
    person.owes(second, "100.00")
    ran = listed()
    assert ran.code == 2
    assert ran.out.startswith(
        "# Group 1: same email and organization\n"
        f"  id {acme}: Acme Ltd., billing@acme.example\n    active, bound to clients.acme\n"
        f"  id {second}: ACME Ltd., billing@acme.example, Toronto\n    active, not bound, owes 100.00\n"
    )
    assert f"  id {third}: Acme ltd., billing@acme.example\n    archived, not bound\n" in ran.out
    assert f"    under acme:  distinct_from: [{second}, {third}]\n" in ran.out
    assert ran.out.endswith("1 group, 3 clients.\n")
    [group] = groups()
    assert (group["shared"], group["told_apart"]) == (["email", "organization"], False)
    assert [(each["id"], each["state"], each["address"]) for each in group["records"]] == [
        (acme, "active", "clients.acme"),
        (second, "active", None),
        (third, "archived", None),
    ]


def test_what_it_says_to_write_works(world: World) -> None:
    """The line to paste settles the group: the doctor is content then, and so is the next plan."""
    spare = world.story.person.creates(organization="Acme Ltd.", email="billing@acme.example")
    assert world.doctor().having("warn") == {"duplicates"}
    line = f"distinct_from: [{spare}]"
    assert line in listed().out
    writes(CLIENTS.replace("acme: {", f"acme: {{{line}, "))
    ran = listed()
    assert (ran.code, ", told apart\n" in ran.out) == (0, True)
    assert ran.out.endswith("1 group, of which 1 is told apart, 2 clients.\n")
    assert "to write" not in ran.out
    found = world.doctor()
    assert found.having("warn") == set()
    assert "1 group" in found.findings["duplicates"]["told"]
    assert called("plan", "--detailed-exitcode").code == 0


def test_what_stands_there_already_stays(world: World) -> None:
    """The line to paste has the ids that are told apart already, of whatever group: it replaces the one there."""
    first = world.story.person.creates(organization="Other Ltd.")
    second = world.story.person.creates(organization="Acme Ltd.", email="billing@acme.example")
    writes(CLIENTS.replace("acme: {", f"acme: {{distinct_from: [{first}], "))
    assert f"    under acme:  distinct_from: [{first}, {second}]\n" in listed().out


def test_nobody_is_bound(world: World) -> None:
    """Before anything is bound, each record of a group could be the one; a file need not be there at all."""
    one = world.story.person.creates(fname="Ada", lname="Lovelace")
    two = world.story.person.creates(fname="ada", lname="Lovelace")
    Path("clients.yaml").unlink()
    STATE.unlink()
    out = listed().out
    assert "# Group 1: same fname and lname" in out
    assert f"    under its key:  id: {one}\n    under its key:  id: {two}\n" in out


def test_a_key_of_the_settings(world: World) -> None:
    """`match` in the settings says what a natural key is here too."""
    for email in ("one@x.example", "two@x.example"):
        world.story.person.creates(email=email, vat_number="7")
    assert listed().code == 0
    writes("match: [[vat_number]]\n", "reconciler.yaml")
    assert listed().code == 2
    assert [group["shared"] for group in groups()] == [["vat_number"]]


def test_hidden_and_hostile(world: World) -> None:
    """A sensitive field has no value here, and a name moves no cursor."""
    for _ in range(2):
        world.story.person.creates(organization="Evil\x1b[2J", email="secret@evil.example")
    writes("sensitive: [email]\n", "reconciler.yaml")
    ran = listed()
    assert "Evil\\u001b[2J, (sensitive value)" in ran.out
    assert "secret@evil.example" not in ran.all + called("doctor", "duplicates", "--json").all
    assert "\x1b" not in ran.all


def test_it_ends_as_other_commands_do(world: World) -> None:
    """What cannot be read is an error with its own exit code: token, account, state, configuration."""
    strikes(world.story, "GET /users/clients wrong-json")
    assert spawned("doctor", "duplicates").code == 4
    world.story.mends()
    content = STATE.read_bytes()
    STATE.write_text("{", encoding="utf-8")
    assert called("doctor", "duplicates").code == 9
    STATE.write_bytes(content)
    writes("clients: [")
    assert called("doctor", "duplicates").code == 3
    writes(CLIENTS)
    del os.environ["FRESHBOOKS_ACCESS_TOKEN"]
    assert called("doctor", "duplicates").code == 8


def test_all_accounts(agency: Agency, capsys: pytest.CaptureFixture[str]) -> None:
    """With --all each account has its groups, and the table their number."""
    profiles()
    ran = called("doctor", "duplicates", "--all")
    assert ran.code == 0
    assert ran.out.count("No two clients have the same natural key\n") == 3
    assert called("doctor", "--all", "duplicates").code == 64
