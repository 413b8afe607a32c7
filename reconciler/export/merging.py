"""What an export changes in YAML that is there: the edits that bring the account's changes in, and nothing else.

It takes the plan that would push the configuration onto the account, and reads it the other way round: what drifted is
taken over, what the YAML wants anew is left to the next plan. Without asking, a field or a block of children that is
not mentioned stays unmentioned.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from reconciler.core.change import ARCHIVED, Action, Change, Plan
from reconciler.core.kind import Kind
from reconciler.core.matching import Match
from reconciler.core.plan import Sides
from reconciler.core.resource import Address, LiveResource, OnRemove, Resource, Value, Visibility, key_of, parent_of
from reconciler.core.state import Binding
from reconciler.export.describing import Entry, Fields, Remembered, describable, describe, identity_of
from reconciler.export.drafting import names
from reconciler.export.merging_children import add_new_children, merge_children
from reconciler.export.splicing import Add, Drop, Put
from reconciler.export.taking import Found, Merge, Reading, Taking, outside, path_of, take_over
from reconciler.export.writing import entry_lines, flow_entry


def merge(kind: Kind, sides: Sides, plan: Plan, files: Mapping[str, Found], taking: Taking, defaults: Fields) -> Merge:
    """Give the edits of the records that are there; those that are new come with `additions`."""
    into = Merge()
    children: dict[Address, dict[str, Binding]] = {}
    for address, binding in sides.state.bindings.items():
        if (parent := parent_of(address)) is not None:
            children.setdefault(parent, {})[key_of(address)] = binding
    reading = Reading(kind=kind, sides=sides, files=files, taking=taking, children=children, defaults=defaults)
    within: dict[Address, list[Change]] = {}
    for change in plan.changes:
        resource = sides.configuration.resources.get(parent_of(change.address) or change.address)
        match = sides.matching.matches.get(resource.address) if resource is not None else None
        if resource is None or match is None or change.removed:
            continue
        if change.kind == kind.name:
            _record(change, match, reading, into)
        else:
            within.setdefault(resource.address, []).append(change)
    for address, changes in within.items():
        # What is said of a record that leaves goes with it.
        if kind.child is not None and "deleted" not in into.taken.get(address, ()):
            merge_children(kind.child, changes, sides.configuration.resources[address], reading, into)
    for match in sides.matching.matches.values():
        if match.live is not None and match.live.visibility is not Visibility.DELETED:
            _more(match.resource, match.live, reading, into)
    return into


def _record(change: Change, match: Match, reading: Reading, into: Merge) -> None:
    path = path_of(change.address)
    if change.action in {Action.RESTORE, Action.CREATE}:
        # A new record, and the adoption of a deleted one, are wishes of the YAML's; what was bound was deleted outside.
        restored = change.action is Action.RESTORE and bool(reading.taking.accept)
        if restored or match.binding is not None or change.address in reading.sides.state.bindings:
            into.add(match.resource, change.address, "deleted", Drop(path=path[:-1], name=path[-1]))
        return
    resource, own, filled = match.resource, reading.entry(match.resource), reading.filled(match.resource)
    attributes = outside(change.attributes, reading.taking)
    take_over(resource, change.address, attributes, own, _order(reading.kind), into, filled=filled)


def _order(kind: Kind) -> tuple[str, ...]:
    return ("id", *kind.field_names, "unmanaged", ARCHIVED)


# What the YAML does not mention yet.


def _more(resource: Resource, live: LiveResource, reading: Reading, into: Merge) -> None:
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
        put = Put(path=path_of(resource.address), name=name, value=value, order=_order(kind))
        into.add(resource, resource.address, name, put)
    if kind.child is not None and (resource.children is not None or taking.every_field):
        add_new_children(kind.child, resource, live, reading, into)


def _texts(value: object) -> list[str]:
    return [str(text) for text in value] if isinstance(value, list) else []


def fits(address: Address, patterns: Iterable[str]) -> bool:
    """Tell whether an address is meant by a pattern, as --target does."""
    return any(fnmatchcase(address, pattern) for pattern in patterns)


# Records that are new, and what tells all of them apart.


def additions(
    kind: Kind,
    sides: Sides,
    described: Iterable[Resource],
    defaults: Fields,
    taking: Taking,
    into: Merge,
    *,
    on_remove: OnRemove,
) -> list[Entry]:
    """Give the entries of the records that no block describes; those that are about to leave stay out.

    `described` are the records of the YAML as the edits leave them, `on_remove` what the settings say of removals.
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
    entries = describe(kind, named, defaults, others=others, remembered=Remembered.of(sides.state, on_remove))
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
    seen = Counter(identity_of(kind, resource.fields) for resource in after.values())
    for address, resource in after.items():
        its = identity_of(kind, resource.fields)
        match = sides.matching.matches.get(address)
        if resource.id is None and match is not None and match.live is not None and (seen[its] > 1 or not any(its)):
            put = Put(path=path_of(address), name="id", value=match.live.id, order=("id",))
            into.add(match.resource, address, "id", put)
