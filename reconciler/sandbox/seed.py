"""Believable clients out of nothing, the same for the same number: small businesses, contacts, some archived."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from reconciler.sandbox.fields import completed, new_client, written

if TYPE_CHECKING:
    from reconciler.sandbox.account import Account

_FIRST = (
    "Ada", "Amir", "Anna", "Ben", "Chloe", "Daniel", "Elif", "Emma", "Farah", "Felix", "Grace", "Hana", "Hugo", "Ines",
    "Ivan", "Jade", "Jonas", "Julia", "Kofi", "Lea", "Liam", "Lina", "Malik", "Maria", "Mei", "Mila", "Noah", "Nora",
    "Olga", "Omar", "Paul", "Priya", "Rosa", "Sami", "Sofia", "Tom", "Vera", "Yara", "Yusuf", "Zoe",
)  # fmt: skip
_LAST = (
    "Adams", "Ahmed", "Baker", "Bauer", "Bennett", "Chen", "Costa", "Dubois", "Evans", "Fischer", "Garcia", "Haddad",
    "Hoffman", "Ito", "Jensen", "Kaya", "Kim", "Kowalski", "Larsen", "Levy", "Lopez", "Martin", "Mbeki", "Meyer",
    "Moreau", "Murphy", "Nguyen", "Novak", "Okafor", "Patel", "Quinn", "Rossi", "Santos", "Silva", "Singh", "Smith",
    "Tanaka", "Walsh", "Weber", "Young",
)  # fmt: skip
_TRADES = (
    "Bakery", "Books", "Brewing", "Bikes", "Carpentry", "Catering", "Cleaning", "Coffee", "Dental", "Design",
    "Electric", "Farms", "Films", "Fitness", "Flowers", "Gardens", "Glass", "Guitars", "Heating", "Law", "Logistics",
    "Marine", "Media", "Motors", "Optics", "Painting", "Pharmacy", "Plumbing", "Pottery", "Printing", "Roofing",
    "Solar", "Studio", "Tailors", "Tours", "Toys", "Translations", "Vineyard", "Web",
)  # fmt: skip
_PLACES = (
    ("Toronto", "ON", "Canada"), ("Ottawa", "ON", "Canada"), ("Montreal", "QC", "Canada"),
    ("Vancouver", "BC", "Canada"), ("Calgary", "AB", "Canada"), ("Halifax", "NS", "Canada"),
    ("Boston", "MA", "United States"), ("Portland", "OR", "United States"), ("Austin", "TX", "United States"),
    ("Leeds", "", "United Kingdom"), ("Cork", "", "Ireland"), ("Utrecht", "", "Netherlands"),
)  # fmt: skip
_STREETS = ("Main St", "King St", "Queen St", "Mill Lane", "Station Rd", "Harbour Ave", "Park Row", "Elm St")
_FORMS = ("Ltd.", "Inc.", "& Co.", "Group", "LLC")


def fill(account: Account, count: int) -> None:
    """Fill an empty account with this many clients, some archived, some owing money."""
    rng = random.Random(count)  # noqa: S311 - repeatable, no secrets
    taken: set[str] = set()
    with account.books.transaction():
        for number in range(count):
            client = invent(account, rng, number, taken)
            if rng.random() < 0.05:  # noqa: PLR2004 - one in twenty
                client["vis_state"] = 2
            owing = f"{rng.randrange(50, 5000)}.{rng.randrange(100):02} USD" if rng.random() < 0.1 else ""  # noqa: PLR2004 - one in ten
            account.books.put_client(client, owing)


def invent(account: Account, rng: random.Random, number: int, taken: set[str] | None = None) -> dict[str, object]:
    """Put one believable client with its contacts into the account; `taken` are the user names in use."""
    client = new_client(account.books.next_client_id(), account.account_id, account.currency, rng)
    sent, contacts = _invented(rng, number)
    written(client, sent, account.quirks)
    completed(client, sent, account.quirks, taken if taken is not None else set())
    if taken is not None:
        taken.add(str(client["username"]))
    account.books.put_client(client)
    stored = [{"contactid": account.books.next_contact_id(), **contact} for contact in contacts]
    account.books.put_contacts(int(str(client["id"])), stored)
    return client


def _invented(rng: random.Random, number: int) -> tuple[dict[str, object], list[dict[str, object]]]:
    first, last = rng.choice(_FIRST), rng.choice(_LAST)
    city, province, country = rng.choice(_PLACES)
    domain = f"{last.lower()}{number}.example"
    client: dict[str, object] = {
        "organization": f"{last} {rng.choice(_TRADES)} {rng.choice(_FORMS)}",
        "fname": first,
        "lname": last,
        "email": f"billing@{domain}",
        "bus_phone": _phone(rng),
        "p_street": f"{rng.randrange(1, 900)} {rng.choice(_STREETS)}",
        "p_city": city,
        "p_province": province,
        "p_code": f"{rng.randrange(10000, 99999)}",
        "p_country": country,
        "language": "en",
        "currency_code": "CAD" if country == "Canada" else "USD",
    }
    if rng.random() < 0.2:  # noqa: PLR2004 - one in five
        client["note"] = f"Prefers to be reached before {rng.randrange(9, 12)}."
    contacts: list[dict[str, object]] = []
    for _ in range(rng.choice((0, 1, 1, 2))):
        given, family = rng.choice(_FIRST), rng.choice(_LAST)
        contacts.append(
            {
                "email": f"{given.lower()}.{len(contacts)}@{domain}",
                "fname": given,
                "lname": family,
                "phone1": _phone(rng),
                "phone2": "",
            }
        )
    return client, contacts


def _phone(rng: random.Random) -> str:
    return f"{rng.randrange(201, 989)}-555-{rng.randrange(10000):04}"
