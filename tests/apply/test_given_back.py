"""What an undo gives back before it lets go: values first, the children's before the record's, the binding last."""

from __future__ import annotations

from pathlib import Path

from reconciler.sandbox.faults import Faults
from tests.golden.story import Story, telling

FOUND = """
clients:
  found:
    organization: Found
    email: f@f.example
    language: fr
    contacts: {jo: {email: jo@f.example, fname: Jo}}
"""
QUICK = ("--auto-approve", "--parallelism", "1", "--settle", "0")


def adopted(s: Story) -> None:
    """Adopt a client and its contact, both with differences."""
    s.person.creates({"email": "jo@f.example", "fname": "J"}, organization="Found", email="f@f.example", language="en")
    s.writes(FOUND)
    s.apply()


def bound(s: Story) -> list[str]:
    """Give the bound addresses."""
    return [line.split()[0] for line in s.run("state", "list").splitlines()]


def test_in_this_order(tmp_path: Path) -> None:
    """The contact is written first, then the client, and nothing is bound afterwards."""
    with telling(tmp_path) as s:
        adopted(s)
        before = len(s.writes_seen())
        s.run("undo", *QUICK)
        assert [entry["body"] for entry in s.writes_seen()[before:]][1:] == [{"client": {"language": "en"}}]
        assert bound(s) == []
        [contact] = s.contacts(700001)
        assert contact["fname"] == "J"


def test_not_let_go_while_a_value_is_missing(tmp_path: Path) -> None:
    """Where a call fails the record stays ours, so that the next undo goes on with it."""
    with telling(tmp_path) as s:
        adopted(s)
        s.sandbox.wrapper.faults = Faults.parse(["PUT /users/clients/* 401"])
        s.run("undo", *QUICK, expect=6)
        assert bound(s) == ["clients.found"]
        s.sandbox.wrapper.faults = Faults()
        adopting = s.run("history").splitlines()[-2].split()[0]
        s.run("undo", adopting, *QUICK)
        assert bound(s) == []
        assert s.clients()[700001]["language"] == "en"


def test_the_contacts_first(tmp_path: Path) -> None:
    """Where a contact's values cannot be put back its client is not touched."""
    with telling(tmp_path) as s:
        adopted(s)
        s.sandbox.wrapper.faults = Faults.parse(["PUT /users/contacts/* 401"])
        seen = s.run("undo", *QUICK, expect=8)
        assert "not all of its contacts are as before" in seen
        assert bound(s) == ["clients.found", "clients.found.contacts.jo"]
        assert s.clients()[700001]["language"] == "fr"


def test_a_value_that_stays(tmp_path: Path) -> None:
    """Where FreshBooks leaves a value as it is, that is a failure, and the record is not let go."""
    with telling(tmp_path) as s:
        s.person.creates(organization="Found", email="f@f.example", language="en")
        s.writes("clients:\n  found: {organization: Found, email: f@f.example, language: fr}")
        s.apply()
        s.sandbox.options.quirks._chosen["frozen-field"] = "language"
        seen = s.run("undo", *QUICK, expect=6)
        assert "FreshBooks kept the old value of language" in seen
        assert bound(s) == ["clients.found"]
