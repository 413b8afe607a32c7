"""The children of one record that is there: those that drifted, those that left, those that are new.

A child has no pin: what nothing would tell from another one stays as the YAML has it, and is said to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from reconciler.core.change import Action, Change
from reconciler.core.children import pair_children
from reconciler.core.kind import Kind
from reconciler.core.resource import Address, LiveResource, Resource, Value, key_of
from reconciler.export.describing import Entry, describable, identity_of
from reconciler.export.naming import keys_of
from reconciler.export.splicing import Add, Drop
from reconciler.export.taking import Merge, Reading, outside, path_of, take_over
from reconciler.export.writing import child_lines, flow


def merge_children(kind: Kind, changes: Sequence[Change], resource: Resource, reading: Reading, into: Merge) -> None:
    """Note the edits of the children that one record's block describes."""
    described = {child.address: child for child in (resource.children or {}).values()}
    there = [change for change in changes if change.address in described]
    gone = {change.address for change in there if _is_gone(change, reading)}
    for address in sorted(gone):
        path = path_of(address)
        into.add(resource, address, "deleted", Drop(path=path[:-1], name=path[-1]))
    drifted = [change for change in there if change.action is not Action.CREATE]
    staying = {address: child.fields for address, child in described.items() if address not in gone}
    unclear = _unclear(kind, drifted, staying, reading)
    for change in drifted:
        if change.address in unclear:
            into.left_out.append(f"{change.address}: {unclear[change.address]}")
            continue
        attributes = outside(change.attributes, reading.taking)
        own = described[change.address].fields
        take_over(resource, change.address, attributes, own, kind.field_names, into)


def _is_gone(change: Change, reading: Reading) -> bool:
    bound = change.address in reading.sides.state.bindings
    return change.action is Action.CREATE and bound and change.parent_id is not None


def _unclear(
    kind: Kind, changes: Sequence[Change], staying: Mapping[Address, Mapping[str, Value]], reading: Reading
) -> dict[Address, str]:
    """Give the children that could not be told from another one, or by nothing at all, once they are taken over."""
    taken = {
        change.address: {**staying[change.address], **{each.name: each.before for each in found}}
        for change in changes
        if (found := outside(change.attributes, reading.taking))
    }
    unclear: dict[Address, str] = {}
    while True:
        after = {**staying, **{address: fields for address, fields in taken.items() if address not in unclear}}
        identities = {address: identity_of(kind, fields) for address, fields in after.items()}
        seen = Counter(identities.values())
        nameless = f"as it is now, it has no {' or '.join(kind.identity)}"
        found_now = {
            address: f"as it is now, another {kind.name} is the same" if any(identities[address]) else nameless
            for address in taken
            if address not in unclear and (seen[identities[address]] > 1 or not any(identities[address]))
        }
        if not found_now:
            return unclear
        unclear |= found_now


def add_new_children(kind: Kind, resource: Resource, live: LiveResource, reading: Reading, into: Merge) -> None:
    """Note the edit that adds the children which no key claims and everybody can tell apart."""
    described, bound = resource.children or {}, reading.children.get(resource.address, {})
    wanted = {key: child.fields for key, child in described.items()}
    paired = pair_children(kind, wanted, live.children or (), bound, reading.sides.state.salt)
    known = {identity_of(kind, child.fields) for child in described.values()}
    known |= {identity_of(kind, child.fields) for child in paired.values()}
    claimed = {child.id for child in paired.values()} | {binding.id for binding in bound.values()}
    fresh: list[LiveResource] = []
    for child in live.children or ():
        its = identity_of(kind, describable(kind, child))
        if child.id not in claimed and any(its) and its not in known:
            known.add(its)
            fresh.append(child)
    if not fresh:
        return
    keys = keys_of(kind, fresh, {*described, *bound})
    children = {keys[child.id]: child for child in fresh}
    told = {key: describable(kind, child) for key, child in children.items()}
    edit = Add(
        path=(*path_of(resource.address), kind.collection),
        entries=[list(child_lines(key, fields, "")) for key, fields in told.items()],
        inline=[f"{key}: {flow(fields)}" for key, fields in told.items()],
    )
    into.add(resource, resource.address, f"{kind.collection}: {', '.join(told)}", edit)
    into.grown.append(Entry(key=key_of(resource.address), live=live, fields={}, children=children))
