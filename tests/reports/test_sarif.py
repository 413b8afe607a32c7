"""Problems as SARIF: what the standard demands of a log is there, and places are where an editor looks."""

from __future__ import annotations

import json
from typing import Any

from jsonschema import Draft7Validator

from reconciler.core.diagnostic import Diagnostic, Position, Severity
from reconciler.reports.options import RenderOptions
from reconciler.reports.rendering import render_problems

# What SARIF 2.1.0 demands of the objects that are used here (its sections 3.13 to 3.49), and what GitHub does besides.
MESSAGE = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
LOCATION = {
    "type": "object",
    "required": ["physicalLocation"],
    "properties": {
        "physicalLocation": {
            "type": "object",
            "required": ["artifactLocation", "region"],
            "properties": {
                "artifactLocation": {
                    "type": "object",
                    "required": ["uri"],
                    "properties": {"uri": {"type": "string", "pattern": "^[A-Za-z0-9._~:/%-]+$"}},
                },
                "region": {
                    "type": "object",
                    "required": ["startLine", "startColumn"],
                    "properties": {"startLine": {"minimum": 1}, "startColumn": {"minimum": 1}, "snippet": MESSAGE},
                },
            },
        }
    },
}
SCHEMA = {
    "type": "object",
    "required": ["version", "runs", "$schema"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "minItems": 1,
            "maxItems": 1,
            "items": {
                "type": "object",
                "required": ["tool", "results", "columnKind"],
                "properties": {
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "tool": {
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "required": ["name", "rules", "semanticVersion"],
                                "properties": {
                                    "rules": {
                                        "uniqueItems": True,
                                        "items": {
                                            "required": ["id", "shortDescription", "help"],
                                            "properties": {"shortDescription": MESSAGE, "help": MESSAGE},
                                        },
                                    }
                                },
                            }
                        },
                    },
                    "results": {
                        "items": {
                            "required": ["ruleId", "message", "level"],
                            "properties": {
                                "level": {"enum": ["error", "warning", "note", "none"]},
                                "message": MESSAGE,
                                "locations": {"maxItems": 1, "items": LOCATION},
                            },
                        }
                    },
                },
            },
        },
    },
}


def run_of(*problems: Diagnostic) -> dict[str, Any]:
    """Give the only run of a log, which is what the standard demands."""
    document = json.loads(render_problems("sarif", problems, RenderOptions()))
    Draft7Validator.check_schema(SCHEMA)
    assert [error.message for error in Draft7Validator(SCHEMA).iter_errors(document)] == []
    run: dict[str, Any] = document["runs"][0]
    return run


def problem(line: int = 3, **more: Any) -> Diagnostic:  # noqa: ANN401 - the fields of Diagnostic
    """Give a problem with a place."""
    place = Position(file=more.pop("file", "my clients/a.yaml"), line=line, column=more.pop("column", 5))
    return Diagnostic(**{"code": "bad-value", "summary": "a value is wrong", "detail": "d", "position": place, **more})


def test_no_problem_is_a_log_too() -> None:
    """Where all is well the log has a run without results, which closes what was open."""
    assert run_of()["results"] == []


def test_a_result_for_each_and_a_rule_for_each_code() -> None:
    """Each problem is a result, and refers to the rule of its code."""
    run = run_of(
        problem(), problem(4), problem(code="unknown-key", severity=Severity.WARNING), Diagnostic(code="n", summary="s")
    )
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["bad-value", "n", "unknown-key"]
    assert rules[0]["shortDescription"]["text"] == "A value is wrong."
    assert [rules[found["ruleIndex"]]["id"] for found in run["results"]] == [
        found["ruleId"] for found in run["results"]
    ]
    assert [found["level"] for found in run["results"]] == ["error", "error", "warning", "error"]
    assert "locations" not in run["results"][3]


def test_places_are_relative_to_the_checkout() -> None:
    """A file is named from the root of the checkout, as a URI; another by its whole path."""
    [inside, outside] = run_of(problem(), problem(file="/srv/a b.yaml"))["results"]
    artifact = [found["locations"][0]["physicalLocation"]["artifactLocation"] for found in (inside, outside)]
    assert artifact == [{"uri": "my%20clients/a.yaml", "uriBaseId": "%SRCROOT%"}, {"uri": "file:///srv/a%20b.yaml"}]


def test_columns_are_utf_16() -> None:
    """A letter beyond the first plane takes two columns, as `columnKind` says."""
    excerpt = "  🚲🚲: x"
    run = run_of(problem(excerpt=excerpt, column=excerpt.index("x") + 1))
    region = run["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert run["columnKind"] == "utf16CodeUnits"
    assert region["startColumn"] == len(excerpt[: excerpt.index("x")].encode("utf-16-le")) // 2 + 1
    assert region["snippet"]["text"] == excerpt


def test_a_problem_keeps_its_name() -> None:
    """A problem that has moved to another line is the same one; another is not."""
    run = run_of(problem(3, excerpt="a: 1"), problem(9, excerpt="a: 1"), problem(3, excerpt="b: 1"))
    names = [found["partialFingerprints"]["reconciler/v1"] for found in run["results"]]
    assert names[0] == names[1] != names[2]
