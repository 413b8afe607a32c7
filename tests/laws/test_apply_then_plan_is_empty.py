"""Law: what was applied is there, so that the next plan has nothing left to do."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given

from reconciler.core.change import Action
from reconciler.core.kind import Kind
from tests.laws.kinds import KINDS
from tests.laws.strategies import Story, law, stories
from tests.laws.tales import told
from tests.laws.world import staged


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_apply_then_plan_is_empty(kind: Kind) -> None:
    """After an apply the next plan is empty and the next apply writes nothing, wherever the story began."""
    seen: Counter[str] = Counter()

    @law(130)
    @told(kind)
    @given(stories(kind))
    def holds(story: Story) -> None:
        world = staged(kind, story)
        before, written = dict(world.account.records), len(world.account.writes)
        decision = world.decide(story.wanted)
        if decision.plan is None or decision.plan.refusals:
            seen["stopped" if decision.plan is None else "refused"] += 1
            assert (world.account.records, len(world.account.writes)) == (before, written)
            return
        applied = world.apply(decision.plan)
        if story.tidies and any("kept the old value" in reason for _, _, reason in applied.unfinished):
            # The vendor's spelling of the new value is the old one, which nobody can tell from a refusal.
            seen["spelled away"] += 1
            return
        assert applied.unfinished == []
        again = world.decide(story.wanted)
        assert again.plan is not None, again.stops
        assert again.plan.changes == ()
        assert world.apply(again.plan).writes == ()
        seen["applied"] += 1
        seen.update(change.action for change in decision.plan.changes)

    holds()
    assert seen["applied"] > 3 * (seen["stopped"] + seen["refused"] + 10 * seen["spelled away"]), seen
    assert set(seen) >= set(Action), seen
