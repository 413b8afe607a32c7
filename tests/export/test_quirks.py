"""Whatever FreshBooks does where nobody knows, an export leads to an empty plan, and so does the next one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.export.accounts import fill
from tests.export.test_export import exports, is_settled
from tests.golden.story import telling
from tests.golden.test_golden import SETTINGS

EVE, FAY = (
    {"email": "e@x.example", "fname": "Eve", "lname": "Doe"},
    {"email": "f@x.example", "phone1": "416 555 0101"},
)


@pytest.mark.parametrize(("quirk", "value"), SETTINGS)
def test_exports_under_quirk(quirk: str, value: str, tmp_path: Path) -> None:
    """An account is exported, somebody edits it, and it is exported again; nothing is sent, nothing is left to do."""
    with telling(tmp_path, {quirk: value}) as place:
        fill(place.sandbox.books, 30)
        acme = place.person.creates(EVE, FAY, organization="Acme", bus_phone="416 555 0100", email="A@acme.example")
        exports("--archived")
        is_settled()
        place.person.edits(acme, p_city="Ottawa", note="")
        place.person.archives(place.person.creates(FAY, fname="Nia"))
        place.person.creates(EVE, fname="Bo")
        person = place.contacts(acme)[0]["contactid"]
        place.person.edits_contact(person, lname="Roe")
        exports("--archived")
        is_settled()
        before = Path("clients.yaml").read_bytes()
        exports("--archived")
        assert Path("clients.yaml").read_bytes() == before
        if quirk not in {"contacts-include", "contacts-list", "contacts-owner"}:
            assert b"lname: Roe" in before
