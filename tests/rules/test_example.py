"""The rules to copy, of examples/rules and of the page on house rules: each is broken, and told in its words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.load import LoadOptions, check
from reconciler.providers.freshbooks.wire import CLIENT
from reconciler.rules.sources import Source
from tests.cli.program import called
from tests.docs.pages import DOCS, ROOT, fenced
from tests.golden.story import telling
from tests.rules.house import first, of_acme, place, told

EXAMPLE = ROOT / "examples" / "rules" / "rules.schema.json"
PAGE = DOCS / "how-to" / "house-rules.md"
RIGHT: Mapping[str, Any] = {
    "organization": "Acme GmbH",
    "email": "billing@acme.example",
    "p_country": "Germany",
    "p_code": "10115",
    "bus_phone": "+49 30 5550100",
    "currency_code": "EUR",
    "vat_number": "DE123456789",
    "contacts": {"jane": {"email": "jane@acme.example", "phone1": "030-555-0101"}},
    "lifecycle": {"prevent_destroy": True},
}


def held(folder: Path, entry: Mapping[str, Any]) -> list[str]:
    """Hold one client against the example; give what is told of it."""
    file = folder / "clients.yaml"
    file.write_text(json.dumps({"version": 1, "clients": {"acme": {k: v for k, v in entry.items() if v is not None}}}))
    options = LoadOptions(rules=(Source(given=str(EXAMPLE)),))
    return [first(problem) for problem in check([str(file)], CLIENT, options)[1]]


def test_the_quick_start_meets_the_example() -> None:
    """The clients of examples/clients.yaml meet the rules of the example."""
    options = LoadOptions(rules=(Source(given=str(EXAMPLE)),))
    assert check([str(ROOT / "examples" / "clients.yaml")], CLIENT, options)[1] == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({}, None),
        ({"vat_number": None, "organization": None, "fname": "Ada"}, None),
        ({"vat_number": None, "p_country": "Norway"}, None),
        ({"currency_code": None}, "acme: Give a currency that we have a bank account in: CAD, USD, EUR or GBP."),
        (
            {"currency_code": "CHF"},
            "acme.currency_code: Give a currency that we have a bank account in: CAD, USD, EUR or GBP.",
        ),
        ({"email": "acme.example"}, "acme.email: This is no email address."),
        ({"email": "me@test.com"}, "acme.email: This address is a placeholder: find out the real one."),
        (
            {"bus_phone": "call me"},
            "acme.bus_phone: Write a phone number as 416-555-0100, or +49 30 5550100 from abroad: digits in groups.",
        ),
        (
            {"contacts": {"jane": {"fname": "Jane"}}},
            "acme.contacts.jane: Invoices go by email: each contact needs one.",
        ),
        ({"contacts": {"jane": {"email": "x"}}}, "acme.contacts.jane.email: This is no email address."),
        ({"vat_number": None}, "acme: A business in the European Union needs its VAT number, or we must charge VAT."),
        (
            {"vat_number": "123"},
            (
                "acme.vat_number: A VAT number is a country's two letters, then up to twelve digits and letters: "
                "DE123456789."
            ),
        ),
        ({"p_country": "Canada"}, "acme.p_code: A Canadian postal code reads like M5V 2T6."),
        (
            {"p_country": "United States", "p_code": "M5V 2T6"},
            "acme.p_code: A ZIP code has five digits, or nine as in 02134-1000.",
        ),
        ({"lifecycle": None}, "acme: Whoever has a VAT number is in our tax reports: set lifecycle.prevent_destroy."),
        (
            {"lifecycle": {"prevent_destroy": False}},
            (
                "acme.lifecycle.prevent_destroy: Whoever has a VAT number is in our tax reports: set "
                "lifecycle.prevent_destroy."
            ),
        ),
    ],
)
def test_each_rule_of_the_example(wrong: Mapping[str, Any], message: str | None, tmp_path: Path) -> None:
    """A client that meets all rules breaks exactly the one that it is made to break, and is told that one's message."""
    assert held(tmp_path, {**RIGHT, **wrong}) == ([] if message is None else [f"clients.{message}"])


def test_every_message_of_the_example_is_told_somewhere() -> None:
    """No message of the example goes untested."""
    text = EXAMPLE.read_text(encoding="utf-8")
    [marks] = [mark for mark in test_each_rule_of_the_example.pytestmark if mark.name == "parametrize"]
    tested = {message.partition(": ")[2] for _, message in marks.args[1] if message}
    assert {message for message in tested if message not in text} == set()
    assert text.count('"errorMessage": "') + text.count('": "A business') + text.count('": "Invoices') == len(tested)


# The page.


def test_the_first_example_of_the_page(tmp_path: Path) -> None:
    """What the page shows of its first rules is what the program tells."""
    with telling(tmp_path):
        [shown] = fenced(PAGE, "text")
        settings, clients = fenced(PAGE, "yaml")[:2]
        Path("rules.schema.json").write_text(fenced(PAGE, "json")[0])
        Path("reconciler.yaml").write_text(settings)
        Path("clients.yaml").write_text(clients)
        assert "$ reconciler validate\n" + called("validate").err == shown


BREAKING = (
    ("fname: A", "Give a currency that we have a bank account in: CAD, USD, EUR or GBP."),
    (
        "organization: A, p_country: Ireland",
        "A business in the European Union needs its VAT number, or we must charge VAT.",
    ),
    ("fname: A, p_country: Canada, p_code: '1'", "A Canadian postal code reads like M5V 2T6."),
    ("email: me@example.com", "This address is a placeholder: find out the real one."),
    ("fname: A, contacts: {j: {fname: J}}", "Invoices go by email: each contact needs one."),
    ("fname: A", "Clients are archived, never deleted: set lifecycle.prevent_destroy."),
    ("fname: A", "Give an email or a phone number."),
)


@pytest.mark.parametrize(("number", "fields", "message"), [(n, *each) for n, each in enumerate(BREAKING, 1)])
def test_rules_of_the_page(number: int, fields: str, message: str, tmp_path: Path) -> None:
    """Each rule to copy refuses what it says, in its words, and accepts a client that is right."""
    rules = json.loads(fenced(PAGE, "json")[number])
    [text] = of_acme(tmp_path, rules, fields)
    assert text.endswith(f": {message}")
    right = "organization: A, email: a@acme.example, currency_code: CAD, p_country: Canada, p_code: M5V 2T6, "
    assert of_acme(tmp_path, rules, right + "contacts: {j: {email: j}}, lifecycle: {prevent_destroy: true}") == []


def test_every_rule_of_the_page_is_tried(tmp_path: Path) -> None:
    """No JSON block of the page goes untested; a client without contacts is told what the whole rule says."""
    blocks = fenced(PAGE, "json")
    assert len(blocks) == len(BREAKING) + 1
    [problem] = told(tmp_path, json.loads(blocks[5]), "  acme: {fname: A}\n")
    assert (first(problem), place(problem)) == ("clients.acme: Somebody must be there to call: add a contact.", "3:3")
