"""A rule's own message: which of several is told, how often, and that it is only text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.reports.formats import PROBLEMS
from reconciler.reports.options import RenderOptions
from reconciler.reports.rendering import render_problems
from reconciler.rules.messages import LONGEST
from tests.rules.house import first, of_acme, place, told

Rules = dict[str, Any]
CONST = {"const": "Eve"}


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"properties": {"fname": {**CONST, "errorMessage": "M"}}}, ".fname: M"),
        ({"properties": {"fname": {**CONST, "errorMessage": {"const": "M"}}}}, ".fname: M"),
        ({"properties": {"fname": {**CONST, "errorMessage": {"_": "M"}}}}, ".fname: M"),
        (
            {"properties": {"fname": {**CONST, "maxLength": 9, "errorMessage": {"maxLength": "N"}}}},
            ".fname: it must be Eve.",
        ),
        ({"properties": {"fname": CONST}, "errorMessage": "M"}, ".fname: M"),
        ({"properties": {"fname": CONST}, "errorMessage": {"properties": {"fname": "M"}}}, ".fname: M"),
        ({"properties": {"fname": CONST}, "errorMessage": {"properties": {"lname": "N"}, "_": "M"}}, ".fname: M"),
        ({"properties": {"fname": CONST}, "errorMessage": {"properties": "M"}}, ".fname: M"),
        ({"properties": {"fname": {**CONST, "errorMessage": "M"}}, "errorMessage": "N"}, ".fname: M"),
        ({"properties": {"fname": False}, "errorMessage": {"properties": {"fname": "M"}}}, ".fname: M"),
        ({"properties": {"fname": {"pattern": "^B", "patternErrorMessage": "M", "errorMessage": "N"}}}, ".fname: M"),
        ({"properties": {"fname": {"pattern": "^B", "description": "N", "errorMessage": "M"}}}, ".fname: M"),
        ({"required": ["fax"], "errorMessage": "M"}, ": M"),
        ({"required": ["fax"], "errorMessage": {"required": "M"}}, ": M"),
        ({"required": ["fax"], "errorMessage": {"required": {"fax": "M"}}}, ": M"),
        ({"required": ["fax"], "errorMessage": {"required": {"note": "N"}}}, ": it needs `fax`."),
        ({"dependencies": {"fname": ["fax"]}, "errorMessage": {"dependencies": {"fax": "M"}}}, ": M"),
        ({"dependencies": {"fname": {"required": ["fax"]}}, "errorMessage": {"dependencies": {"fname": "M"}}}, ": M"),
        ({"anyOf": [{"required": ["fax"], "errorMessage": "N"}], "errorMessage": {"anyOf": "M"}}, ": M"),
        ({"not": {"required": ["fname"]}, "errorMessage": "M"}, ": M"),
        ({"if": True, "then": {"required": ["fax"]}, "errorMessage": {"then": "M"}}, ": M"),
        (
            {
                "additionalProperties": False,
                "properties": {"contacts": True},
                "errorMessage": {"additionalProperties": "M"},
            },
            ".fname: M",
        ),
        (
            {"properties": {"fname": {"$ref": "#/definitions/a", "errorMessage": "M"}}, "definitions": {"a": CONST}},
            ".fname: M",
        ),
        (
            {
                "properties": {"fname": {"$ref": "#/definitions/a"}},
                "definitions": {"a": {**CONST, "errorMessage": "M"}},
            },
            ".fname: M",
        ),
        (
            {
                "properties": {"contacts": {"additionalProperties": {"required": ["email"]}}},
                "errorMessage": {"properties": {"contacts": "M"}},
            },
            ".contacts.jane: M",
        ),
        ({"properties": {"contacts": {"propertyNames": {"const": "joe", "errorMessage": "M"}}}}, ".contacts.jane: M"),
        (
            {
                "properties": {
                    "lifecycle": {"properties": {"ignore_changes": {"items": [{"const": "fax", "errorMessage": "M"}]}}}
                }
            },
            ".lifecycle.ignore_changes.0: M",
        ),
        (
            {
                "properties": {
                    "lifecycle": {
                        "properties": {
                            "ignore_changes": {"items": [{"const": "fax"}], "errorMessage": {"items": ["M"]}}
                        }
                    }
                }
            },
            ".lifecycle.ignore_changes.0: M",
        ),
    ],
)
def test_the_nearest_message_is_told(rules: Rules, message: str, tmp_path: Path) -> None:
    """The message nearest to what failed is told; one by keyword or field speaks of that alone, `_` of the rest."""
    fields = "fname: Ada, contacts: {jane: {fname: Jane}}, lifecycle: {ignore_changes: [note]}"
    assert of_acme(tmp_path, rules, fields) == [f"clients.acme{message}"]


def test_a_message_is_told_once_for_what_it_speaks_of(tmp_path: Path) -> None:
    """A message of several rules is told once for the value that it is for, at the first place that breaks one."""
    rules = {
        "properties": {
            "contacts": {
                "additionalProperties": {
                    "required": ["email", "lname"],
                    "properties": {"fname": {"maxLength": 2}},
                    "errorMessage": "M",
                }
            }
        },
    }
    text = "  acme:\n    fname: Ada\n    contacts:\n      jane: {fname: Jane}\n      joe: {fname: Joe, email: e}\n"
    problems = told(tmp_path, rules, text)
    assert [(first(problem).partition("contacts.")[2][:3], place(problem)) for problem in problems] == [
        ("jan", "6:7"),
        ("joe", "7:7"),
    ]


def test_messages_by_field(tmp_path: Path) -> None:
    """What is missing without a message of its own is told beside what has one."""
    rules = {"required": ["fax", "note", "lname"], "errorMessage": {"required": {"note": "M"}}}
    assert of_acme(tmp_path, rules) == ["clients.acme: it needs `fax`, `lname`.", "clients.acme: M"]


def test_a_long_message_is_cut(tmp_path: Path) -> None:
    """A message that is longer than any is cut."""
    [text] = of_acme(tmp_path, {"required": ["fax"], "errorMessage": "x" * (LONGEST + 1)})
    assert text.endswith("xxx...")
    assert len(text) < LONGEST + 30


HOSTILE = "\x1b[31m<script>alert(1)</script>\n::error::pwned\r| a | [b](javascript:c) \u202e${/fname} {fname} %0A"


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_message_is_only_text(name: str, tmp_path: Path) -> None:
    """What a message holds is shown as letters in every format, and nothing is filled in."""
    rules = {"properties": {"fname": {"allOf": [{"const": "Eve", "errorMessage": HOSTILE}]}}}
    problems = told(tmp_path, rules, "  acme: {fname: Ada}\n")
    shown = render_problems(name, problems, RenderOptions(colour=False))
    assert "\x1b" not in shown
    assert not any(line.startswith(("::error::pwned", "| a |")) for line in shown.splitlines())
    assert "${/fname} {fname}" in " ".join(shown.replace("|", " ").split())
    if name in {"text", "github"}:
        assert "\u202e" not in shown


def test_a_reference_may_hold_anything(tmp_path: Path) -> None:
    """The name of a rule's part adds no line and no escape to what is told."""
    rules = {"properties": {"fname": {"$ref": "#/definitions/a%0Ab"}}, "definitions": {"a\nb": {"const": "Eve"}}}
    [problem] = told(tmp_path, rules, "  acme: {fname: Ada}\n")
    assert problem.detail.endswith("\nRule: the settings#/definitions/a\\nb/const")
