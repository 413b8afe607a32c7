"""Law: what the configuration does not mention is neither sent nor changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given

from reconciler.core.change import ARCHIVED, Plan
from reconciler.core.kind import Kind
from reconciler.core.resource import LiveResource, RemoteId, Resource, Value
from tests.contracts.memory import Verb, Write
from tests.laws.kinds import KINDS
from tests.laws.strategies import Story, law, stories
from tests.laws.tales import told
from tests.laws.world import Applied, World, staged


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_nothing_unmanaged_is_touched(kind: Kind) -> None:
    """Calls carry mentioned fields only; other records, fields and children are the same to the byte afterwards."""
    seen: Counter[str] = Counter()

    @law(80)
    @told(kind)
    @given(stories(kind))
    def holds(story: Story) -> None:
        world = staged(kind, story)
        bound = set(world.state.bindings.values())
        decision = world.decide(story.wanted)
        if decision.plan is None or decision.plan.refusals:
            return
        ours = {change.id for change in decision.plan.changes if change.kind == kind.name} | {
            binding.id for binding in bound if binding.parent is None
        }
        applied = world.apply(decision.plan)
        wanted = _by_id(world, story, decision.plan)
        for write in applied.writes:
            _check_sent(write, wanted, story, applied)
            seen[write.verb] += 1
        for remote_id, before in applied.before.items():
            after = world.account.records[remote_id]
            if remote_id not in ours:
                assert after == before
                seen["untouched records"] += 1
            else:
                _check_kept(wanted.get(remote_id), before, after, decision.plan)
        seen["foreign children"] += _check_children(applied, world, decision.plan, story)

    holds()
    assert set(seen) >= {*Verb, "untouched records", "foreign children"}, seen


def _by_id(world: World, story: Story, plan: Plan) -> Mapping[RemoteId, Resource]:
    """Give the wanted records by the ids that the plan or the state gives them."""
    known = {address: binding.id for address, binding in world.state.bindings.items()}
    known |= {change.address: change.id for change in plan.changes if change.id is not None}
    resources = story.wanted.resources
    return {remote_id: resources[address] for address, remote_id in known.items() if address in resources}


def _check_sent(write: Write, wanted: Mapping[RemoteId, Resource], story: Story, applied: Applied) -> None:
    """See that one call says nothing that the configuration does not."""
    if write.verb is Verb.CREATE:
        assert any(
            dict(write.fields) == dict(resource.fields)
            and _sorted(write.children) == _sorted(child.fields for child in _children(resource))
            for resource in story.wanted.resources.values()
        )
        return
    assert write.id is not None
    resource = wanted.get(write.id)
    if resource is None:
        assert write.verb is Verb.SET_VISIBILITY, "a record that leaves is put away and not written"
        return
    match write.verb:
        case Verb.UPDATE:
            assert set(write.fields) <= set(resource.fields) - set(resource.lifecycle.ignore_changes)
        case Verb.ADD_CHILDREN:
            assert all(any(child == dict(known.fields) for known in _children(resource)) for child in write.children)
        case Verb.UPDATE_CHILD:
            now = _child_before(applied, write)
            changed = {name for name, value in write.fields.items() if now.fields.get(name) != value}
            assert any(changed <= set(known.fields) for known in _children(resource))
            assert set(write.fields) >= set(now.fields), "all that the child has is sent again"
        case _:
            pass


def _sorted(children: Iterable[Mapping[str, Value]]) -> list[str]:
    return sorted(repr(sorted(fields.items())) for fields in children)


def _children(resource: Resource) -> list[Resource]:
    return list((resource.children or {}).values())


def _child_before(applied: Applied, write: Write) -> LiveResource:
    record = applied.before[write.id] if write.id is not None else None
    return next(child for child in (record.children if record else None) or () if child.id == write.child)


def _check_kept(resource: Resource | None, before: LiveResource, after: LiveResource, plan: Plan) -> None:
    """See that a managed record keeps every field that is not mentioned, and stays where nothing moves it."""
    mentioned = set(resource.fields) - set(resource.lifecycle.ignore_changes) if resource is not None else set()
    rest = [{name: v for name, v in live.fields.items() if name not in mentioned} for live in (before, after)]
    assert rest[0] == rest[1]
    change = next((c for c in plan.changes if c.id == before.id and c.parent_id is None), None)
    moves = change is not None and (
        change.removed or change.action == "restore" or any(a.name == ARCHIVED for a in change.attributes)
    )
    assert moves or after.visibility is before.visibility


def _check_children(applied: Applied, world: World, plan: Plan, story: Story) -> int:
    """See that children that no change of the plan names are what they were; give how many there are."""
    named = {(change.parent_id, change.id) for change in plan.changes if change.parent_id is not None}
    bound = {binding.id for binding in world.state.bindings.values() if binding.parent is not None}
    count = 0
    for remote_id, before in applied.before.items():
        after = [child.fields for child in world.account.records[remote_id].children or ()]
        foreign = [child for child in before.children or () if (remote_id, child.id) not in named]
        count += sum(child.id not in bound for child in foreign)
        assert all(child.fields in after for child in foreign)
        if not story.reissues:
            assert all(child in (world.account.records[remote_id].children or ()) for child in foreign)
    return count
