"""The first line of what is exported leads to a schema that is there, wherever the YAML is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from reconciler import schema_files
from tests.cli.program import called
from tests.export.test_export import ACME, exports
from tests.golden.story import Story


def led_to(file: str) -> Path:
    """Follow the editor line of a file."""
    first = Path(file).read_text(encoding="utf-8").partition("\n")[0]
    found = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert found is not None, first
    return Path(file).parent / found[1]


@pytest.mark.parametrize(
    ("words", "file", "copy"),
    [
        ((), "clients.yaml", "schemas"),
        (("acme/clients.yaml",), "acme/clients.yaml", "schemas"),
        (("--split",), "clients/acme.yaml", "schemas"),
        (("a/b", "--split"), "a/b/acme.yaml", "schemas"),
        (("../elsewhere/clients.yaml",), "../elsewhere/clients.yaml", "../elsewhere/schemas"),
        (("../elsewhere/team", "--split"), "../elsewhere/team/acme.yaml", "../elsewhere/schemas"),
    ],
    ids=" ".join,
)
def test_the_line_leads_to_the_schema(place: Story, words: tuple[str, ...], file: str, copy: str) -> None:
    """One copy serves every root below the working folder, and a root elsewhere has its own."""
    place.person.creates(**ACME)
    exports(*words)
    found = led_to(file)
    assert found.resolve() == Path(copy, "clients.schema.json").resolve()
    assert schema_files.is_current("clients", found.read_text(encoding="utf-8"))


def test_the_settings_of_a_folder_have_theirs(place: Story) -> None:
    """Where --split writes a reconciler.yaml, the schema of that comes along."""
    place.person.creates(**ACME)
    exports("--split")
    assert led_to("reconciler.yaml").resolve() == Path("schemas/settings.schema.json").resolve()
    assert json.loads(led_to("reconciler.yaml").read_text(encoding="utf-8"))["title"] == "Reconciler settings"


def test_a_schema_that_is_missing_comes_again(place: Story) -> None:
    """Cut off before its schema, an export that is run again writes it; one that is there is left alone."""
    place.person.creates(**ACME)
    exports()
    led_to("clients.yaml").unlink()
    exports()
    assert led_to("clients.yaml").exists()
    led_to("clients.yaml").write_text("{}", encoding="utf-8")
    exports()
    assert led_to("clients.yaml").read_text(encoding="utf-8") == "{}"


def test_a_line_of_ones_own_needs_no_schema(place: Story) -> None:
    """YAML that names no schema, or another, gets none beside it."""
    place.person.creates(**ACME)
    Path("clients.yaml").write_text("version: 1\nclients: {}\n", encoding="utf-8")
    exports()
    assert not Path("schemas").exists()


def test_a_spreadsheet_begins_with_the_line_too(place: Story) -> None:
    """What import-csv writes leads to its schema as an export does."""
    Path("a.csv").write_text("Company Name\nAcme Ltd.\n", encoding="utf-8")
    assert called("import-csv", "a.csv").code == 0
    assert led_to("clients.yaml").exists()
