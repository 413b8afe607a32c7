"""What is looked up is what the program has: variables, defaults, types of events; what is shown is what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from reconciler import schema_files
from reconciler.core.explanation import summary_of
from reconciler.explanations import by_code
from reconciler.settings import Settings, settings
from tests.docs.blocks import BLOCK
from tests.docs.events import event_types, unseen
from tests.docs.pages import DOCS, rows, section, text
from tests.docs.schemas import lifecycle_keys, settings_keys
from tests.docs.variables import variables_read

_SHOWN = re.compile(r"^\| (?:Error|Warning|Note): (.+?)(?: \[([a-z0-9-]+)\])?$", re.MULTILINE)
_VARIABLE = re.compile(r"`([A-Z][A-Z0-9_]+)`")


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Give the settings of an empty folder, in an empty environment."""
    monkeypatch.chdir(tmp_path)
    return settings({}, {})


def test_every_variable_is_documented_and_no_other() -> None:
    """The page of variables names those that the source reads, each in a table of it or in a list of a storage's."""
    page = text("reference/environment.md")
    own = [row[0] for row in rows(BLOCK.sub("", page))]
    lists = [found["body"] for found in BLOCK.finditer(page) if found["name"].startswith("variables ")]
    named = [name for cell in (*own, *lists) for name in _VARIABLE.findall(cell)]
    assert sorted(named) == sorted(variables_read())


def test_every_type_of_event_is_documented_and_no_other() -> None:
    """The tables of events name every type that the source can print."""
    named = {name for row in rows(section("reference/reports.md", "Events")) for name in re.findall(r"`(\w+)`", row[0])}
    assert named == event_types()


def test_no_type_of_event_escapes_the_collection() -> None:
    """Each event's type is written out where it is made."""
    assert unseen() == set()


def test_errors_that_are_shown_exist() -> None:
    """Each error and note that a page shows has its code, and is printed so by the program."""
    shown = {(page.name, *told) for page in DOCS.rglob("*.md") for told in _SHOWN.findall(page.read_text("utf-8"))}
    assert shown
    known = by_code()
    assert [
        one for one in sorted(shown) if one[2] not in known or summary_of(known[one[2]], one[1].lower()) is None
    ] == []


def test_every_key_says_what_its_absence_means() -> None:
    """No key of the settings or of a lifecycle leaves open what happens without it; one is required."""
    assert [key for key, _, absent, _ in (*settings_keys(), *lifecycle_keys()) if absent == "an error"] == ["`version`"]


def test_defaults_of_the_schema_are_those_of_the_program(bare: Settings) -> None:
    """What the schema calls a default is what the program takes where nothing is said."""
    assert _defaults(schema_files.schema("settings"), "") == {
        "state": bare.state,
        "policy.on_remove": bare.policy.on_remove,
        "policy.drift": bare.policy.drift,
        "policy.unmanaged": bare.policy.unmanaged,
        "parallelism": bare.parallelism,
        "rate_share": bare.rate_share,
    }


def _defaults(node: Any, before: str) -> dict[str, object]:  # noqa: ANN401 - a JSON Schema
    found = {}
    for name, key in node["properties"].items():
        if "default" in key:
            found[f"{before}{name}"] = key["default"]
        if "properties" in key:
            found |= _defaults(key, f"{before}{name}.")
    return found


@pytest.mark.parametrize("name", ["max_deletes", "max_updates"])
def test_limits_are_those_of_the_program(name: str, bare: Settings) -> None:
    """What a plan may do without a word on it is what the table says."""
    [absent] = [absent for key, _, absent, _ in settings_keys() if key == f"`policy.{name}`"]
    limit = getattr(bare.policy, name)
    assert absent == f"the larger of {limit.floor} and {limit.share:.0%}".replace("%", " %")
