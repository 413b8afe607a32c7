"""Accounts as they come about in years: every combination of fields, namesakes, odd letters, nothing to go by."""

from __future__ import annotations

import random

from reconciler.providers.freshbooks.wire.kinds import CONTACT_TEXTS, FLAGS, TEXTS
from reconciler.sandbox.books import Books
from reconciler.sandbox.fields import new_client
from tests.export.test_scalars import HOSTILE

_NAMES = ("Acme Ltd.", "ACME", "Bolt & Co.", "3M", "株式会社", "Müller GmbH", "O'Neil", "no", "", "", "x" * 200)
_PEOPLE = ("Ada", "Jane", "José", "", "", "Éva", "on")
_CODES = {"currency_code": ("CAD", "CAD", "USD"), "language": ("en", "en", "fr"), "p_country": ("Canada", "Norway", "")}


def fill(books: Books, count: int, *, seed: int = 7) -> None:
    """Put so many clients into the books: active, archived and deleted, each tenth like one before it."""
    rng = random.Random(seed)
    before: dict[str, object] = {}
    with books.transaction():
        for number in range(count):
            client = new_client(books.next_client_id(), "Ab12Cd", "CAD", rng)
            told = before if number % 10 == 9 else _fields(rng, number)
            client.update({**told, "vis_state": (0, 0, 0, 0, 2, 0, 0, 0, 1, 0)[number % 10]})
            books.put_client(client, "12.00 CAD" if number % 20 == 3 else "")
            books.put_contacts(
                int(str(client["id"])),
                [{"contactid": books.next_contact_id(), **contact} for contact in _contacts(rng, number)],
            )
            before = told


def _fields(rng: random.Random, number: int) -> dict[str, object]:
    """Give fields of which each may be filled or not, some with texts that are YAML, numbers, or cannot be seen."""
    fields: dict[str, object] = {name: rng.choice(("", "", None, rng.choice(HOSTILE))) for name in TEXTS}
    fields |= {name: rng.choice(values) for name, values in _CODES.items()}
    fields |= {name: rng.random() < 0.8 for name in FLAGS}
    fields |= {"fname": rng.choice(_PEOPLE), "lname": rng.choice(_PEOPLE), "organization": rng.choice(_NAMES)}
    fields["email"] = rng.choice(("", f"c{number}@x.example", "books@shared.example", "", rng.choice(HOSTILE)))
    if number % 25 == 0:
        fields |= dict.fromkeys(("fname", "lname", "organization", "email"), "")
    if number % 40 == 1:
        fields["note"] = "word " * 2500
    return fields


def _contacts(rng: random.Random, number: int) -> list[dict[str, object]]:
    """Give contacts, some of them twice, some without anything that they could be found again by."""
    contacts: list[dict[str, object]] = []
    for _ in range(rng.choice((0, 0, 1, 2, 4))):
        names = (rng.choice(("", f"{rng.choice('abc')}{number}@x.example")), rng.choice(_PEOPLE), rng.choice(_PEOPLE))
        values = (*names, rng.choice(("", rng.choice(HOSTILE))), rng.choice(("", "416-555-0101")))
        contacts.append(dict(zip(CONTACT_TEXTS, values, strict=True)))
    return contacts + contacts[:1] * (number % 11 == 0)
