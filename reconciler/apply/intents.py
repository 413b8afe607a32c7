"""What is written down before a create is sent: by what its result would be known. Pure; it writes nothing itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.apply.worksite import ApplyOptions
from reconciler.core.change import ARCHIVED, Action, Change, Plan
from reconciler.core.identity import key_digest
from reconciler.core.kind import Kind
from reconciler.core.resource import LiveResource, Value, parent_of
from reconciler.core.state import Intend, Intent, digests_of


def sent_fields(change: Change) -> Mapping[str, Value]:
    """Give the fields of a record's create."""
    return {name: value for name, value in change.managed.items() if name != ARCHIVED}


def of_create(
    change: Change, children: Sequence[Change], *, kind: Kind, salt: str, options: ApplyOptions
) -> list[Intend]:
    """Give the intents of one call: the record's own first, then those of the children that go with it."""
    fields = sent_fields(change)
    intent = Intent(
        run=options.run,
        key=key_digest(salt, kind, fields),
        body=digests_of(salt, fields),
        known=change.known,
        sent_at=options.now(),
    )
    own = Intend(address=change.address, intent=intent)
    return [own, *(of_child(child, salt=salt, options=options) for child in children)]


def of_child(change: Change, *, salt: str, options: ApplyOptions, known: Sequence[LiveResource] = ()) -> Intend:
    """Say that a child is about to be created; it is known by its content, for it has no key of its own."""
    intent = Intent(
        run=options.run,
        key="",
        body=digests_of(salt, change.managed),
        known=tuple(child.id for child in known),
        sent_at=options.now(),
    )
    return Intend(address=change.address, intent=intent)


def of_plan(plan: Plan, *, kind: Kind, salt: str, options: ApplyOptions) -> list[Intend]:
    """Give the intents of all creates of a plan, as `of_create` will give them one by one."""
    creates = [
        change for change in plan.changes if change.action is Action.CREATE and parent_of(change.address) is None
    ]
    families: dict[str, list[Change]] = {change.address: [] for change in creates}
    for change in plan.changes:
        parent = parent_of(change.address)
        if parent in families and not change.removed:
            families[parent].append(change)
    return [
        intent
        for change in creates
        for intent in of_create(change, families[change.address], kind=kind, salt=salt, options=options)
    ]
