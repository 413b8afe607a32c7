"""`drift`: what somebody did in FreshBooks since the last apply, and the two ways out of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.program import ACME, BOLT, called, writes
from tests.golden.story import Story


@pytest.fixture
def applied(place: Story) -> Story:
    """Give two clients, one with a contact, as the last apply left them."""
    writes(ACME.replace("}", ", p_city: Toronto, contacts: {jane: {email: jane@acme.example}}}") + BOLT)
    assert called("apply", "--auto-approve", "--settle", "0").code == 0
    return place


def number_of(place: Story, organization: str) -> int:
    """Give a client's id."""
    return next(number for number, client in place.clients().items() if client["organization"] == organization)


def test_no_drift(applied: Story) -> None:
    """Where nobody did anything, that is said, with how many records were looked at; a new wish is no drift."""
    writes(
        ACME.replace("Ltd.", "Inc.").replace("}", ", contacts: {jane: {email: jane@acme.example}}}")
        + BOLT
        + "  new: {email: new@new.example}\n"
    )
    ran = called("drift", "--detailed-exitcode")
    assert (ran.code, ran.out) == (0, "No drift: 3 bound records as the last apply left them.\n")
    assert len(applied.writes_seen()) == 2


def test_before_the_first_apply(place: Story) -> None:
    """Without a binding nothing can have drifted."""
    place.person.creates(organization="Acme Ltd.", email="billing@acme.example")
    writes(ACME)
    ran = called("drift", "--detailed-exitcode")
    assert ran.code == 0
    assert "No drift: nothing is bound yet." in ran.out


def test_each_with_both_ways_out(applied: Story) -> None:
    """Edits, deletes and contacts are told by record and field, each with what takes it back and what takes it in."""
    acme, bolt = number_of(applied, "Acme Ltd."), number_of(applied, "Bolt Bikes")
    applied.person.edits(acme, p_city="Ottawa")
    applied.person.deletes(bolt)
    [jane] = applied.contacts(acme)
    applied.person.edits_contact(jane["contactid"], email="j@acme.example")
    ran = called("drift", "--detailed-exitcode")
    assert ran.code == 2
    assert (
        f"""  # clients.acme was edited in FreshBooks
  # (id {acme}; clients.yaml:3)
      ~ p_city = "Toronto" -> "Ottawa"
    take it back: reconciler apply --target clients.acme
    take it in:   reconciler export --accept clients.acme
"""
        in ran.out
    )
    assert '~ email = "jane@acme.example" -> "j@acme.example"' in ran.out
    assert "take it in:   reconciler export --accept clients.acme.contacts.jane" in ran.out
    assert f"  # clients.bolt was deleted in FreshBooks\n  # (id {bolt}; clients.yaml:4)\n    take it back:" in ran.out
    assert "Drift: 2 fields and 1 record deleted, in 3 of 3 bound records." in ran.out
    assert called("drift").code == 0


def test_the_way_back_is_one(applied: Story) -> None:
    """What the report names takes the drift back, and nothing else is written."""
    acme = number_of(applied, "Acme Ltd.")
    applied.person.edits(acme, p_city="Ottawa")
    line = next(line for line in called("drift").out.splitlines() if "take it back" in line)
    before = len(applied.writes_seen())
    assert called(*line.partition("reconciler ")[2].split(), "--auto-approve", "--settle", "0").code == 0
    assert [entry["body"] for entry in applied.writes_seen()[before:]] == [{"client": {"p_city": "Toronto"}}]
    assert called("drift", "--detailed-exitcode").code == 0


def test_reported_only(applied: Story) -> None:
    """With `policy.drift: report` drift is still found, and the way back says what it takes."""
    writes("policy: {drift: report}\n", "reconciler.yaml")
    applied.person.edits(number_of(applied, "Acme Ltd."), p_city="Ottawa")
    ran = called("drift", "--detailed-exitcode")
    assert ran.code == 2
    assert "policy: {drift: revert}" in ran.out


def test_edited_on_both_sides(applied: Story) -> None:
    """Where the configuration wants yet another value, that is said: only a digest of the old one is kept."""
    applied.person.edits(number_of(applied, "Acme Ltd."), p_city="Ottawa")
    writes(ACME.replace("}", ", p_city: Rome, contacts: {jane: {email: jane@acme.example}}}") + BOLT)
    assert '-> "Ottawa"; the configuration now wants "Rome"' in called("drift").out


def test_unmanaged(applied: Story) -> None:
    """What no key claims is counted, and listed on request; it is no drift."""
    number = applied.person.creates(organization="Zeta", email="z@z.example")
    ran = called("drift", "--detailed-exitcode")
    assert (ran.code, "Not managed: 1 client." in ran.out, "Zeta" in ran.out) == (0, True, False)
    assert f"id {number}: Zeta" in called("drift", "--unmanaged").out


def test_formats(applied: Story) -> None:
    """JSON has everything by record and field; Markdown holds the text; --json is a stream of events."""
    acme = number_of(applied, "Acme Ltd.")
    applied.person.edits(acme, p_city="``` <b>")
    ran = called("drift", "--format", "json", "--format", "markdown=drift.md")
    document = json.loads(ran.out)
    [entry] = document["drift"]
    assert entry["fields"] == {"p_city": {"applied": "Toronto", "live": "``` <b>"}}
    assert (entry["address"], entry["id"], entry["outside"]) == ("clients.acme", acme, "edited")
    assert entry["ways_out"]["take_it_in"] == "reconciler export --accept clients.acme"
    markdown = Path("drift.md").read_text(encoding="utf-8")
    assert markdown.startswith("<!-- reconciler:drift -->\n\n### FreshBooks: Drift: 1 field, in 1 of 3")
    assert "\n````text\n" in markdown
    events = [json.loads(line) for line in called("drift", "--json").out.splitlines()]
    [event] = [event for event in events if event["type"] == "resource_drift"]
    assert (event["change"]["action"], event["drift"]["id"]) == ("update", acme)
    assert events[-1]["type"] == "drift_summary"
    assert called("drift", "--format", "html").code == 64


def test_sensitive_values(applied: Story) -> None:
    """A value that must not be shown is shown in no format, and the field's name is."""
    writes("sensitive: [p_city]\n", "reconciler.yaml")
    applied.person.edits(number_of(applied, "Acme Ltd."), p_city="Ottawa")
    for words in (["--format", "text"], ["--format", "json"], ["--format", "markdown"], ["--json"]):
        ran = called("drift", *words)
        assert "p_city" in ran.out
        assert "Ottawa" not in ran.all
        assert "Toronto" not in ran.all
    assert "billing@acme" not in called("drift", "--redact").all


def test_a_record_that_is_gone(applied: Story) -> None:
    """A client that FreshBooks has no more is told, with what creates it anew."""
    applied.sandbox.books.purge(number_of(applied, "Bolt Bikes"))
    ran = called("drift", "--detailed-exitcode")
    assert ran.code == 2
    assert "clients.bolt is gone from FreshBooks for good" in ran.out
    assert "reconciler apply --target clients.bolt --recreate" in ran.out
