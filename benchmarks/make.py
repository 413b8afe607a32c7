"""N believable clients, twice the same: as YAML files, and as the account of a sandbox.

Run as a process of its own, so that its memory is not counted against what is measured afterwards. The account is
written through the sandbox's own books, which know nothing of the reconciler.

    clients.yaml   what the account has
    changed.yaml   the same, with another phone for one client in a hundred
    all.yaml       the same, with another phone for every client
    account.db     the account, for `reconciler sandbox --db`
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reconciler.sandbox.books import Books
from reconciler.sandbox.fields import new_client, written
from reconciler.sandbox.quirks import Quirks

ACCOUNT = "Bench1"
ONE_IN_CHANGED = 100
ONE_IN_ARCHIVED = 50

_FIRST = (
    "Ada",
    "Amir",
    "Chloe",
    "Daniel",
    "Elif",
    "Grace",
    "Hugo",
    "Ines",
    "Jonas",
    "Kofi",
    "Lea",
    "Mei",
    "Omar",
    "Zoë",
)
_LAST = ("Adams", "Bauer", "Chen", "Dubois", "Evans", "García", "Haddad", "Ito", "Kim", "Murphy", "Novak", "Patel")
_TRADES = ("Bakery", "Books", "Coffee", "Dental", "Electric", "Films", "Glass", "Law", "Media", "Optics", "Toys", "Web")
_PLACES = (("Toronto", "ON", "Canada"), ("Montréal", "QC", "Canada"), ("Boston", "MA", "United States"))
_STREETS = ("Main St", "King St", "Mill Lane", "Harbour Ave", "Elm St")


@dataclass(frozen=True, slots=True, kw_only=True)
class Invented:
    """One client as both sides have it."""

    key: str
    fields: dict[str, str]
    contacts: dict[str, dict[str, str]]
    archived: bool


def invented(count: int) -> Iterator[Invented]:
    """Invent clients of 12 fields and one or two contacts, the same for the same count."""
    rng = random.Random(count)  # noqa: S311 - repeatable, no secrets
    for number in range(count):
        first, last = rng.choice(_FIRST), rng.choice(_LAST)
        city, province, country = rng.choice(_PLACES)
        domain = f"{last.lower().replace('í', 'i')}{number}.example"
        fields = {
            "organization": f"{last} {rng.choice(_TRADES)} {number} Ltd.",
            "email": f"billing@{domain}",
            "fname": first,
            "lname": last,
            "bus_phone": _phone(rng),
            "p_street": f"{rng.randrange(1, 900)} {rng.choice(_STREETS)}",
            "p_city": city,
            "p_province": province,
            "p_code": f"{rng.randrange(10000, 99999)}",
            "p_country": country,
            "language": "en",
            "currency_code": "CAD" if country == "Canada" else "USD",
        }
        contacts = {
            key: {"email": f"{key}@{domain}", "fname": rng.choice(_FIRST), "lname": last, "phone1": _phone(rng)}
            for key in ("office", "books")[: rng.choice((1, 2))]
        }
        yield Invented(
            key=f"client-{number}",
            fields=fields,
            contacts=contacts,
            archived=number % ONE_IN_ARCHIVED == ONE_IN_ARCHIVED - 1,
        )


def _phone(rng: random.Random) -> str:
    return f"{rng.randrange(201, 989)}-555-{rng.randrange(10000):04}"


def as_yaml(client: Invented, *, changed: bool) -> str:
    """Write one client as the documentation does: fields in a block, contacts in one line each."""
    fields = dict(client.fields)
    for name in ("p_code", "p_province"):
        # What a person quotes: 02134 is a number, and ON is true for readers of YAML 1.1, the SDK script's among them.
        fields[name] = f'"{fields[name]}"'
    if changed:
        fields["bus_phone"] = f"{fields['bus_phone']} ext 1"
    lines = [f"  {client.key}:", *(f"    {name}: {value}" for name, value in fields.items())]
    if client.archived:
        lines.append("    archived: true")
    lines.append("    contacts:")
    for key, contact in client.contacts.items():
        told = ", ".join(f"{name}: {value}" for name, value in contact.items())
        lines.append(f"      {key}: {{{told}}}")
    return "\n".join(lines) + "\n"


def write_yaml(folder: Path, count: int, account: str = ACCOUNT) -> None:
    """Write the three configurations."""
    head = f"version: 1\naccount: {account}\nclients:\n"
    with (
        (folder / "clients.yaml").open("w", encoding="utf-8") as same,
        (folder / "changed.yaml").open("w", encoding="utf-8") as some,
        (folder / "all.yaml").open("w", encoding="utf-8") as every,
    ):
        for file in (same, some, every):
            file.write(head)
        for number, client in enumerate(invented(count)):
            same.write(as_yaml(client, changed=False))
            some.write(as_yaml(client, changed=number % ONE_IN_CHANGED == 0))
            every.write(as_yaml(client, changed=True))


def write_account(file: Path, count: int, account: str = ACCOUNT) -> None:
    """Fill a sandbox's books; 0 clients make an empty account."""
    quirks, rng = Quirks(), random.Random(0)  # noqa: S311 - uuids of a fake
    books = Books(str(file))
    books.remember("account", account)
    with books.transaction():
        for client in invented(count):
            stored = new_client(books.next_client_id(), account, "USD", rng)
            written(stored, client.fields, quirks)
            stored["username"] = client.key
            stored["vis_state"] = 2 if client.archived else 0
            books.put_client(stored)
            contacts: list[dict[str, object]] = [
                {"contactid": books.next_contact_id(), **contact, "phone2": ""} for contact in client.contacts.values()
            ]
            books.put_contacts(int(str(stored["id"])), contacts)
    books.close()


def write_accounts(folder: Path, accounts: int, count: int) -> list[str]:
    """Make so many accounts behind one login, each with a folder of its name; give the names, which are their ids."""
    names = [f"A{number:02}" for number in range(1, accounts + 1)]
    for number, name in enumerate(names):
        (folder / name).mkdir(parents=True, exist_ok=True)
        write_yaml(folder / name, count, name)
        # The sandbox keeps the books of a further account beside those of the first.
        write_account(folder / (f"account.db-{name}" if number else "account.db"), count, name)
    return names


def main() -> None:
    """Make one folder."""
    parser = argparse.ArgumentParser(description="Make clients as YAML and as a sandbox's account.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("count", type=int)
    parser.add_argument("--empty-account", action="store_true", help="the account has none of them yet")
    parser.add_argument("--accounts", type=int, metavar="N", help="so many accounts, each in a folder of its own")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    if chosen.accounts:
        print(json.dumps({"accounts": write_accounts(chosen.folder, chosen.accounts, chosen.count)}))
        return
    write_yaml(chosen.folder, chosen.count)
    write_account(chosen.folder / "account.db", 0 if chosen.empty_account else chosen.count)
    archived = contacts = 0
    for client in invented(chosen.count):
        archived += client.archived
        contacts += len(client.contacts)
    print(json.dumps({"clients": chosen.count, "archived": archived, "contacts": contacts}))


if __name__ == "__main__":
    main()
