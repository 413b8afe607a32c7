"""Law: a record is there and active before its children are written, and is put away after them."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given

from reconciler.core.kind import Kind
from reconciler.core.resource import Visibility
from tests.contracts.memory import Verb, Write
from tests.laws.kinds import KINDS
from tests.laws.strategies import Story, law, stories
from tests.laws.tales import told
from tests.laws.world import staged

CHILD_CALLS = {Verb.ADD_CHILDREN, Verb.UPDATE_CHILD, Verb.DELETE_CHILD}


def _rank(write: Write) -> int:
    """Give the place of a call among those about one record."""
    if write.verb is Verb.SET_VISIBILITY:
        return 0 if write.visibility is Visibility.ACTIVE else 3
    return 2 if write.verb in CHILD_CALLS else 1


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_parents_before_children(kind: Kind) -> None:
    """Of one record: bring back, fields, children's edits, deletes and adds, put away; a delete takes them along."""
    seen: Counter[str] = Counter()

    @law(70)
    @told(kind)
    @given(stories(kind))
    def holds(story: Story) -> None:
        world = staged(kind, story)
        plan = world.decide(story.wanted).plan
        if plan is None or plan.refusals:
            return
        calls: dict[object, list[Write]] = {}
        for number, write in enumerate(world.apply(plan).writes):
            calls.setdefault(write.id if write.id is not None else f"new {number}", []).append(write)
        for of_one in calls.values():
            ranks = [_rank(write) for write in of_one]
            assert ranks == sorted(ranks)
            children = [write.verb for write in of_one if write.verb in CHILD_CALLS]
            order = [Verb.UPDATE_CHILD, Verb.DELETE_CHILD, Verb.ADD_CHILDREN]
            assert children == sorted(children, key=order.index)
            if any(write.visibility is Visibility.DELETED for write in of_one):
                assert len(of_one) == 1
                seen["deleted alone"] += 1
            seen["parent, then children"] += 2 in ranks and min(ranks) < 2
            seen["children, then archived"] += 2 in ranks and max(ranks) > 2

    holds()
    assert min(seen[name] for name in ("deleted alone", "parent, then children", "children, then archived")) > 0, seen
