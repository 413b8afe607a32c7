"""Law: whatever goes wrong on the way, the next runs get there, and nothing is ever made twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given

from reconciler.core.change import Action
from reconciler.core.kind import Kind
from reconciler.core.resource import RemoteId
from tests.contracts.memory import FIRST_ID, Died, Fault
from tests.laws.kinds import KINDS
from tests.laws.strategies import FAULTS, Story, law, stories
from tests.laws.tales import told
from tests.laws.world import World, staged

RUNS = 4


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_interrupted_runs_converge(kind: Kind) -> None:
    """A run that is killed, or not answered, at any write is finished by the next ones without a twin."""
    seen: Counter[str] = Counter()

    @law(100)
    @told(kind, {})
    @given(stories(kind), FAULTS)
    def holds(story: Story, faults: Mapping[int, Fault]) -> None:
        # A vendor that spells a value as it was before is told from one that kept it by nobody: see the other law.
        world = staged(kind, replace(story, tidies=False))
        before = set(world.account.records)
        decision = world.decide(story.wanted)
        if decision.plan is None or decision.plan.refusals:
            return
        seen["began"] += 1
        for run in range(RUNS):
            assert decision.plan is not None, decision.stops
            if not decision.plan.changes:
                break
            seen.update(change.action for change in decision.plan.changes)
            try:
                world.apply(decision.plan, faults if run == 0 else None)
            except Died:
                seen["died"] += 1
            decision = world.decide(story.wanted)
        assert decision.plan is not None
        assert decision.plan.changes == ()
        _check_no_twins(world, before)

    holds()
    assert seen["died"] > seen["began"] / 10, seen
    assert seen[Action.RECOVER] > 0, seen


def _check_no_twins(world: World, before: set[RemoteId]) -> None:
    """See that every record that the runs made belongs to an address, and so does every child of theirs."""
    bindings = world.state.bindings
    for remote_id in set(world.account.records) - before:
        assert remote_id >= FIRST_ID
        [address] = [name for name, binding in bindings.items() if binding.id == remote_id and binding.parent is None]
        children = {b.id for name, b in bindings.items() if name.startswith(f"{address}.")}
        assert {child.id for child in world.account.records[remote_id].children or ()} <= children
