"""Which live child is which, within one parent that is already known.

Child ids may be reissued by the vendor, so an id that is missing is never a stop; content decides instead:
binding, then equality, then unique key, then naming, then the digests of the values last applied. Each rule runs over
all children before the next, and a live child that is taken is out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconciler.core.diff import equal
from reconciler.core.identity import normal
from reconciler.core.kind import Kind
from reconciler.core.resource import LiveResource, RemoteId, Value
from reconciler.core.state import Binding, digest, parse_digests


def pair_children(
    kind: Kind,
    wanted: Mapping[str, Mapping[str, Value]],
    live: Sequence[LiveResource],
    bindings: Mapping[str, Binding],
    salt: str,
) -> dict[str, LiveResource]:
    """Give the live child of each key that has one; `bindings` may name keys that are not wanted and are ignored."""
    by_id = {child.id: child for child in live}
    paired: dict[str, LiveResource] = {}
    free = dict(by_id)
    for key in wanted:
        binding = bindings.get(key)
        if binding is not None and binding.id in free:
            paired[key] = free.pop(binding.id)
    _pair_equal(wanted, paired, free)
    for names in (kind.unique_key, kind.naming):
        if len(paired) == len(wanted) or not free:
            return paired
        _pair_by_fields(kind, names, wanted, paired, free)
    for key in wanted:
        if key not in paired and key in bindings:
            child = find_by_digests(bindings[key], free.values(), salt)
            if child is not None:
                paired[key] = free.pop(child.id)
    return paired


def _pair_equal(
    wanted: Mapping[str, Mapping[str, Value]], paired: dict[str, LiveResource], free: dict[RemoteId, LiveResource]
) -> None:
    """Pair what is right already; those that say most come first, and the order of the YAML says nothing."""
    filled = {key: sum(value not in {None, ""} for value in fields.values()) for key, fields in wanted.items()}
    for key in sorted((key for key in wanted if key not in paired), key=lambda key: (-filled[key], key)):
        found = [child for child in free.values() if filled[key] and equal(wanted[key], child.fields)]
        if found:
            paired[key] = free.pop(min(child.id for child in found))


def _pair_by_fields(
    kind: Kind,
    names: tuple[str, ...],
    wanted: Mapping[str, Mapping[str, Value]],
    paired: dict[str, LiveResource],
    free: dict[RemoteId, LiveResource],
) -> None:
    """Pair what carries the same values in these fields; of several equal ones the lowest id comes first."""
    index: dict[tuple[str, ...], list[LiveResource]] = {}
    for child in sorted(free.values(), key=lambda child: child.id):
        index.setdefault(tuple(normal(child.fields.get(name)) for name in names), []).append(child)
    for key, fields in sorted(wanted.items()):
        if key in paired:
            continue
        sought = tuple(normal(fields.get(name)) for name in names)
        for child in index.get(sought, ()):
            if child.id in free and _telling(kind, names, sought, fields, child):
                paired[key] = free.pop(child.id)
                break


def _telling(
    kind: Kind, names: tuple[str, ...], sought: tuple[str, ...], fields: Mapping[str, Value], child: LiveResource
) -> bool:
    """Tell whether equality in these fields is enough: all of them filled, or no unique key that says otherwise."""
    if names == kind.unique_key:
        return all(sought)
    unique = [(normal(fields.get(name)), normal(child.fields.get(name))) for name in kind.unique_key]
    return any(sought) and (all(sought) or not all(ours and theirs for ours, theirs in unique))


def find_bound(binding: Binding, live: Sequence[LiveResource], salt: str) -> LiveResource | None:
    """Give the live child that a binding means: by its id, else by the values last applied."""
    for child in live:
        if child.id == binding.id:
            return child
    return find_by_digests(binding, live, salt)


def find_by_digests(binding: Binding, live: Iterable[LiveResource], salt: str) -> LiveResource | None:
    """Give the only live child whose fields still have the digests that were answered last."""
    recorded = parse_digests(binding.answered or binding.sent)
    if not recorded:
        return None
    found = [
        child
        for child in live
        if all(digest(salt, name, child.fields.get(name)) == seen for name, seen in recorded.items())
    ]
    return found[0] if len(found) == 1 else None
