"""What is offered while somebody types."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as lsp

from reconciler import schema_files
from reconciler.core.kind import FieldType
from reconciler.providers.freshbooks.wire import CLIENT, CONTACT
from tests.editor.editor import Editor
from tests.editor.files import CLIENTS, SETTINGS, clients, documented, inserted, settings

SCHEMA: Any = schema_files.schema("clients")
OWN: Any = schema_files.schema("settings")
FIELDS = list(CLIENT.field_names)
ACME = "clients:\n  acme:\n    "
JANE = f"{ACME}contacts:\n      jane:\n        "
CHOICES = {"delete", "archive", "keep"}

# A place, and all that may be offered there.
PLACES: tuple[tuple[Path, str, object], ...] = (
    (CLIENTS, clients("|"), set(SCHEMA["properties"]) - {"version"}),
    (CLIENTS, clients("defaults:\n  |"), FIELDS),
    (CLIENTS, clients("defaults:\n  currency_code: CAD\n  |"), set(FIELDS) - {"currency_code"}),
    (CLIENTS, clients("clients:\n  |"), ["New client"]),
    (CLIENTS, clients("clients:\n  acme: {email: a@b.example}\n  |"), ["New client"]),
    (CLIENTS, clients(f"{ACME}|"), SCHEMA["definitions"]["client"]["properties"]),
    (CLIENTS, clients(f"{ACME}emai|"), SCHEMA["definitions"]["client"]["properties"]),
    (CLIENTS, clients(f"{ACME}archived: |"), ["true", "false"]),
    (CLIENTS, clients(f"{ACME}unmanaged:\n      - |"), FIELDS),
    (CLIENTS, clients(f"{ACME}contacts:\n      |"), ["New contact"]),
    (CLIENTS, clients(f"{JANE}|"), CONTACT.field_names),
    (CLIENTS, clients(f"{JANE}email: a@b.example\n        |"), set(CONTACT.field_names) - {"email"}),
    (CLIENTS, clients(f"{ACME}lifecycle:\n      |"), SCHEMA["definitions"]["lifecycle"]["properties"]),
    (CLIENTS, clients(f"{ACME}lifecycle: {{on_remove: |}}"), CHOICES),
    (CLIENTS, clients(f"{ACME}lifecycle: {{ignore_changes: [|]}}"), FIELDS),
    (CLIENTS, clients("removed: [|]"), []),
    (SETTINGS, settings("|"), set(OWN["properties"]) - {"version"}),
    (SETTINGS, settings("defaults:\n  |"), FIELDS),
    (SETTINGS, settings("policy:\n  |"), OWN["properties"]["policy"]["properties"]),
    (SETTINGS, settings("policy:\n  drift: |"), ["revert", "report"]),
    (SETTINGS, settings("policy: {on_remove: |}"), CHOICES),
    (SETTINGS, settings("match: [[|]]"), [f.name for f in CLIENT.fields if f.type is FieldType.TEXT]),
    (SETTINGS, settings("sensitive:\n  - |"), {*FIELDS, *CONTACT.field_names}),
    (SETTINGS, settings("profiles:\n  |"), ["New profile"]),
    (
        SETTINGS,
        settings("profiles:\n  acme:\n    |"),
        OWN["properties"]["profiles"]["additionalProperties"]["properties"],
    ),
)
NAMES = [f"{file.stem}-{' '.join(text.split('version: 1', 1)[1].split())}" for file, text, _ in PLACES]


@pytest.mark.parametrize(("file", "text", "wanted"), PLACES, ids=NAMES)
def test_what_may_stand_there_is_offered_once(editor: Editor, file: Path, text: str, wanted: list[str]) -> None:
    """At every level all that may stand there is offered, each once, and nothing else."""
    assert sorted(item.label for item in editor.completions(file, text)) == sorted(wanted)


@pytest.mark.parametrize(("file", "text", "wanted"), PLACES, ids=NAMES)
def test_every_offer_is_explained(editor: Editor, file: Path, text: str, wanted: list[str]) -> None:
    """Beside each key, choice and snippet stands what it means; true and false speak for themselves."""
    told = {item.label: documented(item) for item in editor.completions(file, text)}
    assert [label for label, words in told.items() if not words and label not in {"true", "false"}] == []


def test_a_key_is_offered_with_its_description(editor: Editor) -> None:
    """Whoever types `emai` is offered `email`, with what it is and an example to write over."""
    [email] = [item for item in editor.completions(CLIENTS, clients(f"{ACME}emai|")) if item.label == "email"]
    assert documented(email) == SCHEMA["definitions"]["fields"]["email"]["description"]
    assert inserted(email) == "email: ${1:billing@acme.example}"
    assert email.kind == lsp.CompletionItemKind.Property


def test_a_choice_is_offered_with_its_meaning(editor: Editor) -> None:
    """Each choice is told for itself."""
    found = editor.completions(CLIENTS, clients(f"{ACME}lifecycle: {{on_remove: |}}"))
    told = {item.label: documented(item) for item in found}
    assert told["archive"] == "Archived in FreshBooks."
    assert told["keep"] == "Left as it is, and forgotten."


def test_an_empty_file_begins_with_its_version(editor: Editor) -> None:
    """In an empty file the version is offered, and what it must be is written with it."""
    line = "# yaml-language-server: $schema=../schemas/clients.schema.json\n|"
    found = {item.label: inserted(item) for item in editor.completions(CLIENTS, line)}
    assert found["version"] == "version: 1"


@pytest.mark.parametrize(
    ("file", "before", "label", "filled"),
    [
        (CLIENTS, "|", "clients", "clients:\n  ${1:acme}:\n    organization: $2\n    email: $3"),
        (CLIENTS, "clients:\n  |", "New client", "${1:acme}:\n  organization: $2\n  email: $3"),
        (CLIENTS, f"{ACME}|", "contacts", "contacts:\n  ${1:jane}:\n    email: $2\n    fname: $3\n    lname: $4"),
        (SETTINGS, "profiles:\n  |", "New profile", "${1:acme}:\n  account: $2\n  root: $1/clients.yaml"),
    ],
)
def test_what_has_a_key_of_ones_own_is_written_whole(
    editor: Editor, file: Path, before: str, label: str, filled: str
) -> None:
    """A new client, contact or profile comes with the lines that it needs, and places to fill in."""
    text = clients(before) if file is CLIENTS else settings(before)
    [found] = [inserted(item) for item in editor.completions(file, text) if item.label == label]
    assert found == filled
