"""What `rules:` of the settings names: a file or a JSON Schema, or a list of both. Nothing is opened here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.core.diagnostic import Position
from reconciler.documents.parse import Document
from reconciler.rules.walking import Path

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A position, and the source line that it names."""

    position: Position
    excerpt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One entry of `rules`: a schema that stands there itself, or the file that it is in."""

    given: Schema | str
    name: str = "the settings"
    """The file that a schema stands in, or that names its file."""
    path: Path = ()
    """Where in the settings a schema stands."""
    place: Place | None = None
    """Where the settings name it."""


def inline(schema: Schema) -> tuple[Source, ...]:
    """Give the source of one schema that is in no file."""
    return (Source(given=schema),)


def all_rules(document: Document) -> Iterator[Source]:
    """Give what stands under `rules` anywhere in a settings file, its profiles included; the file meets its schema."""
    for path, level in _levels(document):
        yield from _sources(document, level, path)


def chosen_rules(document: Document, profile: str | None) -> tuple[Source, ...]:
    """Give the rules of a profile, which stand alone, or else those outside all profiles."""
    levels = dict(_levels(document))
    own: Path = ("profiles", profile) if profile else ()
    path = own if "rules" in levels.get(own, {}) else ()
    return tuple(_sources(document, levels[path], path))


def defaults_at(document: Document, profile: str | None) -> Mapping[str, Place]:
    """Give where each of the defaults stands: a profile's own come first."""
    found: dict[str, Place] = {}
    for path, level in _levels(document):
        if path in {(), ("profiles", profile)}:
            defaults = level.get("defaults", {})
            places = {name: place_of(document, defaults, name) for name in defaults}
            found |= {name: place for name, place in places.items() if place is not None}
    return found


def _levels(document: Document) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Give the mappings that settings stand in, each with its path."""
    content: Any = document.content
    yield (), content
    for name, own in content.get("profiles", {}).items():
        yield ("profiles", name), own


def _sources(document: Document, level: Mapping[str, Any], path: Path) -> Iterator[Source]:
    told = level.get("rules")
    entries: list[tuple[object, object, Path, Any]] = (
        [(told, index, (*path, "rules", index), entry) for index, entry in enumerate(told)]
        if isinstance(told, list)
        else [(level, "rules", (*path, "rules"), told)]
    )
    for container, key, where, given in entries:
        if given is not None:
            yield Source(given=given, name=document.file, path=where, place=place_of(document, container, key))


def place_of(document: Document, container: object, key: object) -> Place | None:
    """Give where a value stands, with its line."""
    found = document.at(container, key, value=True)
    return Place(position=found, excerpt=document.excerpt(found)) if found is not None else None


def pointer_of(path: Path) -> str:
    """Give the JSON pointer of a path."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)
