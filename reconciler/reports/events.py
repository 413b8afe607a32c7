"""Plans, outcomes and errors as a stream of events, one JSON a line, in the shape of Terraform's `-json` output.

https://developer.hashicorp.com/terraform/internals/machine-readable-ui
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from reconciler import __version__
from reconciler.core.change import Action, Change, Plan
from reconciler.core.diagnostic import Diagnostic, Severity
from reconciler.core.outcome import Outcome, Result
from reconciler.core.resource import key_of, parent_of
from reconciler.errors import DiagnosedError, Interrupted, ReconcilerError
from reconciler.reports.encode import one_line
from reconciler.reports.options import RenderOptions
from reconciler.reports.outcomes import line
from reconciler.reports.terraform import COMPATIBLE_WITH, terraform_address
from reconciler.reports.text import counts, heading, summary
from reconciler.reports.words import counted

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
_DOING = {
    Action.CREATE: "creating",
    Action.RESTORE: "restoring",
    Action.UPDATE: "updating",
    Action.ARCHIVE: "archiving",
    Action.UNARCHIVE: "bringing back from the archive",
    Action.DELETE: "destroying",
    Action.ADOPT: "adopting",
    Action.RECOVER: "recovering",
    Action.MOVE: "moving",
    Action.FORGET: "forgetting",
    Action.NO_OP: "recording",
}
ACCOUNT = "freshbooks_account"
UI_VERSION = "1.2"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warn", Severity.NOTE: "info"}


def lines(events: Iterable[Event], timestamp: str = "", tags: Mapping[str, object] | None = None) -> str:
    """Give events as JSON lines, all with this time and these further keys."""
    stamp = {**(tags or {}), **({"@timestamp": timestamp} if timestamp else {})}
    return "".join(one_line({**event, **stamp}) + "\n" for event in events)


def version_event() -> Event:
    """Give the first event: what speaks, and in which version of the shape."""
    told = _event("info", f"reconciler {__version__}", "version")
    return {**told, "terraform": COMPATIBLE_WITH, "reconciler": __version__, "ui": UI_VERSION}


def refresh_event(account: str, records: int | None = None) -> Event:
    """Tell that the account begins to be read, or with how many records it is read; it is read as a whole."""
    hook: Event = {"resource": _named(f"{ACCOUNT}.this", ACCOUNT, "this", None)}
    if account:
        hook |= {"id_key": "id", "id_value": account}
    if records is None:
        return {**_event("info", "Reading the account...", "refresh_start"), "hook": hook}
    told = f"The account is read: {counted(records, 'record')}."
    return {**_event("info", told, "refresh_complete"), "hook": {**hook, "records": records}}


def plan_events(plan: Plan) -> Iterator[Event]:
    """Give every change, drift, note and refusal of a plan."""
    for change in plan.drift:
        yield _event("info", f"{change.address}: changed outside", "resource_drift", change=named_change(change))
    for change in plan.changes:
        yield _event("info", heading(change), "planned_change", change=named_change(change))
    for diagnostic in (*plan.notes, *plan.refusals):
        yield diagnostic_event(diagnostic)


def plan_sums(plan: Plan) -> Event:
    """Give the sums of a plan."""
    told = summary(plan, RenderOptions()).replace("\n", " ")
    return {**_sums(told, counts(plan.changes), "plan"), "plan_id": plan.plan_id}


def start_event(change: Change) -> Event:
    """Tell that a record is begun."""
    told = f"{change.address}: {_DOING[change.action]}..."
    return {**_event("info", told, "apply_start"), "hook": _hook(change)}


def lasting_event(change: Change, elapsed_s: int) -> Event:
    """Tell that a record still takes its time."""
    told = f"{change.address}: still {_DOING[change.action]}... [{elapsed_s}s elapsed]"
    return {**_event("info", told, "apply_progress"), "hook": {**_hook(change), "elapsed_seconds": elapsed_s}}


def outcome_event(outcome: Outcome, elapsed_s: int = 0) -> Event:
    """Give what became of one record."""
    told = line(outcome, RenderOptions())
    finished = outcome.result is Result.DONE
    return {
        **_event("info" if finished else "error", told, "apply_complete" if finished else "apply_errored"),
        "hook": {
            **_hook(outcome.change, outcome.live.id if outcome.live is not None else None),
            "elapsed_seconds": elapsed_s,
            "result": outcome.result.value,
            "reason": outcome.reason,
        },
    }


def outcomes_sums(outcomes: Iterable[Outcome]) -> Event:
    """Give the sums of an apply."""
    done = [outcome for outcome in outcomes if outcome.result is Result.DONE]
    found = counts(outcome.change for outcome in done)
    told = f"Resources: {found['add']} added, {found['change']} changed, {found['destroy']} destroyed."
    return _sums(told, found, "apply")


def no_sums(operation: str) -> Event:
    """Give the sums of a run that ended before there were any."""
    told = "Nothing was planned." if operation == "plan" else "Nothing was written."
    return _sums(told, Counter(), operation)


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
    level = _LEVELS[diagnostic.severity]
    return {
        **_event(level, f"{diagnostic.severity.value.capitalize()}: {diagnostic.summary}", "diagnostic"),
        "diagnostic": problem_document(diagnostic),
    }


def problem_document(diagnostic: Diagnostic) -> dict[str, object]:
    """Give a problem in the shape that Terraform gives one in JSON."""
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
    return told


def _named(address: str, kind: str, name: str, key: str | None) -> Event:
    return {
        "addr": address,
        "module": "",
        "resource": address,
        "implied_provider": "freshbooks",
        "resource_type": kind,
        "resource_name": name,
        "resource_key": key,
    }


def _hook(change: Change, remote_id: int | None = None) -> Event:
    number = remote_id if remote_id is not None else change.id
    named = {"id_key": "id", "id_value": str(number)} if number is not None else {}
    return {**named_change(change), **named}


def named_change(change: Change) -> Event:
    """Give a change as events name one."""
    parent = parent_of(change.address)
    address, kind = terraform_address(change.address, change.kind), f"freshbooks_{change.kind}"
    key = key_of(change.address) if parent is not None else None
    told: Event = {
        "resource": _named(address, kind, key_of(parent or change.address), key),
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
