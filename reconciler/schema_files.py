"""The JSON Schemas and the example that ship with the program: beside the source tree, or inside the wheel."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

NAMES = ("clients", "settings", "plan", "state")

_HERE = Path(__file__).resolve().parent


@cache
def text(name: str) -> str:
    """Give the text of one schema, as editors take it."""
    file = f"{name}.schema.json"
    inside = _HERE / "schemas" / file
    return (inside if inside.exists() else _HERE.parent / "schemas" / file).read_text(encoding="utf-8")


@cache
def schema(name: str) -> Mapping[str, object]:
    """Give one schema as JSON values; not to be changed."""
    read: Mapping[str, object] = json.loads(text(name))
    return read


def example() -> str:
    """Give the quick start, examples/clients.yaml."""
    inside = _HERE / "examples" / "clients.yaml"
    return (inside if inside.exists() else _HERE.parent / "examples" / "clients.yaml").read_text(encoding="utf-8")
