"""Children of one record: added, changed, deleted, forgotten, reissued, interrupted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core.change import Action
from reconciler.core.resource import (
    Account,
    Address,
    LiveResource,
    RemoteId,
    Value,
)
from reconciler.core.state import Binding, Intent, State, digests_of
from reconciler.errors import ReadIncomplete
from tests.core.builders import (
    SALT,
    account,
    actions,
    binding,
    live,
    part,
    planned,
    state,
    thing,
)


def with_parts(*parts: LiveResource) -> Account:
    """Build an account of one thing with these parts."""
    return account(live(1, mail="a@x", children=parts))


def bound_with_parts(**parts: Binding) -> State:
    """Build a state of one bound thing with these parts bound."""
    kept = {f"things.a.parts.{key}": replace(found, parent=RemoteId(1)) for key, found in parts.items()}
    return state({"things.a": binding(1, {"mail": "a@x"}), **kept})


def test_children_are_added_changed_and_deleted() -> None:
    """Children are paired one by one; those that were never ours stay and are counted."""
    recorded = bound_with_parts(p=binding(11, {"mail": "p@x"}), q=binding(12, {"mail": "q@x"}))
    seen = with_parts(part(11, mail="p@x"), part(12, mail="q@x"), part(13, mail="foreign@x"))
    made = planned([thing("a", mail="a@x", parts={"p": {"mail": "new@x"}, "r": {"mail": "r@x"}})], recorded, seen)
    assert actions(made) == {"things.a.parts.p": "update", "things.a.parts.q": "delete", "things.a.parts.r": "create"}
    assert {change.parent_id for change in made.changes} == {1}
    assert made.unmanaged == {"thing": 0, "part": 1}


def test_absent_children_are_forgotten_and_empty_ones_deleted() -> None:
    """No block means not managed; an empty block means that none of ours may stay."""
    recorded = bound_with_parts(p=binding(11, {"mail": "p@x"}))
    seen = with_parts(part(11, mail="p@x"), part(13, mail="foreign@x"))
    assert actions(planned([thing("a", mail="a@x")], recorded, seen)) == {"things.a.parts.p": "forget"}
    assert actions(planned([thing("a", mail="a@x", parts={})], recorded, seen)) == {"things.a.parts.p": "delete"}


def test_reissued_child_ids_are_no_stop() -> None:
    """A child whose id was reissued is found by its content, and bound again."""
    recorded = bound_with_parts(p=binding(11, {"mail": "p@x", "first": "P"}))
    made = planned(
        [thing("a", mail="a@x", parts={"p": {"mail": "new@x", "first": "Q"}})],
        recorded,
        with_parts(part(77, mail="p@x", first="P")),
    )
    assert actions(made) == {"things.a.parts.p": "adopt"}
    assert made.changes[0].id == 77
    assert {a.name for a in made.changes[0].attributes} == {"mail", "first"}


def test_unknown_children_stop_only_where_they_matter() -> None:
    """An answer that does not say which children there are stops a plan that wants some, and no other."""
    seen = account(live(1, mail="a@x", children=None))
    recorded = bound_with_parts()
    assert planned([thing("a", mail="a@x")], recorded, seen).empty
    with pytest.raises(ReadIncomplete, match="parts"):
        planned([thing("a", mail="a@x", parts={"p": {"mail": "p@x"}})], recorded, seen)


def test_interrupted_children_are_found_by_content() -> None:
    """A child that an interrupted run made is deleted where nobody wants it any more, else adopted."""
    fields: dict[str, Value] = {"mail": "new@x", "first": "New"}
    intent = Intent(run="r", key="", body=digests_of(SALT, fields), known=(RemoteId(1),))
    recorded = state({"things.a": binding(5, {"mail": "a@x"})}, intents={Address("things.a.parts.new"): intent})
    seen = account(live(5, mail="a@x", children=(part(1, mail="old@x"), part(9, **fields))))
    unwanted = planned([thing("a", {}, mail="a@x")], recorded, seen)
    assert [(c.action, c.address, c.id) for c in unwanted.changes] == [(Action.DELETE, "things.a.parts.new", 9)]
    wanted = planned([thing("a", {"new": fields}, mail="a@x")], recorded, seen)
    assert actions(wanted) == {"things.a.parts.new": Action.ADOPT}


def test_interrupted_children_that_were_not_made_are_forgotten() -> None:
    """An intent whose child does not exist, or stood there before, is closed without a call."""
    intent = Intent(run="r", key="", body=digests_of(SALT, {"mail": "new@x"}), known=(RemoteId(1),))
    recorded = state({"things.a": binding(5, {"mail": "a@x"})}, intents={Address("things.a.parts.new"): intent})
    for there in ((), (part(1, mail="new@x"),)):
        made = planned([thing("a", {}, mail="a@x")], recorded, account(live(5, mail="a@x", children=there)))
        assert actions(made) == {"things.a.parts.new": Action.FORGET}
        assert [note.code for note in made.notes] == ["open-intents"]
