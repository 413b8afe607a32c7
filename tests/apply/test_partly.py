"""What is done of a record is remembered, what is not is tried again; the exit code says whether anything was sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.sandbox.faults import Faults
from tests.golden.story import Story, telling


def strike(story: Story, *rules: str) -> None:
    """Let these faults strike from now on."""
    story.sandbox.wrapper.faults = Faults.parse(rules)


LASTING = "PUT /users/clients/* 500-before"


def test_failed_archive_of_a_new_client_is_tried_again(tmp_path: Path) -> None:
    """A client that was created and could not be archived is archived by the next apply."""
    with telling(tmp_path) as s:
        s.writes("clients:\n  dune: {organization: Dune, email: d@x.example, archived: true}")
        strike(s, "PUT /users/clients/* 401")
        s.apply(expect=6)
        strike(s)
        assert "will be archived" in s.plan()
        s.reconciles()
        assert s.clients()[700001]["vis_state"] == 2


def test_failed_archive_of_a_known_client_is_tried_again(tmp_path: Path) -> None:
    """The same for a client that exists: its fields are remembered, its archiving is not."""
    with telling(tmp_path) as s:
        s.writes("clients:\n  dune: {organization: Dune, email: d@x.example}")
        s.apply()
        s.writes("clients:\n  dune: {organization: Dune, email: d@x.example, archived: true}")
        strike(s, "PUT /users/clients/* 401")
        s.apply(expect=8)
        strike(s)
        s.reconciles()
        assert s.clients()[700001]["vis_state"] == 2


def test_something_was_written_where_a_restore_went_through(tmp_path: Path) -> None:
    """A record that was brought back and could not be changed is partly done: exit code 6, not 1."""
    with telling(tmp_path, {"validation": "strict"}) as s:
        s.writes("clients:\n  dune: {organization: Dune, email: d@x.example}")
        s.apply()
        s.person.deletes(700001)
        s.writes("clients:\n  dune: {organization: Dune, email: not-an-email, id: 700001}")
        told = s.apply(expect=6)
        assert "Nothing was written" not in told


def test_a_frozen_field_does_not_hold_up_the_rest(tmp_path: Path) -> None:
    """What FreshBooks leaves as it was is named, by itself; other fields and contacts are done and remembered."""
    with telling(tmp_path, {"frozen-field": "language"}) as s:
        s.writes("clients:\n  dune: {organization: Dune, language: en}")
        s.apply()
        s.writes("clients:\n  dune: {organization: Dune, language: fr, note: N, contacts: {ann: {email: a@x.example}}}")
        told = s.apply(expect=6)
        assert "kept the old value of language" in told
        assert s.clients()[700001]["note"] == "N"
        assert [contact["email"] for contact in s.contacts(700001)] == ["a@x.example"]
        again = s.plan()
        assert "language" in again
        assert "note" not in again
        assert "contacts.ann" not in again


@pytest.mark.parametrize(
    ("live", "wish"), [("416-555-0101", "416 555 0101"), ("(416) 555-0101", "+ 416 555-0101".replace("+ ", ""))]
)
def test_another_spelling_of_a_phone_settles(live: str, wish: str, tmp_path: Path) -> None:
    """Where FreshBooks writes both spellings alike, asking for the other one is no failure, and asked for once."""
    with telling(tmp_path, {"normalise": "phone"}) as s:
        s.person.creates(organization="Dune", email="d@x.example", bus_phone=live)
        s.writes(f"clients:\n  dune: {{organization: Dune, email: d@x.example, bus_phone: '{wish}'}}")
        s.reconciles()
        s.writes(f"clients:\n  dune: {{organization: Dune, email: d@x.example, bus_phone: '{wish.replace(' ', '.')}'}}")
        s.reconciles()


def test_adopting_a_whole_account_is_a_handful_of_durable_writes(tmp_path: Path) -> None:
    """Records that need no call are recorded many at a time."""
    with telling(tmp_path, seed=120) as s:
        names = [client["email"] for client in s.clients().values()]
        s.writes("clients:\n" + "\n".join(f"  c{n}: {{email: {email}}}" for n, email in enumerate(names)))
        s.reconciles()
        assert s.writes_seen() == []


def test_contacts_that_no_list_shows_are_not_made_again(tmp_path: Path) -> None:
    """Contacts of a deleted client, which FreshBooks may not list, are found once it is back, and not made twice."""
    with telling(tmp_path, {"contacts-include": "absent"}) as s:
        s.writes("clients:\n  dune: {organization: Dune, contacts: {jo: {email: jo@x.example, phone1: '1'}}}")
        s.apply()
        s.person.edits_contact(s.contacts(700001)[0]["contactid"], phone1="2")
        s.person.deletes(700001)
        s.apply()
        assert [contact["email"] for contact in s.contacts(700001)] == ["jo@x.example"]
        s.reconciles()
        assert [contact["phone1"] for contact in s.contacts(700001)] == ["1"]
