"""Law: whoever reads the text, the JSON or the events sees every change, and sees it once."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given

from reconciler.core.change import Action, Change, Plan
from reconciler.core.kind import Kind
from reconciler.reports.events import plan_events
from reconciler.reports.options import RenderOptions
from reconciler.reports.terraform import plan_document, terraform_address
from reconciler.reports.text import heading, render_plan
from tests.laws.kinds import KINDS
from tests.laws.strategies import Story, law, stories
from tests.laws.tales import told
from tests.laws.world import staged

ROW = re.compile(r"^      [-+~] (\w+) += ")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_change_is_shown_once(kind: Kind) -> None:
    """Each change has one block in the text, one entry of `resource_changes` and one `planned_change`; so has drift."""
    seen: Counter[str] = Counter()

    @law(70)
    @told(kind)
    @given(stories(kind))
    def holds(story: Story) -> None:
        plan = staged(kind, story).decide(story.wanted).plan
        if plan is None:
            return
        _check_text(plan)
        _check_json(plan)
        _check_events(plan)
        seen.update(change.action for change in plan.changes)
        seen["drift"] += len(plan.drift)

    holds()
    assert set(seen) >= {*Action, "drift"}, seen


def _check_text(plan: Plan) -> None:
    """See one block for each change, in the plan's order, with one row for each attribute."""
    lines = render_plan(plan, RenderOptions()).split("\n")
    begun = [number for number, line in enumerate(lines) if re.match(r"  # [^(]", line)]
    drift, begun = begun[: len(plan.drift)], begun[len(plan.drift) :]
    assert [lines[number].split()[1] for number in drift] == [change.address for change in plan.drift]
    assert len(begun) == len(plan.changes)
    ends = [*begun[1:], len(lines)][: len(begun)]
    for change, number, end in zip(plan.changes, begun, ends, strict=True):
        assert lines[number].startswith(f"  # {heading(change)}")
        rows = [row.group(1) for line in lines[number:end] if (row := ROW.match(line))]
        assert rows == [attribute.name for attribute in change.attributes]


def _check_json(plan: Plan) -> None:
    """See one entry for each change, whose before and after differ in just its attributes."""
    document = plan_document(plan, RenderOptions())
    assert _addresses(document["resource_changes"]) == [_named(change) for change in plan.changes]
    assert _addresses(document["resource_drift"]) == [_named(change) for change in plan.drift]
    assert isinstance(document["resource_changes"], list)
    for change, entry in zip(plan.changes, document["resource_changes"], strict=True):
        before, after = entry["change"]["before"], entry["change"]["after"]
        for attribute in change.attributes:
            assert before is None or (before[attribute.name] or None) == (attribute.before or None)
            assert after is None or (after[attribute.name] or None) == (attribute.after or None)


def _check_events(plan: Plan) -> None:
    """See one event for each change, and one for each drift."""
    events = list(plan_events(plan))
    for kind, changes in (("planned_change", plan.changes), ("resource_drift", plan.drift)):
        told = [event["change"] for event in events if event["type"] == kind]
        assert [change["address"] for change in told if isinstance(change, dict)] == [c.address for c in changes]


def _addresses(entries: object) -> list[str]:
    assert isinstance(entries, list)
    return [entry["address"] for entry in entries]


def _named(change: Change) -> str:
    return terraform_address(change.address, change.kind)
