"""Which records may be worked on side by side: all, but for creates that look alike.

The search before a create would find a namesake that another worker is just creating, and take it for somebody else's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.apply.steps import Group
from reconciler.core.change import Action
from reconciler.core.identity import likeness
from reconciler.core.kind import Kind

Look = tuple[tuple[str, ...], tuple[str, ...]]
"""Fields that make two records alike, and what is in them."""


def apart(groups: Iterable[Group], kind: Kind) -> list[Sequence[Group]]:
    """Give queues of groups, each to be worked off in order by one worker; the order of the plan is kept."""
    queues: list[list[Group]] = []
    known: dict[Look, list[Group]] = {}
    for group in groups:
        own = group.own
        if own is None or own.action is not Action.CREATE:
            queues.append([group])
            continue
        seen = likeness(kind, own.managed)
        looks = [(names, seen.at(names)) for names in kind.near if seen.has(names)]
        queue = _joined([known[look] for look in looks if look in known], known)
        if not queue:
            queues.append(queue)
        queue.append(group)
        known.update(dict.fromkeys(looks, queue))
    return [queue for queue in queues if queue]


def _joined(found: list[list[Group]], known: dict[Look, list[Group]]) -> list[Group]:
    """Give one queue for several; those that are joined to the first are left empty."""
    first = found[0] if found else []
    for other in found[1:]:
        if other is not first:
            first.extend(other)
            other.clear()
            known.update({look: first for look, queue in known.items() if queue is other})
    return first
