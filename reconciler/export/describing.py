"""A live record as the entry that wants just that: what of it is mentioned, and what cannot be.

It writes no YAML. What is empty in the account is not mentioned; what the defaults would add to it is opted out of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.core.identity import normal
from reconciler.core.kind import Kind
from reconciler.core.resource import LiveResource, RemoteId, Value, Visibility
from reconciler.export.naming import keys_of

LONGEST_VALUE = 10_000
"""What the schema of the clients takes."""

Fields = Mapping[str, Value]


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
    left_out: tuple[str, ...] = ()
    """What of the record the YAML cannot hold, in words."""


def describe(
    kind: Kind,
    named: Mapping[str, LiveResource],
    defaults: Fields,
    *,
    others: Iterable[Fields] = (),
    child_keys: Mapping[RemoteId, str] | None = None,
) -> list[Entry]:
    """Give an entry for each record, sorted by key.

    `others` are the fields of the records that are in the YAML already; `child_keys` are keys of children that have
    one already, by the child's id.
    """
    seen = Counter(identity_of(kind, live.fields) for live in named.values())
    seen.update({identity_of(kind, fields) for fields in others})
    return [
        _entry(key, named[key], kind, defaults, child_keys or {}, alone=seen[identity_of(kind, named[key].fields)] == 1)
        for key in sorted(named)
    ]


def _entry(
    key: str, live: LiveResource, kind: Kind, defaults: Fields, child_keys: Mapping[RemoteId, str], *, alone: bool
) -> Entry:
    said = describable(kind, live)
    long = [name for name in kind.field_names if is_too_long(live.fields.get(name))]
    fields = {name: value for name, value in said.items() if not _same(defaults, name, value)}
    unmanaged = tuple(
        name for name in defaults if name in long or (name not in said and defaults[name] not in {None, ""})
    )
    children, left = _children(kind.child, live.children, child_keys)
    known = any(name in kind.identity for name in said)
    return Entry(
        key=key,
        live=live,
        fields=fields,
        pin=None if known and alone else live.id,
        unmanaged=unmanaged,
        archived=True if live.visibility is Visibility.ARCHIVED else None,
        children=children,
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
