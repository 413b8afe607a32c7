"""Take back what a run did to one top-level record; its children come after it, in `undo_children.py`.

A record's own binding says where it is by now. Where a run was killed between a call and its record, there is none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from reconciler.core.aftermath import doubtful
from reconciler.core.attributes import disappearing
from reconciler.core.change import ARCHIVED, Action, AttributeChange, Change
from reconciler.core.decisions import Decisions
from reconciler.core.identity import Pool
from reconciler.core.leave import leave_orphan
from reconciler.core.resource import (
    Address,
    LiveResource,
    OnRemove,
    RemoteId,
    Visibility,
    key_of,
    parent_of,
)
from reconciler.core.run import Deed
from reconciler.core.state import Binding
from reconciler.core.undo_values import Ground, Reversal, as_it_was, rebound, remembered, reversal


def undo_record(deed: Deed, ground: Ground) -> None:
    """Take back what happened to one top-level record."""
    bound_still = doubtful(deed) and _bound_still(deed, ground)
    match deed.change.action:
        case Action.CREATE if doubtful(deed):
            _perhaps_made(deed, ground)
        case Action.CREATE | Action.RESTORE:
            _away_again(deed, ground)
        case Action.DELETE:
            _back_again(deed, ground, Visibility.DELETED)
        case Action.ARCHIVE if deed.change.removed and not bound_still:
            _back_again(deed, ground, Visibility.ARCHIVED)
        case Action.FORGET if not bound_still:
            _back_again(deed, ground, None)
        case Action.ADOPT | Action.RECOVER:
            _given_back(deed, ground)
        case Action.UPDATE | Action.ARCHIVE | Action.UNARCHIVE | Action.MOVE | Action.FORGET:
            _as_before(deed, ground)
        case Action.NO_OP:
            return
        case _:
            assert_never(deed.change.action)


def _bound_still(deed: Deed, ground: Ground) -> bool:
    bound = ground.state.bindings.get(deed.change.address)
    return bound is not None and bound.id == deed.change.id


def bound_children(ground: Ground, parent: Address) -> dict[str, Binding]:
    """Give what is bound below a record, by key."""
    return {
        key_of(address): binding
        for address, binding in ground.state.bindings.items()
        if binding.parent is not None and parent_of(address) == parent
    }


# What the run made or brought back.


def _perhaps_made(deed: Deed, ground: Ground) -> None:
    """Look for what an unanswered create made, as the next apply would, and delete it."""
    address = deed.change.address
    intent = ground.state.intents.get(address)
    if intent is None or intent.run != ground.run.run:
        return
    bound = ground.addresses
    found = [
        live
        for live in Pool(ground.kind, ground.account.records.values()).with_digest(intent.key, ground.state.salt)
        if live.id not in intent.known and live.id not in bound
    ]
    if len(found) > 1:
        told = ", ".join(str(live.id) for live in found)
        ground.conflict(address, f"what the run created may be any of id {told}, so none is deleted.")
        return
    into = Decisions()
    leave_orphan(address, found[0] if found else None, kind=ground.kind, into=into)
    ground.add(*(replace(change, reason=ground.reason) if found else change for change in into.changes))


def _away_again(deed: Deed, ground: Ground) -> None:
    """Delete what the run created or brought back, after putting its former values back."""
    address, live = ground.addresses.get(deed.id or RemoteId(0)), ground.find(deed.id)
    if live is None or live.visibility is Visibility.DELETED:
        ground.nothing(deed, deed.change.address, "it is deleted already.")
        if address is not None and not doubtful(deed):
            ground.add(_forgotten(deed, address, (), live, ground))
        return
    ours = doubtful(deed) or ground.let_go(deed.id, deed.change.kind)
    if address is None and ours and deed.change.address not in ground.state.bindings:
        address = deed.change.address
    if address is None:
        ground.conflict(deed.change.address, f"id {deed.id} is not managed any more, so it is not deleted.")
        return
    back = reversal(deed, live, ground)
    if back.kept:
        ground.edited(deed, address, back, "deleted all the same")
    ground.add(_deleted(deed, address, live, back, ground))


def _deleted(deed: Deed, address: Address, live: LiveResource, back: Reversal, ground: Ground) -> Change:
    binding = ground.state.bindings.get(address, Binding(id=live.id))
    values = tuple(attribute for attribute in back.attributes if attribute.name != ARCHIVED)
    former = deed.change.action is Action.RESTORE and bool(values)
    return Change(
        action=Action.DELETE,
        address=address,
        kind=deed.change.kind,
        id=live.id,
        attributes=values if former else disappearing(binding, live),
        reason=ground.reason,
        visibility=live.visibility,
        protected=binding.protected,
        removed=True,
        former=former,
        balance=live.balance,
    )


# What left with the run.


def _back_again(deed: Deed, ground: Ground, away: Visibility | None) -> None:
    """Bind again what left with the run, after bringing it back from where the run had put it."""
    change, live = deed.change, ground.find(deed.change.id)
    if change.id is None:
        return
    bound = ground.state.bindings.get(change.address)
    here = bound is not None and bound.id == change.id
    if here and not (doubtful(deed) and live is not None and live.visibility is away):
        ground.nothing(deed, change.address, "it is bound again already.")
        return
    if not here and (bound is not None or change.id in ground.addresses):
        other = ground.addresses.get(change.id, change.address)
        ground.conflict(change.address, f"{other} is bound by now, so id {change.id} is left as it is.")
        return
    if live is None or (live.visibility is Visibility.DELETED and away is not Visibility.DELETED):
        ground.conflict(change.address, f"id {change.id} is {'gone for good' if live is None else 'deleted'} by now.")
        return
    ground.add(_brought_back(deed, live, ground))


def _brought_back(deed: Deed, live: LiveResource, ground: Ground) -> Change:
    change = deed.change
    back = _values_back(deed, live, ground)
    if back.kept:
        ground.edited(deed, change.address, back, "left as it is")
    made = Change(
        action=Action.ADOPT,
        address=change.address,
        kind=change.kind,
        id=change.id,
        attributes=back.attributes,
        reason=ground.reason,
        visibility=live.visibility,
    )
    if live.visibility is Visibility.DELETED:
        # It was in the archive when the run deleted it, and is brought back there.
        again = change.visibility is Visibility.ARCHIVED
        archived = (AttributeChange(name=ARCHIVED, before=False, after=True),) if again else ()
        made = replace(made, action=Action.RESTORE, attributes=(*archived, *back.attributes))
    elif any(attribute.name == ARCHIVED and not attribute.after for attribute in made.attributes):
        made = replace(made, action=Action.UNARCHIVE)
    return rebound(deed, made, live, ground.state.salt)


def _values_back(deed: Deed, live: LiveResource, ground: Ground) -> Reversal:
    """Give what the run changed before it let go of the record; of one that it just deleted that is nothing."""
    if deed.change.action is Action.DELETE and not deed.change.former:
        return Reversal()
    return reversal(deed, live, ground)


# What the run made ours, and what was ours and stays.


def _given_back(deed: Deed, ground: Ground) -> None:
    """Forget what the run made ours, after putting its former values back."""
    change, live = deed.change, ground.find(deed.id)
    known = live is not None and live.visibility is not Visibility.DELETED
    back = reversal(deed, live, ground) if live is not None and known else Reversal()
    address = ground.addresses.get(deed.id or RemoteId(0))
    if address is None and doubtful(deed) and back.attributes and change.address not in ground.state.bindings:
        address = change.address
    if address is None:
        ground.nothing(deed, change.address, f"id {deed.id} is not managed any more.")
        return
    if back.kept:
        ground.edited(deed, address, back, "left as it is")
    ground.add(_forgotten(deed, address, back.attributes, live, ground))


def _forgotten(
    deed: Deed,
    address: Address,
    attributes: tuple[AttributeChange, ...],
    live: LiveResource | None,
    ground: Ground,
) -> Change:
    return Change(
        action=Action.FORGET,
        address=address,
        kind=deed.change.kind,
        id=deed.id,
        attributes=attributes,
        reason=ground.reason,
        visibility=live.visibility if live is not None else None,
        removed=True,
    )


def _as_before(deed: Deed, ground: Ground) -> None:
    """Put back the former values of a record that stays, and its former address."""
    change, live = deed.change, ground.find(deed.id)
    address = ground.addresses.get(deed.id or RemoteId(0))
    if address is None and doubtful(deed) and deed.before is None and change.address not in ground.state.bindings:
        address = change.address
    if address is None:
        ground.conflict(change.address, f"id {deed.id} is not managed any more, so it is left as it is.")
        return
    if live is None or live.visibility is Visibility.DELETED:
        ground.conflict(address, f"id {deed.id} is {'gone for good' if live is None else 'deleted'} by now.")
        return
    back = reversal(deed, live, ground)
    if back.kept:
        ground.edited(deed, address, back, "left as it is")
    target = _former_address(deed, address, ground)
    if not back.attributes and target == address:
        if not back.kept and change.moved_from in {None, address}:
            ground.nothing(deed, address, "it is as before already.")
        return
    ground.add(_put_back(deed, (address, target), live, back, ground))


def _put_back(
    deed: Deed, addresses: tuple[Address, Address], live: LiveResource, back: Reversal, ground: Ground
) -> Change:
    address, target = addresses
    action, binding = _action(back.attributes), ground.state.bindings.get(address)
    if binding is None or (deed.before is None and deed.change.action is Action.UNARCHIVE):
        # It was nobody's before the run, which fetched it from the archive.
        nobodys = _forgotten(deed, address, back.attributes, live, ground)
        return replace(nobodys, action=action, on_remove=OnRemove.ARCHIVE) if action is Action.ARCHIVE else nobodys
    return Change(
        action=action,
        address=target,
        kind=deed.change.kind,
        id=deed.id,
        attributes=back.attributes,
        managed=remembered(deed, binding, live, back, ground.state.salt),
        again=as_it_was(deed, binding, live, back, ground.state.salt),
        reason=ground.reason,
        position=deed.change.position,
        moved_from=address if target != address else None,
        visibility=live.visibility,
        protected=binding.protected,
        on_remove=binding.on_remove,
    )


def _former_address(deed: Deed, address: Address, ground: Ground) -> Address:
    """Give the address that a moved record goes back to, which is where it is unless that is free and it was moved."""
    was = deed.change.moved_from
    if was is None or was == address:
        return address
    if address != deed.change.address or was in ground.state.bindings:
        ground.conflict(address, f"it does not go back to {was}, for one of the two is another record's by now.")
        return address
    return was


def _action(attributes: Iterable[AttributeChange]) -> Action:
    names = {attribute.name: attribute.after for attribute in attributes}
    if ARCHIVED in names:
        return Action.ARCHIVE if names[ARCHIVED] else Action.UNARCHIVE
    return Action.UPDATE if names else Action.MOVE
