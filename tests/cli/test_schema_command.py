"""What `schema` prints describes what the other commands write, and can be told from what they do not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reconciler import schema_files
from tests.cli.program import ACME, BOLT, called, writes
from tests.golden.story import Story


def printed(name: str) -> Any:  # noqa: ANN401 - JSON
    """Give a schema as the command prints it."""
    return json.loads(called("schema", name).out)


def holds(name: str, document: object) -> None:
    """Hold a document against a printed schema, and see that another document is refused."""
    validator = jsonschema.Draft7Validator(printed(name))
    assert [error.message for error in validator.iter_errors(document)] == []
    assert not validator.is_valid({"something": "else"})


def test_all_are_listed(folder: Path) -> None:
    """--list names each schema with what it describes, and --json has the same."""
    told = called("schema", "--list").out
    assert [line.split()[0] for line in told.splitlines()] == list(schema_files.NAMES)
    [event] = map(json.loads, called("schema", "--list", "--json").out.splitlines())
    assert event["schemas"] == schema_files.SCHEMAS


def test_json_has_the_schema(folder: Path) -> None:
    """With --json the schema is the value of an event."""
    [event] = map(json.loads, called("schema", "settings", "--json").out.splitlines())
    assert (event["type"], event["schema"]["title"]) == ("schema", "Reconciler settings")


def test_a_real_state_and_plan_are_described(place: Story) -> None:
    """After an apply, with an open change: what `state pull` and `plan` write is what the printed schemas say."""
    writes(ACME + BOLT)
    assert called("apply", "--auto-approve").code == 0
    writes(ACME.replace("Acme Ltd.", "Acme Inc.") + "  cedar: {email: a@cedar.example}\n")
    assert called("plan", "--out", "a.plan", "--format", "json=plan.json").code == 0
    holds("plan", json.loads(Path("a.plan").read_text(encoding="utf-8")))
    holds("plan", json.loads(Path("plan.json").read_text(encoding="utf-8")))
    holds("state", json.loads(called("state", "pull").out))


@pytest.mark.parametrize(
    "words",
    [
        ("plan",),
        ("apply", "--auto-approve"),
        ("drift",),
        ("history",),
        ("validate",),
        ("state", "list"),
        ("export",),
        ("init",),
        ("schema", "--list"),
        ("whoami",),
        ("plan", "nowhere.yaml"),
    ],
    ids=" ".join,
)
def test_real_events_are_described(place: Story, words: tuple[str, ...]) -> None:
    """Every line that --json prints, whatever the command, is what the printed schema of the events says."""
    writes(ACME)
    assert called("apply", "--auto-approve").code == 0
    writes(ACME.replace("Acme Ltd.", "Acme Inc.") + BOLT)
    validator = jsonschema.Draft7Validator(printed("events"))
    lines = called(*words, "--json").out.splitlines()
    assert lines
    for line in lines:
        assert [error.message for error in validator.iter_errors(json.loads(line))] == [], line


def test_the_user_s_settings_are_described(folder: Path) -> None:
    """A token command is what the printed schema of the user's settings says."""
    holds("user", {"token_command": ["pass", "show", "freshbooks"]})
