"""What must happen to records that are bound and no longer wanted: what was remembered when they were, or nothing.

    listed in `removed:`               FORGET
    deleted or gone already            FORGET
    on_remove: keep                    FORGET
    on_remove: archive                 ARCHIVE, with a tombstone (FORGET where it is archived already)
    on_remove: delete                  DELETE, with a tombstone

Children leave with their parent: deleted with it, otherwise forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from reconciler.core.attributes import disappearing, removed_reason
from reconciler.core.change import ARCHIVED, Action, AttributeChange, Change
from reconciler.core.decisions import Decisions
from reconciler.core.kind import Kind
from reconciler.core.resource import Address, LiveResource, OnRemove, RemoteId, Visibility, child_address
from reconciler.core.state import Binding


def leave(
    address: Address,
    binding: Binding,
    live: LiveResource | None,
    children: Mapping[str, Binding],
    *,
    kind: Kind,
    listed: bool,
    into: Decisions,
) -> None:
    """Decide one record that leaves, and its children; `listed` says that the configuration asks to forget it."""
    change = _left(address, binding, live, kind, listed=listed)
    into.changes.append(change)
    if kind.child is None:
        return
    for key, child in children.items():
        into.changes.append(
            _child_left(child_address(address, kind.child.collection, key), child, change, live, kind.child)
        )


def leave_orphan(address: Address, live: LiveResource | None, *, kind: Kind, into: Decisions) -> None:
    """Decide what an interrupted run made, or did not make, for an address that is no longer wanted."""
    if live is None or live.visibility is Visibility.DELETED:
        into.changes.append(unmade(address, kind))
        return
    binding = Binding(id=live.id)
    change = _left(address, binding, live, kind, listed=False)
    into.changes.append(replace(change, reason="created by an interrupted run, and no longer wanted"))


def unmade(address: Address, kind: Kind) -> Change:
    """Decide what an interrupted run did not make, and nobody wants any more."""
    return Change(
        action=Action.FORGET,
        address=address,
        kind=kind.name,
        reason="an interrupted run did not create it, and it is no longer wanted",
        removed=True,
    )


def _left(address: Address, binding: Binding, live: LiveResource | None, kind: Kind, *, listed: bool) -> Change:
    change = Change(
        action=Action.FORGET,
        address=address,
        kind=kind.name,
        id=binding.id,
        visibility=live.visibility if live is not None else None,
        protected=binding.protected,
        on_remove=binding.on_remove,
        removed=True,
        balance=live.balance if live is not None else "",
    )
    if listed:
        return replace(change, reason="listed in removed")
    if live is None or live.visibility is Visibility.DELETED:
        return replace(change, reason="already deleted outside")
    match binding.on_remove:
        case OnRemove.KEEP:
            return replace(change, reason=f"{removed_reason(binding)}, on_remove: keep")
        case OnRemove.ARCHIVE if live.visibility is Visibility.ARCHIVED:
            return replace(change, reason=f"{removed_reason(binding)}, already archived")
        case OnRemove.ARCHIVE:
            archived = AttributeChange(name=ARCHIVED, before=False, after=True)
            reason = f"{removed_reason(binding)}, on_remove: archive"
            return replace(change, action=Action.ARCHIVE, attributes=(archived,), reason=reason)
        case OnRemove.DELETE:
            return replace(
                change,
                action=Action.DELETE,
                attributes=disappearing(binding, live),
                reason=removed_reason(binding),
            )
        case _:
            assert_never(binding.on_remove)


def _child_left(address: Address, binding: Binding, parent: Change, live: LiveResource | None, kind: Kind) -> Change:
    deleted = parent.action is Action.DELETE
    seen = _child_of(live, binding.id)
    return Change(
        action=Action.DELETE if deleted else Action.FORGET,
        address=address,
        kind=kind.name,
        id=binding.id,
        parent_id=parent.id,
        attributes=disappearing(binding, seen) if deleted and seen is not None else (),
        reason=f"with its {parent.kind}" if deleted else f"its {parent.kind} is no longer managed",
        with_parent=True,
        removed=True,
    )


def _child_of(live: LiveResource | None, remote_id: RemoteId) -> LiveResource | None:
    children = (live.children or ()) if live is not None else ()
    return next((child for child in children if child.id == remote_id), None)
