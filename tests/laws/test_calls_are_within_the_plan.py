"""Law: the plan is what is done; no call without a change, no change without its call."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.change import ARCHIVED, Action, Change, Plan
from reconciler.core.kind import Kind
from reconciler.core.resource import Visibility, parent_of
from tests.contracts.memory import Verb, Write
from tests.laws.kinds import KINDS
from tests.laws.strategies import KEYS, Story, law, stories
from tests.laws.tales import told
from tests.laws.world import staged

Call = tuple[str, object, object]
"""A verb, whom it is about, and what it says."""


def _expected(plan: Plan) -> Counter[Call]:
    """Read off a plan the calls that carry it out."""
    calls: Counter[Call] = Counter()
    added: dict[object, list[Change]] = {}
    for change in plan.changes:
        if parent_of(change.address) is None:
            calls.update(_of_record(change, plan))
        elif not change.with_parent and change.action is Action.CREATE:
            added.setdefault(change.parent_id, []).append(change)
        elif not change.with_parent and change.action is Action.DELETE:
            calls[Verb.DELETE_CHILD, change.id, ""] += 1
        elif change.attributes and not change.with_parent:
            calls[Verb.UPDATE_CHILD, change.id, _said({a.name: a.after for a in change.attributes})] += 1
    for parent, changes in added.items():
        calls[Verb.ADD_CHILDREN, parent, _said(*(change.managed for change in changes))] += 1
    return calls


def _of_record(change: Change, plan: Plan) -> list[Call]:
    archived = next((a.after for a in change.attributes if a.name == ARCHIVED), None)
    fields = {a.name: a.after for a in change.attributes if a.name != ARCHIVED}
    if change.action is Action.CREATE:
        mine = [c.managed for c in plan.changes if c.with_parent and parent_of(c.address) == change.address]
        sent = {name: value for name, value in change.managed.items() if name != ARCHIVED}
        then: list[Call] = [(Verb.SET_VISIBILITY, None, Visibility.ARCHIVED)] if archived is True else []
        return [(Verb.CREATE, None, _said(sent, *mine)), *then]
    if change.action is Action.FORGET:
        return []
    if change.action is Action.DELETE:
        return [(Verb.SET_VISIBILITY, change.id, Visibility.DELETED)]
    calls: list[Call] = []
    if change.action is Action.RESTORE or archived is False:
        calls.append((Verb.SET_VISIBILITY, change.id, Visibility.ACTIVE))
    if fields:
        calls.append((Verb.UPDATE, change.id, _said(fields)))
    if archived is True:
        calls.append((Verb.SET_VISIBILITY, change.id, Visibility.ARCHIVED))
    return calls


def _said(*sets: object) -> str:
    return repr([sorted(fields.items()) for fields in sets if isinstance(fields, dict)])


def _made(write: Write, created: set[object], plan: Plan) -> Call:
    """Give a call in the same form; a child's edit by the fields that its change names."""
    match write.verb:
        case Verb.SET_VISIBILITY:
            return write.verb, None if write.id in created else write.id, write.visibility
        case Verb.DELETE_CHILD:
            return write.verb, write.child, ""
        case Verb.CREATE | Verb.ADD_CHILDREN:
            own = [write.fields] if write.verb is Verb.CREATE else []
            return write.verb, write.id, _said(*map(dict, own), *map(dict, write.children))
        case Verb.UPDATE:
            return write.verb, write.id, _said(dict(write.fields))
        case Verb.UPDATE_CHILD:
            change = next(c for c in plan.changes if c.id == write.child and c.parent_id == write.id)
            names = {attribute.name for attribute in change.attributes}
            return write.verb, write.child, _said({n: v for n, v in write.fields.items() if n in names})


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_calls_are_those_of_the_plan(kind: Kind) -> None:
    """The calls of an apply are, one for one, those that its changes say, also where only a part was chosen."""
    seen: Counter[str] = Counter()
    patterns = st.sampled_from([f"{kind.collection}.{key}{end}" for key in KEYS for end in ("", "*")])

    @law(80)
    @told(kind, [], [])
    @given(stories(kind), st.just([]) | st.lists(patterns, max_size=2), st.just([]) | st.lists(patterns, max_size=1))
    def holds(story: Story, targets: list[str], excludes: list[str]) -> None:
        world = staged(kind, story)
        world.options = replace(world.options, targets=tuple(targets), excludes=tuple(excludes))
        plan = world.decide(story.wanted).plan
        if plan is None or plan.refusals:
            return
        applied = world.apply(plan)
        created: set[object] = set[object](world.account.records) - set(applied.before)
        made = Counter(_made(write, created, plan) for write in applied.writes)
        assert made == _expected(plan)
        seen.update(write.verb for write in applied.writes)
        seen["targeted"] += bool(targets and applied.writes)

    holds()
    assert set(seen) >= {*Verb, "targeted"}, seen
