"""Documents that their schema accepts → the wanted Configuration, or every reason why it makes no sense (step 2).

It reads no file. What a schema can say is said by the schema; here stands what only all files together can show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.core.diagnostic import Diagnostic, Position
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

_OWN = frozenset({"id", "previously", "distinct_from", "unmanaged", "archived", "lifecycle"})
_NO_LIFECYCLE = Lifecycle()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file's content, accepted by the schema, and where its keys stand."""

    file: str
    content: Entry
    at: Callable[[object, object], Position | None]
    """Gives the position of a key in one of the content's mappings."""


@dataclass(slots=True)
class _Gathered:
    """What has been put together so far."""

    resources: dict[Address, Resource] = field(default_factory=dict)
    removed: dict[Address, Position] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)


def validate(
    parts: Sequence[Part], kind: Kind, *, root: str, defaults: Fields | None = None, account: str | None = None
) -> tuple[Configuration, list[Diagnostic]]:
    """Merge all files of one root; the Configuration is to be used only where there is no problem."""
    gathered = _Gathered()
    for part in parts:
        _gather(part, kind, defaults or {}, gathered)
    if account is not None:
        gathered.accounts.setdefault(account, "the settings")
    if len(gathered.accounts) > 1:
        told = ", ".join(f"{account} ({file})" for account, file in gathered.accounts.items())
        detail = f"One root is for one account; named are {told}."
        gathered.problems.append(_problem("two-accounts", "two accounts are named", detail, None))
    gathered.problems.extend(_contradictions(gathered, kind))
    configuration = Configuration(
        root=root,
        account=next(iter(gathered.accounts), None),
        resources=gathered.resources,
        removed=gathered.removed,
    )
    return configuration, gathered.problems


def _gather(part: Part, kind: Kind, defaults: Fields, into: _Gathered) -> None:
    content = part.content
    account = content.get("account")
    if isinstance(account, str):
        into.accounts.setdefault(account, part.file)
    entries = content.get(kind.collection) or {}
    merged = {**defaults, **_cleared(_mapping(content.get("defaults")))}
    for key, entry in _mapping(entries).items():
        address = address_of(kind.collection, key)
        position = part.at(entries, key)
        if address in into.resources:
            first = into.resources[address].position
            detail = f"{address} stands at {first} already; a key names one {kind.name} in all files."
            into.problems.append(_problem("key-twice", "a key stands twice", detail, position, address))
            continue
        into.resources[address] = _resource(address, _mapping(entry), merged, kind, position, part)
    removed = content.get("removed") or ()
    for key in removed if isinstance(removed, list) else ():
        into.removed[address_of(kind.collection, key)] = part.at(content, "removed") or Position(file=part.file, line=1)


def _resource(
    address: Address, entry: Entry, defaults: Fields, kind: Kind, position: Position | None, part: Part
) -> Resource:
    child = kind.child
    own = _OWN if child is None else _OWN | {child.collection}
    fields = {name: _value(value) for name, value in entry.items() if name not in own}
    if defaults:
        unmanaged = entry.get("unmanaged") or ()
        fields = {name: value for name, value in defaults.items() if name not in unmanaged} | fields  # type: ignore[operator] # a list, by the schema
    children = entry.get(child.collection) if child is not None else None
    if len(fields) == len(entry) and children is None:
        return Resource(address=address, fields=fields, position=position)
    given: dict[str, Resource] | None = None
    if child is not None and children is not None:
        given = {
            key: Resource(
                address=child_address(address, child.collection, key),
                fields=_cleared(_mapping(value)),
                position=part.at(children, key) or position,
            )
            for key, value in _mapping(children).items()
        }
    pin, archived = entry.get("id"), entry.get("archived")
    return Resource(
        address=address,
        fields=fields,
        children=given,
        id=RemoteId(pin) if isinstance(pin, int) else None,
        previously=_texts(entry.get("previously")),
        distinct_from=tuple(RemoteId(number) for number in entry.get("distinct_from") or ()),  # type: ignore[attr-defined] # a list of integers, by the schema
        archived=archived if isinstance(archived, bool) else None,
        lifecycle=_lifecycle(entry.get("lifecycle")),
        position=position,
    )


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


def _value(value: object) -> Value:
    """Give a field's value; empty text clears as null does."""
    return value or None if isinstance(value, str) else value if isinstance(value, bool) else None


def _cleared(fields: Mapping[str, object]) -> dict[str, Value]:
    return {name: _value(value) for name, value in fields.items()}


# What only all of it together can show.


def _contradictions(gathered: _Gathered, kind: Kind) -> Iterator[Diagnostic]:
    pins: dict[RemoteId, Resource] = {}
    for resource in gathered.resources.values():
        if resource.id is not None:
            first = pins.setdefault(resource.id, resource)
            if first is not resource:
                detail = (
                    f"{first.address} ({first.position}) and {resource.address} are both pinned to id {resource.id}."
                )
                yield _about(resource, "pin-twice", "an id stands twice", detail)
        elif not any(resource.fields.get(name) for name in kind.identity):
            names = ", ".join(kind.identity)
            detail = f"{resource.address} needs one of {names} to be recognised by, or an `id:`."
            yield _about(resource, "no-identity", f"a {kind.name} has no identity", detail)
        if resource.children:
            yield from _children(resource, kind)
        for key in resource.previously:
            if address_of(kind.collection, key) in gathered.resources:
                detail = f"{resource.address} says it was called {key} before, but {key} is still there."
                yield _about(resource, "previous-key-in-use", "an earlier key is still in use", detail)
    for address, position in gathered.removed.items():
        if address in gathered.resources:
            detail = (
                f"{key_of(address)} is listed in `removed` and described at {gathered.resources[address].position}."
            )
            yield _problem("removed-and-wanted", "a key is both removed and wanted", detail, position, address)
    yield from _twins(gathered, kind)


def _children(resource: Resource, kind: Kind) -> Iterator[Diagnostic]:
    child_kind = kind.child
    if child_kind is None or resource.children is None:
        return
    seen: dict[tuple[str, ...], Resource] = {}
    for child in resource.children.values():
        identity = tuple(normal(child.fields.get(name)) for name in child_kind.identity)
        if not any(identity):
            detail = f"{child.address} needs one of {', '.join(child_kind.identity)}."
            yield _about(child, "no-identity", f"a {child_kind.name} has no identity", detail)
            continue
        first = seen.setdefault(identity, child)
        if first is not child:
            detail = f"{first.address} ({first.position}) and {child.address} are the same {child_kind.name}."
            yield _about(child, "twins", f"two {child_kind.collection} are the same", detail)


def _twins(gathered: _Gathered, kind: Kind) -> Iterator[Diagnostic]:
    """Find records that nothing tells apart; two that are both pinned are told apart by that."""
    seen: dict[tuple[str, ...], Resource] = {}
    for resource in gathered.resources.values():
        identity = tuple(normal(resource.fields.get(name)) for name in kind.identity)
        if not any(identity):
            continue
        first = seen.setdefault(identity, resource)
        if first is not resource and not (first.id is not None and resource.id is not None):
            detail = (
                f"{first.address} ({first.position}) and {resource.address} have the same {', '.join(kind.identity)}. "
                "Remove one; if they are two records, tell them apart by a name, or pin both with `id:`."
            )
            yield _about(resource, "twins", f"two {kind.collection} are the same", detail)


def _about(resource: Resource, code: str, summary: str, detail: str) -> Diagnostic:
    return _problem(code, summary, detail, resource.position, resource.address)


def _problem(code: str, summary: str, detail: str, position: Position | None, address: str = "") -> Diagnostic:
    return Diagnostic(code=code, summary=summary, detail=detail, position=position, address=address)
