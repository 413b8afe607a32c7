"""Law: state, edits and plans come back from their stored form as they were, and nothing else is taken for one."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.change import Action, AttributeChange, Cause, Change, Plan, PlanOptions, Totals
from reconciler.core.codec import (
    decode_edit,
    decode_state,
    encode_edit,
    encode_state,
    plan_from_builtins,
    plan_id,
    plan_to_builtins,
)
from reconciler.core.diagnostic import Diagnostic, Position
from reconciler.core.kind import Kind
from reconciler.core.policy import Limit, Policy
from reconciler.core.resource import Address, OnRemove, RemoteId
from reconciler.core.state import (
    Bind,
    Binding,
    Desist,
    Intend,
    Intent,
    State,
    StateEdit,
    Tombstone,
    Unbind,
    digests_of,
    edited,
    parse_digests,
)
from reconciler.errors import PlanUnusable, StateUnusable
from reconciler.reports.options import RenderOptions
from reconciler.reports.terraform import decode_plan, encode_plan
from tests.laws.kinds import KINDS
from tests.laws.strategies import TEXTS, Story, law, stories
from tests.laws.tales import told
from tests.laws.world import staged

ADDRESSES = TEXTS.map(Address)
IDS = st.integers(1, 2**53).map(RemoteId)
VALUES = st.none() | st.booleans() | TEXTS
BINDINGS = st.builds(
    Binding,
    id=IDS,
    parent=st.none() | IDS,
    sent=TEXTS,
    answered=TEXTS,
    seal=TEXTS,
    protected=st.booleans(),
    on_remove=st.sampled_from(OnRemove),
    source=TEXTS,
)
TOMBSTONES = st.builds(Tombstone, id=IDS, how=st.sampled_from(OnRemove))
INTENTS = st.builds(Intent, run=TEXTS, key=TEXTS, body=TEXTS, known=st.lists(IDS, max_size=3).map(tuple), sent_at=TEXTS)
EDITS: st.SearchStrategy[StateEdit] = (
    st.builds(Bind, address=ADDRESSES, binding=BINDINGS)
    | st.builds(Unbind, address=ADDRESSES, tombstone=st.none() | TOMBSTONES)
    | st.builds(Intend, address=ADDRESSES, intent=INTENTS)
    | st.builds(Desist, address=ADDRESSES)
)
STATES = st.builds(
    State,
    lineage=TEXTS,
    serial=st.integers(0, 2**31),
    account=TEXTS,
    origin=TEXTS,
    root=TEXTS,
    salt=TEXTS,
    bindings=st.dictionaries(ADDRESSES, BINDINGS, max_size=3),
    tombstones=st.dictionaries(ADDRESSES, TOMBSTONES, max_size=2),
    intents=st.dictionaries(ADDRESSES, INTENTS, max_size=2),
    fresh=st.booleans(),
)
POSITIONS = st.none() | st.builds(Position, file=TEXTS, line=st.integers(1, 99), column=st.integers(1, 99))
DIAGNOSTICS = st.builds(Diagnostic, code=TEXTS, summary=TEXTS, detail=TEXTS, position=POSITIONS, address=TEXTS)
LIMITS = st.builds(Limit, floor=st.integers(0, 99), share=st.floats(0, 1))
CHANGES = st.builds(
    Change,
    action=st.sampled_from(Action),
    address=ADDRESSES,
    kind=TEXTS,
    id=st.none() | IDS,
    parent_id=st.none() | IDS,
    attributes=st.lists(
        st.builds(AttributeChange, name=TEXTS, before=VALUES, after=VALUES, cause=st.sampled_from(Cause)), max_size=2
    ).map(tuple),
    managed=st.dictionaries(TEXTS, VALUES, max_size=3),
    ignored=st.lists(TEXTS, max_size=2).map(tuple),
    reason=TEXTS,
    position=POSITIONS,
    moved_from=st.none() | ADDRESSES,
    known=st.lists(IDS, max_size=2).map(tuple),
)
PLANS = st.builds(
    Plan,
    account=TEXTS,
    origin=TEXTS,
    changes=st.lists(CHANGES, max_size=3).map(tuple),
    drift=st.lists(CHANGES, max_size=1).map(tuple),
    notes=st.lists(DIAGNOSTICS, max_size=1).map(tuple),
    refusals=st.lists(DIAGNOSTICS, max_size=1).map(tuple),
    unmanaged=st.dictionaries(TEXTS, st.integers(0, 9), max_size=2),
    totals=st.dictionaries(TEXTS, st.builds(Totals, bound=st.integers(0, 9)), max_size=2),
    options=st.builds(
        PlanOptions,
        root=TEXTS,
        targets=st.lists(TEXTS, max_size=2).map(tuple),
        creates=st.lists(ADDRESSES, max_size=2).map(tuple),
        policy=st.builds(
            Policy, max_deletes=LIMITS, max_updates=LIMITS, allow_balance=st.frozensets(ADDRESSES, max_size=2)
        ),
    ),
    plan_id=TEXTS,
)


@law(150)
@given(STATES)
def test_states_round_trip(state: State) -> None:
    """A state is decoded as it was encoded, but for being fresh; equal states have equal bytes."""
    raw = encode_state(state)
    assert decode_state(raw) == replace(state, fresh=False)
    assert raw.count(b"\n") == 1
    backwards = replace(state, bindings=dict(reversed(list(state.bindings.items()))))
    assert encode_state(backwards) == raw


@law(300)
@given(EDITS)
def test_edits_round_trip(edit: StateEdit) -> None:
    """An edit is decoded as it was encoded, in one line, so that a journal replays what happened."""
    raw = encode_edit(edit)
    assert decode_edit(raw) == edit
    assert b"\n" not in raw


@law(60)
@given(STATES, st.lists(EDITS, max_size=6))
def test_replaying_is_folding(state: State, edits: list[StateEdit]) -> None:
    """Edits applied one by one, by way of their stored form, give what applying them at once gives."""
    one_by_one = decode_state(encode_state(state))
    for edit in edits:
        one_by_one = decode_state(encode_state(edited(one_by_one, (decode_edit(encode_edit(edit)),))))
    assert one_by_one == edited(replace(state, fresh=False), tuple(edits))


@law(150)
@given(st.data(), STATES)
def test_altered_states_are_refused(data: st.DataObject, state: State) -> None:
    """A stored state that lost bytes, or of which one was changed, is never read as a state."""
    raw = encode_state(state)
    place = data.draw(st.integers(0, len(raw) - 2))
    other = data.draw(st.integers(1, 255))
    for altered in (raw[:place], raw[:place] + bytes([raw[place] ^ other]) + raw[place + 1 :]):
        with pytest.raises(StateUnusable):
            decode_state(altered)


@law(200)
@given(st.binary(max_size=40) | TEXTS.map(str.encode))
def test_anything_else_is_no_state_edit_or_plan(raw: bytes) -> None:
    """Arbitrary bytes end in the error that says so, and in no other."""
    with pytest.raises(StateUnusable):
        decode_state(raw)
    with pytest.raises(StateUnusable):
        decode_edit(raw)
    with pytest.raises(PlanUnusable):
        decode_plan(raw)


@law(150)
@given(PLANS)
def test_plans_round_trip(plan: Plan) -> None:
    """A plan is read from plain JSON values as it was written, byte for byte through JSON."""
    plain = plan_to_builtins(plan)
    assert plan_from_builtins(plain) == plan
    assert plan_from_builtins(msgspec.json.decode(msgspec.json.encode(plain))) == plan


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_saved_plans_round_trip(kind: Kind) -> None:
    """A plan that was computed is decoded from its saved document as it was, with the id that its changes have."""

    @law(50)
    @told(kind)
    @given(stories(kind))
    def holds(story: Story) -> None:
        plan = staged(kind, story).decide(story.wanted).plan
        if plan is None:
            return
        saved = encode_plan(plan, RenderOptions())
        again = decode_plan(saved)
        assert again == plan
        assert plan_id(again.account, again.changes) == plan.plan_id
        assert encode_plan(again, RenderOptions()) == saved

    holds()


@law(100)
@given(st.dictionaries(st.from_regex(r"[a-z_0-9]{1,12}", fullmatch=True), VALUES, max_size=5), TEXTS)
def test_digests_round_trip(fields: dict[str, str | bool | None], salt: str) -> None:
    """The compact text of digests names each field once, whatever its value, and empty values have one digest."""
    compact = digests_of(salt, fields)
    assert sorted(parse_digests(compact)) == sorted(fields)
    assert compact == digests_of(salt, {name: "" if value is None else value for name, value in fields.items()})
