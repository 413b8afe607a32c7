"""What must happen to the children of one record that exists; those that were never ours are not looked at.

It pairs nothing by itself: `children.py` says which live child is which.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from reconciler.core.attributes import appearing, disappearing, edits, removed_reason
from reconciler.core.change import Action, Change
from reconciler.core.children import find_bound, find_by_digests, pair_children
from reconciler.core.decisions import Context, Decisions
from reconciler.core.diff import diff, equal
from reconciler.core.kind import Kind
from reconciler.core.resource import Address, LiveResource, OnRemove, RemoteId, Resource, child_address
from reconciler.core.state import Binding, Intent, seal_of
from reconciler.errors import ReadIncomplete


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the state knows of one record's children, by key."""

    bindings: Mapping[str, Binding] = field(default_factory=dict)
    intents: Mapping[str, Intent] = field(default_factory=dict)
    """Creates that an interrupted run may have sent."""

    def __bool__(self) -> bool:
        return bool(self.bindings or self.intents)


def decide_children(resource: Resource, live: LiveResource, known: Known, context: Context, into: Decisions) -> None:
    """Decide the children of a record that exists; those that were never ours are not looked at."""
    bound = known.bindings
    kind = context.kind.child
    if kind is None:
        return
    if resource.children is None:
        for key, binding in bound.items():
            address = child_address(resource.address, kind.collection, key)
            reason = f"the {kind.collection} block is no longer in the configuration"
            into.changes.append(_forgotten_child(address, binding, live, kind, reason))
        return
    if live.children is None:
        raise _children_unknown(resource, kind)
    wanted = {key: child.fields for key, child in resource.children.items()}
    paired = pair_children(kind, wanted, live.children, bound, context.salt)
    for key, child in resource.children.items():
        into.add(_child(child, paired.get(key), bound.get(key), live, kind, context))
    taken = {child.id for child in paired.values()}
    free = [child for child in live.children if child.id not in taken]
    for key, binding in bound.items():
        if key not in wanted:
            address = child_address(resource.address, kind.collection, key)
            into.changes.append(_leaving_child(address, binding, free, live, kind, context.salt))
    unwanted = {key: intent for key, intent in known.intents.items() if key not in wanted and key not in bound}
    into.changes.extend(_made_unwanted(resource, unwanted, free, live, kind, context.salt))


def _made_unwanted(
    resource: Resource,
    intents: Mapping[str, Intent],
    free: list[LiveResource],
    parent: LiveResource,
    kind: Kind,
    salt: str,
) -> Iterator[Change]:
    """Give the deletes of children that an interrupted run made and that nobody wants any more."""
    for key, intent in intents.items():
        fresh = [child for child in free if child.id not in intent.known]
        made = find_by_digests(Binding(id=RemoteId(0), sent=intent.body), fresh, salt)
        if made is not None:
            address = child_address(resource.address, kind.collection, key)
            change = _leaving_child(address, Binding(id=made.id, sent=intent.body), fresh, parent, kind, salt)
            yield replace(change, reason="created by an interrupted run, and no longer wanted")


def _child(
    child: Resource,
    seen: LiveResource | None,
    binding: Binding | None,
    parent: LiveResource,
    kind: Kind,
    context: Context,
) -> Change | None:
    if seen is None:
        return replace(created_child(child, kind, with_parent=False), parent_id=parent.id)
    sealed = (
        binding is not None
        and binding.id == seen.id
        and binding.seal == seal_of(context.salt, child.fields, OnRemove.DELETE, protected=False)
    )
    if sealed and equal(child.fields, seen.fields):
        return None
    attributes = diff(child.fields, seen.fields, binding, salt=context.salt)
    if sealed and not attributes:
        # Only the vendor writes it in its own way.
        return None
    reissued = binding is not None and binding.id != seen.id
    remembered = Action.UPDATE if attributes else Action.NO_OP
    action = Action.ADOPT if binding is None or reissued else remembered
    reasons = ["its id was reissued"] if reissued else []
    reasons += edits(attributes)
    return Change(
        action=action,
        address=child.address,
        kind=kind.name,
        id=seen.id,
        parent_id=parent.id,
        attributes=attributes,
        managed=child.fields,
        reason="; ".join(reasons) or ("managed fields changed" if action is Action.NO_OP else ""),
        position=child.position,
        visibility=seen.visibility,
        unchanged=len(child.fields) - len(attributes),
    )


def created_child(child: Resource, kind: Kind, *, with_parent: bool) -> Change:
    """Decide that a child is to be created, in its parent's own call or after it."""
    return Change(
        action=Action.CREATE,
        address=child.address,
        kind=kind.name,
        attributes=appearing(child.fields),
        managed=child.fields,
        position=child.position,
        with_parent=with_parent,
    )


def _leaving_child(
    address: Address, binding: Binding, free: list[LiveResource], parent: LiveResource, kind: Kind, salt: str
) -> Change:
    seen = find_bound(binding, free, salt)
    if seen is None:
        return _forgotten_child(address, binding, parent, kind, "already deleted outside")
    return Change(
        action=Action.DELETE,
        address=address,
        kind=kind.name,
        id=seen.id,
        parent_id=parent.id,
        attributes=disappearing(binding, seen),
        reason=removed_reason(binding),
        visibility=seen.visibility,
        removed=True,
    )


def _forgotten_child(address: Address, binding: Binding, parent: LiveResource, kind: Kind, reason: str) -> Change:
    return Change(
        action=Action.FORGET,
        address=address,
        kind=kind.name,
        id=binding.id,
        parent_id=parent.id,
        reason=reason,
        removed=True,
    )


def _children_unknown(resource: Resource, kind: Kind) -> ReadIncomplete:
    return ReadIncomplete(
        f"the {kind.collection} of a record could not be read",
        f"The account's answer for {resource.address} does not say which {kind.collection} it has, and no list of "
        f"{kind.collection} that names their owner could be read instead. Nothing was written. Remove its "
        f"`{kind.collection}:` block to manage the rest, or try again later.",
        code="children-unknown",
    )
