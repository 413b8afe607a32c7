"""What an export changes in YAML that is there: the edits that bring the account's changes in, and nothing else.

It takes the plan that would push the configuration onto the account, and reads it the other way round: what drifted is
taken over, what the YAML wants anew is left to the next plan. Without asking, a field or a block of children that is
not mentioned stays unmentioned.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from reconciler.core.change import ARCHIVED, Action, AttributeChange, Cause, Change, Plan
from reconciler.core.children import pair_children
from reconciler.core.identity import normal
from reconciler.core.kind import Kind
from reconciler.core.matching import Match
from reconciler.core.plan import Sides
from reconciler.core.resource import Address, LiveResource, Resource, Value, Visibility, key_of, parent_of
from reconciler.core.state import Binding
from reconciler.export.describing import Entry, describable, describe
from reconciler.export.drafting import child_keys, names
from reconciler.export.naming import keys_of
from reconciler.export.splicing import Add, Drop, Edit, Put
from reconciler.export.writing import child_lines, entry_lines, flow, flow_entry

Fields = Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One file that is there."""

    text: str
    content: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """What is to be taken in."""

    accept: Sequence[str] = ()
    """Only these addresses (globs), but of them everything; empty for what drifted, and all that is new."""
    archived: bool = False
    every_field: bool = False
    """Also fields and children that the YAML does not mention yet."""


@dataclass(slots=True, kw_only=True)
class Merge:
    """The edits so far."""

    edits: dict[str, list[Edit]] = field(default_factory=dict)
    """By file."""
    taken: dict[Address, list[str]] = field(default_factory=dict)
    """What was taken over, in words, by address."""
    entries: list[Entry] = field(default_factory=list)
    """The records that are new."""
    grown: list[Entry] = field(default_factory=list)
    """Records that are there, with the children that are new in them."""

    def add(self, resource: Resource, address: Address, told: str, edit: Edit) -> None:
        """Note an edit in the file that describes a record."""
        file = resource.position.file if resource.position is not None else ""
        self.edits.setdefault(file, []).append(edit)
        self.taken.setdefault(address, []).append(told)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What every record is looked at with."""

    kind: Kind
    sides: Sides
    files: Mapping[str, Found]
    taking: Taking
    children: Mapping[Address, Mapping[str, Binding]]
    """The children that are bound, by their parent's address."""

    def entry(self, resource: Resource) -> Mapping[str, object]:
        """Give what a record's own block says."""
        node: object = self.files[resource.position.file].content if resource.position is not None else {}
        for key in _path(resource.address):
            node = node.get(key) if isinstance(node, dict) else None
        return node if isinstance(node, dict) else {}


def merge(kind: Kind, sides: Sides, plan: Plan, files: Mapping[str, Found], taking: Taking) -> Merge:
    """Give the edits of the records that are there; those that are new come with `additions`."""
    into = Merge()
    children: dict[Address, dict[str, Binding]] = {}
    for address, binding in sides.state.bindings.items():
        if (parent := parent_of(address)) is not None:
            children.setdefault(parent, {})[key_of(address)] = binding
    reading = _Reading(kind=kind, sides=sides, files=files, taking=taking, children=children)
    for change in plan.changes:
        resource = sides.configuration.resources.get(parent_of(change.address) or change.address)
        match = sides.matching.matches.get(resource.address) if resource is not None else None
        if resource is None or match is None or change.removed:
            continue
        if change.kind == kind.name:
            _record(change, match, reading, into)
        elif kind.child is not None:
            _child(kind.child, change, resource, reading, into)
    for match in sides.matching.matches.values():
        if match.live is not None and match.live.visibility is not Visibility.DELETED:
            _more(match.resource, match.live, reading, into)
    return into


def _path(address: Address) -> tuple[str, ...]:
    return tuple(address.split("."))


def _record(change: Change, match: Match, reading: _Reading, into: Merge) -> None:
    path = _path(change.address)
    if change.action is Action.RESTORE:
        # Adopting a deleted record is a wish of the YAML's; one that was bound was deleted outside.
        if match.binding is not None or reading.taking.accept:
            into.add(match.resource, change.address, "deleted", Drop(path=path[:-1], name=path[-1]))
        return
    if change.action is Action.CREATE:
        return
    own = reading.entry(match.resource)
    for attribute in _outside(change.attributes, reading.taking):
        edit = _edit(path, attribute, own, _order(reading.kind))
        into.add(match.resource, change.address, attribute.name, edit)


def _order(kind: Kind) -> tuple[str, ...]:
    return ("id", *kind.field_names, "unmanaged", ARCHIVED)


def _outside(attributes: Iterable[AttributeChange], taking: Taking) -> Iterator[AttributeChange]:
    """Give what the account has otherwise, and the YAML did not ask for anew."""
    return (attribute for attribute in attributes if taking.accept or attribute.cause is Cause.DRIFT)


def _edit(path: tuple[str, ...], attribute: AttributeChange, own: Mapping[str, object], order: Sequence[str]) -> Edit:
    """Take a value over; an empty one goes, but for where a default would fill it, or nothing else would be left."""
    live, name = attribute.before, attribute.name
    if live in {None, ""} and name in own and len(own) > 1:
        return Drop(path=path, name=name)
    return Put(path=path, name=name, value=None if live == "" else live, order=order)


def _child(kind: Kind, change: Change, resource: Resource, reading: _Reading, into: Merge) -> None:
    path = _path(change.address)
    child = (resource.children or {}).get(key_of(change.address))
    if child is None:
        return
    if change.action is Action.CREATE:
        if change.address in reading.sides.state.bindings and change.parent_id is not None:
            into.add(resource, change.address, "deleted", Drop(path=path[:-1], name=path[-1]))
        return
    for attribute in _outside(change.attributes, reading.taking):
        edit = _edit(path, attribute, child.fields, kind.field_names)
        into.add(resource, change.address, attribute.name, edit)


# What the YAML does not mention yet.


def _more(resource: Resource, live: LiveResource, reading: _Reading, into: Merge) -> None:
    """Take in what is new within a record: children where some are described, and fields where all are wanted."""
    taking, kind = reading.taking, reading.kind
    if taking.accept and not fits(resource.address, taking.accept):
        return
    said: dict[str, Value] = {}
    if taking.every_field:
        own = reading.entry(resource)
        silent = {*resource.fields, *_texts(own.get("unmanaged")), *resource.lifecycle.ignore_changes}
        said = {name: value for name, value in describable(kind, live).items() if name not in silent}
    if live.visibility is Visibility.ARCHIVED and resource.archived is None and (taking.archived or taking.accept):
        said[ARCHIVED] = True
    for name, value in said.items():
        put = Put(path=_path(resource.address), name=name, value=value, order=_order(kind))
        into.add(resource, resource.address, name, put)
    if kind.child is not None and (resource.children is not None or taking.every_field):
        _new_children(kind.child, resource, live, reading, into)


def _texts(value: object) -> list[str]:
    return [str(text) for text in value] if isinstance(value, list) else []


def _new_children(kind: Kind, resource: Resource, live: LiveResource, reading: _Reading, into: Merge) -> None:
    described, bound = resource.children or {}, reading.children.get(resource.address, {})
    known = {_identity(kind, child.fields) for child in described.values()}
    wanted = {key: child.fields for key, child in described.items()}
    paired = pair_children(kind, wanted, live.children or (), bound, reading.sides.state.salt)
    claimed = {child.id for child in paired.values()} | {binding.id for binding in bound.values()}
    fresh: list[LiveResource] = []
    for child in live.children or ():
        its = _identity(kind, describable(kind, child))
        if child.id not in claimed and any(its) and its not in known:
            known.add(its)
            fresh.append(child)
    if not fresh:
        return
    keys = keys_of(kind, fresh, {*described, *bound})
    children = {keys[child.id]: child for child in fresh}
    told = {key: describable(kind, child) for key, child in children.items()}
    edit = Add(
        path=(*_path(resource.address), kind.collection),
        entries=[list(child_lines(key, fields, "")) for key, fields in told.items()],
        inline=[f"{key}: {flow(fields)}" for key, fields in told.items()],
    )
    into.add(resource, resource.address, f"{kind.collection}: {', '.join(told)}", edit)
    into.grown.append(Entry(key=key_of(resource.address), live=live, fields={}, children=children))


def fits(address: Address, patterns: Iterable[str]) -> bool:
    """Tell whether an address is meant by a pattern, as --target does."""
    return any(fnmatchcase(address, pattern) for pattern in patterns)


# Records that are new, and what tells all of them apart.


def additions(
    kind: Kind, sides: Sides, described: Iterable[Resource], defaults: Fields, taking: Taking, into: Merge
) -> list[Entry]:
    """Give the entries of the records that no block describes; those that are about to leave stay out.

    `described` are the records of the YAML as the edits leave them.
    """
    records = sides.account.records
    leaving = {
        binding.id: address
        for address, binding in sides.state.bindings.items()
        if binding.parent is None and address not in sides.configuration.resources
    }
    fresh = [
        live
        for live in records.values()
        if live.id not in sides.matching.taken
        and (
            fits(leaving[live.id], taking.accept)
            if live.id in leaving
            else not taking.accept and (taking.archived or live.visibility is Visibility.ACTIVE)
        )
    ]
    bound = {live.id: key_of(leaving[live.id]) for live in fresh if live.id in leaving}
    present = [key_of(address) for address in (*sides.configuration.resources, *sides.configuration.removed)]
    named = names(kind, fresh, bound, sides.state, present)
    others = [resource.fields for resource in described]
    entries = describe(kind, named, defaults, others=others, child_keys=child_keys(sides.state))
    into.entries += entries
    return entries


def add_entries(kind: Kind, file: str, entries: Sequence[Entry], into: Merge) -> None:
    """Add entries to a file that is there."""
    if entries:
        lines = [list(entry_lines(kind, entry, "")) for entry in entries]
        inline = [flow_entry(kind, entry) for entry in entries]
        edit = Add(path=(kind.collection,), entries=lines, inline=inline, spaced=True)
        into.edits.setdefault(file, []).append(edit)


def pin(kind: Kind, sides: Sides, after: Mapping[Address, Resource], into: Merge) -> None:
    """Pin what the edits would leave without anything that tells it from others; `after` is what they lead to."""
    seen = Counter(_identity(kind, resource.fields) for resource in after.values())
    for address, resource in after.items():
        its = _identity(kind, resource.fields)
        match = sides.matching.matches.get(address)
        if resource.id is None and match is not None and match.live is not None and (seen[its] > 1 or not any(its)):
            put = Put(path=_path(address), name="id", value=match.live.id, order=("id",))
            into.add(match.resource, address, "id", put)


def _identity(kind: Kind, fields: Fields) -> tuple[str, ...]:
    return tuple(normal(fields.get(name)) for name in kind.identity)
