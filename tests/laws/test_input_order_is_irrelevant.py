"""Law: the order in which records are written down, recorded or listed says nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.kind import Kind
from tests.laws.kinds import KINDS
from tests.laws.strategies import law, stories
from tests.laws.world import staged

Key = TypeVar("Key")
Kept = TypeVar("Kept")


def _mixed(data: st.DataObject, mapping: Mapping[Key, Kept]) -> dict[Key, Kept]:
    return dict(data.draw(st.permutations(list(mapping.items()))))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_input_order_is_irrelevant(kind: Kind) -> None:
    """Configuration, state and account in any order give the same plan with the same id, or the same stops."""
    seen: Counter[str] = Counter()

    @law(80)
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        story = data.draw(stories(kind))
        world = staged(kind, story)
        first = world.decide(story.wanted)
        world.account.records = _mixed(data, world.account.records)
        stored = world.shelf.state
        if stored is not None:
            world.shelf.state = replace(
                stored,
                bindings=_mixed(data, stored.bindings),
                tombstones=_mixed(data, stored.tombstones),
                intents=_mixed(data, stored.intents),
            )
        again = world.decide(replace(story.wanted, resources=_mixed(data, story.wanted.resources)))
        assert again.stops == first.stops
        if first.plan is None or again.plan is None:
            assert first.plan is again.plan
            return
        assert again.plan.plan_id == first.plan.plan_id
        assert replace(again.plan, notes=()) == replace(first.plan, notes=())
        assert again.plan.notes == first.plan.notes
        seen["changed" if first.plan.changes else "empty"] += 1

    holds()
    assert seen["changed"] > 40, seen
