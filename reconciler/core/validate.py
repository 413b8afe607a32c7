"""Documents that their schema accepts → the wanted Configuration, or every reason why it makes no sense (step 2).

It reads no file. What a schema can say is said by the schema; here stands what only all files together can show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import islice
from typing import cast

from reconciler.core.diagnostic import Diagnostic, Position, one_line
from reconciler.core.identity import normal
from reconciler.core.kind import Kind
from reconciler.core.resource import (
    Address,
    Configuration,
    Lifecycle,
    OnRemove,
    RemoteId,
    Resource,
    Value,
    address_of,
    child_address,
    key_of,
)

Fields = Mapping[str, Value]
Entry = Mapping[str, object]

ENOUGH = 1000
"""Arbitrary: more problems of one sort are not looked for, since nobody would read them."""

_OWN = frozenset({"id", "previously", "distinct_from", "unmanaged", "archived", "lifecycle"})
_NO_LIFECYCLE = Lifecycle()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file's content, accepted by the schema, and where its keys stand."""

    file: str
    content: Entry
    at: Callable[[object, object], Position | None]
    """Gives the position of a key in one of the content's mappings."""
    refused: AbstractSet[str] = frozenset()
    """Keys whose entries the schema refuses: they stand there, and nothing else about them is known."""


@dataclass(slots=True)
class _Gathered:
    """What has been put together so far."""

    resources: dict[Address, Resource] = field(default_factory=dict)
    refused: dict[Address, Position | None] = field(default_factory=dict)
    removed: dict[Address, Position] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)

    def stands(self, address: Address) -> bool:
        """Tell whether some file describes this address, be it badly."""
        return address in self.resources or address in self.refused

    def position(self, address: Address) -> Position | None:
        """Give where the description of an address stands."""
        found = self.resources.get(address)
        return found.position if found is not None else self.refused.get(address)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What one file's entries are read with."""

    part: Part
    kind: Kind
    own: frozenset[str]
    """Keys of an entry that are no fields."""
    defaults: Fields


def validate(
    parts: Sequence[Part], kind: Kind, *, root: str, defaults: Fields | None = None, account: str | None = None
) -> tuple[Configuration, list[Diagnostic]]:
    """Merge all files of one root; the Configuration is to be used only where there is no problem.

    Of each sort of problem the first `ENOUGH` are given, in the order of the files. Mappings of the content may become
    part of the Configuration.
    """
    gathered = _Gathered()
    for part in parts:
        for problem in _gather(part, kind, defaults or {}, gathered):
            if len(gathered.problems) < ENOUGH:
                gathered.problems.append(problem)
    if account is not None:
        gathered.accounts.setdefault(account, "the settings")
    if len(gathered.accounts) > 1:
        told = ", ".join(f"{account} ({file})" for account, file in gathered.accounts.items())
        detail = f"One root is for one account; named are {told}."
        gathered.problems.append(_problem("two-accounts", "two accounts are named", detail, None))
    for sort in (_contradictions(gathered, kind), _removed(gathered), _twins(gathered, kind)):
        gathered.problems += islice(sort, ENOUGH)
    configuration = Configuration(
        root=root,
        account=next(iter(gathered.accounts), None),
        resources=gathered.resources,
        removed=gathered.removed,
    )
    return configuration, gathered.problems


def _gather(part: Part, kind: Kind, defaults: Fields, into: _Gathered) -> Iterator[Diagnostic]:
    content = part.content
    account = content.get("account")
    if isinstance(account, str):
        into.accounts.setdefault(account, part.file)
    entries = content.get(kind.collection) or {}
    reading = _Reading(
        part=part,
        kind=kind,
        own=_OWN if kind.child is None else _OWN | {kind.child.collection},
        defaults={**defaults, **_cleared(_mapping(content.get("defaults")))},
    )
    for key, entry in _mapping(entries).items():
        address = address_of(kind.collection, key)
        position = part.at(entries, key)
        if into.stands(address):
            first = into.position(address)
            detail = f"{address} stands at {first} already; a key names one {kind.name} in all files."
            yield _problem("key-twice", "a key stands twice", detail, position, address)
        elif key in part.refused:
            into.refused[address] = position
        else:
            into.resources[address] = _resource(address, _mapping(entry), position, reading)
    removed = content.get("removed") or ()
    at = part.at(content, "removed") or Position(file=part.file, line=1)
    for key in removed if isinstance(removed, list) else ():
        into.removed[address_of(kind.collection, key)] = at


def _resource(address: Address, entry: Entry, position: Position | None, reading: _Reading) -> Resource:
    if reading.own.isdisjoint(entry):
        fields = _fields(entry, (), reading)
        return Resource(address=address, fields=fields, lifecycle=_NO_LIFECYCLE, position=position)
    child = reading.kind.child
    children = entry.get(child.collection) if child is not None else None
    given: dict[str, Resource] | None = None
    if child is not None and children is not None:
        given = {
            key: Resource(
                address=child_address(address, child.collection, key),
                fields=_cleared(_mapping(value)),
                lifecycle=_NO_LIFECYCLE,
                position=reading.part.at(children, key) or position,
            )
            for key, value in _mapping(children).items()
        }
    pin, archived = entry.get("id"), entry.get("archived")
    return Resource(
        address=address,
        fields=_fields(entry, _texts(entry.get("unmanaged")), reading),
        children=given,
        id=RemoteId(pin) if isinstance(pin, int) else None,
        previously=_texts(entry.get("previously")),
        distinct_from=tuple(RemoteId(number) for number in entry.get("distinct_from") or ()),  # type: ignore[attr-defined] # a list of integers, by the schema
        archived=archived if isinstance(archived, bool) else None,
        lifecycle=_lifecycle(entry.get("lifecycle")),
        position=position,
    )


def _fields(entry: Entry, unmanaged: Sequence[str], reading: _Reading) -> Fields:
    own = reading.own
    fields = _cleared(entry if own.isdisjoint(entry) else {n: v for n, v in entry.items() if n not in own})
    if not reading.defaults:
        return fields
    return {name: value for name, value in reading.defaults.items() if name not in unmanaged} | dict(fields)


def _lifecycle(entry: object) -> Lifecycle:
    if not entry:
        return _NO_LIFECYCLE
    told = _mapping(entry)
    protected, on_remove = told.get("prevent_destroy"), told.get("on_remove")
    return Lifecycle(
        prevent_destroy=protected if isinstance(protected, bool) else None,
        ignore_changes=_texts(told.get("ignore_changes")),
        on_remove=OnRemove(str(on_remove)) if on_remove is not None else None,
    )


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(text) for text in value) if isinstance(value, list) else ()


def _cleared(fields: Mapping[str, object]) -> Fields:
    """Give fields in which empty text clears as null does: the very mapping where there is none."""
    # By the schema there is nothing else than text, flags and null.
    given = cast("Fields", fields)
    return {name: None if value == "" else value for name, value in given.items()} if "" in given.values() else given


# What only all of it together can show.


def _contradictions(gathered: _Gathered, kind: Kind) -> Iterator[Diagnostic]:
    pins: dict[RemoteId, Resource] = {}
    earlier: dict[str, Resource] = {}
    identity = kind.identity
    for resource in gathered.resources.values():
        if resource.id is not None:
            first = pins.setdefault(resource.id, resource)
            if first is not resource:
                detail = (
                    f"{first.address} ({first.position}) and {resource.address} are both pinned to id {resource.id}."
                )
                yield _about(resource, "pin-twice", "an id stands twice", detail)
        elif not any(resource.fields.get(name) for name in identity):
            detail = f"{resource.address} needs one of {', '.join(identity)} to be recognised by, or an `id:`."
            yield _about(resource, "no-identity", f"a {kind.name} has no identity", detail)
        yield from _earlier_keys(resource, earlier, gathered, kind)
        if resource.children and kind.child is not None:
            yield from _children(resource.children, kind.child)


def _removed(gathered: _Gathered) -> Iterator[Diagnostic]:
    for address, position in gathered.removed.items():
        if gathered.stands(address):
            detail = f"{key_of(address)} is listed in `removed` and described at {gathered.position(address)}."
            yield _problem("removed-and-wanted", "a key is both removed and wanted", detail, position, address)


def _earlier_keys(
    resource: Resource, earlier: dict[str, Resource], gathered: _Gathered, kind: Kind
) -> Iterator[Diagnostic]:
    for key in resource.previously:
        first = earlier.setdefault(key, resource)
        if first is not resource:
            detail = f"{first.address} ({first.position}) and {resource.address} both say that they were called {key}."
            yield _about(resource, "previous-key-twice", "an earlier key stands twice", detail)
        if gathered.stands(address_of(kind.collection, key)):
            detail = f"{resource.address} says it was called {key} before, but {key} is still there."
            yield _about(resource, "previous-key-in-use", "an earlier key is still in use", detail)


def _children(children: Mapping[str, Resource], kind: Kind) -> Iterator[Diagnostic]:
    identity = kind.identity
    leading = {normal(child.fields.get(identity[0])) for child in children.values()}
    if len(leading) == len(children) and "" not in leading:
        return
    seen: dict[tuple[str, ...], Resource] = {}
    for child in children.values():
        its = _identity(child, identity)
        if not any(its):
            detail = f"{child.address} needs one of {', '.join(identity)}."
            yield _about(child, "no-identity", f"a {kind.name} has no identity", detail)
            continue
        first = seen.setdefault(its, child)
        if first is not child:
            detail = f"{first.address} ({first.position}) and {child.address} are the same {kind.name}."
            yield _about(child, "twins", f"two {kind.collection} are the same", detail)


def _twins(gathered: _Gathered, kind: Kind) -> Iterator[Diagnostic]:
    """Find records that nothing tells apart; two that are both pinned are told apart by that."""
    identity = kind.identity
    # Most records are told apart by the first field already: the others are looked at only where that is shared.
    leading: dict[str, Resource | None] = {}
    seen: dict[tuple[str, ...], Resource] = {}
    for resource in gathered.resources.values():
        leads = normal(resource.fields.get(identity[0]))
        leader = leading.setdefault(leads, resource)
        if leader is resource:
            continue
        if leader is not None:
            seen[_identity(leader, identity)] = leader
            leading[leads] = None
        its = _identity(resource, identity)
        if not any(its):
            continue
        first = seen.setdefault(its, resource)
        if first is not resource and not (first.id is not None and resource.id is not None):
            detail = (
                f"{first.address} ({first.position}) and {resource.address} have the same {', '.join(identity)}. "
                "Remove one; if they are two records, tell them apart by a name, or pin both with `id:`."
            )
            yield _about(resource, "twins", f"two {kind.collection} are the same", detail)


def _identity(resource: Resource, names: Iterable[str]) -> tuple[str, ...]:
    return tuple([normal(resource.fields.get(name)) for name in names])


def _about(resource: Resource, code: str, summary: str, detail: str) -> Diagnostic:
    return _problem(code, summary, detail, resource.position, resource.address)


def _problem(code: str, summary: str, detail: str, position: Position | None, address: str = "") -> Diagnostic:
    return Diagnostic(code=code, summary=summary, detail=one_line(detail), position=position, address=address)
