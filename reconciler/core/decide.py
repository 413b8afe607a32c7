"""What must happen to one matched record and to its children, so that the account is as wanted.

It sees one record at a time; who is who was settled by `match.py`, what is too much is judged by `guard.py`.

    live is        wanted                                    action
    -----------    --------------------------------------    ---------------------------------------------
    nothing        -                                         CREATE (children with it)
    deleted        -                                         RESTORE, then its differences
    made by an interrupted run                               RECOVER, then its differences
    unbound        -                                         ADOPT, then its differences
    archived       archived: false, or we put it away        UNARCHIVE, then its differences
    active         archived: true                            its differences, then ARCHIVE
    bound          other values                              UPDATE
    bound          the same, under another key               MOVE
    bound          the same, other lifecycle or fields       NO_OP, remembered in the state
    bound          the same                                  nothing
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.core.attributes import DELETED_OUTSIDE, appearing, edits
from reconciler.core.change import ARCHIVED, Action, AttributeChange, Cause, Change
from reconciler.core.decide_children import Known, created_child, decide_children
from reconciler.core.decisions import Context, Decisions
from reconciler.core.diagnostic import Diagnostic, Severity
from reconciler.core.diff import diff, equal
from reconciler.core.kind import Kind
from reconciler.core.matching import Match, Rule
from reconciler.core.policy import DriftPolicy
from reconciler.core.resource import LiveResource, OnRemove, Resource, Value, Visibility
from reconciler.core.state import Binding, parse_digests, seal_of


def decide(match: Match, known: Known, context: Context, into: Decisions) -> None:
    """Decide one matched record and its children; `known` is what the state knows of the children."""
    resource, live = match.resource, match.live
    if live is None:
        _create(match, context, into)
        return
    resource = _with_archived(match, live)
    binding = match.binding
    protected = _protected(resource, binding)
    on_remove = resource.lifecycle.on_remove or context.policy.on_remove
    managed = _managed(resource)
    sealed = (
        binding is not None
        and match.moved_from is None
        and live.visibility is not Visibility.DELETED
        and binding.seal == seal_of(context.salt, managed, on_remove, protected=protected)
    )
    if sealed and equal(managed, _seen(live, managed)):
        into.unchanged += 1
    else:
        _differing(match, replace(match.resource, fields=managed), live, context, into, sealed=sealed)
    if live.visibility is Visibility.ARCHIVED and ARCHIVED not in resource.fields:
        into.notes.append(_archived_note(resource, context.kind))
    if resource.children is not None or known:
        decide_children(resource, live, known, context, into)


def _with_archived(match: Match, live: LiveResource) -> Resource:
    """Treat `archived` as the field it looks like; a record that we put away is wanted back when its address is."""
    resource = match.resource
    archived = resource.archived
    if archived is None and match.put_away is OnRemove.ARCHIVE and live.visibility is Visibility.ARCHIVED:
        archived = False
    if archived is None:
        return resource
    return replace(resource, fields={**resource.fields, ARCHIVED: archived})


def _seen(live: LiveResource, wanted: Mapping[str, Value]) -> Mapping[str, Value]:
    if ARCHIVED not in wanted:
        return live.fields
    return {**live.fields, ARCHIVED: live.visibility is Visibility.ARCHIVED}


def _managed(resource: Resource) -> Mapping[str, Value]:
    ignored = resource.lifecycle.ignore_changes
    if not ignored:
        return resource.fields
    return {name: value for name, value in resource.fields.items() if name not in ignored}


def _mentioned(resource: Resource, fields: Mapping[str, Value]) -> Mapping[str, Value]:
    """Leave out `archived` where only its having been put away by us asks for it, and not the YAML."""
    if resource.archived is not None or ARCHIVED not in fields:
        return fields
    return {name: value for name, value in fields.items() if name != ARCHIVED}


def _protected(resource: Resource, binding: Binding | None) -> bool:
    """Tell whether the record may not be destroyed; it takes an explicit false to lift what an earlier apply kept."""
    said = resource.lifecycle.prevent_destroy
    return said if said is not None else binding is not None and binding.protected


def _create(match: Match, context: Context, into: Decisions) -> None:
    resource = match.resource
    fields = resource.fields if resource.archived is None else {**resource.fields, ARCHIVED: resource.archived}
    into.changes.append(
        Change(
            action=Action.CREATE,
            address=resource.address,
            kind=context.kind.name,
            attributes=appearing(fields if resource.archived else resource.fields),
            managed=fields,
            ignored=resource.lifecycle.ignore_changes,
            reason="created anew, the record that was bound is gone" if match.binding else "",
            position=resource.position,
            protected=resource.lifecycle.prevent_destroy is True,
            on_remove=resource.lifecycle.on_remove or context.policy.on_remove,
            known=match.known,
        )
    )
    child_kind = context.kind.child
    for child in (resource.children or {}).values():
        if child_kind is not None:
            into.changes.append(created_child(child, child_kind, with_parent=True))


def _differing(
    match: Match, wanted: Resource, live: LiveResource, context: Context, into: Decisions, *, sealed: bool
) -> None:
    """Decide a record that differs in something, if only in what is remembered of it.

    `sealed` says that the state remembers all of this wish already: then values that only the vendor writes in its own
    way are no difference at all.
    """
    binding, resource = match.binding, match.resource
    seen = _seen(live, wanted.fields)
    if live.visibility is Visibility.DELETED and ARCHIVED in wanted.fields:
        seen = {**seen, ARCHIVED: False}
    attributes = diff(wanted.fields, seen, binding, salt=context.salt)
    if sealed and not attributes:
        into.unchanged += 1
        return
    outside = tuple(a for a in attributes if a.cause is Cause.DRIFT)
    change = Change(
        action=_action(match, live, attributes),
        address=resource.address,
        kind=context.kind.name,
        id=live.id,
        attributes=attributes,
        managed=_mentioned(resource, wanted.fields),
        position=resource.position,
        moved_from=match.moved_from,
        visibility=live.visibility,
        protected=_protected(resource, binding),
        on_remove=resource.lifecycle.on_remove or context.policy.on_remove,
        unchanged=len(wanted.fields) - len(attributes),
        balance=live.balance,
    )
    change = replace(change, reason=_reason(match, change))
    deleted_outside = change.action is Action.RESTORE and match.rule is Rule.BINDING
    if context.policy.drift is DriftPolicy.REPORT and (outside or deleted_outside):
        into.drift.append(
            replace(change, action=Action.RESTORE if deleted_outside else Action.UPDATE, attributes=outside)
        )
        if deleted_outside:
            return
        kept = tuple(a for a in attributes if a.cause is not Cause.DRIFT)
        change = replace(change, action=_action(match, live, kept), attributes=kept)
        change = replace(change, reason=_reason(match, change))
        if change.action is Action.NO_OP:
            return
    _note_dropped(binding, wanted, into)
    into.changes.append(change)


def _action(match: Match, live: LiveResource, attributes: tuple[AttributeChange, ...]) -> Action:
    archived = next((a.after for a in attributes if a.name == ARCHIVED), None)
    if live.visibility is Visibility.DELETED:
        return Action.RESTORE
    if match.rule is Rule.INTENT:
        return Action.RECOVER
    if match.rule is Rule.TOMBSTONE and archived is False:
        return Action.UNARCHIVE
    if match.binding is None:
        return Action.ADOPT
    if archived is not None:
        return Action.ARCHIVE if archived else Action.UNARCHIVE
    if attributes:
        return Action.UPDATE
    return Action.MOVE if match.moved_from is not None else Action.NO_OP


def _reason(match: Match, change: Change) -> str:
    """Say in plain words why this change is there."""
    parts = []
    match match.rule:
        case Rule.PIN if match.binding is None:
            parts.append("pinned by its id")
        case Rule.INTENT:
            parts.append("created by an interrupted run")
        case Rule.KEY | Rule.DELETED if match.moved_from is None:
            parts.append("found by its identity")
        case Rule.TOMBSTONE:
            parts.append("back in the configuration")
        case _:
            pass
    if change.action is Action.RESTORE and match.rule is Rule.BINDING:
        parts.append(DELETED_OUTSIDE)
    parts.extend(edits(change.attributes))
    if change.action is Action.NO_OP:
        parts.append(_remembered(match, change))
    return "; ".join(parts)


def _remembered(match: Match, change: Change) -> str:
    """Say what the state will remember anew, though nothing of the account changes."""
    binding = match.binding
    if binding is None:
        return "to be recorded"
    before, after = set(parse_digests(binding.sent)), set(change.managed)
    parts = []
    if after - before:
        parts.append(f"now managed: {', '.join(sorted(after - before))}")
    if before - after:
        parts.append(f"no longer managed: {', '.join(sorted(before - after))}")
    if change.protected != binding.protected:
        parts.append(f"prevent_destroy: {str(change.protected).lower()}")
    if change.on_remove is not binding.on_remove:
        parts.append(f"on_remove: {change.on_remove}")
    return "; ".join(parts) or "the account already has the values that are wanted now"


def _note_dropped(binding: Binding | None, wanted: Resource, into: Decisions) -> None:
    if binding is None:
        return
    dropped = sorted(set(parse_digests(binding.sent)) - set(wanted.fields) - set(wanted.lifecycle.ignore_changes))
    if dropped:
        into.notes.append(
            Diagnostic(
                code="no-longer-managed",
                severity=Severity.NOTE,
                summary="a field is no longer managed",
                detail=f"{wanted.address}: {', '.join(dropped)} no longer managed, "
                f"keeps {'its value' if len(dropped) == 1 else 'their values'} (write null to clear).",
                position=wanted.position,
                address=wanted.address,
            )
        )


def _archived_note(resource: Resource, kind: Kind) -> Diagnostic:
    return Diagnostic(
        code="archived-not-mentioned",
        severity=Severity.NOTE,
        summary=f"a {kind.name} is archived",
        detail=f"{resource.address} is archived in the account, which the configuration does not mention. Write "
        "`archived: true` to keep it so, or `archived: false` to bring it back.",
        position=resource.position,
        address=resource.address,
    )
