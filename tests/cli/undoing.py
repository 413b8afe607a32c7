"""Every kind of run that can be taken back, and the account as people compare it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.cli.program import called, writes
from tests.golden.story import Story

QUICK = ("--auto-approve", "--settle", "0")
LIMITS = ("--max-deletes", "90", "--max-updates", "90")
_LATER = {"updated", "last_activity", "contacts"}
Kept = dict[int, tuple[dict[str, Any], list[dict[str, Any]]]]


def seen(place: Story) -> Kept:
    """Give all clients that are not deleted, field by field, with their contacts, whose ids may be new; "" is null."""
    return {number: kept for number, kept in whole(place).items() if kept[0]["vis_state"] != 1}


def whole(place: Story) -> Kept:
    """Give all clients that ever were, deleted ones too, field by field with their contacts."""
    return {
        number: (
            {name: None if value == "" else value for name, value in client.items() if name not in _LATER},
            sorted(
                (
                    {n: v or None for n, v in contact.items() if n not in {"contactid", "updated"}}
                    for contact in place.contacts(number)
                ),
                key=lambda contact: sorted((n, str(v)) for n, v in contact.items()),
            ),
        )
        for number, client in place.clients().items()
    }


def other(before: Kept, now: Kept) -> list[str]:
    """Give what is not as it was, field by field; what is new must be deleted, for nothing is deleted for good."""
    found = [f"{number} is alive" for number in now.keys() - before.keys() if now[number][0]["vis_state"] != 1]
    for number, (client, people) in before.items():
        fields, contacts = now[number]
        found += [
            f"{number}.{name}: {was!r} is {fields[name]!r}" for name, was in client.items() if fields[name] != was
        ]
        found += [f"{number} has the contacts {contacts}, and had {people}"] if contacts != people else []
    return found


def bindings() -> list[str]:
    """Give the bound addresses with the ids of clients; a contact's may be new."""
    lines = called("state", "list").out.splitlines()
    return [line if ".contacts." not in line else line.split()[0] for line in lines]


def does(text: str, *flags: str) -> None:
    """Write a configuration and apply it."""
    writes(text)
    ran = called("apply", *QUICK, *LIMITS, *flags)
    assert ran.code == 0, ran.all


def undoes(*words: str) -> str:
    """Take a run back; give what was said."""
    ran = called("undo", *words, *QUICK, *LIMITS)
    assert ran.code == 0, ran.all
    return ran.out


def flat(told: str) -> str:
    """Give what was said without the marks and breaks of a box."""
    return " ".join(told.replace("|", " ").split())


def newest() -> str:
    """Give the name of the last run."""
    return called("history", "--last", "1").out.split()[0]


def number_of(place: Story, organization: str) -> int:
    """Give a client's id."""
    return next(number for number, client in place.clients().items() if client["organization"] == organization)


FULL = """clients:
  acme:
    organization: Acme Ltd.
    email: billing@acme.example
    p_city: Toronto
    note: "one\\ntwo"
    pref_email: false
    contacts:
      jane: {email: jane@acme.example, fname: Jane, phone1: 416-555-0101}
      ravi: {fname: Ravi, lname: Shah}
  bolt: {organization: Bolt Bikes, archived: true, lifecycle: {on_remove: archive}}
  claire: {fname: Claire, lname: Dubois, lifecycle: {on_remove: archive}, contacts: {mei: {email: mei@c.example}}}
  dora: {organization: Dora Inc., lifecycle: {on_remove: keep}, contacts: {d: {email: d@d.example}}}
"""


def edited(text: str, *pairs: tuple[str, str]) -> str:
    """Replace what must be there."""
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


def without(text: str, key: str) -> str:
    """Leave a client out."""
    return re.sub(rf"^  {key}:.*?(?=^  \w|\Z)", "", text, flags=re.MULTILINE | re.DOTALL)


def _nothing(_: Story) -> None:
    """Nobody does anything."""


def _found(s: Story) -> None:
    """Somebody adds clients that the YAML describes later."""
    s.person.creates({"email": "Jo@found.example", "fname": "J"}, organization="Found", email="f@f.example", p_city="X")
    s.person.archives(s.person.creates(organization="Put", email="put@p.example", p_city="Away"))


def _deletes_acme(s: Story) -> None:
    s.person.deletes(number_of(s, "Acme Ltd."))


def _adds_a_phone(s: Story) -> None:
    [jane, *_] = sorted(s.contacts(number_of(s, "Acme Ltd.")), key=lambda contact: contact["email"] or "~")
    s.person.edits_contact(jane["contactid"], phone2="never managed")


NEW = "  new: {organization: New, email: n@n.example"
JANE = "      jane: {email: jane@acme.example, fname: Jane, phone1: 416-555-0101}\n"
MOVED = ("  acme:\n", "  acme-2:\n    previously: [acme]\n")
KINDS: dict[str, tuple[Callable[[Story], None], str]] = {
    "create": (_nothing, FULL + NEW + ", contacts: {x: {email: x@n.example}}}\n"),
    "create-archived": (_nothing, FULL + NEW + ", archived: true}\n"),
    "update": (_nothing, edited(FULL, ("Toronto", "Ottawa"), ("one\\ntwo", "one"), ("billing@", "b@"))),
    "switch": (_nothing, edited(FULL, ("pref_email: false", "pref_email: true"))),
    "clear": (_nothing, edited(FULL, ("Toronto", '""'), ('"one\\ntwo"', "null"))),
    "add-fields": (_nothing, edited(FULL, ("p_city: Toronto", "p_city: Toronto\n    vat_number: '7'\n    fax: '8'"))),
    "delete": (_nothing, without(FULL, "acme")),
    "delete-contact": (_adds_a_phone, edited(FULL, (JANE, ""))),
    "contacts": (
        _adds_a_phone,
        edited(
            FULL,
            ("fname: Ravi", "fname: R"),
            ("416-555-0101", "'1'"),
            ("mei@c.example}", "m@c.example}, z: {fname: Z}"),
        ),
    ),
    "archive": (_nothing, edited(FULL, ("p_city: Toronto", "p_city: Rome\n    archived: true"))),
    "unarchive": (_nothing, edited(FULL, ("archived: true", "archived: false, p_city: Rome"))),
    "archive-removed": (_nothing, without(FULL, "claire")),
    "move": (_nothing, edited(FULL, MOVED, ("fname: Ravi", "fname: R"))),
    "move-and-update": (_nothing, edited(FULL, MOVED, ("Toronto", "Rome"))),
    "forget": (_nothing, "removed: [acme, claire]\n" + without(without(FULL, "acme"), "claire")),
    "forget-contacts": (_nothing, edited(FULL, (", contacts: {mei: {email: mei@c.example}}", ""))),
    "adopt": (_found, FULL + "  found: {organization: Found, email: f@f.example}\n"),
    "adopt-differing": (
        _found,
        FULL
        + "  found: {organization: FOUND, email: f@f.example, p_city: Y, "
        + "contacts: {jo: {email: jo@found.example, fname: Jo}, k: {fname: K}}}\n"
        + "  put: {organization: Put, email: put@p.example, p_city: Back, archived: false}\n",
    ),
    "restore": (_deletes_acme, FULL),
    "everything": (
        _found,
        edited(without(FULL, "claire"), ("Toronto", "Ottawa"), ("fname: Ravi", "fname: R"))
        + "  found: {organization: Found, email: f@f.example, p_city: Y}\n"
        + NEW
        + "}\n",
    ),
}  # fmt: skip
"""What happens outside after the first apply, and what the YAML says in the run that is taken back."""


def _purges_acme(s: Story) -> None:
    s.sandbox.books.purge(number_of(s, "Acme Ltd."))


def _edits_and_deletes_acme(s: Story) -> None:
    number = number_of(s, "Acme Ltd.")
    [ravi] = [each for each in s.contacts(number) if each["fname"] == "Ravi"]
    s.person.edits(number, p_city="Rome", note="edited", fax="never managed")
    s.person.deletes_contact(ravi["contactid"])
    s.person.deletes(number)


def _namesake(s: Story) -> None:
    s.person.creates(organization="Nearly New", email="n@n.example", p_city="Oslo")


def _drifts(s: Story) -> None:
    number = number_of(s, "Acme Ltd.")
    s.person.edits(number, p_city="Rome", vat_number="never managed", pref_email=True)
    s.person.archives(number)


FLAGGED: dict[str, tuple[Callable[[Story], None], str, tuple[str, ...]]] = {
    "destroy": (_adds_a_phone, FULL, ("--destroy",)),
    "target": (_nothing, edited(FULL, ("Toronto", "Ottawa"), ("Bolt Bikes", "Bolt")), ("--target", "clients.acme")),
    "target-contact": (
        _nothing,
        edited(FULL, ("Toronto", "Ottawa"), ("fname: Ravi", "fname: R")),
        ("--target", "*.ravi"),
    ),
    "exclude": (_nothing, edited(without(FULL, "claire"), ("Toronto", "Ottawa")), ("--exclude", "clients.acme")),
    "create": (_namesake, FULL + NEW + ", contacts: {x: {email: x@n.example}}}\n", ("--create", "clients.new")),
    "recreate": (_purges_acme, FULL, ("--recreate",)),
    "restore-differing": (_edits_and_deletes_acme, FULL, ()),
    "drift": (_drifts, edited(FULL, ("p_city: Toronto", "p_city: Toronto\n    archived: false")), ()),
    "keep": (_nothing, without(FULL, "dora"), ()),
    "contact-moves": (
        _adds_a_phone,
        edited(
            FULL, (JANE, ""), ("{mei: {email: mei@c.example}}", "{mei: {email: mei@c.example}, " + JANE.strip() + "}")
        ),
        (),
    ),
    "all-contacts": (_adds_a_phone, re.sub(r"    contacts:\n(      .*\n)+", "    contacts: {}\n", FULL), ()),
    "ignored": (_nothing, edited(FULL, ("Toronto", "Rome\n    lifecycle: {ignore_changes: [note]}")), ()),
    "protected": (_nothing, edited(FULL, ("Toronto", "Rome\n    lifecycle: {prevent_destroy: true}")), ()),
    "pinned": (_found, FULL + "  found: {id: 700009, organization: Found, email: f@f.example, p_city: Y}\n", ()),
}
"""The same, with the options of the run that is taken back."""
