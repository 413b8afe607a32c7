"""What the state must remember of a change that was carried out: the edits, and nothing of how they are kept.

Per managed field a digest of the value sent and of the value answered is kept: while the wish is what was sent and the
account what was answered, nothing changes, so a vendor that reformats causes no perpetual change.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from reconciler.core.change import ARCHIVED, Action, Change
from reconciler.core.identity import normal
from reconciler.core.kind import Kind
from reconciler.core.resource import Address, LiveResource, OnRemove, Value, Visibility, child_address, key_of
from reconciler.core.state import (
    Bind,
    Binding,
    State,
    StateEdit,
    Tombstone,
    Unbind,
    digest,
    digests_of,
    parse_digests,
    seal_of,
)

_PHONE_LETTERS = frozenset("0123456789+-()./x")


def remember(change: Change, live: LiveResource | None, state: State, kind: Kind) -> tuple[StateEdit, ...]:
    """Give the edits of a change that is done; `live` is the record as last answered, None where it left."""
    if change.removed:
        return (_left(change),)
    if live is None:
        return ()
    before = state.bindings.get(change.moved_from or change.address)
    bound = rebind(change, live, state)
    if change.moved_from is not None:
        return (Unbind(address=change.moved_from), bound, *_children_moved(change, state, kind))
    if before is not None and before.id != live.id and kind.child is not None:
        return (*_children_forgotten(change.address, state), bound)
    return (bound,)


def rebind(change: Change, live: LiveResource, state: State) -> Bind:
    """Give the edit for the record alone, where what became of its children is recorded by itself."""
    before = state.bindings.get(change.moved_from or change.address)
    return Bind(address=change.address, binding=binding_of(change, live, before, state.salt))


def _left(change: Change) -> Unbind:
    put_away = {Action.DELETE: OnRemove.DELETE, Action.ARCHIVE: OnRemove.ARCHIVE}.get(change.action)
    # A child has no visibility to be brought back from: it is created again.
    if put_away is None or change.parent_id is not None or change.id is None:
        return Unbind(address=change.address)
    return Unbind(address=change.address, tombstone=Tombstone(id=change.id, how=put_away))


def binding_of(change: Change, live: LiveResource, before: Binding | None, salt: str) -> Binding:
    """Give the binding of a record that now is as `live` says; `before` is what was bound of this very record."""
    if change.again is not None and (not change.attributes or as_then(change.again, live, salt)):
        return replace(change.again, id=live.id, parent=change.parent_id)
    managed = {name: value for name, value in change.managed.items() if name not in change.ignored}
    sent = digests_of(salt, managed)
    answered = _answered(change, managed, live, before, salt)
    return Binding(
        id=live.id,
        parent=change.parent_id,
        sent=sent,
        answered="" if answered == sent else answered,
        seal=seal_of(salt, managed, change.on_remove, protected=change.protected),
        protected=change.protected,
        on_remove=change.on_remove,
        source=f"{change.position.file}:{change.position.line}" if change.position is not None else "",
    )


def as_then(binding: Binding, live: LiveResource, salt: str) -> bool:
    """Tell whether a record is as it was answered when this was bound."""
    told = {**parse_digests(binding.sent), **parse_digests(binding.answered)}
    seen = seen_values(dict.fromkeys(told), live)
    return all(digest(salt, name, seen[name]) == known for name, known in told.items())


def _answered(
    change: Change, managed: Mapping[str, Value], live: LiveResource, before: Binding | None, salt: str
) -> str:
    """Give the digests of the values answered; an edit outside that is only reported must not become an answer."""
    seen = seen_values(managed, live)
    told = {name: digest(salt, name, seen[name]) for name in managed}
    # A child's id may be reissued; it was found by its content then.
    if before is not None and (before.id == live.id or before.parent is not None):
        wanted = {attribute.name for attribute in change.attributes}
        sent = parse_digests(before.sent)
        known = {**sent, **parse_digests(before.answered)}
        for name in managed:
            if name not in wanted and name in known and digest(salt, name, managed[name]) == sent.get(name):
                told[name] = known[name]
    return " ".join(f"{name}={told[name]}" for name in sorted(told))


def seen_values(names: Mapping[str, Value], live: LiveResource) -> dict[str, Value]:
    """Give the live values of these attributes, `archived` being one of them."""
    archived = live.visibility is Visibility.ARCHIVED
    return {name: archived if name == ARCHIVED else live.fields.get(name) for name in names}


def kept_old(change: Change, live: LiveResource) -> tuple[str, ...]:
    """Give the attributes that still show the old value though the vendor said that all went well.

    An old value that is just another spelling of the new one is the vendor's way of writing it, and no failure.
    """
    seen = seen_values({attribute.name: None for attribute in change.attributes}, live)
    return tuple(
        attribute.name
        for attribute in change.attributes
        if (seen[attribute.name] or None) == (attribute.before or None) != (attribute.after or None)
        and not _respelled(attribute.before, attribute.after)
    )


def _respelled(before: Value, after: Value) -> bool:
    """Tell whether two texts differ in blanks and case only, or are one telephone number."""
    if not isinstance(before, str) or not isinstance(after, str):
        return False
    one, other = ("".join(normal(text).split()) for text in (before, after))
    if one == other:
        return True
    digits = ["".join(letter for letter in text if letter.isdecimal()) for text in (one, other)]
    return bool(digits[0]) and digits[0] == digits[1] and set(one + other) <= _PHONE_LETTERS


def without(change: Change, names: Collection[str]) -> Change:
    """Give a change as if these attributes were no part of it: what did not come about must not be remembered."""
    return replace(
        change,
        attributes=tuple(attribute for attribute in change.attributes if attribute.name not in names),
        managed={name: value for name, value in change.managed.items() if name not in names},
    )


def _children_moved(change: Change, state: State, kind: Kind) -> list[StateEdit]:
    """Give the edits that bring the children's bindings along to their parent's new address."""
    if kind.child is None or change.moved_from is None:
        return []
    edits: list[StateEdit] = []
    for address, binding in _children(change.moved_from, state):
        edits.append(Unbind(address=address))
        edits.append(
            Bind(address=child_address(change.address, kind.child.collection, key_of(address)), binding=binding)
        )
    return edits


def _children_forgotten(parent: Address, state: State) -> list[StateEdit]:
    return [Unbind(address=address) for address, _ in _children(parent, state)]


def _children(parent: Address, state: State) -> list[tuple[Address, Binding]]:
    prefix = f"{parent}."
    return [
        (address, binding)
        for address, binding in state.bindings.items()
        if binding.parent is not None and address.startswith(prefix)
    ]
