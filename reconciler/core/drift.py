"""What was changed outside since the last apply: a view of a plan, by record and field.

It compares nothing: the digests have said already who made a field differ (`diff.py`). What only the configuration
wishes is no part of it, nor what was never managed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from reconciler.core.change import Action, Cause, Change, Plan
from reconciler.core.diagnostic import Diagnostic
from reconciler.core.kind import Kind
from reconciler.core.resource import Address, parent_of
from reconciler.core.state import Binding, State

GONE = "record-gone"
"""The stop of matching that is an answer here: a bound record is not even among the deleted ones."""
_UNMANAGED = "unmanaged"


class Outside(StrEnum):
    """What somebody else did to a record."""

    EDITED = "edited"
    DELETED = "deleted"
    GONE = "gone"
    """Deleted in such a way that it cannot be brought back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One record that was changed outside."""

    outside: Outside
    change: Change
    """What takes it back; of its attributes those that were edited outside, from the live to the wanted value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftReport:
    """Everything that was changed outside, and what nobody manages."""

    account: str
    records: tuple[Drift, ...] = ()
    """Sorted by address."""
    compared: int = 0
    """Bound records that were looked at: those that the configuration still has."""
    reverted: bool = True
    """Whether an apply takes drift back (`policy.drift`)."""
    unmanaged: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[Diagnostic, ...] = ()
    """What is worth saying besides, and the unmanaged records one by one, where they were asked for."""


def drift(plan: Plan, state: State, stops: Sequence[Diagnostic], kind: Kind, *, reverted: bool) -> DriftReport:
    """Give what was changed outside; `plan` must be one that takes drift back, and `stops` what kept it from more."""
    found = [*_of_changes(plan.changes, state.bindings), *_gone(stops, state.bindings, kind)]
    leaving = sum(change.removed and change.address in state.bindings for change in plan.changes)
    kept = {"no-state", "archived-not-mentioned", _UNMANAGED}
    return DriftReport(
        account=plan.account,
        records=tuple(sorted(found, key=lambda each: each.change.address)),
        compared=len(state.bindings) - leaving,
        reverted=reverted,
        unmanaged=plan.unmanaged,
        notes=tuple(note for note in plan.notes if note.code in kept),
    )


def undecided(stops: Iterable[Diagnostic], state: State) -> tuple[Diagnostic, ...]:
    """Give the stops without which nobody can tell whether a bound record has drifted."""
    return tuple(stop for stop in stops if stop.code != GONE and Address(stop.address) in state.bindings)


def _of_changes(changes: Iterable[Change], bindings: Mapping[Address, Binding]) -> Iterator[Drift]:
    for change in changes:
        outside = tuple(a for a in change.attributes if a.cause is not Cause.INTENT)
        seen = replace(change, attributes=outside)
        binding = bindings.get(change.moved_from or change.address)
        if binding is not None and _deleted(change, binding):
            # A record that is created anew would show all of its fields, none of which was edited.
            yield Drift(outside=Outside.DELETED, change=replace(seen, id=binding.id))
        elif outside and not change.removed:
            yield Drift(outside=Outside.EDITED, change=seen)


def _deleted(change: Change, binding: Binding) -> bool:
    """Tell whether a bound record was deleted by somebody else; a child that is has to be created again."""
    if change.action is Action.RESTORE:
        return change.id == binding.id
    child = parent_of(change.address) is not None and change.parent_id == binding.parent
    return change.action is Action.CREATE and child and not change.with_parent


def _gone(stops: Iterable[Diagnostic], bindings: Mapping[Address, Binding], kind: Kind) -> Iterator[Drift]:
    for stop in stops:
        binding = bindings.get(Address(stop.address))
        if stop.code == GONE and binding is not None:
            change = Change(
                action=Action.CREATE,
                address=Address(stop.address),
                kind=kind.name,
                id=binding.id,
                position=stop.position,
            )
            yield Drift(outside=Outside.GONE, change=change)
