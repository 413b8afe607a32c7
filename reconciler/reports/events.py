"""Plans, outcomes and errors as a stream of events, one JSON a line, in the shape of Terraform's `-json` output.

https://developer.hashicorp.com/terraform/internals/machine-readable-ui
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from reconciler.core.change import Action, Change, Plan
from reconciler.core.diagnostic import Diagnostic, Severity
from reconciler.core.outcome import Outcome, Result
from reconciler.core.resource import key_of, parent_of
from reconciler.errors import DiagnosedError, Interrupted, ReconcilerError
from reconciler.reports.options import RenderOptions
from reconciler.reports.outcomes import line
from reconciler.reports.terraform import terraform_address
from reconciler.reports.text import counts, heading, summary

Event = dict[str, object]

_ACTIONS = {
    Action.CREATE: "create",
    Action.DELETE: "delete",
    Action.FORGET: "forget",
    Action.MOVE: "move",
    Action.ADOPT: "import",
    Action.RECOVER: "import",
    Action.NO_OP: "noop",
}
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warn", Severity.NOTE: "info"}


def lines(events: Iterable[Event], timestamp: str = "", tags: Mapping[str, object] | None = None) -> str:
    """Give events as JSON lines, all with this time and these further keys."""
    stamp = {**(tags or {}), **({"@timestamp": timestamp} if timestamp else {})}
    return "".join(_line({**event, **stamp}) + "\n" for event in events)


def _line(event: Event) -> str:
    try:
        return msgspec.json.encode(event).decode()
    except UnicodeEncodeError:
        # The name of a file need not be text; what is none is escaped.
        return json.dumps(event)


def plan_events(plan: Plan) -> Iterator[Event]:
    """Give every change, drift, note and refusal of a plan, and its sums."""
    for change in plan.drift:
        yield _event("info", f"{change.address}: changed outside", "resource_drift", change=_change(change))
    for change in plan.changes:
        yield _event("info", heading(change), "planned_change", change=_change(change))
    for diagnostic in (*plan.notes, *plan.refusals):
        yield diagnostic_event(diagnostic)
    told = summary(plan, RenderOptions()).replace("\n", " ")
    yield {**_sums(told, counts(plan.changes), "plan"), "plan_id": plan.plan_id}


def outcome_event(outcome: Outcome) -> Event:
    """Give what became of one record."""
    told = line(outcome, RenderOptions())
    finished = outcome.result is Result.DONE
    return {
        **_event("info" if finished else "error", told, "apply_complete" if finished else "apply_errored"),
        "hook": {**_change(outcome.change), "result": outcome.result.value, "reason": outcome.reason},
    }


def outcomes_events(outcomes: Iterable[Outcome]) -> Iterator[Event]:
    """Give the sums of an apply."""
    done = [outcome for outcome in outcomes if outcome.result is Result.DONE]
    found = counts(outcome.change for outcome in done)
    told = f"Resources: {found['add']} added, {found['change']} changed, {found['destroy']} destroyed."
    yield _sums(told, found, "apply")


def _sums(told: str, found: Mapping[str, int], operation: str) -> Event:
    return {**_event("info", told, "change_summary"), "changes": changes_of(found, operation)}


def changes_of(found: Mapping[str, int], operation: str) -> Mapping[str, object]:
    """Give sums, counted by the words of the summary lines, under the names that events have for them."""
    return {
        "add": found.get("add", 0),
        "change": found.get("change", 0),
        "import": found.get("adopt", 0) + found.get("recover", 0),
        "remove": found.get("destroy", 0),
        "operation": operation,
    }


def error_events(error: ReconcilerError) -> Iterator[Event]:
    """Give an error that ends the run: every problem of it, then itself."""
    if isinstance(error, DiagnosedError):
        for diagnostic in error.diagnostics:
            yield diagnostic_event(diagnostic)
    whole = Diagnostic(code=error.code, summary=error.summary, detail=error.detail)
    yield {**diagnostic_event(whole), "exit_code": exit_code(error)}


def exit_code(error: ReconcilerError) -> int:
    """Give the code that the program ends with: a signal's is its own, not the class's."""
    return 128 + error.signal_number if isinstance(error, Interrupted) else error.exit_code


def result_event(message: str, kind: str, **more: object) -> Event:
    """Give the result of a command that neither plans nor applies."""
    return _event("info", message, kind, **more)


def diagnostic_event(diagnostic: Diagnostic) -> Event:
    """Give one problem."""
    told: dict[str, object] = {
        "severity": diagnostic.severity.value,
        "summary": diagnostic.summary,
        "detail": diagnostic.detail,
        "code": diagnostic.code,
    }
    if diagnostic.address:
        told["address"] = diagnostic.address
    if diagnostic.position is not None:
        place = {"line": diagnostic.position.line, "column": diagnostic.position.column}
        told["range"] = {"filename": diagnostic.position.file, "start": place, "end": place}
    level = _LEVELS[diagnostic.severity]
    return {
        **_event(level, f"{diagnostic.severity.value.capitalize()}: {diagnostic.summary}", "diagnostic"),
        "diagnostic": told,
    }


def _change(change: Change) -> dict[str, object]:
    parent = parent_of(change.address)
    told: dict[str, object] = {
        "resource": {
            "addr": terraform_address(change.address, change.kind),
            "module": "",
            "resource": terraform_address(change.address, change.kind),
            "implied_provider": "freshbooks",
            "resource_type": f"freshbooks_{change.kind}",
            "resource_name": key_of(parent or change.address),
            "resource_key": key_of(change.address) if parent is not None else None,
        },
        "action": _ACTIONS.get(change.action, "update"),
        "address": change.address,
    }
    if change.reason:
        told["reason"] = change.reason
    if change.moved_from is not None:
        told["previous_resource"] = {"addr": terraform_address(change.moved_from, change.kind)}
    return told


def _event(level: str, message: str, kind: str, **more: object) -> Event:
    return {"@level": level, "@message": message, "@module": "reconciler.ui", "type": kind, **more}
