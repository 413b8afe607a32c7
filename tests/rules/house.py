"""A folder with rules and clients, and what is told of it: shared by the tests of house rules."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.core.diagnostic import Diagnostic
from reconciler.load import LoadOptions, check
from reconciler.providers.freshbooks.wire import CLIENT
from reconciler.rules.sources import Source, inline

ACME = "organization: Acme Ltd."
FILE = "rules.schema.json"


def told(folder: Path, rules: Mapping[str, Any], text: str) -> list[Diagnostic]:
    """Hold clients, given as the text below `clients:`, against rules that stand in no file."""
    return checked(folder, text, inline(rules))


def checked(folder: Path, text: str, rules: tuple[Source, ...]) -> list[Diagnostic]:
    """Hold a file against rules; a text without a version has the clients alone."""
    file = folder / "clients.yaml"
    file.write_text(text if text.startswith("version") else f"version: 1\nclients:\n{text}")
    return check([str(file)], CLIENT, LoadOptions(rules=rules))[1]


def of_acme(folder: Path, rules: Mapping[str, Any], fields: str = ACME) -> list[str]:
    """Give the first line of what is told of one client."""
    return [first(problem) for problem in told(folder, rules, f"  acme: {{{fields}}}\n")]


def first(problem: Diagnostic) -> str:
    """Give what a breach says, without where its rule stands."""
    return problem.detail.partition("\nRule: ")[0].partition("\n")[0]


def place(problem: Diagnostic) -> str:
    """Give line and column."""
    assert problem.position is not None
    return f"{problem.position.line}:{problem.position.column}"


def in_file(folder: Path, content: object, name: str = FILE) -> tuple[Source, ...]:
    """Write rules into a file (a text as it is, all else as JSON), and give what names it."""
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / name).write_text(text)
    return (Source(given=str(folder / name)),)
