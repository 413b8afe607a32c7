"""The stream of events as values: one line each, in Terraform's shape, sums as in the text."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.core.change import Action, Change
from reconciler.core.diagnostic import Diagnostic, Position
from reconciler.errors import ConfigurationInvalid, Interrupted, Locked
from reconciler.reports.events import (
    diagnostic_event,
    error_events,
    lines,
    outcome_event,
    outcomes_sums,
    plan_events,
    plan_sums,
)
from tests.reports.samples import full_plan, one_of_each, outcome, outcomes_of_each

ACTIONS = {
    Action.CREATE: "create",
    Action.RESTORE: "update",
    Action.UPDATE: "update",
    Action.ADOPT: "import",
    Action.RECOVER: "import",
    Action.MOVE: "move",
    Action.ARCHIVE: "update",
    Action.UNARCHIVE: "update",
    Action.DELETE: "delete",
    Action.FORGET: "forget",
    Action.NO_OP: "noop",
}


def read(text: str) -> list[dict[str, Any]]:
    """Read the lines back."""
    return [json.loads(row) for row in text.splitlines()]


def test_every_change_is_one_event() -> None:
    """A plan's events are its drift, its changes in order, its diagnostics; each change once."""
    plan = full_plan()
    events = read(lines(plan_events(plan), "2026-01-01T00:00:00Z"))
    kinds = [event["type"] for event in events]
    assert kinds[0] == "resource_drift"
    assert kinds.count("diagnostic") == 2
    assert kinds.count("change_summary") == 0
    told = [event["change"]["address"] for event in events if event["type"] == "planned_change"]
    assert told == [each.address for each in plan.changes]
    assert {event["@timestamp"] for event in events} == {"2026-01-01T00:00:00Z"}


@pytest.mark.parametrize("each", one_of_each(), ids=lambda each: f"{each.action} {each.address}")
def test_actions_are_terraform_s(each: Change) -> None:
    """Each action has one of Terraform's names, and its resource."""
    told: Any = outcome_event(outcome(each))
    assert told["hook"]["action"] == ACTIONS[each.action]
    assert told["hook"]["resource"]["resource_type"] == f"freshbooks_{each.kind}"
    assert told["type"] == "apply_complete"


def test_sums_of_a_plan() -> None:
    """The sums are those of the text."""
    summary: Any = plan_sums(full_plan())
    assert summary["changes"] == {"add": 2, "change": 7, "import": 2, "remove": 1, "operation": "plan"}
    assert summary["plan_id"] == full_plan().plan_id
    assert summary["@message"].startswith("Plan: 2 to add, 7 to change, 1 to destroy.")


def test_sums_of_an_apply() -> None:
    """The sums of an apply count what was done, and nothing else."""
    summary: Any = outcomes_sums(outcomes_of_each())
    assert summary["changes"] == {"add": 0, "change": 1, "import": 0, "remove": 0, "operation": "apply"}


def test_what_is_not_done_is_an_error() -> None:
    """Any result but done is an event of level error, with the reason."""
    for each in outcomes_of_each()[1:]:
        told: Any = outcome_event(each)
        assert (told["type"], told["@level"]) == ("apply_errored", "error")
        assert (told["hook"]["result"], told["hook"]["reason"]) == (each.result.value, each.reason)


def test_a_diagnostic_has_its_place() -> None:
    """A problem has severity, summary, detail, code, address and range, as Terraform's has."""
    place = Position(file="clients.yaml", line=3, column=7)
    told: Any = diagnostic_event(Diagnostic(code="bad", summary="s", detail="d", position=place, address="clients.a"))
    assert told["diagnostic"] == {
        "severity": "error",
        "summary": "s",
        "detail": "d",
        "code": "bad",
        "address": "clients.a",
        "range": {
            "filename": "clients.yaml",
            "start": {"line": 3, "column": 7},
            "end": {"line": 3, "column": 7},
        },
    }
    assert "range" not in diagnostic_event(Diagnostic(code="bad", summary="s"))["diagnostic"]  # type: ignore[operator] # JSON


def test_an_error_is_its_problems_and_itself() -> None:
    """An error's events are its problems, then itself with the exit code."""
    problem = Diagnostic(code="bad", summary="s")
    events: list[Any] = list(error_events(ConfigurationInvalid("sum", [problem, problem])))
    assert [event["diagnostic"]["summary"] for event in events] == ["s", "s", "sum"]
    assert [event.get("exit_code") for event in events] == [None, None, 3]
    assert [event["exit_code"] for event in error_events(Locked("locked"))] == [10]


@pytest.mark.parametrize(("number", "code"), [(2, 130), (15, 143)])
def test_an_interruption_has_its_own_code(number: int, code: int) -> None:
    """The exit code in the event is the one that the program ends with."""
    assert list(error_events(Interrupted("ended", signal_number=number)))[-1]["exit_code"] == code


def test_no_value_is_in_the_stream() -> None:
    """Values of fields are not in the events, so that a log needs no sensitive fields hidden."""
    text = lines(
        [*plan_events(full_plan()), *(outcome_event(outcome(each)) for each in one_of_each()), plan_sums(full_plan())]
    )
    assert "@acme.example" not in text
