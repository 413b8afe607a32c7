"""Add, edit and delete the children of one record that exists, on a fresh read of them, and read the result back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.apply.intents import of_child
from reconciler.apply.worksite import Worksite, done, not_attempted
from reconciler.core.change import Action, Change
from reconciler.core.children import find_bound, pair_children
from reconciler.core.kind import Kind
from reconciler.core.outcome import Done, Outcome, Refusal, Rejected, Result
from reconciler.core.remember import kept_old, remember, without
from reconciler.core.resource import Address, LiveResource, RemoteId, Value, child_address, key_of
from reconciler.core.state import Bind, Binding, Desist
from reconciler.errors import NotAllowed, ReadIncomplete


def change_children(site: Worksite, parent: Address, parent_id: RemoteId, changes: Sequence[Change]) -> list[Outcome]:
    """Carry out the changes of one record's children, in the order edits, deletes, adds; every outcome is recorded."""
    kind = site.kind.child
    if kind is None or not changes:
        return []
    quiet = site.record([remembered_child(site, change) for change in changes if not calls(change)])
    writing = [change for change in changes if calls(change)]
    if not writing:
        return quiet
    try:
        current = _children_now(site, parent_id)
    except (ReadIncomplete, NotAllowed) as error:
        return quiet + [Outcome(change=change, result=Result.FAILED, reason=error.summary) for change in writing]
    family = Family(kind=kind, parent=parent, parent_id=parent_id, kept=_kept(site, parent_id, changes, quiet))
    with site.writer.undisturbed():
        return quiet + _written(site, family, writing, current)


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One record whose children change, and those of its children that stay as they are."""

    kind: Kind
    """The children's."""
    parent: Address
    parent_id: RemoteId
    kept: Mapping[str, Binding]
    """By key: what is bound by now and not written in this step."""


def _kept(
    site: Worksite, parent_id: RemoteId, changes: Sequence[Change], quiet: Sequence[Outcome]
) -> dict[str, Binding]:
    """Give the children that stay: bound under whatever address their parent had, and those just recorded."""
    found = {key_of(a): binding for a, binding in site.state.bindings.items() if binding.parent == parent_id}
    for change in changes:
        found.pop(key_of(change.address), None)
    bound = {key_of(e.address): e.binding for o in quiet for e in o.edits if isinstance(e, Bind)}
    return found | bound


def calls(change: Change) -> bool:
    """Tell whether a child's change needs a call of its own."""
    if change.with_parent:
        return False
    return change.action in {Action.CREATE, Action.DELETE} or bool(change.attributes)


def remembered_child(site: Worksite, change: Change) -> Outcome:
    """Record what needs no call: a child as it is, or gone."""
    live = None if change.removed or change.id is None else LiveResource(id=change.id, fields=change.managed)
    return replace(done(change, live), edits=remember(change, live, site.state, site.kind))


def _written(
    site: Worksite, family: Family, changes: Sequence[Change], current: Sequence[LiveResource]
) -> list[Outcome]:
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
        claimed = {change.id for change in changes if change.id is not None}
        outcomes.update(_added(site, family, adds, claimed, current=None if outcomes else current))
    ordered = [outcomes[change.address] for change in changes]
    if all(outcome.result is Result.NOT_ATTEMPTED for outcome in ordered):
        return ordered
    return site.record(_read_back(site, family, ordered))


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
        answer = site.noted(site.writer.delete_child(seen.id))
        if isinstance(answer, Rejected) and answer.cause is Refusal.GONE:
            return done(change, None, "it was gone already")
    else:
        moved = [a.name for a in change.attributes if (seen.fields.get(a.name) or None) != (a.before or None)]
        if moved:
            return Outcome(change=change, result=Result.CONFLICT, reason=f"{', '.join(moved)} changed since the plan")
        fields = {**seen.fields, **{a.name: a.after for a in change.attributes}}
        answer = site.noted(site.writer.update_child(seen.id, fields))
    return done(change, seen) if isinstance(answer, Done) else site.refused(change, answer)


def _added(
    site: Worksite,
    family: Family,
    adds: Sequence[Change],
    claimed: Collection[RemoteId],
    *,
    current: Sequence[LiveResource] | None,
) -> dict[Address, Outcome]:
    """Add children by the complete array; each is a create, so an intent comes first and it is sent once.

    `claimed` are children that other changes mean; `current` is None where a call has changed them since the read.
    """
    try:
        now = current if current is not None else _children_now(site, family.parent_id)
    except (ReadIncomplete, NotAllowed) as error:
        return {change.address: Outcome(change=change, result=Result.FAILED, reason=error.summary) for change in adds}
    wanted: dict[str, Mapping[str, Value]] = {change.address: change.managed for change in adds}
    free = [child for child in _unbound(site, now, adds) if child.id not in claimed]
    there = pair_children(family.kind, wanted, free, {}, site.state.salt)
    missing = [change for change in adds if change.address not in there]
    outcomes = {change.address: _found(change, there[change.address]) for change in adds if change.address in there}
    if not missing:
        return outcomes
    if why := site.halt.why(creating=True):
        return outcomes | {change.address: not_attempted(change, why) for change in missing}
    site.intend([of_child(change, salt=site.state.salt, options=site.options, known=now) for change in missing])
    answer = site.noted(site.writer.add_children(family.parent_id, now, [change.managed for change in missing]))
    for change in missing:
        outcome = done(change, None) if isinstance(answer, Done) else site.refused(change, answer)
        # What was refused or never left is known not to have happened; an unknown keeps its intent open.
        edits = (Desist(address=change.address),) if outcome.result is Result.FAILED else ()
        outcomes[change.address] = replace(outcome, edits=edits)
    return outcomes


def _unbound(site: Worksite, children: Sequence[LiveResource], adds: Sequence[Change]) -> list[LiveResource]:
    """Give the children that no other address is bound to; the account may have kept one back from the plan."""
    own = {binding.id for change in adds if (binding := site.state.bindings.get(change.address)) is not None}
    return [child for child in children if child.id in own or not site.ledger.holds(child.id, child=True)]


def _found(change: Change, seen: LiveResource) -> Outcome:
    """Say that a child was there already; what it has otherwise is the next plan's, and not remembered as sent."""
    other = [name for name, value in change.managed.items() if (seen.fields.get(name) or None) != (value or None)]
    return done(replace(without(change, other), action=Action.ADOPT, id=seen.id, attributes=()), seen)


def _read_back(site: Worksite, family: Family, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Read the children once more and hold each outcome against what is there; ids may have been reissued."""
    try:
        now = _children_now(site, family.parent_id)
    except (ReadIncomplete, NotAllowed) as error:
        return [_unverified(outcome, error.summary) for outcome in outcomes]
    stay = {
        key_of(outcome.change.address): outcome.change.managed
        for outcome in outcomes
        if not outcome.change.removed and outcome.result in {Result.DONE, Result.UNKNOWN}
    }
    kept, kind = family.kept, family.kind
    taken = {key: seen for key, binding in kept.items() if (seen := find_bound(binding, now, site.state.salt))}
    ids = {seen.id for seen in taken.values()}
    known = {
        key_of(outcome.change.address): Binding(id=outcome.live.id) for outcome in outcomes if outcome.live is not None
    }
    paired = pair_children(kind, stay, [child for child in now if child.id not in ids], known, site.state.salt)
    rebound = [
        Bind(address=child_address(family.parent, kind.collection, key), binding=replace(binding, id=taken[key].id))
        for key, binding in kept.items()
        if key in taken and taken[key].id != binding.id
    ]
    settled = [_verified(site, outcome, paired.get(key_of(outcome.change.address)), now) for outcome in outcomes]
    return [replace(settled[0], edits=(*settled[0].edits, *rebound)), *settled[1:]]


def _unverified(outcome: Outcome, why: str) -> Outcome:
    """Call unknown what may have been done and could not be looked at; an intent stays open."""
    if outcome.result not in {Result.DONE, Result.UNKNOWN}:
        return outcome
    return replace(outcome, result=Result.UNKNOWN, reason=f"it could not be looked at afterwards: {why}", edits=())


def _verified(site: Worksite, outcome: Outcome, seen: LiveResource | None, now: Sequence[LiveResource]) -> Outcome:
    change = outcome.change
    if outcome.result not in {Result.DONE, Result.UNKNOWN}:
        return outcome
    if change.removed:
        return _let_go(site, outcome, now)
    if seen is None:
        if outcome.result is Result.DONE:
            edits = (Desist(address=change.address),) if change.action is Action.CREATE else ()
            return replace(outcome, result=Result.FAILED, reason="FreshBooks did not keep it", edits=edits)
        return replace(outcome, edits=())
    old = kept_old(change, seen)
    if old and change.action is not Action.CREATE:
        reason = outcome.reason or f"FreshBooks kept the old value of {', '.join(old)}"
        return replace(outcome, result=Result.FAILED, reason=reason, edits=())
    return replace(outcome, result=Result.DONE, live=seen, edits=remember(change, seen, site.state, site.kind))


def _let_go(site: Worksite, outcome: Outcome, now: Sequence[LiveResource]) -> Outcome:
    """Say what became of a child that was deleted, or that got its former values back to be let go of."""
    change = outcome.change
    seen = next((child for child in now if child.id == change.id), None)
    if change.action is Action.DELETE:
        why = "it is still there" if seen is not None else ""
    else:
        old = kept_old(change, seen) if seen is not None else ()
        why = f"FreshBooks kept the old value of {', '.join(old)}" if old else ""
    if why:
        return replace(outcome, result=Result.FAILED, reason=outcome.reason or why, edits=())
    return replace(outcome, result=Result.DONE, edits=remember(change, None, site.state, site.kind))


def created_children(site: Worksite, changes: Sequence[Change], parent: LiveResource) -> list[Outcome]:
    """Say what became of the children that came with their parent's own call; nothing is recorded yet."""
    kind = site.kind.child
    if kind is None:
        return []
    if parent.children is None:
        reason = "FreshBooks does not say which contacts there are"
        return [Outcome(change=change, result=Result.UNKNOWN, reason=reason) for change in changes]
    wanted: dict[str, Mapping[str, Value]] = {key_of(change.address): change.managed for change in changes}
    paired = pair_children(kind, wanted, parent.children, {}, site.state.salt)
    return [_created_child(site, change, parent, paired.get(key_of(change.address))) for change in changes]


def _created_child(site: Worksite, change: Change, parent: LiveResource, seen: LiveResource | None) -> Outcome:
    if seen is None:
        failed = Outcome(
            change=replace(change, parent_id=parent.id), result=Result.FAILED, reason="FreshBooks did not keep it"
        )
        return replace(failed, edits=(Desist(address=change.address),))
    named = replace(change, parent_id=parent.id, id=seen.id)
    return replace(done(named, seen), edits=remember(named, seen, site.state, site.kind))
