"""With --json every line of stdout is one event in the shape of Terraform's machine-readable output."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.documents.explain import accepts
from reconciler.schema_files import schema
from reconciler.store.lock import held
from tests.cli.program import ACME, BOLT, Ran, called, spawned, strikes, writes
from tests.golden.story import Story, telling

APPLY = ("apply", "--auto-approve", "--settle", "0", "--parallelism", "1")
TYPES = {
    "version",
    "refresh_start",
    "refresh_complete",
    "resource_drift",
    "planned_change",
    "change_summary",
    "apply_start",
    "apply_progress",
    "apply_complete",
    "apply_errored",
    "diagnostic",
}


def events(ran: Ran) -> list[dict[str, Any]]:
    """Read the stream; each line must be an event."""
    found = []
    for line in ran.out.splitlines():
        event = json.loads(line)
        assert {"@level", "@message", "@module", "@timestamp", "type"} <= set(event)
        assert event["@level"] in {"info", "warn", "error"}
        assert event["@module"] == "reconciler.ui"
        assert event["type"] in TYPES
        assert accepts(schema("events"), event), event
        assert abs((datetime.now(UTC) - datetime.fromisoformat(event["@timestamp"])).total_seconds()) < 60
        found.append(event)
    return found


def told(ran: Ran) -> list[dict[str, Any]]:
    """Give what stands between the version, and the reading of the account, and the sums that end a stream."""
    first, *found, last = events(ran)
    assert (first["type"], first["ui"], first["terraform"]) == ("version", "1.2", "1.9.0")
    assert (last["type"], last["exit_code"]) == ("change_summary", ran.code)
    return [event for event in found if not event["type"].startswith("refresh_")]


def summaries(ran: Ran) -> list[Any]:
    """Give the sums of a stream."""
    return [event["changes"] for event in events(ran) if event["type"] == "change_summary"]


def test_plan(place: Story) -> None:
    """A plan is one event a change, then the sums and the plan id."""
    writes("clients:\n  acme: {organization: Acme Ltd., contacts: {jane: {email: jane@acme.example}}}\n")
    ran = called("plan", "--json")
    assert (ran.code, ran.err) == (0, "")
    version, start, complete, *changes, summary = events(ran)
    assert [event["type"] for event in (version, start, complete)] == ["version", "refresh_start", "refresh_complete"]
    assert complete["hook"]["id_value"] == "Ab12Cd"
    assert complete["hook"]["records"] == 0
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
    kinds = [event["type"] for event in told(ran)]
    assert kinds == ["planned_change"] * 2 + ["change_summary"] + ["apply_start", "apply_complete"] * 2
    hook = told(ran)[-1]["hook"]
    assert (hook["action"], hook["id_key"], hook["id_value"], hook["elapsed_seconds"]) == ("create", "id", "700003", 0)
    assert [found["operation"] for found in summaries(ran)] == ["plan", "apply"]
    assert summaries(ran)[1]["add"] == 2
    assert called("plan", "--json", "--detailed-exitcode").code == 0


def test_apply_in_part(tmp_path: Path) -> None:
    """What is not done is an event of its own, the sums count outcomes, and the last event has the exit code."""
    with telling(tmp_path, client_limit=1):
        writes(ACME + BOLT)
        ran = called("--json", *APPLY)
        assert (ran.code, ran.err) == (6, "")
        found = told(ran)
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
    *problems, last = told(ran) if command == "plan" else events(ran)
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
        (("plan", "--target", "clients.nobody"), 64),
        (("apply", "--bogus"), 64),
        (("apply", "--auto-approve", "--max-deletes", "many"), 64),
        (("plan", "--chdir", "nowhere"), 64),
    ],
)
def test_errors(words: tuple[str, ...], code: int, place: Story) -> None:
    """An error is an event with its exit code, the sums end the stream all the same, and stderr is silent."""
    writes(ACME)
    ran = called("--json", *words)
    assert (ran.code, ran.err) == (code, "")
    last = told(ran)[-1]
    assert (last["type"], last["@level"], last["exit_code"]) == ("diagnostic", "error", code)
    assert summaries(ran)[-1]["add"] == 0


def test_an_error_of_another_command(place: Story) -> None:
    """A command that neither plans nor applies has no sums: its error is the last event."""
    ran = called("state", "show", "clients.nobody", "--json")
    assert (ran.code, ran.err) == (64, "")
    last = events(ran)[-1]
    assert (last["type"], last["@level"], last["exit_code"]) == ("diagnostic", "error", 64)


def test_no_token(folder: Path) -> None:
    """Who is not logged in hears so in a stream that is whole."""
    writes(ACME)
    for command in ("plan", "apply"):
        ran = called(command, "--json", *(["--auto-approve"] if command == "apply" else []))
        assert (ran.code, ran.err) == (8, "")
        assert [event["diagnostic"]["code"] for event in told(ran)] == ["no-token"]
        assert summaries(ran) == [{"add": 0, "change": 0, "import": 0, "remove": 0, "operation": command}]


def test_bad_settings(place: Story) -> None:
    """So does who has a settings file that cannot be used."""
    writes("nope: 1\n", "reconciler.yaml")
    ran = called("plan", "--json")
    assert (ran.code, ran.err) == (3, "")
    assert told(ran)[-1]["exit_code"] == 3


def test_a_locked_state(place: Story) -> None:
    """And who meets another run."""
    writes(ACME)
    with held(Path(".reconciler/state.json"), "another"):
        ran = called(*APPLY, "--json")
    assert (ran.code, ran.err) == (10, "")
    assert told(ran)[-1]["exit_code"] == 10


def test_what_lasts(place: Story) -> None:
    """A create whose answer is lost is told again while it is looked for."""
    writes(ACME)
    strikes(place, "POST /users/clients reset-after#1")
    ran = called(*APPLY, "--json")
    assert (ran.code, ran.err) == (0, "")
    *_, start, lasting, complete = told(ran)
    assert [event["type"] for event in (start, lasting, complete)] == [
        "apply_start",
        "apply_progress",
        "apply_complete",
    ]
    assert lasting["hook"]["elapsed_seconds"] == 0
    assert lasting["@message"] == "clients.acme: still creating... [0s elapsed]"


def test_nothing_to_apply(place: Story) -> None:
    """An apply without changes has the plan's sums, and its own."""
    writes(ACME)
    called(*APPLY)
    ran = called(*APPLY, "--json")
    assert ran.code == 0
    assert [found["operation"] for found in summaries(ran)] == ["plan", "apply"]


def test_a_stale_plan(place: Story) -> None:
    """A saved plan that no longer fits is refused in a stream that is whole."""
    writes(ACME)
    called("plan", "--out", "one.plan")
    writes(ACME.replace("Ltd.", "Inc."))
    ran = called("apply", "one.plan", "--json")
    assert (ran.code, ran.err) == (5, "")
    assert told(ran)[-1]["diagnostic"]["code"] == "stale-plan"


def test_wrong_usage_before_the_command(folder: Path) -> None:
    """A command line that cannot be parsed is told as an event too, where --json came first."""
    ran = called("--json", "plan", "--bogus")
    assert (ran.code, ran.err) == (64, "")
    assert told(ran)[-1]["exit_code"] == 64


def test_guards(place: Story) -> None:
    """A refused plan has its refusals as diagnostics after the changes, and its sums."""
    writes(ACME)
    called(*APPLY)
    writes("clients: {}\n")
    ran = called("plan", "--json")
    assert ran.code == 5
    assert [event["type"] for event in told(ran)] == ["planned_change", "diagnostic", "diagnostic"]
    assert summaries(ran)[-1]["remove"] == 1


def test_stops(place: Story) -> None:
    """Each open question of an ambiguous plan is a diagnostic with its address and the lines to paste."""
    place.person.creates(organization="Acme Limited", email="billing@acme.example")
    writes(ACME)
    ran = called("plan", "--json")
    assert ran.code == 7
    question, last = told(ran)
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
    assert [event["type"] for event in told(ran)] == ["resource_drift", "diagnostic"]
    assert told(ran)[1]["@level"] == "info"


def test_a_dropped_connection_is_an_event(place: Story) -> None:
    """What goes wrong on the way is told as an event, not as a mixture of both."""
    writes(ACME)
    strikes(place, "GET /users/clients wrong-json")
    ran = spawned("plan", "--json")
    assert (ran.code, ran.err) == (4, "")
    assert told(ran)[-1]["exit_code"] == 4


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
    found = [json.loads(line) for line in ran.out.splitlines()]
    assert found
    assert all({"@level", "@message", "@module", "@timestamp", "type"} <= set(event) for event in found)


def test_formats_into_files_beside_the_stream(place: Story) -> None:
    """--format FORMAT=FILE still writes its file, and --out its plan, and the stream stays a stream."""
    writes(ACME)
    ran = called("plan", "--json", "--format", "text=plan.txt", "--out", "one.plan")
    assert ran.code == 0
    assert [event["type"] for event in told(ran)] == ["planned_change"]
    assert "Plan: 1 to add" in Path("plan.txt").read_text(encoding="utf-8")
    assert events(called("show", "--json", "one.plan"))[-1]["changes"]["add"] == 1


def test_validate_as_a_document(folder: Path) -> None:
    """`validate --format json` is Terraform's document for the valid and the invalid, with the exit code beside it."""
    writes(ACME)
    ran = called("validate", "--format", "json")
    assert (ran.code, json.loads(ran.out)["valid"]) == (0, True)
    writes("clients:\n  acme: {organisation: Acme}\n")
    ran = called("validate", "--format", "json")
    document = json.loads(ran.out)
    assert (ran.code, document["valid"], document["error_count"]) == (3, False, len(document["diagnostics"]))
    assert document["diagnostics"][0]["range"]["filename"] == "clients.yaml"
