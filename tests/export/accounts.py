"""Accounts as they come about in years: every combination of fields, namesakes, odd letters, nothing to go by."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from random import Random

from reconciler.providers.freshbooks.wire.kinds import CONTACT_TEXTS, FLAGS, TEXTS
from reconciler.sandbox.books import Books
from reconciler.sandbox.fields import new_client
from tests.export.test_scalars import HOSTILE

NAMES = (
    "Acme Ltd.", "ACME", "Bolt & Co.", "3M", "株式会社", "Müller GmbH", "O'Neil", "no", "", "", "x" * 200, "???", "🙂",
    "مرحبا", "Ltd.", "a\nb", "\u200b", " Acme  Ltd. ",
)  # fmt: skip
_PEOPLE = ("Ada", "Jane", "José", "", "", "Éva", "on", "美咲")
_CODES = {"currency_code": ("CAD", "CAD", "USD"), "language": ("en", "en", "fr"), "p_country": ("Canada", "Norway", "")}
_VISIBILITY = (0, 0, 0, 0, 2, 0, 0, 0, 1, 0)
LONG = ("word " * 1999 + "ends", "x" * 10_000, "y" * 10_001)
"""The longest that the YAML holds, folded and in one piece, and one letter more."""


class _Decks:
    """What each field is filled with: every odd text in turn, in another order for each field."""

    def __init__(self, rng: Random, *, tidy: bool) -> None:
        texts = [text for text in HOSTILE if not tidy or (text == text.strip() and "\0" not in text)]
        self._rng = rng
        self._decks: dict[str, Iterator[str]] = {
            name: cycle(rng.sample(texts, len(texts))) for name in {*TEXTS, *CONTACT_TEXTS}
        }

    def any_of(self, name: str, *others: str | None) -> str | None:
        """Give the next odd text as often as one of the others."""
        chosen = self._rng.randrange(len(others) + 1)
        return others[chosen] if chosen < len(others) else next(self._decks[name])


def fill(books: Books, count: int, *, seed: int = 7, tidy: bool = False) -> None:
    """Put so many clients into the books: active, archived and deleted, some of them twice or three times.

    Tidy ones have names of their own, and no blanks around what they hold.
    """
    rng = Random(seed)
    decks = _Decks(rng, tidy=tidy)
    before: dict[str, object] = {}
    with books.transaction():
        for number in range(count):
            client = new_client(books.next_client_id(), "Ab12Cd", "CAD", rng)
            again = not tidy and (number % 10 == 9 or number % 30 == 28)
            told = before if again else _fields(rng, decks, number, tidy=tidy)
            client.update({**told, "vis_state": _VISIBILITY[number % 10]})
            books.put_client(client, "12.00 CAD" if number % 20 == 3 else "")
            books.put_contacts(
                int(str(client["id"])),
                [{"contactid": books.next_contact_id(), **contact} for contact in _contacts(rng, decks, number)],
            )
            before = told


def _fields(rng: Random, decks: _Decks, number: int, *, tidy: bool) -> dict[str, object]:
    """Give fields of which each may be filled or not, some with texts that are YAML, numbers, or cannot be seen."""
    fields: dict[str, object] = {name: decks.any_of(name, "", None) for name in TEXTS}
    fields |= {name: rng.choice(values) for name, values in _CODES.items()}
    fields |= {name: rng.random() < 0.8 for name in FLAGS}
    fields["organization"] = f"Firm {number}" if tidy else rng.choice(NAMES)
    fields |= {name: decks.any_of(name, *_PEOPLE) for name in ("fname", "lname")}
    fields["email"] = decks.any_of("email", "", "", f"c{number}@x.example", "books@shared.example")
    if number % 25 == 0 and not tidy:
        fields |= dict.fromkeys(("fname", "lname", "organization", "email"), "")
    if number % 40 in {1, 2, 3}:
        fields["note"] = LONG[number % 40 - 1 if not tidy else 0]
    return fields


def _contacts(rng: Random, decks: _Decks, number: int) -> list[dict[str, object]]:
    """Give contacts, some of them twice, some without anything that they could be found again by."""
    contacts: list[dict[str, object]] = []
    for _ in range(rng.choice((0, 0, 1, 2, 4))):
        names = {name: decks.any_of(name, *_PEOPLE) for name in ("fname", "lname")}
        phones = {name: decks.any_of(name, "", "416-555-0101") for name in ("phone1", "phone2")}
        email = decks.any_of("email", "", "", f"{rng.choice('abc')}{number}@x.example", "books@shared.example")
        contacts.append({"email": email, **names, **phones})
    return contacts + contacts[:1] * (number % 11 == 0)
