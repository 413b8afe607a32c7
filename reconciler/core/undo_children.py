"""Take back what a run did to one child of a record; what happens to the record itself was decided before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from reconciler.core.aftermath import doubtful
from reconciler.core.attributes import appearing, disappearing
from reconciler.core.change import Action, Change
from reconciler.core.children import find_bound, find_by_digests
from reconciler.core.kind import Kind
from reconciler.core.resource import Address, LiveResource, RemoteId, Visibility, child_address, key_of, parent_of
from reconciler.core.run import Deed
from reconciler.core.state import Binding, parse_digests
from reconciler.core.undo_values import Ground, Reversal, as_it_was, place_of, rebound, remembered, reversal


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where one child is by now."""

    kind: Kind
    address: Address
    """What it is called once everything is taken back."""
    parent: RemoteId
    binding: Binding | None
    live: LiveResource | None
    children: tuple[LiveResource, ...]
    deleted: bool
    """Whether its record is deleted; then it need not be told of, though it comes back with it."""


def undo_child(deed: Deed, own: Mapping[Address, Change], ground: Ground) -> None:
    """Take back one change of a child; `own` are the changes of records that are decided already."""
    place = _place(deed, own, ground)
    if place is None:
        return
    match deed.change.action:
        case Action.CREATE:
            _away_again(deed, place, ground)
        case Action.DELETE if not deed.change.with_parent:
            _made_again(deed, place, ground)
        case Action.DELETE | Action.FORGET:
            _bound_again(deed, place, ground)
        case Action.ADOPT | Action.RECOVER if deed.before is None:
            _given_back(deed, place, ground)
        case Action.UPDATE | Action.ADOPT | Action.RECOVER | Action.MOVE:
            _as_before(deed, place, ground)
        case Action.NO_OP | Action.RESTORE | Action.ARCHIVE | Action.UNARCHIVE:
            return
        case _:
            assert_never(deed.change.action)


def _place(deed: Deed, own: Mapping[Address, Change], ground: Ground) -> _Place | None:
    """Find a child, or say why it is left alone; nothing where it goes with its record."""
    change, kind, parent_id = deed.change, ground.kind.child, deed.change.parent_id
    parent = parent_of(change.address)
    if kind is None or parent is None or parent_id is None:
        return None
    now = ground.addresses.get(parent_id)
    planned = {each.id: each for each in own.values()}.get(parent_id)
    target = planned.address if planned is not None else now
    if planned is not None and planned.action is Action.DELETE and not _was_there(planned, ground):
        return None
    live = ground.account.find(parent_id)
    if target is None or live is None:
        if not change.with_parent:
            ground.conflict(change.address, f"its {ground.kind.name} is not managed any more, so it is left as it is.")
        return None
    if live.children is None:
        ground.conflict(change.address, f"FreshBooks does not say which {kind.collection} there are; left as it is.")
        return None
    key = key_of(change.address)
    binding = ground.state.bindings.get(child_address(now, kind.collection, key)) if now is not None else None
    intent = ground.state.intents.get(change.address)
    if binding is not None:
        found = find_bound(binding, live.children, ground.state.salt)
    elif change.action is Action.CREATE and intent is not None and intent.run == ground.run.run:
        fresh = [child for child in live.children if child.id not in intent.known]
        found = find_by_digests(Binding(id=RemoteId(0), sent=intent.body), fresh, ground.state.salt)
    else:
        found = next((child for child in live.children if child.id == deed.id), None)
    address = child_address(target, kind.collection, key)
    if address in ground.planned:
        return None
    return _Place(
        kind=kind,
        address=address,
        parent=parent_id,
        binding=binding,
        live=found,
        children=live.children,
        deleted=live.visibility is Visibility.DELETED,
    )


def _was_there(planned: Change, ground: Ground) -> bool:
    """Tell whether a record that is deleted now was there before the run, so that its children are put back first."""
    return not any(
        deed.change.action is Action.CREATE and deed.id == planned.id
        for deed in ground.run.deeds
        if parent_of(deed.change.address) is None
    )


def _away_again(deed: Deed, place: _Place, ground: Ground) -> None:
    binding, live = place.binding, place.live
    ours = doubtful(deed) and place.address in ground.state.intents
    ours = ours or (live is not None and ground.let_go(live.id, place.kind.name))
    if binding is None and not ours:
        if live is not None and not doubtful(deed):
            ground.conflict(place.address, f"id {live.id} is not managed any more, so it is not deleted.")
        return
    if live is not None and (back := reversal(deed, live, ground)).kept:
        ground.edited(deed, place.address, back, "deleted all the same")
    known = binding if binding is not None else Binding(id=live.id if live is not None else RemoteId(0))
    ground.add(
        Change(
            action=Action.DELETE if live is not None else Action.FORGET,
            address=place.address,
            kind=place.kind.name,
            id=live.id if live is not None else known.id or None,
            parent_id=place.parent,
            attributes=disappearing(known, live) if live is not None else (),
            reason=ground.reason,
            visibility=live.visibility if live is not None else None,
            removed=True,
        )
    )


def _made_again(deed: Deed, place: _Place, ground: Ground) -> None:
    """Create anew what was deleted, with all that it had; the vendor gives it another id."""
    if doubtful(deed) and place.live is not None:
        return
    if place.binding is not None and not doubtful(deed):
        ground.nothing(deed, place.address, "it is bound again already.")
        return
    had = dict(deed.seen) or {a.name: a.before for a in deed.change.attributes}
    managed = parse_digests(deed.before.sent) if deed.before is not None else had
    ground.add(
        Change(
            action=Action.CREATE,
            address=place.address,
            kind=place.kind.name,
            parent_id=place.parent,
            attributes=appearing(had),
            managed={name: value for name, value in had.items() if value not in {None, ""}},
            ignored=tuple(sorted(set(had) - set(managed))),
            again=deed.before,
            reason=f"{ground.reason}; FreshBooks gives it a new id",
            position=place_of(deed.before) if deed.before is not None else None,
        )
    )


def _bound_again(deed: Deed, place: _Place, ground: Ground) -> None:
    """Bind again what left with its record, or was only forgotten."""
    live = place.live
    if place.binding is not None and doubtful(deed) and deed.change.attributes and deed.change.action is Action.FORGET:
        _as_before(deed, place, ground)
        return
    if place.binding is not None:
        ground.nothing(deed, place.address, "it is bound again already.")
        return
    if live is None and deed.before is not None:
        live = find_bound(deed.before, place.children, ground.state.salt)
    if live is None and place.deleted and deed.id is not None:
        had = {a.name: a.before for a in deed.change.attributes if a.before is not None}
        live = LiveResource(id=deed.id, fields=had)
    if live is None:
        return
    back = Change(
        action=Action.ADOPT,
        address=place.address,
        kind=place.kind.name,
        id=live.id,
        parent_id=place.parent,
        attributes=reversal(deed, live, ground).attributes if deed.change.action is Action.FORGET else (),
        reason=ground.reason,
        visibility=live.visibility,
    )
    ground.add(rebound(deed, back, live, ground.state.salt))


def _given_back(deed: Deed, place: _Place, ground: Ground) -> None:
    binding, live = place.binding, place.live
    back = reversal(deed, live, ground) if live is not None else Reversal()
    if binding is None and not (doubtful(deed) and back.attributes):
        ground.nothing(deed, place.address, f"id {deed.id} is not managed any more.")
        return
    if back.kept:
        ground.edited(deed, place.address, back, "left as it is")
    ground.add(
        Change(
            action=Action.FORGET,
            address=place.address,
            kind=place.kind.name,
            id=live.id if live is not None else deed.id,
            parent_id=place.parent,
            attributes=back.attributes,
            reason=ground.reason,
            visibility=live.visibility if live is not None else None,
            removed=True,
        )
    )


def _as_before(deed: Deed, place: _Place, ground: Ground) -> None:
    binding, live = place.binding, place.live
    if binding is None or live is None:
        ground.conflict(place.address, "it is deleted, or not managed any more, so it is left as it is.")
        return
    back = reversal(deed, live, ground)
    if back.kept:
        ground.edited(deed, place.address, back, "left as it is")
    if not back.attributes:
        return
    ground.add(
        Change(
            action=Action.UPDATE,
            address=place.address,
            kind=place.kind.name,
            id=live.id,
            parent_id=place.parent,
            attributes=back.attributes,
            managed=remembered(deed, binding, live, back, ground.state.salt),
            again=as_it_was(deed, binding, live, back, ground.state.salt),
            reason=ground.reason,
            position=deed.change.position,
            visibility=live.visibility,
        )
    )
