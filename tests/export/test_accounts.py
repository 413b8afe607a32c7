"""The accounts that exports are tested with hold what they are said to hold."""

from __future__ import annotations

import json
from collections import Counter
from itertools import combinations

from reconciler.providers.freshbooks.wire.kinds import CONTACT_TEXTS, FLAGS, TEXTS
from reconciler.sandbox.books import Books
from tests.export.accounts import LONG, NAMES, fill
from tests.export.test_scalars import HOSTILE
from tests.golden.story import Story

_CHOSEN = {"organization", "currency_code", "language", "p_country"}


def clients(books: Books) -> list[dict[str, object]]:
    """Give every client of the books."""
    return [json.loads(row.document) for row in books.select("ORDER BY id")]


def test_every_pair_of_fields_is_filled_and_empty_together(place: Story) -> None:
    """Of any two writable fields all four combinations occur, flags with both their values."""
    fill(place.sandbox.books, 500)
    names = [*TEXTS, *FLAGS]
    rows = [{name: bool(client[name]) for name in names} for client in clients(place.sandbox.books)]
    always = {"currency_code", "language"}
    for one, other in combinations([name for name in names if name not in always], 2):
        assert len({(row[one], row[other]) for row in rows}) == 4, (one, other)


def test_every_odd_text_stands_in_every_field(place: Story) -> None:
    """Each is in each text field of a client and of a contact; null and the empty text occur as well."""
    fill(place.sandbox.books, 500)
    found = clients(place.sandbox.books)
    # A note may be a long text instead.
    for name in set(TEXTS) - _CHOSEN - {"fname", "lname", "email", "note"}:
        values = {client[name] for client in found}
        assert values >= {*HOSTILE, "", None}, name
    assert {client["organization"] for client in found} >= set(NAMES)
    assert {client["note"] for client in found} >= set(LONG)
    contacts = [contact for client in found for contact in place.contacts(int(str(client["id"])))]
    for name in CONTACT_TEXTS:
        assert len({contact[name] for contact in contacts} & set(HOSTILE)) > 50, name


def test_twins_of_every_kind(place: Story) -> None:
    """Clients stand twice and three times, beside archived and deleted ones; some have nothing to go by."""
    fill(place.sandbox.books, 500)
    found = clients(place.sandbox.books)
    keys = [tuple(client[name] for name in ("email", "organization", "fname", "lname")) for client in found]
    counts = Counter(keys)
    assert {2, 3} <= set(counts.values())
    twins: dict[object, set[object]] = {}
    for key, client in zip(keys, found, strict=True):
        twins.setdefault(key, set()).add(client["vis_state"])
    assert {0, 1} in twins.values()
    assert {client["vis_state"] for client in found} == {0, 1, 2}
    assert any(not any(key) for key in keys)
    assert any(client["vis_state"] == 2 and place.contacts(int(str(client["id"]))) for client in found)
    emails = [
        [contact["email"] for contact in place.contacts(int(str(client["id"]))) if contact["email"]] for client in found
    ]
    assert any(len(set(each)) < len(each) for each in emails)
