"""What the state must remember of an export, so that the next plan has nothing to do.

It binds by id first, then takes from the plan that follows all that needs no call: those are the very edits that an
apply would record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from reconciler.core.change import Action, Change, Plan
from reconciler.core.kind import Kind
from reconciler.core.plan import Sides
from reconciler.core.remember import remember
from reconciler.core.resource import Address, LiveResource, address_of, child_address, parent_of
from reconciler.core.state import Bind, Binding, State, StateEdit
from reconciler.export.describing import Entry

_NO_CALL = frozenset({Action.NO_OP, Action.FORGET})
_NO_CALL_IF_EQUAL = frozenset({Action.ADOPT, Action.MOVE})


def bound(kind: Kind, entries: Iterable[Entry], state: State) -> list[StateEdit]:
    """Give the edits that bind each entry to its record, where that is not so already."""
    edits: list[StateEdit] = []
    for entry in entries:
        address = address_of(kind.collection, entry.key)
        edits += _bind(state, address, Binding(id=entry.live.id))
        if kind.child is None:
            continue
        for key, child in entry.children.items():
            its = child_address(address, kind.child.collection, key)
            edits += _bind(state, its, Binding(id=child.id, parent=entry.live.id))
    return edits


def _bind(state: State, address: Address, binding: Binding) -> Iterator[StateEdit]:
    known = state.bindings.get(address)
    if known is None or known.id != binding.id or known.parent != binding.parent:
        yield Bind(address=address, binding=binding)


def remembered(sides: Sides, plan: Plan, kind: Kind) -> tuple[list[StateEdit], list[Change]]:
    """Give the edits of all changes of a plan that need no call, and the changes that do."""
    edits: list[StateEdit] = []
    left = []
    for change in plan.changes:
        if _needs_no_call(change):
            edits += remember(change, _live(sides, change), sides.state, kind)
        else:
            left.append(change)
    return edits, left


def _needs_no_call(change: Change) -> bool:
    return change.action in _NO_CALL or (change.action in _NO_CALL_IF_EQUAL and not change.attributes)


def _live(sides: Sides, change: Change) -> LiveResource | None:
    parent = parent_of(change.address)
    match = sides.matching.matches.get(parent or change.address)
    live = match.live if match is not None else None
    if live is None or parent is None:
        return live
    children: Sequence[LiveResource] = live.children or ()
    return next((child for child in children if child.id == change.id), None)
