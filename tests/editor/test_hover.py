"""What is told of the place under the pointer."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler import schema_files
from tests.editor.editor import Editor
from tests.editor.files import CLIENTS, SETTINGS, clients, settings

ACME = "clients:\n  acme:\n    "


def test_a_field_is_told_with_its_title_and_examples(editor: Editor) -> None:
    """`p_code` is told as the billing postal code, with what it is, and that an American one is quoted."""
    schema: Any = schema_files.schema("clients")
    field = schema["definitions"]["fields"]["p_code"]
    told = editor.hover(CLIENTS, clients(f'{ACME}p_c|ode: "02134"'))
    assert told.startswith("#### Billing postal code\n")
    assert field["description"] in told
    assert "```yaml\nM5V 2T6\n```" in told
    assert '```yaml\n"02134"\n```' in told


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("accou|nt: Ab12Cd", "Account"),
        ("defau|lts: {language: en}", "Defaults"),
        ("defaults: {langu|age: en}", "Language"),
        ("clie|nts: {acme: {email: a@b.example}}", "Clients"),
        ("clients: {ac|me: {email: a@b.example}}", "Client"),
        (f"{ACME}ema|il: a@b.example", "Email"),
        (f"{ACME}i|d: 7", "Pin"),
        (f"{ACME}contacts: {{ja|ne: {{email: a@b.example}}}}", "Contact"),
        (f"{ACME}contacts: {{jane: {{pho|ne1: 416-555-0101}}}}", "Phone"),
        (f"{ACME}lifecycle: {{prevent_de|stroy: true}}", "Protected"),
        ("remo|ved: [old-key]", "Removed"),
    ],
)
def test_every_level_is_told(editor: Editor, text: str, title: str) -> None:
    """From the top to a field of a contact each key has its own title and description."""
    told = editor.hover(CLIENTS, clients(text))
    assert told.startswith(f"#### {title}\n\n")
    assert "Source: [clients.schema.json]" in told


def test_choices_are_told(editor: Editor) -> None:
    """On a choice all of them are listed, each with its meaning."""
    told = editor.hover(CLIENTS, clients(f"{ACME}lifecycle: {{on_remove: arch|ive}}"))
    assert "* `archive`: Archived in FreshBooks." in told
    assert "* `keep`: Left as it is, and forgotten." in told


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("poli|cy: {max_deletes: 3}", "Policy"),
        ("policy: {max_de|letes: 3}", "Most deletes"),
        ("defaults: {currency_co|de: CAD}", "Currency"),
        ("profiles: {acme: {accou|nt: Ab12Cd}}", "Account"),
    ],
)
def test_settings_are_told(editor: Editor, text: str, title: str) -> None:
    """The settings are told just so, those of a profile and the defaults among them."""
    assert editor.hover(SETTINGS, settings(text)).startswith(f"#### {title}\n\n")
