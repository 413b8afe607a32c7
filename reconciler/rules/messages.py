"""A rule's own message: `errorMessage` as ajv-errors and editors know it. The nearest to what failed is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.rules.walking import Json, Step, all_parts

KEYWORD = "errorMessage"
OF_PATTERN = "patternErrorMessage"
BY_NAME = frozenset({"required", "dependencies", "properties"})
"""Keywords under which a message may stand for each field."""
REST = "_"
LONGEST = 500
"""Arbitrary: what is longer is no message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What somebody wrote for the case, and how deep inside the client the value is that it speaks of."""

    text: str
    depth: int


def own_message(way: Sequence[Step], missing: str = "") -> Message | None:
    """Give the message that is nearest to a way's end; `missing` is the field that is not there, if one is not."""
    if way and way[-1].keyword == "pattern" and isinstance(way[-1].schema.get(OF_PATTERN), str):
        return Message(text=way[-1].schema[OF_PATTERN], depth=way[-1].depth)
    for step in reversed(way):
        told = _told(step, missing if step is way[-1] else "")
        if told is not None:
            return Message(text=told, depth=step.depth)
    return None


def _told(step: Step, missing: str) -> str | None:
    told = step.schema.get(KEYWORD)
    if not isinstance(told, dict):
        return told if isinstance(told, str) else None
    found = told.get(step.keyword)
    if isinstance(found, dict):
        # What is missing because of another field is told under the one that is missing, or under the other.
        found = next((found[name] for name in (missing, step.name) if name in found), None)
    elif isinstance(found, list):
        found = found[step.name] if isinstance(step.name, int) and step.name < len(found) else None
    if isinstance(found, str):
        return found
    rest = told.get(REST)
    return rest if isinstance(rest, str) else None


def odd_messages(schema: Json) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Give the path of each message that could never be told, and why."""
    for path, part in all_parts(schema):
        told = part.get(KEYWORD)
        if told is not None and not isinstance(told, (str, dict)):
            yield (*path, KEYWORD), "a message is a text, or texts by keyword"
        for keyword, text in told.items() if isinstance(told, dict) else ():
            below = (*path, KEYWORD, keyword)
            if keyword not in part and keyword != REST:
                yield below, f"there is no `{keyword}` beside `{KEYWORD}` that it could be the message of"
            elif not _is_message(keyword, text):
                yield below, "a message is a text; by field under `required`, `dependencies` and `properties` only"
        if OF_PATTERN in part and not isinstance(part[OF_PATTERN], str):
            yield (*path, OF_PATTERN), "a message is a text"


def _is_message(keyword: str, told: Json) -> bool:
    if isinstance(told, Mapping):
        return keyword in BY_NAME and all(isinstance(text, str) for text in told.values())
    if isinstance(told, list):
        return keyword == "items" and all(isinstance(text, str) for text in told)
    return isinstance(told, str)
