"""Problems of the configuration as SARIF 2.1.0, which code scanning and editors read.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html. It is for files: a plan has no place in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from urllib.parse import quote

from reconciler import __version__
from reconciler.core.diagnostic import Diagnostic, Position, Severity
from reconciler.core.explanation import Explanation
from reconciler.reports.encode import one_line
from reconciler.reports.explanations import markdown, plainly
from reconciler.reports.options import RenderOptions

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
_ROOT = "%SRCROOT%"

Json = dict[str, object]


def render_sarif(problems: Sequence[Diagnostic], options: RenderOptions) -> str:
    """Give a log of one run: a result for each problem, a rule for each code, with what it means."""
    ordered = sorted(problems, key=lambda problem: problem.code)
    rules = {problem.code: _rule(problem, options.explained.get(problem.code)) for problem in ordered}
    codes = list(rules)
    run: Json = {
        "tool": {
            "driver": {
                "name": "reconciler",
                "semanticVersion": __version__,
                "rules": list(rules.values()),
            }
        },
        "columnKind": "utf16CodeUnits",
        "results": [_result(problem, codes.index(problem.code)) for problem in problems],
    }
    return one_line({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}) + "\n"


def _rule(problem: Diagnostic, explained: Explanation | None) -> Json:
    rule: Json = {
        "id": problem.code,
        "shortDescription": {"text": f"{problem.summary[:1].upper()}{problem.summary[1:]}."},
    }
    more = f"`reconciler explain {problem.code}` says more."
    remedy = f"{explained.remedy}\n\n{more}" if explained is not None else more
    if explained is not None:
        rule["fullDescription"] = {"text": plainly(explained.meaning)}
    rule["help"] = {"text": plainly(remedy), "markdown": markdown(remedy)}
    rule["defaultConfiguration"] = {"level": _LEVELS[problem.severity]}
    return rule


def _result(problem: Diagnostic, rule: int) -> Json:
    told: Json = {
        "ruleId": problem.code,
        "ruleIndex": rule,
        "level": _LEVELS[problem.severity],
        "message": {"text": problem.detail or problem.summary},
    }
    if problem.position is not None:
        told["locations"] = [_location(problem, problem.position)]
        told["partialFingerprints"] = {"reconciler/v1": _lasting_name(problem, problem.position)}
    return told


def _location(problem: Diagnostic, position: Position) -> Json:
    region: Json = {"startLine": position.line, "startColumn": _utf16(problem, position)}
    if problem.excerpt:
        region["snippet"] = {"text": problem.excerpt}
    location: Json = {"physicalLocation": {"artifactLocation": _artifact(position.file), "region": region}}
    if problem.address:
        location["logicalLocations"] = [{"fullyQualifiedName": problem.address, "kind": "resource"}]
    return location


def _artifact(file: str) -> Json:
    """Give a file as the run saw it: from the root of the checkout where it was named from there."""
    path = quote(file.encode("utf-8", "surrogateescape"), safe="/")
    return {"uri": f"file://{path}"} if file.startswith("/") else {"uri": path, "uriBaseId": _ROOT}


def _utf16(problem: Diagnostic, position: Position) -> int:
    """Give the column as SARIF counts: letters beyond the first plane take two."""
    before = problem.excerpt[: position.column - 1]
    return position.column + sum(ord(letter) > 0xFFFF for letter in before)  # noqa: PLR2004 - the last code point of one unit


def _lasting_name(problem: Diagnostic, position: Position) -> str:
    """Name a problem so that it stays the same one when lines move."""
    told = f"{problem.code}\n{position.file}\n{problem.address}\n{problem.excerpt.strip()}"
    return sha256(told.encode("utf-8", "surrogateescape")).hexdigest()[:32]
