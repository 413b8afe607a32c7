"""The parts of a draft-07 schema, and the way that a verdict took through them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

Json = Any
Path = tuple[str | int, ...]

_ONE = {"not": False, "if": False, "then": False, "else": False}
_DEEPER = {"additionalProperties": True, "additionalItems": True, "contains": True, "propertyNames": True}
ONE: Mapping[str, bool] = {**_ONE, **_DEEPER, "items": True}
"""Keywords whose value is one schema, and whether it is held against what is inside the value at hand."""
SEVERAL: Mapping[str, bool] = {"allOf": False, "anyOf": False, "oneOf": False, "items": True}
"""The same of a list of schemas."""
NAMED: Mapping[str, bool | None] = {
    "properties": True,
    "patternProperties": True,
    "dependencies": False,
    "definitions": None,
    "$defs": None,
}
"""The same of schemas under names; None where they are held against nothing by themselves."""


def parts(schema: Mapping[str, Json]) -> Iterator[tuple[Path, Json, bool | None]]:
    """Give the schemas right inside one: path, schema, and whether it is for what is inside the value at hand."""
    for keyword, value in schema.items():
        if isinstance(value, dict) and keyword in NAMED:
            for name, part in value.items():
                yield (keyword, name), part, NAMED[keyword]
        elif isinstance(value, list) and keyword in SEVERAL:
            for index, part in enumerate(value):
                yield (keyword, index), part, SEVERAL[keyword]
        elif isinstance(value, dict) and keyword in ONE:
            yield (keyword,), value, ONE[keyword]


def all_parts(schema: Json, path: Path = ()) -> Iterator[tuple[Path, Mapping[str, Json]]]:
    """Give a schema and all inside it that are mappings, each with its path, in the order of the file."""
    if isinstance(schema, dict):
        yield path, schema
        for below, part, _ in parts(schema):
            yield from all_parts(part, (*path, *below))


def target(root: Json, reference: str) -> Json:
    """Give what a reference into the schema itself names; None where there is nothing."""
    found = root
    for part in unquote(reference.removeprefix("#")).split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        found = inside(found, int(name) if isinstance(found, list) and name.isdecimal() else name)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A schema that a verdict came through: by which keyword it went on, and under which name or index."""

    schema: Mapping[str, Json]
    keyword: str
    name: str | int | None
    depth: int
    """How deep inside the value at hand the schema is held against something."""


def steps(root: Json, way: Sequence[str | int]) -> list[Step]:
    """Give the schemas on the way to a verdict, the last of which has the keyword that decided."""
    found: list[Step] = []
    schema, depth, rest = root, 0, list(way)
    while rest and isinstance(schema, dict):
        keyword = str(rest.pop(0))
        value = schema.get(keyword)
        if keyword == "$ref":
            found.append(Step(schema=schema, keyword=keyword, name=None, depth=depth))
            schema = target(root, str(value))
            continue
        several = keyword in NAMED or (keyword in SEVERAL and isinstance(value, list))
        name = rest.pop(0) if several and rest else None
        found.append(Step(schema=schema, keyword=keyword, name=name, depth=depth))
        if keyword != "propertyNames":
            depth += bool(ONE.get(keyword) or SEVERAL.get(keyword) or NAMED.get(keyword))
        schema = inside(value, name) if keyword in ONE or several else None
    return found


def inside(value: Json, name: str | int | None) -> Json:
    """Give what stands in a value under a name or index: nothing, where there is none; the value, for no name."""
    if name is None:
        return value
    if isinstance(value, dict):
        return value.get(str(name))
    if isinstance(value, list) and isinstance(name, int) and name < len(value):
        return value[name]
    return None
