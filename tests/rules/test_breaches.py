"""A broken rule: what is told, where, and how often."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.core.diagnostic import Position
from reconciler.core.validate import ENOUGH
from reconciler.load import MOST_SHOWN, LoadOptions, check
from reconciler.providers.freshbooks.wire import CLIENT
from reconciler.rules.sources import Place, inline
from tests.rules.house import ACME, checked, first, in_file, of_acme, place, told

Rules = dict[str, Any]
CONTACT = "{fname: Ada, contacts: {jane: {fname: Jane}}}"


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"required": ["p_country"]}, "clients.acme: it needs `p_country`."),
        ({"required": ["fax", "note"]}, "clients.acme: it needs `fax`, `note`."),
        ({"properties": {"fname": {"maxLength": 2}}}, "clients.acme.fname: it has 3 characters; 2 are allowed."),
        ({"properties": {"fname": {"minLength": 9}}}, "clients.acme.fname: it must have 9 characters at least."),
        ({"properties": {"fname": {"format": "email"}}}, "clients.acme.fname: `Ada` is no `email`."),
        ({"properties": {"fname": {"pattern": "^B"}}}, "clients.acme.fname: `Ada` does not match ^B."),
        (
            {"properties": {"fname": {"pattern": "^B", "description": "With a B."}}},
            "clients.acme.fname: `Ada`. With a B.",
        ),
        (
            {"properties": {"fname": {"enum": ["Ads", 1]}}},
            "clients.acme.fname: `Ada` is not one of Ads or 1 (did you mean Ads?).",
        ),
        ({"properties": {"fname": {"const": "Eve"}}}, "clients.acme.fname: it must be Eve."),
        (
            {"properties": {"fname": {"type": ["boolean", "null"]}}},
            "clients.acme.fname: it must be empty or true or false, not a text.",
        ),
        ({"properties": {"fname": False}}, "clients.acme.fname: it is not allowed here."),
        (
            {"additionalProperties": False, "properties": {"contacts": True}},
            "clients.acme.fname: it is not allowed here.",
        ),
        ({"patternProperties": {"^f": {"maxLength": 2}}}, "clients.acme.fname: it has 3 characters; 2 are allowed."),
        (
            {"properties": {"contacts": {"additionalProperties": {"required": ["email"]}}}},
            "clients.acme.contacts.jane: it needs `email`.",
        ),
        (
            {"properties": {"contacts": {"propertyNames": {"pattern": "^x"}}}},
            "clients.acme.contacts.jane: as a key, `jane` does not match ^x.",
        ),
        ({"properties": {"contacts": {"minProperties": 2}}}, "clients.acme.contacts: it must have 2 entries at least."),
        ({"not": {"required": ["fname"]}}, "clients.acme: it must not be as it is."),
        ({"dependencies": {"fname": ["lname"]}}, "clients.acme: it needs `lname`."),
        ({"if": {"required": ["fname"]}, "then": {"required": ["lname"]}}, "clients.acme: it needs `lname`."),
        (
            {"anyOf": [{"required": ["fax"]}, {"properties": {"fname": {"const": "Eve"}}}]},
            "clients.acme: none of the alternatives holds: it needs `fax`; or fname: it must be Eve.",
        ),
        ({"oneOf": [True, {"required": ["fname"]}]}, "clients.acme: more than one of the alternatives holds."),
        ({"$ref": "#/definitions/a", "definitions": {"a": {"required": ["fax"]}}}, "clients.acme: it needs `fax`."),
    ],
)
def test_words_of_the_program(rules: Rules, words: str, tmp_path: Path) -> None:
    """A rule without a message of its own is told in words that name the client, the field and what is wanted."""
    assert [first(problem) for problem in told(tmp_path, rules, f"  acme: {CONTACT}\n")] == [words]


@pytest.mark.parametrize(
    ("rules", "where"),
    [
        ({"required": ["fax"]}, "5:3"),
        ({"required": ["note"]}, "9:11"),
        ({"properties": {"fname": {"const": "Eve"}}}, "7:12"),
        ({"properties": {"lname": False}}, "8:5"),
        ({"additionalProperties": False, "properties": dict.fromkeys(("fname", "contacts", "language"), True)}, "8:5"),
        ({"properties": {"language": {"const": "fr"}}}, "3:13"),
        ({"properties": {"contacts": {"minProperties": 2}}}, "10:5"),
        ({"properties": {"contacts": {"propertyNames": {"const": "joe"}}}}, "11:7"),
        ({"properties": {"contacts": {"additionalProperties": {"required": ["email"]}}}}, "11:7"),
        ({"properties": {"contacts": {"additionalProperties": {"properties": {"fname": {"const": "J"}}}}}}, "11:21"),
        ({"anyOf": [{"required": ["fax"]}, {"required": ["email"]}]}, "5:3"),
    ],
)
def test_the_place_is_that_of_the_value(rules: Rules, where: str, tmp_path: Path) -> None:
    """A breach is shown at the value or key that breaks the rule; what is missing at what lacks it, with its line."""
    text = (
        "version: 1\ndefaults:\n  language: en\nclients:\n  acme:\n    # a remark\n    fname: Ada\n    lname: L\n"
        "    note: ''\n    contacts:\n      jane: {fname: Jane}\n"
    )
    [problem] = checked(tmp_path, text, inline(rules))
    assert place(problem) == where
    assert problem.excerpt == text.splitlines()[int(where.partition(":")[0]) - 1]


def test_the_rule_is_named(tmp_path: Path) -> None:
    """The last line says where the rule stands: file and JSON pointer, behind all references."""
    rules = {
        "properties": {"fname": {"$ref": "#/definitions/a~1b"}},
        "definitions": {"a/b": {"const": "Eve"}},
    }
    [problem] = checked(tmp_path, "  acme: {fname: Ada}\n", in_file(tmp_path, rules))
    rule = problem.detail.rpartition("\n")[2]
    assert rule == f"Rule: {tmp_path}/rules.schema.json#/definitions/a~1b/const"
    assert (problem.code, problem.address) == ("house-rule", "clients.acme")


def test_a_default_is_one_mistake(tmp_path: Path) -> None:
    """A default that breaks a rule is told once, at its own place, with the clients that have it."""
    text = "version: 1\ndefaults: {language: en}\nclients:\n" + "".join(f"  c{n}: {{fname: C{n}}}\n" for n in range(7))
    [problem] = checked(
        tmp_path, text + "  own: {fname: O, language: fr}\n", inline({"properties": {"language": {"const": "fr"}}})
    )
    assert place(problem) == "2:22"
    others = [f"clients.c{number}" for number in range(1, 5)]
    assert problem.detail.splitlines()[:2] == [
        "clients.c0.language: it must be fr.",
        f"The value is this default; clients.c0 ({tmp_path}/clients.yaml:4:3), {', '.join(others)} and 2 more have it.",
    ]


def test_defaults_of_the_settings(tmp_path: Path) -> None:
    """A default of reconciler.yaml that breaks a rule is shown there; that of the file comes before it."""
    (tmp_path / "clients.yaml").write_text("version: 1\ndefaults: {note: n}\nclients:\n  acme: {fname: Ada}\n")
    at = Place(position=Position(file="reconciler.yaml", line=9, column=4), excerpt="  language: en")
    options = LoadOptions(
        defaults={"language": "en", "note": "other"},
        defaults_at={"language": at, "note": at},
        rules=inline({"properties": {"language": False, "note": False}}),
    )
    problems = check([str(tmp_path / "clients.yaml")], CLIENT, options)[1]
    assert [(str(p.position).rpartition("/")[2], p.excerpt) for p in problems] == [
        ("reconciler.yaml:9:4", "  language: en"),
        ("clients.yaml:2:18", "defaults: {note: n}"),
    ]


def test_what_rules_see(tmp_path: Path) -> None:
    """Rules see id, archived, lifecycle and contacts as the YAML has them, and nothing that is empty or not said."""
    seen = {
        "fname": {"const": "Ada"},
        "pref_email": {"const": True},
        "id": {"const": 5},
        "archived": {"const": False},
        "contacts": {"const": {"jane": {"fname": "Jane"}}},
        "lifecycle": {"const": {"prevent_destroy": True, "ignore_changes": ["note"], "on_remove": "keep"}},
    }
    rules = {"properties": seen, "additionalProperties": False, "required": list(seen)}
    whole = (
        "fname: Ada, pref_email: true, fax: '', note: null, id: 5, archived: false, previously: [old], "
        "distinct_from: [6], unmanaged: [], contacts: {jane: {fname: Jane, lname: ''}}, "
        "lifecycle: {prevent_destroy: true, ignore_changes: [note], on_remove: keep}"
    )
    assert of_acme(tmp_path, rules, whole) == []
    bare = {"maxProperties": 1, "required": ["fname"]}
    assert of_acme(tmp_path, bare, "fname: Ada, lifecycle: {}, unmanaged: [fax]") == []


def test_a_cleared_value_is_missing(tmp_path: Path) -> None:
    """A rule that wants a field is broken by one that is written and empty, at that place."""
    [problem] = told(tmp_path, {"required": ["vat_number"]}, "  acme: {fname: Ada, vat_number: null}\n")
    assert place(problem) == "3:34"


def test_one_breach_is_told_once(tmp_path: Path) -> None:
    """The same breach by several ways of one schema, and by several schemas, is told once; different ones each."""
    needs = {"required": ["fax"]}
    assert of_acme(tmp_path, {"allOf": [needs, needs], **needs}) == ["clients.acme: it needs `fax`."]
    both = (*inline(needs), *inline({"allOf": [needs, {"required": ["note"]}]}))
    problems = checked(tmp_path, f"  acme: {{{ACME}}}\n", both)
    assert [first(problem) for problem in problems] == [
        "clients.acme: it needs `fax`.",
        "clients.acme: it needs `note`.",
    ]


def test_all_clients_are_told_in_order_and_bounded(tmp_path: Path) -> None:
    """Breaches of all clients come in the order of the file, up to what anybody reads."""
    text = "".join(f"  c{number}: {{fname: C{number}}}\n" for number in range(ENOUGH + 5))
    problems = told(tmp_path, {"required": ["fax"]}, text)
    assert [problem.address for problem in problems[:-1]] == [f"clients.c{number}" for number in range(MOST_SHOWN)]
    assert problems[-1].detail == f"At least {ENOUGH - MOST_SHOWN} more; correct these first."


def test_files_of_a_folder(tmp_path: Path) -> None:
    """A client is shown in its own file, and its defaults are those of that file."""
    (tmp_path / "a.yaml").write_text("version: 1\nclients:\n  a: {fname: A}\n")
    (tmp_path / "b.yaml").write_text("version: 1\ndefaults: {note: n}\nclients:\n  b: {fname: B}\n")
    options = LoadOptions(rules=inline({"required": ["note"], "properties": {"note": {"const": "m"}}}))
    problems = check([str(tmp_path)], CLIENT, options)[1]
    assert [str(p.position).rpartition("/")[2] for p in problems] == ["a.yaml:3:3", "b.yaml:2:18"]


def test_a_value_of_an_alias(tmp_path: Path) -> None:
    """A client that is an alias breaks a rule where it stands, whatever is known of its values' places."""
    text = "  acme: &a {fname: Ada, note: n}\n  bolt: *a\n"
    problems = told(tmp_path, {"properties": {"note": {"const": "m"}}}, text)
    assert {problem.address for problem in problems if problem.code == "house-rule"} == {"clients.acme", "clients.bolt"}


@pytest.mark.parametrize("rules", [{}, {"title": "none"}, {"properties": {"fname": True}}])
def test_rules_that_accept_all_change_nothing(rules: Rules, tmp_path: Path) -> None:
    """Rules that accept everything tell nothing."""
    assert of_acme(tmp_path, rules) == []
