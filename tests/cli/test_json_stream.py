"""With --json every line of stdout is one event in the shape of Terraform's machine-readable output."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import ACME, BOLT, Ran, called, spawned, strikes, writes
from tests.golden.story import Story, telling

APPLY = ("apply", "--auto-approve", "--settle", "0", "--parallelism", "1")
TYPES = {"resource_drift", "planned_change", "change_summary", "apply_complete", "apply_errored", "diagnostic"}


def events(ran: Ran) -> list[dict[str, Any]]:
    """Read the stream; each line must be an event."""
    found = []
    for line in ran.out.splitlines():
        event = json.loads(line)
        assert {"@level", "@message", "@module", "@timestamp", "type"} <= set(event)
        assert event["@level"] in {"info", "warn", "error"}
        assert event["@module"] == "reconciler.ui"
        assert event["type"] in TYPES
        assert abs((datetime.now(UTC) - datetime.fromisoformat(event["@timestamp"])).total_seconds()) < 60
        found.append(event)
    return found


def summaries(ran: Ran) -> list[Any]:
    """Give the sums of a stream."""
    return [event["changes"] for event in events(ran) if event["type"] == "change_summary"]


def test_plan(place: Story) -> None:
    """A plan is one event a change, then the sums and the plan id."""
    writes("clients:\n  acme: {organization: Acme Ltd., contacts: {jane: {email: jane@acme.example}}}\n")
    ran = called("plan", "--json")
    assert (ran.code, ran.err) == (0, "")
    *changes, summary = events(ran)
    assert [event["type"] for event in changes] == ["planned_change"] * 2
    resource = changes[1]["change"]["resource"]
    assert resource["addr"] == 'freshbooks_contact.acme["jane"]'
    assert resource["resource_type"] == "freshbooks_contact"
    assert (resource["resource_name"], resource["resource_key"]) == ("acme", "jane")
    assert changes[0]["change"]["action"] == "create"
    assert changes[0]["@message"] == "clients.acme will be created"
    assert summary["changes"] == {"add": 2, "change": 0, "import": 0, "remove": 0, "operation": "plan"}
    assert len(summary["plan_id"]) == 20


def test_apply(place: Story) -> None:
    """An apply is the plan's events, one a record as it is done, and the sums of what was done."""
    writes(ACME + BOLT)
    ran = called(*APPLY, "--json")
    assert (ran.code, ran.err) == (0, "")
    kinds = [event["type"] for event in events(ran)]
    assert kinds == ["planned_change"] * 2 + ["change_summary"] + ["apply_complete"] * 2 + ["change_summary"]
    assert [found["operation"] for found in summaries(ran)] == ["plan", "apply"]
    assert summaries(ran)[1]["add"] == 2
    assert called("plan", "--json", "--detailed-exitcode").code == 0


def test_apply_in_part(tmp_path: Path) -> None:
    """What is not done is an event of its own, the sums count outcomes, and the last event has the exit code."""
    with telling(tmp_path, client_limit=1):
        writes(ACME + BOLT)
        ran = called("--json", *APPLY)
        assert (ran.code, ran.err) == (6, "")
        found = events(ran)
        failed = next(event for event in found if event["type"] == "apply_errored")
        assert failed["@level"] == "error"
        assert (failed["hook"]["address"], failed["hook"]["result"]) == ("clients.bolt", "failed")
        assert failed["hook"]["reason"]
        assert summaries(ran)[1]["add"] == 1
        assert found[-1]["exit_code"] == 6


@pytest.mark.parametrize("command", ["validate", "plan"])
def test_configuration_errors(command: str, place: Story) -> None:
    """Each problem of the configuration is a diagnostic with its range; the last event has the exit code."""
    writes("clients:\n  acme: {organisation: Acme}\n  bolt: {p_code: 02134}\n")
    ran = spawned(command, "--json")
    assert (ran.code, ran.err) == (3, "")
    *problems, last = events(ran)
    assert {problem["type"] for problem in problems} == {"diagnostic"}
    assert {problem["diagnostic"]["range"]["filename"] for problem in problems} == {"clients.yaml"}
    assert {problem["diagnostic"]["range"]["start"]["line"] for problem in problems} >= {3, 4}
    assert all(problem["@level"] == "error" and problem["diagnostic"]["code"] for problem in problems)
    assert last["exit_code"] == 3


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("plan", "--account", "Other1"), 8),
        (("show", "nowhere.plan"), 9),
        (("apply",), 64),
        (("apply", "--expect", "0" * 20), 5),
        (("state", "show", "clients.nobody"), 64),
    ],
)
def test_errors(words: tuple[str, ...], code: int, place: Story) -> None:
    """An error is an event with its exit code, and stderr is silent."""
    writes(ACME)
    ran = called(*words, "--json")
    assert (ran.code, ran.err) == (code, "")
    last = events(ran)[-1]
    assert (last["type"], last["@level"], last["exit_code"]) == ("diagnostic", "error", code)


def test_wrong_usage_before_the_command(folder: Path) -> None:
    """A command line that cannot be parsed is told as an event too, where --json came first."""
    ran = called("--json", "plan", "--bogus")
    assert (ran.code, ran.err) == (64, "")
    assert events(ran)[-1]["exit_code"] == 64


def test_guards(place: Story) -> None:
    """A refused plan has its refusals as diagnostics between the changes and the sums."""
    writes(ACME)
    called(*APPLY)
    writes("clients: {}\n")
    ran = called("plan", "--json")
    assert ran.code == 5
    kinds = [event["type"] for event in events(ran)]
    assert kinds == ["planned_change", "diagnostic", "change_summary", "diagnostic"]


def test_stops(place: Story) -> None:
    """Each open question of an ambiguous plan is a diagnostic with its address and the lines to paste."""
    place.person.creates(organization="Acme Limited", email="billing@acme.example")
    writes(ACME)
    ran = called("plan", "--json")
    assert ran.code == 7
    question, last = events(ran)
    assert question["diagnostic"]["address"] == "clients.acme"
    assert "distinct_from: [700001]" in question["diagnostic"]["detail"]
    assert last["exit_code"] == 7


def test_drift_and_notes(place: Story) -> None:
    """Drift that is only reported is an event of its own, and a note is one of level info."""
    writes("policy: {drift: report}\n", "reconciler.yaml")
    writes("clients:\n  acme: {organization: Acme Ltd., p_city: Rome}\n")
    called(*APPLY)
    place.person.edits(700001, p_city="Oslo")
    place.person.archives(700001)
    ran = called("plan", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert [event["type"] for event in events(ran)] == ["resource_drift", "diagnostic", "change_summary"]
    assert events(ran)[1]["@level"] == "info"


def test_a_dropped_connection_is_an_event(place: Story) -> None:
    """What goes wrong on the way is told as an event, not as a mixture of both."""
    writes(ACME)
    strikes(place, "GET /users/clients wrong-json")
    ran = spawned("plan", "--json")
    assert (ran.code, ran.err) == (4, "")
    assert events(ran)[-1]["exit_code"] == 4


@pytest.mark.parametrize(
    "words",
    [
        ("validate",),
        ("schema",),
        ("state", "list"),
        ("state", "show", "clients.acme"),
        ("state", "mv", "clients.acme", "clients.new"),
        ("state", "rm", "clients.acme"),
        ("import", "clients.acme", "700001"),
    ],
)
def test_every_result_is_json(words: tuple[str, ...], place: Story) -> None:
    """Whatever the command, with --json a line of stdout is one JSON object."""
    writes(ACME)
    called(*APPLY)
    ran = called(*words, "--json")
    assert ran.code == 0, ran.all
    told = [json.loads(line) for line in ran.out.splitlines()]
    assert told
    assert all({"@level", "@message", "@module", "@timestamp", "type"} <= set(event) for event in told)


def test_formats_into_files_beside_the_stream(place: Story) -> None:
    """--format FORMAT=FILE still writes its file, and --out its plan, and the stream stays a stream."""
    writes(ACME)
    ran = called("plan", "--json", "--format", "text=plan.txt", "--out", "one.plan")
    assert ran.code == 0
    assert events(ran) == []
    assert "Plan: 1 to add" in Path("plan.txt").read_text(encoding="utf-8")
    assert events(called("show", "--json", "one.plan"))[-1]["changes"]["add"] == 1


def test_validate_as_a_document(folder: Path) -> None:
    """`validate --format json` is Terraform's document for the valid and the invalid, with the exit code beside it."""
    writes(ACME)
    ran = called("validate", "--format", "json")
    assert (ran.code, json.loads(ran.out)["valid"]) == (0, True)
    writes("clients:\n  acme: {organisation: Acme}\n")
    ran = called("validate", "--format", "json")
    told = json.loads(ran.out)
    assert (ran.code, told["valid"], told["error_count"]) == (3, False, len(told["diagnostics"]))
    assert told["diagnostics"][0]["range"]["filename"] == "clients.yaml"
