"""The JSON Schemas as tables: every key of a file, or of a stored document, with what may stand there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler import schema_files

Node = Mapping[str, Any]

_KINDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "`true` or `false`",
    "null": "`null`",
    "array": "list",
    "object": "map",
}
_PATTERNS = {
    "^[A-Za-z0-9]{1,32}$": "1 to 32 letters and digits",
    "^[a-z][a-z0-9_-]{0,62}$": "as a key is",
    "^[0-9]{1,3}%$": "a share",
}
_ABSENT = re.compile(r" ?Absent: (?P<told>.+?)\.(?= |$)")
_MOST_NAMED = 12
"""Longer lists of words are those of field names, which have a table of their own."""


def settings_keys() -> list[tuple[str, ...]]:
    """Give key, value, what its absence means and what it does, of every key of reconciler.yaml."""
    return list(_keys(schema_files.schema("settings"), {}, ""))


def lifecycle_keys() -> list[tuple[str, ...]]:
    """Give the same of every key of a client's lifecycle."""
    definitions: Any = schema_files.schema("clients")["definitions"]
    return list(_keys(definitions["lifecycle"], definitions, ""))


def _keys(node: Node, definitions: Mapping[str, Node], before: str) -> Iterator[tuple[str, ...]]:
    for name, key in node["properties"].items():
        # Defaults are the fields of a client, which have a table of their own.
        if "properties" in key and not all("$ref" in inner for inner in key["properties"].values()):
            yield from _keys(key, definitions, f"{before}{name}.")
            continue
        told = _ABSENT.search(key["description"])
        absent = told["told"] if told is not None else f"`{key['default']}`" if "default" in key else "an error"
        yield f"`{before}{name}`", value_of(key, definitions), absent, _ABSENT.sub("", key["description"]).strip()


def objects(name: str) -> Iterator[tuple[str, str, list[tuple[str, ...]]]]:
    """Give every object of a stored document: its title, a sentence on it, and its keys with value and default."""
    schema = schema_files.schema(name)
    definitions: Any = schema["definitions"]
    for title, node in {"Document": schema, **definitions}.items():
        rows: list[tuple[str, ...]] = [
            (
                f"`{key}`",
                value_of(inner, definitions),
                "always there" if key in node.get("required", ()) else _given(inner),
            )
            for key, inner in node.get("properties", {}).items()
        ]
        if rows:
            yield title, node.get("description", ""), rows


def _given(node: Node) -> str:
    """Say what stands for a key that is not there."""
    if "default" in node:
        return f"`{json.dumps(node['default'])}`"
    return "empty" if node.get("type") in {"array", "object"} else "as below"


def value_of(node: Node, definitions: Mapping[str, Node]) -> str:
    """Say in words what may stand at a place."""
    match node:
        case {"const": value}:
            return f"`{value}`"
        case {"$ref": str(reference)}:
            named = reference.rpartition("/")[2]
            inner = definitions.get(named, {})
            return value_of(inner, definitions) if "enum" in inner else f"[{named}](#{named.lower()})"
        case {"enum": list(words)}:
            return ", ".join(f"`{word}`" for word in words) if len(words) <= _MOST_NAMED else "field name"
        case {"anyOf": list(either)}:
            return "; or ".join(value_of(each, definitions) for each in either)
        case {"type": "object", "additionalProperties": dict() as values} if "properties" not in values:
            return f"map to: {value_of(values, definitions)}"
        case {"type": list(kinds)}:
            return "; or ".join(_of_kind(kind, node, definitions) for kind in kinds)
        case {"type": str(kind)}:
            return _of_kind(kind, node, definitions)
        case _:
            return "any"


def _of_kind(kind: str, node: Node, definitions: Mapping[str, Node]) -> str:
    match kind:
        case "array" if "items" in node:
            return f"list of: {value_of(node['items'], definitions)}"
        case "integer" | "number":
            return _KINDS[kind] + _bounds({key: value for key, value in node.items() if key != "pattern"})
        case "string":
            return _KINDS[kind] + _bounds({"pattern": node["pattern"]} if "pattern" in node else {})
        case _:
            return _KINDS[kind]


def _bounds(node: Node) -> str:
    match node:
        case {"minimum": least, "maximum": most}:
            return f", {least} to {most}"
        case {"exclusiveMinimum": below, "maximum": most}:
            return f" over {below}, at most {most}"
        case {"minimum": least}:
            return f", {least} or more"
        case {"pattern": str(pattern)}:
            return f", {_PATTERNS[pattern]}"
        case _:
            return ""
