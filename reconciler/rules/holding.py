"""Every client held against the house rules: who breaks which, told once, at the place that breaks it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from reconciler.core.diagnostic import Diagnostic, one_line
from reconciler.core.kind import Kind
from reconciler.core.resource import Address, Resource
from reconciler.core.validate import ENOUGH
from reconciler.documents.explain import shown
from reconciler.documents.parse import Document
from reconciler.rules.messages import LONGEST, own_message
from reconciler.rules.places import Places
from reconciler.rules.reading import Rules
from reconciler.rules.sources import Place, pointer_of
from reconciler.rules.walking import Path, steps
from reconciler.rules.words import sentence, words

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError

_MOST = 200
"""Arbitrary, like the next: so many breaches of one client are looked at."""
_MOST_NAMED = 5

Content = dict[str, Any]


def content_of(record: Resource, kind: Kind) -> Content:
    """Give what rules see of a client: the values that it has, in the shape of its YAML. What is empty is not there."""
    content: Content = {name: value for name, value in record.fields.items() if value is not None}
    if record.children is not None and kind.child is not None:
        content[kind.child.collection] = {
            key: {name: value for name, value in child.fields.items() if value is not None}
            for key, child in record.children.items()
        }
    for name, told in (("id", record.id), ("archived", record.archived)):
        if told is not None:
            content[name] = told
    lifecycle = {
        "prevent_destroy": record.lifecycle.prevent_destroy,
        "ignore_changes": list(record.lifecycle.ignore_changes) or None,
        "on_remove": record.lifecycle.on_remove and record.lifecycle.on_remove.value,
    }
    if given := {name: told for name, told in lifecycle.items() if told is not None}:
        content["lifecycle"] = given
    return content


def breaking(records: Iterable[Resource], kind: Kind, rules: Sequence[Rules]) -> Iterator[tuple[Resource, Content]]:
    """Give the clients that break a rule, each with what the rules see of it."""
    for record in records:
        content = content_of(record, kind)
        if not all(each.verdict.is_valid(content) for each in rules):
            yield record, content


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """One rule that one client breaks: what of the client, and why."""

    path: Path
    key: bool = False
    """Whether the key at the path is what is wrong, not its value."""
    missing: str = ""
    told: str
    rule: str


@dataclass(slots=True, kw_only=True)
class _Told:
    """A breach at its place, and the other clients that have it at the same: they have the same default."""

    record: Resource
    breach: Breach
    place: Place | None
    own: Place | None = None
    """The client's own place, where the breach is that of a default."""
    others: dict[Address, None] = field(default_factory=dict)


def breaches(
    records: Iterable[Resource],
    kind: Kind,
    rules: Sequence[Rules],
    documents: Mapping[str, Document],
    defaults: Mapping[str, Place],
) -> Iterator[Diagnostic]:
    """Give what the first clients that break rules do wrong; `defaults` says where those of all files stand."""
    found = list(islice(breaking(records, kind, rules), ENOUGH))
    places = Places(documents, kind.collection, [record for record, _ in found], defaults)
    told: dict[object, _Told] = {}
    for record, content in found:
        for breach in _of_client(content, rules):
            place, is_default = places.value(record, breach.path, key=breach.key, missing=breach.missing)
            who: object = "defaults" if is_default else record.address
            key = (who, place and place.position, breach.path, breach.told)
            own = places.record(record) if is_default else None
            first = told.setdefault(key, _Told(record=record, breach=breach, place=place, own=own))
            if first.record is not record:
                first.others[record.address] = None
    for each in told.values():
        yield _diagnostic(each, at_least=len(found) >= ENOUGH)


def _diagnostic(told: _Told, *, at_least: bool) -> Diagnostic:
    address, breach, place = told.record.address, told.breach, told.place
    name = ".".join(map(str, (address, *breach.path)))
    lines = [f"{name}: {breach.told}"]
    if told.own is not None:
        lines.append(f"The value is this default; {_users(told, at_least=at_least)} it.")
    lines.append(f"Rule: {breach.rule}")
    return Diagnostic(
        code="house-rule",
        summary="a client breaks a house rule",
        detail="\n".join(map(one_line, lines)),
        position=place.position if place is not None else None,
        excerpt=place.excerpt if place is not None else "",
        address=address,
    )


def _users(told: _Told, *, at_least: bool) -> str:
    place = f" ({told.own.position})" if told.own is not None else ""
    named = [f"{told.record.address}{place}", *list(told.others)[: _MOST_NAMED - 1]]
    left = len(told.others) + 1 - len(named)
    if not told.others:
        return f"{named[0]} has"
    if not left:
        return f"{', '.join(named[:-1])} and {named[-1]} have"
    return f"{', '.join(named)} and {'at least ' if at_least else ''}{left:,} more have"


# One client.


def _of_client(content: Content, rules: Sequence[Rules]) -> Iterator[Breach]:
    for each in rules:
        once: dict[object, list[Breach]] = {}
        for error in islice(each.verdict.iter_errors(content), _MOST):
            for breach, same in _breaches(error, each):
                once.setdefault(same, []).append(breach)
        for found in once.values():
            yield _joined(found)


def _joined(found: Sequence[Breach]) -> Breach:
    """Give one breach for those that are told as one: all that one `required` misses, or all that has one message."""
    first = found[0]
    missing = list(dict.fromkeys(breach.missing for breach in found))
    if len(missing) == 1 or first.told != _needs([first.missing]):
        return first
    return Breach(path=first.path, told=_needs(missing), rule=first.rule)


def _needs(missing: Sequence[str]) -> str:
    return f"it needs `{'`, `'.join(missing)}`."


def _breaches(error: ValidationError, rules: Rules) -> Iterator[tuple[Breach, object]]:
    """Give what one verdict says, each with what it has in common with those that are told as one with it."""
    way = steps(rules.schema, error.evaluation_path)
    rule = f"{rules.name}#{rules.pointer}{pointer_of(tuple(error.schema_path))}"
    for case in _cases(error, tuple(error.instance_path), rule):
        own = own_message(way, case.missing)
        if own is not None:
            told = own.text if len(own.text) <= LONGEST else f"{own.text[:LONGEST]}..."
            yield replace(case, told=told), (own.text, case.path[: own.depth])
        else:
            description = way[-1].schema.get("description") if way and way[-1].keyword == "pattern" else None
            told = f"{shown(error.instance)}. {description}" if isinstance(description, str) else case.told
            yield replace(case, told=told), (rule, case.path)


def _cases(error: ValidationError, path: Path, rule: str) -> list[Breach]:
    reason: Any = error.kind
    match type(reason).__name__:
        case "AdditionalProperties":
            told = "it is not allowed here."
            return [Breach(path=(*path, name), key=True, told=told, rule=rule) for name in reason.unexpected]
        case "PropertyNames":
            told = f"as a key, {sentence(words(reason.error))}"
            return [Breach(path=(*path, str(reason.error.instance)), key=True, told=told, rule=rule)]
        case "FalseSchema":
            return [Breach(path=path, key=True, told=sentence(words(error)), rule=rule)]
        case "Required":
            return [Breach(path=path, missing=reason.property, told=_needs([reason.property]), rule=rule)]
        case _:
            return [Breach(path=path, told=sentence(words(error)), rule=rule)]
