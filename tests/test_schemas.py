"""The shipped schemas say what the program does: fields are those it can write, documents are what it stores."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from reconciler import __version__, schema_files
from reconciler.core.change import Plan
from reconciler.core.codec import StateDocument
from reconciler.core.kind import FieldType
from reconciler.documents.explain import accepts
from reconciler.documents.parse import parse
from reconciler.providers.freshbooks.wire import CLIENT, CONTACT
from reconciler.reports.terraform import COMPATIBLE_WITH, FORMAT_VERSION
from tests.docs.events import event_types

DRAFT = "http://json-schema.org/draft-07/schema#"
FOLDER = Path(schema_files.__file__).parent.parent / "schemas"


def described(name: str) -> Any:  # noqa: ANN401 - a JSON Schema
    """Build the schema of a document that the program writes, from the types that it is written from."""
    types = {"state": StateDocument, "plan": Plan}
    [root], components = msgspec.json.schema_components([types[name]], ref_template="#/definitions/{name}")
    schema: dict[str, Any] = {
        "$schema": DRAFT,
        "$id": f"https://freshbooks-reconciler.example/schemas/{name}.schema.json",
    }
    if name == "state":
        return schema | {"title": "Reconciler state", **root, "definitions": components}
    ours = {
        "description": "What only the reconciler knows; a saved plan is applied from it.",
        "type": "object",
        "required": ["plan", "plan_id", "digest"],
        "properties": {
            "plan": root,
            "plan_id": {"type": "string", "pattern": "^[0-9a-f]{20}$"},
            "digest": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        },
    }
    changes = {
        "type": "array",
        "items": {"type": "object", "required": ["address", "mode", "type", "name", "provider_name", "change"]},
    }
    return schema | {
        "title": "Reconciler saved plan",
        "description": "Terraform's JSON plan representation, with one further key.",
        "type": "object",
        "required": ["format_version", "terraform_version", "resource_changes", "reconciler"],
        "properties": {
            "format_version": {"const": FORMAT_VERSION},
            "terraform_version": {"const": COMPATIBLE_WITH},
            "resource_changes": changes,
            "resource_drift": changes,
            "planned_values": {"type": "object"},
            "prior_state": {"type": "object"},
            "configuration": {"type": "object"},
            "reconciler": ours,
        },
        "definitions": components,
    }


@pytest.mark.parametrize("name", ["state", "plan"])
def test_written_documents_are_described(name: str, request: pytest.FixtureRequest) -> None:
    """The schemas of state and plan are those of the types."""
    expected = json.dumps(described(name), indent=2) + "\n"
    if request.config.getoption("--update-golden"):
        Path(f"schemas/{name}.schema.json").write_text(expected, encoding="utf-8")
    assert schema_files.text(name) == expected


@pytest.mark.parametrize("name", schema_files.NAMES)
def test_schemas_are_draft_07(name: str) -> None:
    """Every schema is one, of the draft that editors understand."""
    schema = schema_files.schema(name)
    assert schema["$schema"] == DRAFT
    jsonschema.Draft7Validator.check_schema(schema)


def test_client_fields_are_those_that_can_be_written() -> None:
    """The schema of the clients has the fields of the provider, no more and no fewer, with types and titles."""
    schema: Any = schema_files.schema("clients")
    fields = schema["definitions"]["fields"]
    assert set(fields) == set(CLIENT.field_names)
    for field in CLIENT.fields:
        text = fields[field.name]["type"] == ["string", "null"]
        assert text is (field.type is FieldType.TEXT), field.name
        assert field.label == fields[field.name]["title"]
    contact = schema["definitions"]["contact"]["properties"]
    assert {name: node["title"] for name, node in contact.items()} == {f.name: f.label for f in CONTACT.fields}
    assert schema["definitions"]["field_name"]["enum"] == list(fields)
    assert set(schema["properties"]["defaults"]["properties"]) == set(fields)


@pytest.mark.parametrize("name", ["clients", "settings", "user"])
def test_everything_is_closed_and_told(name: str) -> None:
    """No mapping takes unknown keys unless it is one by key, and every property says what it is, with an example."""
    for path, node in _nodes(schema_files.schema(name)):
        if "properties" in node:
            assert node.get("additionalProperties") is False, path
            for key, inner in node["properties"].items():
                if "$ref" not in inner and path != "/properties/defaults":
                    assert {"description", "title"} <= set(inner), f"{path}/{key}"
                    # A constant is its own example; of two things to insert an editor would insert neither.
                    assert len({"examples", "const", "defaultSnippets"} & set(inner)) == 1, f"{path}/{key}"


def test_choices_are_told() -> None:
    """Wherever a field is to be chosen by its name, the list says what each field is."""
    labels = {field.name: field.label for kind in (CLIENT, CONTACT) for field in kind.fields}
    for name in ("clients", "settings"):
        for path, node in _nodes(schema_files.schema(name)):
            if "enum" in node:
                assert len(node["enumDescriptions"]) == len(node["enum"]), path
            if "fname" in node.get("enum", ()):
                assert node["enumDescriptions"] == [labels[field] for field in node["enum"]], path


def test_wrong_values_are_told_what_is_wanted() -> None:
    """An editor says of every text and key that cannot be so what is wanted instead, not which pattern it lacks."""
    for name in ("clients", "settings"):
        for path, node in _nodes(schema_files.schema(name)):
            if node.get("type") == ["string", "null"]:
                assert "Quote" in node["errorMessage"], path
            if "pattern" in node:
                assert node["patternErrorMessage"], path


def test_the_settings_have_the_same_defaults(request: pytest.FixtureRequest) -> None:
    """Defaults may be the same in either file: the schema of the settings repeats the fields of the clients' one."""
    clients: Any = schema_files.schema("clients")
    settings: Any = schema_files.schema("settings")
    fields = clients["definitions"]["fields"]
    wanted = {**settings, "definitions": {**settings["definitions"], "fields": fields}}
    told = "Fields merged under every client of all files. Absent: none."
    common = {**clients["properties"]["defaults"], "description": told}
    wanted["properties"] = {**settings["properties"], "defaults": common}
    if request.config.getoption("--update-golden"):
        text = json.dumps(wanted, indent=2, ensure_ascii=False) + "\n"
        (FOLDER / "settings.schema.json").write_text(text, encoding="utf-8")
    assert settings == wanted


def _nodes(node: Any, path: str = "") -> Any:  # noqa: ANN401 - JSON
    if isinstance(node, dict):
        yield path, node
        for key, inner in node.items():
            if key not in {"examples", "properties"} or path.endswith("/properties"):
                yield from _nodes(inner, f"{path}/{key}")
            elif key == "properties":
                for name, schema in inner.items():
                    yield from _nodes(schema, f"{path}/properties/{name}")


def test_example_is_valid() -> None:
    """The quick start is what its schema describes."""
    content: Any = parse("clients.yaml", schema_files.example().encode()).content
    jsonschema.validate(content, schema_files.schema("clients"), cls=jsonschema.Draft7Validator)
    assert 8 <= len(content["clients"]) <= 12


def test_every_event_has_a_type_that_is_told() -> None:
    """The schema of the events knows each type that the program writes, with what it tells, and no other."""
    schema: Any = schema_files.schema("events")
    told = schema["properties"]["type"]
    assert set(told["enum"]) == event_types()
    assert len(told["enum"]) == len(set(told["enum"])) == len(told["enumDescriptions"])


@pytest.mark.parametrize(
    "wrong",
    [{"type": "novelty"}, {"@level": "loud"}, {"type": "planned_change"}, {"type": "diagnostic", "diagnostic": {}}],
)
def test_the_schema_of_events_can_refuse(wrong: dict[str, object]) -> None:
    """An event of no known type, or without what its type promises, is not one."""
    whole = {
        "@level": "info",
        "@message": "-",
        "@module": "reconciler.ui",
        "@timestamp": "2026-01-01T00:00:00Z",
        "type": "moved",
    }
    assert accepts(schema_files.schema("events"), whole)
    assert not accepts(schema_files.schema("events"), {**whole, **wrong})


# Copies.


@pytest.mark.parametrize("name", schema_files.NAMES)
def test_a_copy_is_known_again(name: str) -> None:
    """A copy says what the schema says, and is known again, with line ends of Windows too; not once it is edited."""
    made = schema_files.copy_of(name)
    content = json.loads(made)
    assert content.pop("$comment").startswith(f"Copied from reconciler {__version__}; ")
    assert content == schema_files.schema(name)
    for same in (made, made.replace("\n", "\r\n"), schema_files.text(name)):
        assert schema_files.is_current(name, same)
    edited = made.replace('"title"', '"tytle"', 1)
    assert (schema_files.is_current(name, edited), schema_files.is_older_copy(edited)) == (False, False)


@pytest.mark.parametrize(
    ("version", "older"), [("0.0.9", True), (__version__, True), ("99.0.0", False), ("1000", False), ("what", True)]
)
def test_a_copy_of_another_version_is_known(version: str, older: bool) -> None:  # noqa: FBT001 - a table
    """A copy that an earlier version has made, and nobody has edited, is one to renew; that of a later one is not."""
    rest = '{\n  "title": "As it was"\n}\n'
    digest = hashlib.sha256(rest.encode()).hexdigest()
    mark = f'{{\n  "$comment": "Copied from reconciler {version}; sha256 {digest}",\n'
    copy = rest.replace("{\n", mark, 1)
    assert schema_files.is_older_copy(copy) is older
    assert not schema_files.is_older_copy(copy.replace("was", "is"))
    assert not schema_files.is_older_copy(rest)
