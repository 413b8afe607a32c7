"""Carry out the changes of one record and its children, in order, each recorded before the next.

bring back (alone) → fields → children: edits, deletes, adds → archive (alone);  delete stands by itself
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.apply.children import calls, change_children, remembered_child
from reconciler.apply.create import create
from reconciler.apply.worksite import Worksite, done, not_attempted
from reconciler.core.change import ARCHIVED, Action, Change
from reconciler.core.outcome import Answer, Done, NotSent, Outcome, Refusal, Rejected, Result, Unknown
from reconciler.core.remember import kept_old, rebind, remember, seen_values, without
from reconciler.core.resource import Address, LiveResource, RemoteId, Value, Visibility
from reconciler.errors import LocalDisk, NotAllowed, ReadIncomplete, StateUnusable

_QUIET = frozenset({Action.ADOPT, Action.MOVE, Action.FORGET, Action.RECOVER, Action.NO_OP})


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One top-level record's own change, if it has one, and the changes of its children."""

    address: Address
    own: Change | None = None
    children: tuple[Change, ...] = ()

    @property
    def changes(self) -> tuple[Change, ...]:
        """Give all of them, the own one first."""
        return (self.own, *self.children) if self.own is not None else self.children


def quiet(group: Group) -> bool:
    """Tell whether a group needs no call: only the state learns of it."""
    own = group.own
    if own is not None and (own.attributes or own.action not in _QUIET):
        return False
    return not any(calls(change) for change in group.children)


def settle(site: Worksite, group: Group) -> list[Outcome]:
    """Give the outcomes of a quiet group, to be recorded together with others."""
    outcomes = []
    if group.own is not None:
        own = group.own
        seen = None if own.removed or own.id is None else _as_planned(own, own.id)
        outcomes.append(replace(done(own, seen), edits=remember(own, seen, site.state, site.kind)))
    return [*outcomes, *(remembered_child(site, change) for change in group.children)]


def carry_out(site: Worksite, group: Group) -> list[Outcome]:
    """Carry out one group; gives an outcome for each of its changes, in their order."""
    if why := site.halt.why(creating=group.own is not None and group.own.action is Action.CREATE):
        return [not_attempted(change, why) for change in group.changes]
    if why := site.ready():
        return [not_attempted(change, why) for change in group.changes]
    for change in group.changes:
        site.began(change)
    outcomes: list[Outcome] = []
    try:
        outcomes = _own_and_children(site, group)
    except (LocalDisk, StateUnusable):
        # The halt knows; what was sent and not recorded is found by the next run.
        outcomes = []
    except (ReadIncomplete, NotAllowed) as error:
        if isinstance(error, NotAllowed):
            site.halt.stop(error.summary)
        cause = Refusal.LOGIN if isinstance(error, NotAllowed) else None
        outcomes = [
            Outcome(change=change, result=Result.FAILED, reason=error.summary, cause=cause) for change in group.changes
        ]
    known = {outcome.change.address: outcome for outcome in outcomes}
    return [
        known.get(change.address, Outcome(change=change, result=Result.UNKNOWN, reason="it could not be recorded"))
        for change in group.changes
    ]


def _own_and_children(site: Worksite, group: Group) -> list[Outcome]:
    own = group.own
    if own is None:
        parent_id = next((change.parent_id for change in group.children if change.parent_id is not None), None)
        if parent_id is None:
            return [not_attempted(change, "its record is not known") for change in group.children]
        return change_children(site, group.address, parent_id, group.children)
    if own.action is Action.CREATE:
        return _created(site, own, group.children)
    if own.removed and _first_given_back(own, group.children):
        return _given_back(site, own, group.children)
    if own.removed:
        return _removed(site, own, group.children)
    return _changed(site, own, group.children)


def _created(site: Worksite, own: Change, children: Sequence[Change]) -> list[Outcome]:
    spent = [remembered_child(site, change) for change in children if change.removed]
    rest = site.record(spent) if spent else []
    with site.writer.undisturbed():
        outcome, *made = create(site, own, [change for change in children if not change.removed])
    live = outcome.live
    if outcome.result is Result.DONE and live is not None and own.managed.get(ARCHIVED) is True:
        answer = site.noted(site.writer.set_visibility(live.id, Visibility.ARCHIVED))
        outcome = _finish(site, replace(own, id=live.id), answer, live)
    return [outcome, *made, *rest]


def _removed(site: Worksite, own: Change, children: Sequence[Change]) -> list[Outcome]:
    """Put a record away, or forget it; its children go with it."""
    outcome = done(own, None)
    if own.action is not Action.FORGET and own.id is not None:
        conflict = _conflict(site, own, own.id)
        if conflict is not None:
            outcome = conflict
        else:
            away = Visibility.DELETED if own.action is Action.DELETE else Visibility.ARCHIVED
            outcome = _put_away(site, own, own.id, away)
    if outcome.result is not Result.DONE:
        return [outcome, *(not_attempted(change, f"its {own.kind} stays") for change in children)]
    outcomes = [done(own, None, outcome.reason), *(done(change, None) for change in children)]
    return site.record([replace(each, edits=remember(each.change, None, site.state, site.kind)) for each in outcomes])


def _put_away(site: Worksite, own: Change, remote_id: RemoteId, away: Visibility) -> Outcome:
    answer = site.noted(site.writer.set_visibility(remote_id, away))
    if isinstance(answer, Rejected) and answer.cause is Refusal.GONE:
        return done(own, None, "it was gone already")
    live = _after(site, remote_id, answer, lambda live: live.visibility is away)
    if live is None:
        return site.refused(own, answer) if not isinstance(answer, Done) else _kept(own, "FreshBooks kept it as it was")
    return done(own, live)


def _changed(site: Worksite, own: Change, children: Sequence[Change]) -> list[Outcome]:
    """Bring a record that exists to what is wanted, then its children; archive it last."""
    if own.id is None:
        return [not_attempted(change, "its id is not known") for change in (own, *children)]
    edited = _edited(site, own, own.id)
    if isinstance(edited, Outcome):
        return _stopped(edited, children)
    seen, kept, archived = edited.live, edited.kept, _archived(own)
    # That it is archived is remembered once it is.
    [outcome] = site.record([_updated(site, own, seen, kept, (ARCHIVED,) if archived is True else ())])
    rest = change_children(site, own.address, own.id, children)
    if archived is True:
        answer = site.noted(site.writer.set_visibility(own.id, Visibility.ARCHIVED))
        finished = _finish(site, without(own, kept), answer, seen)
        outcome = finished if outcome.result is Result.DONE else outcome
    return [outcome, *rest]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edited:
    """A record whose fields are as wanted, but for those that the vendor left as they were."""

    live: LiveResource
    kept: tuple[str, ...] = ()


def _edited(site: Worksite, own: Change, remote_id: RemoteId) -> _Edited | Outcome:
    """Bring a record back where it must be seen, then its fields; nothing is recorded yet."""
    live: LiveResource | None = None
    if own.attributes or own.action in {Action.RESTORE, Action.UNARCHIVE}:
        conflict = _conflict(site, own, remote_id)
        if conflict is not None:
            return conflict
    if own.action is Action.RESTORE or _archived(own) is False:
        answer = site.noted(site.writer.set_visibility(remote_id, Visibility.ACTIVE))
        live = _after(site, remote_id, answer, lambda live: live.visibility is Visibility.ACTIVE)
        if live is None:
            return _failed(site, own, answer, "FreshBooks kept it as it was")
    fields = {a.name: a.after for a in own.attributes if a.name != ARCHIVED}
    if not fields or (own.action is Action.DELETE and not own.former):
        return _Edited(live=live if live is not None else _as_planned(own, remote_id))
    answer = site.noted(site.writer.update(remote_id, fields))
    live = _after(site, remote_id, answer, lambda live: isinstance(answer, Done) or not _old(own, fields, live))
    if live is None:
        return _failed(site, own, answer, "it is gone since the plan")
    return _Edited(live=live, kept=_old(own, fields, live))


def _archived(own: Change) -> Value:
    """Give whether a change archives a record or brings it back from there; None where it does neither."""
    return next((a.after for a in own.attributes if a.name == ARCHIVED), None)


def _first_given_back(own: Change, children: Sequence[Change]) -> bool:
    """Tell whether a record or its children get former values back before it is let go of, as an undo does it."""
    fields = own.action is Action.ARCHIVE and any(a.name != ARCHIVED for a in own.attributes)
    values = own.action is Action.FORGET and bool(own.attributes)
    return fields or values or own.former or any(calls(change) for change in children)


def _given_back(site: Worksite, own: Change, children: Sequence[Change]) -> list[Outcome]:
    """Put back former values, the children's first; then archive or delete the record where that is wanted."""
    if own.id is None:
        return [not_attempted(change, "its id is not known") for change in (own, *children)]
    along = [change for change in children if change.with_parent]
    rest = change_children(site, own.address, own.id, [change for change in children if not change.with_parent])
    if any(outcome.result is not Result.DONE for outcome in rest):
        return [not_attempted(change, "not all of its contacts are as before") for change in (own, *along)] + rest
    edited = _edited(site, own, own.id)
    if isinstance(edited, _Edited) and edited.kept:
        edited = _kept(own, f"FreshBooks kept the old value of {', '.join(edited.kept)}")
    outcome = edited if isinstance(edited, Outcome) else done(own, edited.live)
    away = Visibility.DELETED if own.action is Action.DELETE else Visibility.ARCHIVED
    if outcome.result is Result.DONE and (own.action is Action.DELETE or _archived(own) is True):
        outcome = _put_away(site, own, own.id, away)
    if outcome.result is not Result.DONE:
        return [*_stopped(outcome, along), *rest]
    outcomes = [outcome, *(done(change, None) for change in along)]
    gone = [replace(each, edits=remember(each.change, None, site.state, site.kind)) for each in outcomes]
    return [*site.record(gone), *rest]


def _updated(
    site: Worksite, own: Change, seen: LiveResource, kept: tuple[str, ...], pending: tuple[str, ...]
) -> Outcome:
    """Give what became of a record's fields; what the vendor left as it was is a failure, the rest is remembered."""
    made = without(own, (*kept, *pending))
    outcome = done(own, seen)
    if kept:
        outcome = replace(_kept(own, f"FreshBooks kept the old value of {', '.join(kept)}"), live=seen)
    return replace(outcome, edits=remember(made, seen, site.state, site.kind))


def _finish(site: Worksite, own: Change, answer: Answer, before: LiveResource) -> Outcome:
    """Record a change whose last step was to archive; where that failed, what was done before stays recorded."""
    live = _after(site, before.id, answer, lambda live: live.visibility is Visibility.ARCHIVED)
    if live is not None:
        outcome = replace(done(own, live), edits=(rebind(own, live, site.state),))
    else:
        # What was done before is recorded already, without the archiving.
        return _failed(site, own, answer, "FreshBooks did not archive it")
    [recorded] = site.record([outcome])
    return recorded


def _failed(site: Worksite, own: Change, answer: Answer, otherwise: str) -> Outcome:
    return _kept(own, otherwise) if isinstance(answer, Done) else site.refused(own, answer)


def _kept(own: Change, reason: str) -> Outcome:
    return Outcome(change=own, result=Result.FAILED, reason=reason)


def _stopped(outcome: Outcome, children: Sequence[Change]) -> list[Outcome]:
    reason = f"its {outcome.change.kind} was not changed"
    return [outcome, *(not_attempted(change, reason) for change in children)]


def _as_planned(own: Change, remote_id: RemoteId) -> LiveResource:
    """Give the record as the plan saw it, where no call was needed."""
    archived = own.visibility if own.visibility is not None else Visibility.ACTIVE
    fields = {name: value for name, value in own.managed.items() if name != ARCHIVED and value not in {None, ""}}
    return LiveResource(id=remote_id, fields=fields, visibility=archived)


def _old(own: Change, fields: Mapping[str, Value], live: LiveResource) -> tuple[str, ...]:
    """Give the fields that still show what they were before; a reformatted new value is fine."""
    return tuple(name for name in kept_old(own, live) if name in fields)


def _after(
    site: Worksite, remote_id: RemoteId, answer: Answer, as_wanted: Callable[[LiveResource], bool]
) -> LiveResource | None:
    """Give the record after a call, or None where it is not as wanted; what was not answered is looked at."""
    match answer:
        case Done(live=live) if live is not None:
            return live if as_wanted(live) else None
        case Done() | Unknown():
            try:
                seen = site.writer.fetch(remote_id)
            except (ReadIncomplete, NotAllowed):
                return None
            return seen if seen is not None and as_wanted(seen) else None
        case Rejected() | NotSent():
            return None


def _conflict(site: Worksite, own: Change, remote_id: RemoteId) -> Outcome | None:
    """Read a record again that was listed too long ago; what somebody changed in between is left alone."""
    if not site.stale:
        return None
    live = site.writer.fetch(remote_id)
    if live is None:
        return Outcome(change=own, result=Result.CONFLICT, reason="it is gone since the plan; plan again")
    if live.visibility is not own.visibility:
        reason = f"it is {live.visibility} since the plan; plan again"
        return Outcome(change=own, result=Result.CONFLICT, reason=reason)
    seen = seen_values({a.name: None for a in own.attributes}, live)
    # A record that leaves has all its managed values in the plan; a deleted one cannot be archived as well.
    moved = [
        a.name
        for a in own.attributes
        if (seen[a.name] or None) != (a.before or None) and not (a.name == ARCHIVED and a.before in {None, False})
    ]
    if moved:
        reason = f"{', '.join(moved)} changed since the plan; plan again"
        return Outcome(change=own, result=Result.CONFLICT, reason=reason)
    return None
