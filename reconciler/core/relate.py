"""Changes that belong together in a reader's eyes: a child that leaves one record and appears under another.

It changes nothing but reasons: the calls stay a create and a delete, for the vendor cannot move a child.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reconciler.core.change import Action, Change
from reconciler.core.identity import normal
from reconciler.core.kind import Kind
from reconciler.core.resource import Address, Value

Identity = tuple[str, ...]


def relate_moved_children(changes: Sequence[Change], kind: Kind) -> list[Change]:
    """Say of a child that is created under one record and deleted under another that it moves."""
    child = kind.child
    if child is None:
        return list(changes)
    leaving: dict[Identity, Address] = {}
    ordered = sorted(changes, key=lambda change: change.address)
    for change in ordered:
        if change.kind == child.name and change.action is Action.DELETE:
            values = {attribute.name: attribute.before for attribute in change.attributes}
            if identity := _identity(child, values):
                leaving[identity] = change.address
    if not leaving:
        return list(changes)
    moved: dict[Address, str] = {}
    for change in ordered:
        if change.kind == child.name and change.action is Action.CREATE:
            identity = _identity(child, change.managed)
            source = leaving.pop(identity, None) if identity else None
            if source is not None:
                moved[change.address] = f"moves here from {source}"
                moved[source] = f"moves to {change.address}"
    return [
        replace(change, reason="; ".join(filter(None, (change.reason, moved[change.address]))))
        if change.address in moved
        else change
        for change in changes
    ]


def _identity(kind: Kind, values: Mapping[str, Value]) -> Identity:
    """Give what a child is recognised by: its unique key, else its naming fields; empty where it has neither."""
    unique = tuple(normal(values.get(name)) for name in kind.unique_key)
    if all(unique):
        return unique
    naming = tuple(normal(values.get(name)) for name in kind.naming)
    return ("", *naming) if any(naming) else ()
