"""Who is who: the rules of matching, in their order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reconciler.core.change import Action, Cause, PlanOptions
from reconciler.core.identity import key_digest
from reconciler.core.matching import MatchOptions
from reconciler.core.policy import DriftPolicy, Policy
from reconciler.core.resource import (
    Account,
    Address,
    OnRemove,
    RemoteId,
    Visibility,
)
from reconciler.core.state import Intent, Tombstone, digests_of
from tests.core.builders import (
    KIND,
    SALT,
    account,
    actions,
    binding,
    live,
    matched,
    planned,
    state,
    thing,
)


def test_nothing_known_is_created_with_its_parts() -> None:
    """A record that nothing resembles is created, and its children with it."""
    made = planned([thing("a", mail="a@x", parts={"p": {"mail": "p@x"}})])
    assert actions(made) == {"things.a": "create", "things.a.parts.p": "create"}
    assert [change.with_parent for change in made.changes] == [False, True]
    assert [(a.name, a.before, a.after) for a in made.changes[0].attributes] == [("mail", None, "a@x")]


def test_bound_and_equal_is_nothing() -> None:
    """A bound record with the wanted values, however null and empty text are written, needs no change."""
    sent: dict[str, Any] = {"mail": "a@x", "first": None, "last": ""}
    made = planned([thing("a", **sent)], state({"things.a": binding(1, sent)}), account(live(1, mail="a@x")))
    assert made.empty
    assert made.unchanged == 1


def test_edit_here_is_told_from_edit_outside() -> None:
    """The binding's digests tell whether the YAML, somebody outside, or both changed a field."""
    sent = {"mail": "a@x", "phone": "1", "tax": "t"}
    made = planned(
        [thing("a", mail="new@x", phone="1", tax="u")],
        state({"things.a": binding(1, sent)}),
        account(live(1, mail="a@x", phone="2", tax="v")),
    )
    assert actions(made) == {"things.a": "update"}
    assert {a.name: a.cause for a in made.changes[0].attributes} == {
        "mail": Cause.INTENT,
        "phone": Cause.DRIFT,
        "tax": Cause.BOTH,
    }
    assert made.changes[0].reason == "edited outside: phone; edited here and outside: tax"


def test_reformatted_answer_is_no_change() -> None:
    """A value that the vendor answers in its own way is not changed again for ever."""
    sent = {"phone": "416 555"}
    kept = replace(binding(1, sent), answered=digests_of(SALT, {"phone": "416-555"}))
    made = planned(
        [thing("a", id=RemoteId(1), phone="416 555")], state({"things.a": kept}), account(live(1, phone="416-555"))
    )
    assert [change.action for change in made.changes if change.attributes] == []


def test_drift_can_be_reported_only() -> None:
    """With drift: report an edit outside is shown and kept, while a wish of the YAML is still carried out."""
    sent = {"mail": "a@x", "phone": "1"}
    options = PlanOptions(root="clients.yaml", policy=Policy(drift=DriftPolicy.REPORT))
    made = planned(
        [thing("a", mail="b@x", phone="1")],
        state({"things.a": binding(1, sent)}),
        account(live(1, mail="a@x", phone="2")),
        options,
    )
    assert [[a.name for a in change.attributes] for change in made.changes] == [["mail"]]
    assert [[a.name for a in change.attributes] for change in made.drift] == [["phone"]]


def test_pin_takes_that_very_record() -> None:
    """An id in the YAML wins over everything, and an id that the account lacks is a stop, never a create."""
    made = planned([thing("a", id=RemoteId(5), mail="new@x")], seen=account(live(5, firm="Other")))
    assert actions(made) == {"things.a": "adopt"}
    found = matched([thing("a", id=RemoteId(6), mail="new@x")], state(), account(gone=[6]))
    assert [stop.code for stop in found.stops] == ["pin-not-found"]


def test_pin_displaces_a_binding() -> None:
    """A pin to another record than the bound one gives the old binding up and says so."""
    made = planned(
        [thing("a", id=RemoteId(5), mail="a@x")],
        state({"things.a": binding(4, {"mail": "a@x"})}),
        account(live(4, mail="a@x"), live(5, mail="a@x")),
    )
    assert actions(made) == {"things.a": "adopt"}
    assert "binding-displaced" in [note.code for note in made.notes]


def test_gone_stops_unless_recreated() -> None:
    """A bound record that no longer exists stops the plan; --recreate creates it anew."""
    recorded = state({"things.a": binding(4, {"mail": "a@x"})})
    found = matched([thing("a", mail="a@x")], recorded, account(gone=[4]))
    assert [stop.code for stop in found.stops] == ["record-gone"]
    made = planned([thing("a", mail="a@x")], recorded, account(gone=[4]), matching=MatchOptions(recreate=True))
    assert actions(made) == {"things.a": "create"}


def test_absence_is_asked_about() -> None:
    """Nothing is concluded from a listing that lacks a bound record: first the deleted ones are asked for, then it."""
    recorded = state({"things.a": binding(4, {"mail": "a@x"})})
    seen = Account(account_id="A1", records={})
    assert matched([thing("a", mail="a@x")], recorded, seen).questions.deleted
    asked = matched([thing("a", mail="a@x")], recorded, replace(seen, deleted={})).questions
    assert (asked.ids, asked.deleted) == ((4,), False)


def test_deleted_outside_is_restored() -> None:
    """A bound record that somebody deleted comes back, with its differences."""
    made = planned(
        [thing("a", mail="b@x")],
        state({"things.a": binding(4, {"mail": "a@x"})}),
        account(deleted=[live(4, Visibility.DELETED, mail="a@x")]),
    )
    assert actions(made) == {"things.a": "restore"}
    assert made.changes[0].reason == "deleted outside"
    assert [a.name for a in made.changes[0].attributes] == ["mail"]


def test_interrupted_create_is_recovered() -> None:
    """The one new record that carries an intended identity is recovered; one that was known before is not it."""
    intent = Intent(run="r", key=key_digest(SALT, KIND, {"mail": "a@x", "firm": "A"}), body="", known=(RemoteId(1),))
    recorded = state(intents={Address("things.a"): intent})
    made = planned(
        [thing("a", mail="a@x", firm="A", distinct_from=(RemoteId(1),))],
        recorded,
        account(live(1, mail="a@x", firm="A"), live(2, mail="A@x ", firm="a")),
    )
    assert actions(made) == {"things.a": "recover"}
    assert made.changes[0].id == 2
    found = matched(
        [thing("a", mail="a@x", firm="A")],
        recorded,
        account(live(2, mail="a@x", firm="A"), live(3, mail="a@x", firm="A")),
    )
    assert [stop.code for stop in found.stops] == ["several-recovered"]


def test_orphaned_intent_is_removed_or_closed() -> None:
    """What an interrupted run made for an address that left the YAML is removed; what it did not make is closed."""
    intent = Intent(run="r", key=key_digest(SALT, KIND, {"mail": "a@x"}), body="")
    recorded = state(intents={Address("things.a"): intent})
    assert actions(planned([thing("z", mail="z@x")], recorded, account(live(2, mail="a@x"))))["things.a"] == "delete"
    assert actions(planned([thing("z", mail="z@x")], recorded, account()))["things.a"] == "forget"


def test_renamed_key_moves() -> None:
    """A record moves to its new key by `previously`, or because the natural key joins the removed and the added one."""
    recorded = state({"things.old": binding(1, {"mail": "a@x"})})
    seen = account(live(1, mail="a@x"))
    for wanted in (thing("new", mail="a@x"), thing("new", mail="a@x", previously=("old",))):
        made = planned([wanted], recorded, seen)
        assert actions(made) == {"things.new": "move"}
        assert made.changes[0].moved_from == "things.old"
    made = planned([thing("new", mail="b@x", previously=("old",))], recorded, seen)
    assert actions(made) == {"things.new": "update"}


def test_rename_that_only_looks_alike_asks() -> None:
    """Where a removed and an added record only look alike, the line `previously` is printed to paste."""
    recorded = state({"things.old": binding(1, {"mail": "a@x", "firm": "Acme"})})
    found = matched([thing("new", mail="b@x", firm="Acme")], recorded, account(live(1, mail="a@x", firm="Acme")))
    assert [stop.code for stop in found.stops] == ["near-match"]
    assert "previously: [old]" in found.stops[0].detail


def test_tombstone_brings_the_same_record_back() -> None:
    """An address that comes back gets the very record that we put away: restored, or unarchived."""
    for visibility, how, expected in (
        (Visibility.DELETED, OnRemove.DELETE, "restore"),
        (Visibility.ARCHIVED, OnRemove.ARCHIVE, "unarchive"),
    ):
        recorded = state(tombstones={Address("things.a"): Tombstone(id=RemoteId(1), how=how)})
        record = live(1, visibility, mail="a@x")
        seen = account(deleted=[record]) if visibility is Visibility.DELETED else account(record)
        assert actions(planned([thing("a", mail="a@x")], recorded, seen)) == {"things.a": expected}


def test_natural_key_adopts_active_before_archived() -> None:
    """A record with the same key is adopted; an active one is taken before an archived one."""
    seen = account(live(1, Visibility.ARCHIVED, mail="a@x"), live(2, mail=" A@X"))
    made = planned([thing("a", mail="a@x")], seen=seen)
    assert (made.changes[0].action, made.changes[0].id) == (Action.ADOPT, 2)
    made = planned([thing("a", mail="a@x")], seen=account(live(1, Visibility.ARCHIVED, mail="a@x")))
    assert (made.changes[0].action, made.changes[0].id) == (Action.ADOPT, 1)
    assert [note.code for note in made.notes] == ["archived-not-mentioned"]


def test_contradicting_identity_is_a_near_match() -> None:
    """The same email under another organization is a question, with both answers to paste; --create answers it too."""
    seen = account(live(9, mail="a@x", firm="Other"))
    found = matched([thing("a", mail="a@x", firm="Acme")], state(), seen)
    assert [stop.code for stop in found.stops] == ["near-match"]
    assert "id: 9" in found.stops[0].detail
    assert "distinct_from: [9]" in found.stops[0].detail
    wanted = [thing("a", mail="a@x", firm="Acme", distinct_from=(RemoteId(9),))]
    assert actions(planned(wanted, seen=seen)) == {"things.a": "create"}
    created = MatchOptions(creates=frozenset({Address("things.a")}))
    assert actions(planned([thing("a", mail="a@x", firm="Acme")], seen=seen, matching=created)) == {
        "things.a": "create"
    }


def test_echoed_organization_counts_as_empty() -> None:
    """An organization that the vendor filled with the names or the email does not contradict."""
    for filled in ("Ada Low", "a@x"):
        seen = account(live(1, mail="a@x", firm=filled, first="Ada", last="Low"))
        made = planned([thing("a", mail="a@x", firm="Low Ltd", first="Ada", last="Low")], seen=seen)
        assert actions(made) == {"things.a": "adopt"}


def test_shared_email_of_two_firms_joins_each_to_its_own() -> None:
    """Two records with one email are told apart by their organization, on both sides."""
    seen = account(live(1, mail="b@x", firm="One"), live(2, mail="b@x", firm="Two"))
    made = planned([thing("one", mail="b@x", firm="One"), thing("two", mail="b@x", firm="Two")], seen=seen)
    assert {change.address: change.id for change in made.changes} == {"things.one": 1, "things.two": 2}


def test_deleted_namesake_of_another_firm_is_left_alone() -> None:
    """A record deleted long ago with the same email and another organization is neither restored nor asked about."""
    seen = account(deleted=[live(1, Visibility.DELETED, mail="b@x", firm="One")])
    assert actions(planned([thing("two", mail="b@x", firm="Two")], seen=seen)) == {"things.two": "create"}


def test_live_duplicates_are_decided_by_equality_or_asked() -> None:
    """Of several live records the one equal in every mentioned field is taken; with no such one a person is asked."""
    twins = account(live(1, mail="a@x", phone="1"), live(2, mail="a@x", phone="2"))
    assert planned([thing("a", mail="a@x", phone="2")], seen=twins).changes[0].id == 2
    found = matched([thing("a", mail="a@x", phone="3")], state(), twins)
    assert [stop.code for stop in found.stops] == ["several-matches"]
    assert "id: 1" in found.stops[0].detail
    assert "id: 2" in found.stops[0].detail


def test_several_wanted_for_one_live_are_decided_or_asked() -> None:
    """Of several wanted records the one equal in every mentioned field gets the live one; otherwise all are asked."""
    one = account(live(1, mail="a@x", phone="1"))
    made = planned([thing("a", mail="a@x", phone="1"), thing("b", mail="a@x", phone="2")], seen=one)
    assert actions(made) == {"things.a": "adopt", "things.b": "create"}
    found = matched([thing("a", mail="a@x", phone="3"), thing("b", mail="a@x", phone="2")], state(), one)
    assert [stop.code for stop in found.stops] == ["several-claims", "several-claims"]


def test_settings_can_match_by_other_fields() -> None:
    """`match` names other alternatives than the natural key."""
    seen = account(live(1, mail="old@x", tax="T1"))
    by_tax = MatchOptions(alternatives=(("tax",),))
    assert actions(planned([thing("a", mail="new@x", tax="t1")], seen=seen, matching=by_tax)) == {"things.a": "adopt"}


def test_record_without_key_matches_by_name_only() -> None:
    """Without an email on one side, the mentioned names decide; an empty key matches nothing."""
    seen = account(live(1, firm="Acme", mail="a@x"))
    assert actions(planned([thing("a", firm="ACME ")], seen=seen)) == {"things.a": "adopt"}
    assert actions(planned([thing("a", id=None, phone="1")], seen=seen)) == {"things.a": "create"}
