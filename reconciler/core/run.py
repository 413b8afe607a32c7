"""One run as it is remembered: who did what to which record, with each attribute's value before and after.

It is written twice: before the first call, as what is going to be done, and at the end, as what was. Unlike the state
it holds values, so it is kept private. Keeping it is `store/history.py`, taking it back `undo.py`; what became of a run
that had no end is `aftermath.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.core.change import Action, Change, Plan
from reconciler.core.outcome import Outcome, Result
from reconciler.core.remember import seen_values
from reconciler.core.resource import Account, Address, RemoteId, Value, parent_of
from reconciler.core.state import Binding, State

RUN_FORMAT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who started a run, and where; for people, and never compared."""

    user: str = ""
    host: str = ""
    link: str = ""
    """The address of the CI job, if there was one."""
    commit: str = ""
    """The commit that the configuration stood at, with a `+` where it differed from that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One change of a run, and what became of it."""

    change: Change
    result: Result
    reason: str = ""
    id: RemoteId | None = None
    """The record's id afterwards; a create's is known only then."""
    seen: Mapping[str, Value] = field(default_factory=dict)
    """What the account answered where that is not what was wished; of a child that was deleted, all that it had."""
    partly: bool = False
    """Whether it came about in part: all attributes but those of which `seen` says otherwise."""
    before: Binding | None = None
    """What was bound at the address before the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Everything that one run did, in the order of its plan."""

    run: str
    """Its name, which begins with the time and so sorts by it: `20261125T151505Z-208e4b`."""
    account: str
    began: str
    """UTC, ISO 8601."""
    who: Who = field(default_factory=Who)
    lineage: str = ""
    """The state's; empty in a record of the first format."""
    plan_id: str = ""
    undoes: str = ""
    """The run that this one took back."""
    open: bool = False
    """Whether this was written before the first call, so that of no change it is said what became of it."""
    deeds: tuple[Deed, ...] = ()


def begun(plan: Plan, state: State, had: Mapping[Address, Mapping[str, Value]]) -> tuple[Deed, ...]:
    """Give what is remembered of a plan that is about to be carried out; `had` is what `had_by` gives."""
    return tuple(
        Deed(
            change=change,
            result=Result.UNKNOWN,
            id=change.id,
            seen=had.get(change.address, {}),
            before=state.bindings.get(change.moved_from or change.address),
        )
        for change in plan.changes
    )


def had_by(changes: Sequence[Change], account: Account) -> dict[Address, Mapping[str, Value]]:
    """Give all that the children have which will be deleted by themselves: they can only be made anew."""
    found: dict[Address, Mapping[str, Value]] = {}
    for change in changes:
        if change.action is not Action.DELETE or change.with_parent or parent_of(change.address) is None:
            continue
        parent = account.find(change.parent_id) if change.parent_id is not None else None
        for child in (parent.children or ()) if parent is not None else ():
            if child.id == change.id:
                found[change.address] = dict(child.fields)
    return found


def deeds(outcomes: Sequence[Outcome], state: State, had: Mapping[Address, Mapping[str, Value]]) -> tuple[Deed, ...]:
    """Give what is remembered of outcomes; `state` is what was recorded before the run, `had` what `had_by` gave."""
    return tuple(
        Deed(
            change=outcome.change,
            result=outcome.result,
            reason=outcome.reason,
            id=outcome.live.id if outcome.live is not None else outcome.change.id,
            seen=_seen(outcome) or had.get(outcome.change.address, {}),
            partly=outcome.result is not Result.DONE and outcome.live is not None,
            before=state.bindings.get(outcome.change.moved_from or outcome.change.address),
        )
        for outcome in outcomes
    )


def _seen(outcome: Outcome) -> Mapping[str, Value]:
    change, live = outcome.change, outcome.live
    if live is None:
        return {}
    if change.action is Action.DELETE:
        return dict(live.fields)
    wished = {attribute.name: attribute.after for attribute in change.attributes}
    return {
        name: value for name, value in seen_values(wished, live).items() if (value or None) != (wished[name] or None)
    }
