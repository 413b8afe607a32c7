"""Add, edit and delete the children of one record that exists, on a fresh read of them, and read the result back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reconciler.apply.worksite import Worksite, done, not_attempted
from reconciler.core.change import Action, Change
from reconciler.core.children import find_bound, pair_children
from reconciler.core.kind import Kind
from reconciler.core.outcome import Done, Outcome, Refusal, Rejected, Result
from reconciler.core.remember import kept_old, remember
from reconciler.core.resource import Address, LiveResource, RemoteId, Value, child_address, key_of
from reconciler.core.state import Bind, Binding, Desist, Intend, Intent, StateEdit, digests_of
from reconciler.errors import NotAllowed, ReadIncomplete


def change_children(site: Worksite, parent: Address, parent_id: RemoteId, changes: Sequence[Change]) -> list[Outcome]:
    """Carry out the changes of one record's children, in the order edits, deletes, adds; every outcome is recorded."""
    kind = site.kind.child
    if kind is None or not changes:
        return []
    quiet = [change for change in changes if not _calls(change)]
    outcomes = [_remembered(site, change) for change in quiet]
    writing = [change for change in changes if _calls(change)]
    if not writing:
        return outcomes
    try:
        return outcomes + _written(site, kind, parent, parent_id, writing)
    except (ReadIncomplete, NotAllowed) as error:
        settled = {outcome.change.address for outcome in outcomes}
        failed = [change for change in writing if change.address not in settled]
        return outcomes + [Outcome(change=change, result=Result.FAILED, reason=error.summary) for change in failed]


def _calls(change: Change) -> bool:
    if change.with_parent or change.action is Action.FORGET:
        return False
    return change.action in {Action.CREATE, Action.DELETE} or bool(change.attributes)


def _remembered(site: Worksite, change: Change) -> Outcome:
    """Record what needs no call: a child as it is, or gone."""
    live = None if change.removed or change.id is None else LiveResource(id=change.id, fields=change.managed)
    edits = remember(change, live, site.state, site.kind)
    return site.record(replace(done(change, live), edits=edits))


def _written(
    site: Worksite, kind: Kind, parent: Address, parent_id: RemoteId, changes: Sequence[Change]
) -> list[Outcome]:
    current = _children_now(site, parent_id)
    outcomes: dict[Address, Outcome] = {}
    adds: list[Change] = []
    for change in sorted(changes, key=lambda change: change.action is Action.DELETE):
        if change.action is Action.CREATE:
            adds.append(change)
        elif why := site.halt.why(creating=False):
            outcomes[change.address] = not_attempted(change, why)
        else:
            outcomes[change.address] = _one(site, change, current)
    if adds:
        outcomes.update(_added(site, kind, parent_id, adds, fresh=not outcomes, current=current))
    settled = _read_back(site, kind, parent, parent_id, changes, outcomes)
    return [settled[change.address] for change in changes]


def _children_now(site: Worksite, parent_id: RemoteId) -> Sequence[LiveResource]:
    live = site.writer.fetch(parent_id)
    if live is None or live.children is None:
        raise ReadIncomplete("the contacts could not be read again before they are written")
    return live.children


def _one(site: Worksite, change: Change, current: Sequence[LiveResource]) -> Outcome:
    """Edit or delete one child, as the fresh read shows it."""
    binding = site.state.bindings.get(change.address)
    seen = next((child for child in current if child.id == change.id), None)
    if seen is None and binding is not None:
        seen = find_bound(binding, current, site.state.salt)
    if seen is None:
        if change.action is Action.DELETE:
            return done(change, None, "it was gone already")
        return Outcome(change=change, result=Result.CONFLICT, reason="it is gone since the plan; plan again")
    if change.action is Action.DELETE:
        answer = site.writer.delete_child(seen.id)
        if isinstance(answer, Rejected) and answer.cause is Refusal.GONE:
            return done(change, None, "it was gone already")
    else:
        moved = [a.name for a in change.attributes if (seen.fields.get(a.name) or None) != (a.before or None)]
        if moved:
            return Outcome(change=change, result=Result.CONFLICT, reason=f"{', '.join(moved)} changed since the plan")
        fields = {**seen.fields, **{a.name: a.after for a in change.attributes}}
        answer = site.writer.update_child(seen.id, fields)
    return done(change, seen) if isinstance(answer, Done) else site.refused(change, answer)


def _added(
    site: Worksite,
    kind: Kind,
    parent_id: RemoteId,
    adds: Sequence[Change],
    *,
    fresh: bool,
    current: Sequence[LiveResource],
) -> dict[Address, Outcome]:
    """Add children by the complete array; each is a create, so an intent comes first and it is sent once."""
    now = current if fresh else _children_now(site, parent_id)
    wanted: dict[str, Mapping[str, Value]] = {change.address: change.managed for change in adds}
    there = pair_children(kind, wanted, _unbound(site, now), {}, site.state.salt)
    missing = [change for change in adds if change.address not in there]
    outcomes = {address: done(_change(adds, Address(address)), live) for address, live in there.items()}
    if not missing:
        return {Address(address): outcome for address, outcome in outcomes.items()}
    if why := site.halt.why(creating=True):
        return {
            **{Address(address): outcome for address, outcome in outcomes.items()},
            **{change.address: not_attempted(change, why) for change in missing},
        }
    site.intend(
        [
            Intend(
                address=change.address,
                intent=Intent(
                    run=site.options.run,
                    key="",
                    body=digests_of(site.state.salt, change.managed),
                    known=tuple(child.id for child in now),
                    sent_at=site.options.now(),
                ),
            )
            for change in missing
        ]
    )
    answer = site.writer.add_children(parent_id, now, [change.managed for change in missing])
    for change in missing:
        outcome = done(change, None) if isinstance(answer, Done) else site.refused(change, answer)
        # What was refused or never left is known not to have happened; an unknown keeps its intent open.
        edits = (Desist(address=change.address),) if outcome.result is Result.FAILED else ()
        outcomes[change.address] = replace(outcome, edits=edits)
    return {Address(address): outcome for address, outcome in outcomes.items()}


def _change(changes: Sequence[Change], address: Address) -> Change:
    return next(change for change in changes if change.address == address)


def _unbound(site: Worksite, children: Sequence[LiveResource]) -> list[LiveResource]:
    return [child for child in children if not site.ledger.holds(child.id, child=True)]


def _read_back(
    site: Worksite,
    kind: Kind,
    parent: Address,
    parent_id: RemoteId,
    changes: Sequence[Change],
    outcomes: Mapping[Address, Outcome],
) -> dict[Address, Outcome]:
    """Read the children once more and hold each outcome against what is there; ids may have been reissued."""
    now = _children_now(site, parent_id)
    stay = {
        key_of(change.address): change.managed
        for change in changes
        if not change.removed and outcomes[change.address].result in {Result.DONE, Result.UNKNOWN}
    }
    kept = _kept_bindings(site, kind, parent, changes)
    taken = {key: seen for key, binding in kept.items() if (seen := find_bound(binding, now, site.state.salt))}
    ids = {seen.id for seen in taken.values()}
    known = {
        key_of(address): Binding(id=outcome.live.id)
        for address, outcome in outcomes.items()
        if outcome.live is not None
    }
    paired = pair_children(kind, stay, [child for child in now if child.id not in ids], known, site.state.salt)
    rebound = [
        Bind(address=child_address(parent, kind.collection, key), binding=replace(binding, id=taken[key].id))
        for key, binding in kept.items()
        if key in taken and taken[key].id != binding.id
    ]
    settled: dict[Address, Outcome] = {}
    for change in changes:
        verified = _verified(site, change, outcomes[change.address], paired.get(key_of(change.address)), now)
        edits: tuple[StateEdit, ...] = (*verified.edits, *rebound)
        rebound = []
        settled[change.address] = site.record(replace(verified, edits=edits))
    return settled


def _kept_bindings(site: Worksite, kind: Kind, parent: Address, changes: Sequence[Change]) -> dict[str, Binding]:
    """Give the bindings of this record's children that the plan leaves alone."""
    changed = {change.address for change in changes}
    prefix = f"{parent}.{kind.collection}."
    return {
        key_of(address): binding
        for address, binding in site.state.bindings.items()
        if binding.parent is not None and address.startswith(prefix) and address not in changed
    }


def _verified(
    site: Worksite, change: Change, outcome: Outcome, seen: LiveResource | None, now: Sequence[LiveResource]
) -> Outcome:
    if outcome.result not in {Result.DONE, Result.UNKNOWN}:
        return outcome
    if change.removed:
        if any(child.id == change.id for child in now):
            return replace(outcome, result=Result.FAILED, reason=outcome.reason or "it is still there", edits=())
        return replace(outcome, result=Result.DONE, edits=remember(change, None, site.state, site.kind))
    if seen is None:
        result = Result.FAILED if outcome.result is Result.DONE else Result.UNKNOWN
        return replace(outcome, result=result, reason=outcome.reason or "FreshBooks did not keep it", edits=())
    old = kept_old(change, seen)
    if old and change.action is not Action.CREATE:
        reason = outcome.reason or f"FreshBooks kept the old value of {', '.join(old)}"
        return replace(outcome, result=Result.FAILED, reason=reason, edits=())
    return replace(outcome, result=Result.DONE, live=seen, edits=remember(change, seen, site.state, site.kind))


def bind_created(
    site: Worksite, changes: Sequence[Change], parent: LiveResource, children: Sequence[LiveResource] | None
) -> list[Outcome]:
    """Record the children that came with their parent's own call."""
    kind = site.kind.child
    if kind is None or not changes:
        return []
    if children is None:
        return [
            Outcome(change=change, result=Result.UNKNOWN, reason="FreshBooks does not say which contacts there are")
            for change in changes
        ]
    wanted: dict[str, Mapping[str, Value]] = {key_of(change.address): change.managed for change in changes}
    paired = pair_children(kind, wanted, children, {}, site.state.salt)
    outcomes = []
    for change in changes:
        seen = paired.get(key_of(change.address))
        named = replace(change, parent_id=parent.id, id=seen.id if seen is not None else None)
        if seen is None:
            outcomes.append(Outcome(change=named, result=Result.FAILED, reason="FreshBooks did not keep it"))
        else:
            outcomes.append(site.record(replace(done(named, seen), edits=remember(named, seen, site.state, site.kind))))
    return outcomes
