"""The plan that takes a run back, from its record and the account as it is now; the configuration has no part in it.

    the run did               undo
    ----------------------    --------------------------------------------------------------
    create, restore           DELETE, its children with it
    delete                    RESTORE: the same id, with all that hangs on it; children bound again
    update, archive           the former values, field by field
    adopt, recover            FORGET, after the former values
    move                      MOVE back
    archive what left         UNARCHIVE, bound again
    forget                    ADOPT
    record only               nothing

Only what is still as the run left it is put back. What somebody has edited since is left, and told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from reconciler.core.change import ARCHIVED, Action, AttributeChange, Change, Plan, PlanOptions, Totals
from reconciler.core.codec import plan_id
from reconciler.core.decisions import Decisions
from reconciler.core.guard import guard
from reconciler.core.kind import Kind
from reconciler.core.leave import leave
from reconciler.core.outcome import Result
from reconciler.core.plan import order
from reconciler.core.questions import Questions
from reconciler.core.resource import (
    Account,
    Address,
    LiveResource,
    OnRemove,
    RemoteId,
    Visibility,
    key_of,
    parent_of,
)
from reconciler.core.run import Deed, Run
from reconciler.core.state import Binding, State
from reconciler.core.undo_children import undo_child
from reconciler.core.undo_values import Ground, rebound, remembered, reversal


def changed_something(run: Run) -> bool:
    """Tell whether there is anything to take back."""
    return any(_done(deed) for deed in run.deeds)


def _done(deed: Deed) -> bool:
    """Tell whether a change came about, if only in part, and was more than something to remember."""
    return deed.change.action is not Action.NO_OP and (deed.result is Result.DONE or deed.partly)


def questions(run: Run, account: Account) -> Questions:
    """Give what to ask for: the deleted records where the others lack one of the run's, then that one by itself."""
    ids = {deed.change.parent_id if parent_of(deed.change.address) else deed.id for deed in run.deeds if _done(deed)}
    known = {*account.records, *(account.deleted or ()), *account.checked}
    missing = sorted(number for number in ids if number is not None and number not in known)
    if missing and account.deleted is None:
        return Questions(deleted=True)
    return Questions(ids=tuple(missing))


def undo(run: Run, state: State, account: Account, kind: Kind, options: PlanOptions, *, origin: str = "") -> Plan:
    """Compute the plan that takes a run back; nothing of `questions` may be open."""
    ground = Ground(run=run, state=state, account=account, kind=kind)
    for deed in run.deeds:
        if deed.result is not Result.DONE and not deed.partly and deed.result is not Result.NOT_ATTEMPTED:
            ground.unclear(deed)
        elif _done(deed) and parent_of(deed.change.address) is None:
            _undo(deed, ground)
    own = {change.address: change for change in ground.changes}
    for deed in run.deeds:
        if _done(deed) and parent_of(deed.change.address) is not None:
            undo_child(deed, own, ground)
    _forget_the_rest(ground)
    changes = tuple(sorted(ground.changes, key=order))
    made = Plan(
        account=account.account_id,
        origin=origin,
        changes=changes,
        notes=tuple(sorted(ground.notes, key=lambda note: (note.address, note.code, note.detail))),
        totals=_totals(state, account, kind),
        options=options,
    )
    return replace(made, refusals=guard(made), plan_id=plan_id(made.account, changes))


def _undo(deed: Deed, ground: Ground) -> None:
    """Take back what happened to one top-level record."""
    match deed.change.action:
        case Action.CREATE | Action.RESTORE:
            _away_again(deed, ground)
        case Action.DELETE:
            _back_again(deed, ground, Visibility.DELETED)
        case Action.ARCHIVE if deed.change.removed:
            _back_again(deed, ground, Visibility.ARCHIVED)
        case Action.FORGET:
            _back_again(deed, ground, None)
        case Action.ADOPT | Action.RECOVER:
            _given_back(deed, ground)
        case Action.UPDATE | Action.ARCHIVE | Action.UNARCHIVE | Action.MOVE:
            _as_before(deed, ground)
        case Action.NO_OP:
            return
        case _:
            assert_never(deed.change.action)


def _away_again(deed: Deed, ground: Ground) -> None:
    """Delete what the run created or brought back."""
    address = ground.addresses.get(deed.id or RemoteId(0))
    live = _find(ground, deed.id)
    if live is None or live.visibility is Visibility.DELETED:
        ground.nothing(deed.change.address, "it is deleted already.")
    if address is None:
        if live is not None and live.visibility is not Visibility.DELETED:
            ground.conflict(deed.change.address, f"id {deed.id} is not managed any more, so it is not deleted.")
        return
    if live is not None and (edited := reversal(deed, live).kept):
        ground.conflict(address, f"{', '.join(edited)} edited since that run; it is deleted all the same.")
    binding = replace(ground.state.bindings[address], on_remove=OnRemove.DELETE)
    into = Decisions()
    leave(address, binding, live, _bound_children(ground, address), kind=ground.kind, listed=False, into=into)
    own, *children = into.changes
    ground.add(replace(own, reason=ground.reason))
    ground.add(*children)


def _back_again(deed: Deed, ground: Ground, away: Visibility | None) -> None:
    """Bind again what left with the run, after bringing it back from where the run had put it."""
    change, live = deed.change, _find(ground, deed.change.id)
    if change.id is None:
        return
    bound = ground.state.bindings.get(change.address)
    if bound is not None and bound.id == change.id:
        ground.nothing(change.address, "it is bound again already.")
        return
    if bound is not None or change.id in ground.addresses:
        other = ground.addresses.get(change.id, change.address)
        ground.conflict(change.address, f"{other} is bound by now, so id {change.id} is left as it is.")
        return
    if live is None or (live.visibility is Visibility.DELETED and away is not Visibility.DELETED):
        ground.conflict(change.address, f"id {change.id} is {'gone for good' if live is None else 'deleted'} by now.")
        return
    back = Change(
        action=Action.ADOPT,
        address=change.address,
        kind=change.kind,
        id=change.id,
        attributes=_fields_back(deed, live),
        reason=ground.reason,
        visibility=live.visibility,
    )
    if live.visibility is Visibility.DELETED:
        # It was in the archive when the run deleted it, and is brought back there.
        archived = AttributeChange(name=ARCHIVED, before=False, after=True)
        again = change.visibility is Visibility.ARCHIVED
        back = replace(back, action=Action.RESTORE, attributes=(archived,) if again else ())
    elif any(attribute.name == ARCHIVED and not attribute.after for attribute in back.attributes):
        back = replace(back, action=Action.UNARCHIVE)
    ground.add(rebound(deed, back, live, ground.state.salt))


def _fields_back(deed: Deed, live: LiveResource) -> tuple[AttributeChange, ...]:
    """Give what the run changed before it let go of the record; of one that was deleted that is nothing."""
    return () if deed.change.action is Action.DELETE else reversal(deed, live).attributes


def _given_back(deed: Deed, ground: Ground) -> None:
    """Forget what the run made ours, after putting its former values back."""
    change, live = deed.change, _find(ground, deed.id)
    address = ground.addresses.get(deed.id or RemoteId(0))
    if address is None:
        ground.nothing(change.address, f"id {deed.id} is not managed any more.")
        return
    known = live is not None and live.visibility is not Visibility.DELETED
    back = reversal(deed, live) if live is not None and known else None
    if back is not None and back.kept:
        ground.conflict(address, f"{', '.join(back.kept)} edited since that run; left as it is.")
    ground.add(
        Change(
            action=Action.FORGET,
            address=address,
            kind=change.kind,
            id=deed.id,
            attributes=back.attributes if back is not None else (),
            reason=ground.reason,
            visibility=live.visibility if live is not None else None,
            removed=True,
        )
    )


def _as_before(deed: Deed, ground: Ground) -> None:
    """Put back the former values of a record that stays, and its former address."""
    change, live = deed.change, _find(ground, deed.id)
    address = ground.addresses.get(deed.id or RemoteId(0))
    if address is None:
        ground.conflict(change.address, f"id {deed.id} is not managed any more, so it is left as it is.")
        return
    if live is None or live.visibility is Visibility.DELETED:
        ground.conflict(address, f"id {deed.id} is {'gone for good' if live is None else 'deleted'} by now.")
        return
    back = reversal(deed, live)
    if back.kept:
        ground.conflict(address, f"{', '.join(back.kept)} edited since that run; left as it is.")
    target = _former_address(deed, address, ground)
    if not back.attributes and target == address:
        if not back.kept and change.moved_from in {None, address}:
            ground.nothing(address, "it is as before already.")
        return
    binding = ground.state.bindings[address]
    made = Change(
        action=_action(back.attributes),
        address=target,
        kind=change.kind,
        id=deed.id,
        attributes=back.attributes,
        managed=remembered(deed, binding, live, back, ground.state.salt),
        reason=ground.reason,
        position=change.position,
        moved_from=address if target != address else None,
        visibility=live.visibility,
        protected=binding.protected,
        on_remove=binding.on_remove,
    )
    if made.action is Action.ARCHIVE and deed.before is None:
        # It was put away before the run, and nobody's.
        made = replace(made, removed=True, managed={}, on_remove=OnRemove.ARCHIVE)
    ground.add(made)


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


def _forget_the_rest(ground: Ground) -> None:
    """Let go of children that were bound after the run, where their record is forgotten."""
    own = [change for change in ground.changes if change.removed and parent_of(change.address) is None]
    for change in own:
        for key, binding in _bound_children(ground, change.address).items():
            child = ground.kind.child
            address = Address(f"{change.address}.{child.collection}.{key}") if child is not None else change.address
            if child is not None and address not in ground.planned:
                ground.add(_forgotten(address, child, binding, change.kind))


def _forgotten(address: Address, kind: Kind, binding: Binding, parent: str) -> Change:
    return Change(
        action=Action.FORGET,
        address=address,
        kind=kind.name,
        id=binding.id,
        parent_id=binding.parent,
        reason=f"its {parent} is no longer managed",
        with_parent=True,
        removed=True,
    )


def _bound_children(ground: Ground, parent: Address) -> dict[str, Binding]:
    return {
        key_of(address): binding
        for address, binding in ground.state.bindings.items()
        if binding.parent is not None and parent_of(address) == parent
    }


def _find(ground: Ground, remote_id: RemoteId | None) -> LiveResource | None:
    return ground.account.find(remote_id) if remote_id is not None else None


def _totals(state: State, account: Account, kind: Kind) -> dict[str, Totals]:
    """Count both sides; the third is what is bound, for nothing is wished anew."""
    bound = sum(binding.parent is None for binding in state.bindings.values())
    totals = {kind.name: Totals(bound=bound, desired=bound, live=len(account.records))}
    if kind.child is not None:
        below = len(state.bindings) - bound
        live = sum(len(record.children or ()) for record in account.records.values())
        totals[kind.child.name] = Totals(bound=below, desired=below, live=live)
    return totals
