"""Keys are what people call a client, in letters that a key may have."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.resource import LiveResource, RemoteId
from reconciler.export.lifting import lifted
from reconciler.export.naming import keys_of
from reconciler.providers.freshbooks.wire import CLIENT, CONTACT
from tests.laws.strategies import law


def named(*records: dict[str, str]) -> list[str]:
    """Give the keys of clients with these fields."""
    lives = [LiveResource(id=RemoteId(number), fields=fields) for number, fields in enumerate(records, 1)]
    return list(keys_of(CLIENT, lives, set()).values())


@pytest.mark.parametrize(
    ("organization", "key"),
    [
        ("Acme Ltd.", "acme"), ("Garcia & Levy LLP", "garcia-and-levy"), ("Fjord Fish & Co.", "fjord-fish"),
        ("Müller GmbH & Co. KG", "muller"), ("O'Neil's Pub", "oneils-pub"), ("Straße 7", "strasse-7"),
        ("3M", "client-3m"), ("no", "client-no"), ("Ltd.", "ltd"), ("Æther ØL", "aether-ol"), ("株式会社", "client-1"),
        ("  Two   Blanks  ", "two-blanks"), ("word " * 30, "word-word-word-word-word-word-word-word"),
        ("-", "client-1"), ("acme.com", "acme-com"), ("x" * 100, "x" * 40), ("a/b\\c:d", "a-b-c-d"),
        ("\u202eevil", "evil"),
    ],
)  # fmt: skip
def test_a_company_goes_by_its_name(organization: str, key: str) -> None:
    """Without legal form, marks and signs; what cannot be spelt so is called by its id."""
    assert named({"organization": organization}) == [key]


def test_what_there_is_first_names_a_client() -> None:
    """The organization, else the person, else the email; namesakes are counted in the order of their ids."""
    assert named(
        {"organization": "Acme", "fname": "Ada"}, {"fname": "Ada", "lname": "Lovelace"}, {"email": "ada@acme.example"},
        {"organization": "ACME Inc."}, {"organization": "acme"}, {}, {"organization": "東京", "fname": "Mei"},
    ) == ["acme", "ada-lovelace", "ada-acme", "acme-2", "acme-3", "client-6", "mei"]  # fmt: skip


def test_contacts_go_by_their_first_name() -> None:
    """A second Jane goes by both names."""
    fields = ({"fname": "Jane", "lname": "Doe"}, {"fname": "Jane", "lname": "Roe"}, {"fname": "Jane", "lname": "Roe"})
    lives = [LiveResource(id=RemoteId(number), fields=each) for number, each in enumerate(fields, 1)]
    lives.append(LiveResource(id=RemoteId(9), fields={"email": "ravi@x.example"}))
    assert list(keys_of(CONTACT, lives, set()).values()) == ["jane", "jane-roe", "jane-2", "ravi"]


@law(500)
@given(st.lists(st.text(max_size=12), max_size=12), st.sets(st.sampled_from(["a", "a-2", "client-1", "b"])))
def test_keys_are_keys_and_each_stands_once(names: list[str], taken: set[str]) -> None:
    """Whatever clients are called, their keys are allowed, differ, and are nobody else's."""
    lives = [LiveResource(id=RemoteId(n), fields={"organization": name}) for n, name in enumerate(names, 1)]
    keys = list(keys_of(CLIENT, lives, taken).values())
    assert all(re.fullmatch("[a-z][a-z0-9_-]{0,62}", key) for key in keys)
    assert len({*keys, *taken}) == len(keys) + len(taken)


def test_only_what_all_have_is_lifted() -> None:
    """More than half say the same, and none says nothing; identity and addresses are nobody's default."""
    common = {"language": "en", "p_city": "Toronto", "organization": "x", "currency_code": "CAD"}
    lives = [
        LiveResource(id=RemoteId(number), fields={**common, **more})
        for number, more in enumerate(({}, {"p_country": "Canada"}, {"currency_code": "USD"}), 1)
    ]
    assert lifted(CLIENT, lives, {}) == {"currency_code": "CAD", "language": "en"}
    assert lifted(CLIENT, lives, {"language": "en"}) == {"currency_code": "CAD"}
    assert lifted(CLIENT, lives[:1], {}) == {}
    assert lifted(CLIENT, lives[1:], {}) == {"language": "en"}
