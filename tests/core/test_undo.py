"""What is taken back of a run, and what is left because it is no longer as the run had left it."""

from __future__ import annotations

from typing import Any

from reconciler.core.change import ARCHIVED, Action, AttributeChange, Change, Plan, PlanOptions
from reconciler.core.outcome import Result
from reconciler.core.resource import Account, Address, LiveResource, OnRemove, RemoteId, Value, Visibility
from reconciler.core.run import Deed, Run
from reconciler.core.state import State
from reconciler.core.undo import changed_something, questions, undo
from tests.core.builders import KIND, account, actions, binding, live, part, state

ONE, PART = Address("things.one"), Address("things.one.parts.p")
OLD: dict[str, Any] = {"firm": "Acme", "phone": "1"}


def edit(name: str, before: Value, after: Value) -> AttributeChange:
    """Build an attribute change."""
    return AttributeChange(name=name, before=before, after=after)


def deed(action: Action, *attributes: AttributeChange, result: Result = Result.DONE, **more: Any) -> Deed:  # noqa: ANN401 - of Deed and Change
    """Build what a run did to thing 1, at `things.one` unless it is said otherwise."""
    own = {name: more.pop(name) for name in list(more) if name in {"seen", "partly", "before", "reason"}}
    filled = {"address": ONE, "kind": "thing", "id": RemoteId(1), "visibility": Visibility.ACTIVE, **more}
    change = Change(action=action, attributes=attributes, **filled)
    return Deed(change=change, result=result, id=change.id, **own)


def child(action: Action, *attributes: AttributeChange, number: int = 11, **more: Any) -> Deed:  # noqa: ANN401 - the same
    """Build what a run did to a part of thing 1."""
    filled = {"address": PART, "kind": "part", "id": RemoteId(number), "parent_id": RemoteId(1), **more}
    return deed(action, *attributes, **filled)


def undone(recorded: State, real: Account, *deeds: Deed) -> Plan:
    """Take a run back that did these deeds."""
    run = Run(run="R", account="A1", began="", lineage="l", deeds=deeds)
    assert not questions(run, real).open
    return undo(run, recorded, real, KIND, PlanOptions(undo="R"))


def values(made: Plan) -> dict[str, dict[str, Value]]:
    """Give what the account's fields become, by address."""
    return {change.address: {a.name: a.after for a in change.attributes} for change in made.changes}


def told(made: Plan) -> list[str]:
    """Give the codes of what is left."""
    return [note.code for note in made.notes]


UPDATED = deed(Action.UPDATE, edit("phone", "1", "2"), before=binding(1, OLD), managed={"firm": "Acme", "phone": "2"})
NOW = state({"things.one": binding(1, {"firm": "Acme", "phone": "2"})})


def test_only_what_the_run_left_so() -> None:
    """A value as the run left it, or as the vendor answered it, goes back; one that was edited since stays."""
    made = undone(NOW, account(live(1, firm="Acme", phone="2")), UPDATED)
    assert values(made) == {"things.one": {"phone": "1"}}
    assert made.changes[0].managed == OLD
    answered = deed(Action.UPDATE, edit("phone", "1", "2"), before=binding(1, OLD), seen={"phone": "(2)"})
    assert values(undone(NOW, account(live(1, firm="Acme", phone="(2)")), answered)) == {"things.one": {"phone": "1"}}
    done = undone(NOW, account(live(1, **OLD)), UPDATED)
    assert (actions(done), told(done)) == ({}, ["undo-done"])
    edited = undone(NOW, account(live(1, firm="Acme", phone="3")), UPDATED)
    assert (actions(edited), told(edited)) == ({}, ["undo-conflict"])


def test_later_runs_are_kept() -> None:
    """What later runs manage and wish stays remembered; a field that only the run began to manage is let go of."""
    later = state({"things.one": binding(1, {"firm": "Acme & Co.", "phone": "2", "tax": "t"})})
    made = undone(later, account(live(1, firm="Acme & Co.", phone="2", tax="t")), UPDATED)
    assert made.changes[0].managed == {"firm": "Acme & Co.", "phone": "1", "tax": "t"}
    began = deed(Action.UPDATE, edit("phone", "1", "2"), before=binding(1, {"firm": "Acme"}))
    assert undone(NOW, account(live(1, firm="Acme", phone="2")), began).changes[0].managed == {"firm": "Acme"}


def test_a_record_that_has_moved_since() -> None:
    """It is the record that is taken back, wherever its address is by now."""
    moved = state({"things.uno": binding(1, {"firm": "Acme", "phone": "2"})})
    assert values(undone(moved, account(live(1, firm="Acme", phone="2")), UPDATED)) == {"things.uno": {"phone": "1"}}


def test_what_is_not_ours_any_more_is_left() -> None:
    """No change and no delete of a record that was forgotten since."""
    real = account(live(1, firm="Acme", phone="2", children=(part(11, mail="a@x"),)))
    for one in (
        UPDATED,
        deed(Action.CREATE, edit("firm", None, "Acme")),
        child(Action.CREATE, edit("mail", None, "a@x")),
        child(Action.UPDATE, edit("mail", "b@x", "a@x")),
    ):
        made = undone(state(), real, one)
        assert (actions(made), told(made)) == ({}, ["undo-conflict"]), one


def test_created_and_deleted_again() -> None:
    """A created record is deleted with all children that it has by now; edits since are told, and go with it."""
    recorded = state(
        {
            "things.one": binding(1, OLD, on_remove=OnRemove.KEEP),
            "things.one.parts.q": binding(12, {"mail": "q"}, parent=1),
        }
    )
    real = account(live(1, firm="Acme", phone="9", children=(part(12, mail="q"),)))
    made = undone(recorded, real, deed(Action.CREATE, edit("firm", None, "Acme"), edit("phone", None, "1")))
    assert actions(made) == {"things.one": "delete", "things.one.parts.q": "delete"}
    assert told(made) == ["undo-conflict"]
    away = undone(recorded, account(deleted=[live(1, Visibility.DELETED, firm="Acme")]), deed(Action.CREATE))
    assert actions(away) == {"things.one": "forget", "things.one.parts.q": "forget"}


def test_protected_stays() -> None:
    """A guard that holds for a plan holds for an undo."""
    recorded = state({"things.one": binding(1, OLD, protected=True)})
    made = undone(recorded, account(live(1, **OLD)), deed(Action.CREATE))
    assert [refusal.code for refusal in made.refusals] == ["prevent-destroy"]


DELETED = deed(Action.DELETE, edit("firm", "Acme", None), before=binding(1, OLD, source="a.yaml:7"), removed=True)


def test_deleted_and_back() -> None:
    """A deleted record comes back under its address; back in the archive where it had been there."""
    real = account(deleted=[live(1, Visibility.DELETED, **OLD)])
    [change] = undone(state(), real, DELETED).changes
    assert (change.action, change.id, change.managed, change.attributes) == (Action.RESTORE, 1, OLD, ())
    assert str(change.position) == "a.yaml:7:1"
    archived = deed(Action.DELETE, before=binding(1, OLD), removed=True, visibility=Visibility.ARCHIVED)
    assert values(undone(state(), real, archived)) == {"things.one": {ARCHIVED: True}}


def test_deleted_and_something_else_there() -> None:
    """It is only bound where somebody brought it back; left where its address is another's; told where it is gone."""
    assert actions(undone(state(), account(live(1, **OLD)), DELETED)) == {"things.one": "adopt"}
    other = undone(state({"things.one": binding(5)}), account(live(5), deleted=[live(1, Visibility.DELETED)]), DELETED)
    assert (actions(other), told(other)) == ({}, ["undo-conflict"])
    elsewhere = undone(state({"things.uno": binding(1)}), account(live(1)), DELETED)
    assert (actions(elsewhere), told(elsewhere)) == ({}, ["undo-conflict"])
    gone = undone(state(), account(gone=[1]), DELETED)
    assert (actions(gone), told(gone)) == ({}, ["undo-conflict"])
    back = undone(state({"things.one": binding(1)}), account(live(1)), DELETED)
    assert (actions(back), told(back)) == ({}, ["undo-done"])


def test_put_away_and_back() -> None:
    """What was archived because it left comes back from the archive; once somebody has deleted it, it does not."""
    away = deed(Action.ARCHIVE, edit(ARCHIVED, False, True), before=binding(1, OLD), removed=True)  # noqa: FBT003 - values
    assert actions(undone(state(), account(live(1, Visibility.ARCHIVED, **OLD)), away)) == {"things.one": "unarchive"}
    assert actions(undone(state(), account(live(1, **OLD)), away)) == {"things.one": "adopt"}
    assert told(undone(state(), account(deleted=[live(1, Visibility.DELETED)]), away)) == ["undo-conflict"]


def test_taken_back_from_the_archive_and_there_again() -> None:
    """A record that a run fetched from where an earlier one had put it goes back there, and is nobody's again."""
    fetched = deed(Action.UNARCHIVE, edit(ARCHIVED, True, False), edit("phone", "1", "2"))  # noqa: FBT003 - values
    [change] = undone(NOW, account(live(1, firm="Acme", phone="2")), fetched).changes
    assert (change.action, change.removed) == (Action.ARCHIVE, True)
    assert values(Plan(account="", changes=(change,))) == {"things.one": {ARCHIVED: True, "phone": "1"}}


def test_adopted_and_forgotten() -> None:
    """An adopted or recovered record gets its values back and is forgotten, with children that came later."""
    recorded = state(
        {"things.one": binding(1, {"phone": "2"}), "things.one.parts.p": binding(11, {"mail": "a"}, parent=1)}
    )
    real = account(live(1, firm="Acme", phone="2", children=(part(11, mail="a"),)))
    for action in (Action.ADOPT, Action.RECOVER):
        made = undone(recorded, real, deed(action, edit("phone", "1", "2")))
        assert actions(made) == {"things.one": "forget", "things.one.parts.p": "forget"}
        assert values(made)["things.one"] == {"phone": "1"}
    assert told(undone(state(), real, deed(Action.ADOPT))) == ["undo-done"]


def test_moved_back() -> None:
    """A move goes back, with its children, unless either address is another's by now."""
    moved = deed(Action.MOVE, address=Address("things.two"), moved_from=ONE, before=binding(1, OLD))
    part_edited = child(
        Action.UPDATE,
        edit("mail", "a", "b"),
        address=Address("things.two.parts.p"),
        before=binding(11, {"mail": "a"}, parent=1),
    )
    recorded = state({"things.two": binding(1, OLD), "things.two.parts.p": binding(11, {"mail": "b"}, parent=1)})
    real = account(live(1, **OLD, children=(part(11, mail="b"),)), live(2))
    made = undone(recorded, real, moved, part_edited)
    assert {change.address: (change.action, change.moved_from) for change in made.changes} == {
        ONE: (Action.MOVE, "things.two"),
        PART: (Action.UPDATE, None),
    }
    taken = state({"things.two": binding(1, OLD), "things.one": binding(2)})
    assert told(undone(taken, real, moved)) == ["undo-conflict"]
    assert told(undone(state({"things.one": binding(1, OLD)}), real, moved)) == ["undo-done"]


def test_children() -> None:
    """A child that was created goes, one that was deleted is made anew with all it had, one only forgotten is bound."""
    recorded = state({"things.one": binding(1, OLD), "things.one.parts.p": binding(11, {"mail": "a"}, parent=1)})
    real = account(live(1, **OLD, children=(part(11, mail="a"),)))
    assert actions(undone(recorded, real, child(Action.CREATE, edit("mail", None, "a")))) == {PART: "delete"}
    bare = state({"things.one": binding(1, OLD)})
    before = binding(11, {"mail": "a"}, parent=1)
    deleted = child(
        Action.DELETE, edit("mail", "a", None), removed=True, before=before, seen={"mail": "a", "phone": "7"}
    )
    [change] = undone(bare, account(live(1, **OLD)), deleted).changes
    assert (change.action, change.managed, change.ignored) == (Action.CREATE, {"mail": "a", "phone": "7"}, ("phone",))
    forgotten = child(Action.FORGET, removed=True, before=before)
    [change] = undone(bare, real, forgotten).changes
    assert (change.action, change.managed) == (Action.ADOPT, {"mail": "a"})
    assert actions(undone(bare, account(live(1, **OLD)), forgotten)) == {}
    assert told(undone(recorded, real, forgotten)) == ["undo-done"]
    assert actions(undone(recorded, real, child(Action.ADOPT, edit("mail", "z", "a")))) == {PART: "forget"}
    reissued = child(Action.ADOPT, edit("mail", "z", "a"), before=binding(10, {"mail": "z"}, parent=1))
    assert actions(undone(recorded, real, reissued)) == {PART: "update"}


def test_children_that_nobody_can_see() -> None:
    """Where the account does not say which children there are, they are left."""
    unknown = LiveResource(id=RemoteId(1), fields=OLD, children=None)
    made = undone(NOW, account(unknown), child(Action.CREATE, edit("mail", None, "a")))
    assert (actions(made), told(made)) == ({}, ["undo-conflict"])


def test_what_the_run_had_not_finished() -> None:
    """What failed or is unknown is told; what came about in part is taken back as far as it did; the rest is silent."""
    for result in (Result.FAILED, Result.UNKNOWN, Result.CONFLICT):
        assert told(undone(NOW, account(live(1)), deed(Action.UPDATE, result=result, reason="x"))) == [
            "undo-unfinished"
        ]
    assert told(undone(NOW, account(live(1)), deed(Action.UPDATE, result=Result.NOT_ATTEMPTED))) == []
    partly = deed(
        Action.UPDATE,
        edit("firm", "A", "Acme"),
        edit("phone", "1", "2"),
        result=Result.FAILED,
        partly=True,
        seen={"firm": "A"},
    )
    assert values(undone(NOW, account(live(1, firm="A", phone="2")), partly)) == {"things.one": {"phone": "1"}}


def test_what_there_is_to_ask() -> None:
    """A record that no listing has is looked for among the deleted ones, then asked for by itself."""
    run = Run(run="R", account="A1", began="", deeds=(UPDATED, child(Action.CREATE, parent_id=RemoteId(2))))
    some = Account(account_id="A1", records={RemoteId(1): live(1)})
    assert (questions(run, some).deleted, questions(run, some).ids) == (True, ())
    assert questions(run, account(live(1))).ids == (2,)
    assert not questions(run, account(live(1), gone=[2])).open


def test_what_changes_nothing() -> None:
    """A run that only recorded something, or did nothing, has nothing to be taken back."""
    for one in (deed(Action.NO_OP), deed(Action.UPDATE, result=Result.FAILED)):
        assert not changed_something(Run(run="R", account="A1", began="", deeds=(one,)))
        assert actions(undone(NOW, account(live(1)), one)) == {}
    assert changed_something(Run(run="R", account="A1", began="", deeds=(UPDATED,)))
