"""One run as it is remembered: who did what to which record, with each attribute's value before and after.

Unlike the state it holds values, so it is kept private. Keeping it is `store/history.py`, taking it back `undo.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.core.change import Action, Change
from reconciler.core.outcome import Outcome, Result
from reconciler.core.remember import seen_values
from reconciler.core.resource import RemoteId, Value
from reconciler.core.state import Binding, State

RUN_FORMAT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who started a run, and where; for people, and never compared."""

    user: str = ""
    host: str = ""
    link: str = ""
    """The address of the CI job, if there was one."""


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
    deeds: tuple[Deed, ...] = ()


def deeds(outcomes: Sequence[Outcome], state: State) -> tuple[Deed, ...]:
    """Give what is remembered of outcomes; `state` is what was recorded before the run."""
    return tuple(
        Deed(
            change=outcome.change,
            result=outcome.result,
            reason=outcome.reason,
            id=outcome.live.id if outcome.live is not None else outcome.change.id,
            seen=_seen(outcome),
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
