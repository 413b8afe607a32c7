"""A live record as the entry that wants just that: what of it is mentioned, and what cannot be.

It writes no YAML. What is empty in the account is not mentioned; what the defaults would add to it is opted out of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.core.identity import normal
from reconciler.core.kind import Kind
from reconciler.core.resource import Lifecycle, LiveResource, OnRemove, RemoteId, Value, Visibility, key_of
from reconciler.core.state import State
from reconciler.export.naming import keys_of

LONGEST_VALUE = 10_000
"""What the schema of the clients takes."""

Fields = Mapping[str, Value]
NO_LIFECYCLE = Lifecycle()


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What the state knows of records that the account does not: keys, and how they may end."""

    child_keys: Mapping[RemoteId, str] = field(default_factory=dict)
    lifecycles: Mapping[RemoteId, Lifecycle] = field(default_factory=dict)
    """Only where they say something."""

    @classmethod
    def of(cls, state: State, usual: OnRemove) -> Remembered:
        """Read the bindings; `usual` is what happens on removal where an entry says nothing."""
        keys: dict[RemoteId, str] = {}
        lifecycles: dict[RemoteId, Lifecycle] = {}
        for address, binding in state.bindings.items():
            if binding.parent is not None:
                keys[binding.id] = key_of(address)
            # Without a seal no plan has been recorded yet, and what a removal does is nobody's wish.
            elif binding.seal and (binding.protected or binding.on_remove is not usual):
                lifecycles[binding.id] = Lifecycle(
                    prevent_destroy=True if binding.protected else None,
                    on_remove=None if binding.on_remove is usual else binding.on_remove,
                )
        return cls(child_keys=keys, lifecycles=lifecycles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One record as it is to stand in the YAML."""

    key: str
    live: LiveResource
    fields: Fields
    """In the vendor's order, without what the defaults say already."""
    pin: RemoteId | None = None
    """Where nothing else tells the record from others."""
    unmanaged: tuple[str, ...] = ()
    archived: bool | None = None
    children: Mapping[str, LiveResource] = field(default_factory=dict)
    """By key; only those that can be told apart."""
    lifecycle: Lifecycle = NO_LIFECYCLE
    """What the state remembers of how it may end: YAML that was lost must not take protection along."""
    left_out: tuple[str, ...] = ()
    """What of the record the YAML cannot hold, in words."""


def describe(
    kind: Kind,
    named: Mapping[str, LiveResource],
    defaults: Fields,
    *,
    others: Iterable[Fields] = (),
    remembered: Remembered | None = None,
) -> list[Entry]:
    """Give an entry for each record, sorted by key.

    `others` are the fields of the records that are in the YAML already.
    """
    before = remembered or Remembered()
    seen = Counter(identity_of(kind, live.fields) for live in named.values())
    seen.update({identity_of(kind, fields) for fields in others})
    return [
        _entry(key, named[key], kind, defaults, before, alone=seen[identity_of(kind, named[key].fields)] == 1)
        for key in sorted(named)
    ]


def _entry(key: str, live: LiveResource, kind: Kind, defaults: Fields, before: Remembered, *, alone: bool) -> Entry:
    said = describable(kind, live)
    long = [name for name in kind.field_names if is_too_long(live.fields.get(name))]
    fields = {name: value for name, value in said.items() if not _same(defaults, name, value)}
    unmanaged = tuple(
        name for name in defaults if name in long or (name not in said and defaults[name] not in {None, ""})
    )
    children, left = _children(kind.child, live.children, before.child_keys)
    known = any(name in kind.identity for name in said)
    return Entry(
        key=key,
        live=live,
        fields=fields,
        pin=None if known and alone else live.id,
        unmanaged=unmanaged,
        archived=True if live.visibility is Visibility.ARCHIVED else None,
        children=children,
        lifecycle=before.lifecycles.get(live.id, NO_LIFECYCLE),
        left_out=(*(f"{name}, which has more than {LONGEST_VALUE:,} characters" for name in long), *left),
    )


def _same(defaults: Fields, name: str, value: Value) -> bool:
    return name in defaults and defaults[name] == value


def is_too_long(value: Value) -> bool:
    """Tell whether the schema of the clients would refuse a value."""
    return isinstance(value, str) and len(value) > LONGEST_VALUE


def identity_of(kind: Kind, fields: Fields) -> tuple[str, ...]:
    """Give what a record is told apart by, as two of them are compared."""
    return tuple(normal(fields.get(name)) for name in kind.identity)


def describable(kind: Kind, live: LiveResource) -> dict[str, Value]:
    """Give what is not empty of a record, and not too long for the YAML, in the vendor's order."""
    values = {name: live.fields.get(name) for name in kind.field_names}
    return {name: value for name, value in values.items() if value not in {None, ""} and not is_too_long(value)}


def _children(
    kind: Kind | None, live: Sequence[LiveResource] | None, keys: Mapping[RemoteId, str]
) -> tuple[dict[str, LiveResource], list[str]]:
    """Give the children that the YAML can tell apart, by key, and what becomes of the others."""
    if kind is None:
        return {}, []
    if live is None:
        return {}, [f"its {kind.collection}, of which the account says nothing"]
    told: dict[tuple[str, ...], LiveResource] = {}
    left = []
    for child in sorted(live, key=lambda child: child.id):
        identity = identity_of(kind, child.fields)
        if not any(identity):
            left.append(f"{kind.name} {child.id}, which has no {' or '.join(kind.identity)}")
        elif any(map(is_too_long, child.fields.values())):
            left.append(f"{kind.name} {child.id}, which has a value of more than {LONGEST_VALUE:,} characters")
        elif told.setdefault(identity, child) is not child:
            left.append(f"{kind.name} {child.id}, which is the same as {told[identity].id}")
    kept = {child.id: keys[child.id] for child in told.values() if child.id in keys}
    new = keys_of(kind, [child for child in told.values() if child.id not in kept], set(kept.values()))
    named = {**kept, **new}
    return {named[child.id]: child for child in told.values()}, left
