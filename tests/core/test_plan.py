"""Plans, from wanted, recorded and live records to changes: the rules of matching and planning over a kind of its own.

The kind below has its own field names, which shows that the core knows none of any vendor's.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from reconciler.core.change import ARCHIVED, Action, Cause, Plan, PlanOptions
from reconciler.core.diagnostic import Position
from reconciler.core.identity import key_digest
from reconciler.core.kind import Field, FieldType, Kind
from reconciler.core.match import match
from reconciler.core.matching import Matching, MatchOptions
from reconciler.core.plan import Sides, plan
from reconciler.core.policy import DriftPolicy, Limit, Policy, UnmanagedPolicy
from reconciler.core.resource import (
    Account,
    Address,
    Configuration,
    Lifecycle,
    LiveResource,
    OnRemove,
    RemoteId,
    Resource,
    Value,
    Visibility,
)
from reconciler.core.state import Binding, Intent, State, Tombstone, digests_of, seal_of
from reconciler.errors import ReadIncomplete

SALT = "salt"
CHILD = Kind(
    name="part",
    collection="parts",
    fields=(Field(name="mail"), Field(name="first"), Field(name="phone")),
    unique_key=("mail",),
    naming=("first", "phone"),
    deciders=(),
    near=(),
)
KIND = Kind(
    name="thing",
    collection="things",
    fields=(
        Field(name="mail"),
        Field(name="firm"),
        Field(name="first"),
        Field(name="last"),
        Field(name="phone"),
        Field(name="tax"),
        Field(name="loud", type=FieldType.FLAG),
    ),
    unique_key=("mail",),
    naming=("firm", "first", "last"),
    deciders=(("firm",), ("first", "last")),
    near=(("mail",), ("firm",), ("tax",), ("first", "last")),
    hints=("phone",),
    echoes={"firm": (("first", "last"), ("mail",))},
    summary=("firm", "first", "last", "mail"),
    child=CHILD,
)


def thing(key: str, parts: Mapping[str, Mapping[str, Value]] | None = None, **more: Any) -> Resource:  # noqa: ANN401 - fields and options alike
    """Build a wanted thing; `parts` by key, everything unknown to Resource is a field."""
    options = {name: more.pop(name) for name in list(more) if name in Resource.__slots__}
    address = Address(f"things.{key}")
    children = None
    if parts is not None:
        children = {
            name: Resource(address=Address(f"{address}.parts.{name}"), fields=dict(fields))
            for name, fields in parts.items()
        }
    return Resource(
        address=address, fields=more, children=children, position=Position(file="f.yaml", line=7), **options
    )


def live(remote_id: int, visibility: Visibility = Visibility.ACTIVE, **fields: Any) -> LiveResource:  # noqa: ANN401 - fields and options alike
    """Build a live thing; `children` and `balance` as LiveResource takes them."""
    options = {name: fields.pop(name) for name in ("children", "balance") if name in fields}
    return LiveResource(id=RemoteId(remote_id), fields=fields, visibility=visibility, **options)


def part(remote_id: int, **fields: Any) -> LiveResource:  # noqa: ANN401 - field values
    """Build a live part."""
    return LiveResource(id=RemoteId(remote_id), fields=fields)


def binding(remote_id: int, sent: Mapping[str, Value] | None = None, **more: Any) -> Binding:  # noqa: ANN401 - options of Binding
    """Build what an apply of these values would have recorded."""
    sent = sent or {}
    kept: dict[str, Any] = {"on_remove": OnRemove.DELETE, "protected": False} | more
    return Binding(
        id=RemoteId(remote_id),
        sent=digests_of(SALT, sent),
        seal=seal_of(SALT, sent, kept["on_remove"], protected=kept["protected"]),
        **kept,
    )


def state(bindings: Mapping[str, Binding] | None = None, **more: Any) -> State:  # noqa: ANN401 - options of State
    """Build a state with these bindings by address."""
    return State(
        lineage="l", salt=SALT, bindings={Address(name): kept for name, kept in (bindings or {}).items()}, **more
    )


def account(*records: LiveResource, deleted: Sequence[LiveResource] = (), gone: Sequence[int] = ()) -> Account:
    """Build an account read completely."""
    return Account(
        account_id="A1",
        records={record.id: record for record in records},
        deleted={record.id: record for record in deleted},
        checked={RemoteId(number): None for number in gone},
    )


def configuration(*wanted: Resource, **more: Any) -> Configuration:  # noqa: ANN401 - options of Configuration
    """Build a configuration of these things."""
    return Configuration(
        **{"root": "clients.yaml", **more}, resources={resource.address: resource for resource in wanted}
    )


def matched(
    wanted: Sequence[Resource], recorded: State, seen: Account, options: MatchOptions | None = None
) -> Matching:
    """Match without planning."""
    return match(configuration(*wanted), recorded, seen, KIND, options or MatchOptions())


def planned(
    wanted: Sequence[Resource] | Configuration,
    recorded: State | None = None,
    seen: Account | None = None,
    options: PlanOptions | None = None,
    matching: MatchOptions | None = None,
) -> Plan:
    """Match and plan; the matching must be settled."""
    recorded, seen = recorded or state(), seen or account()
    config = wanted if isinstance(wanted, Configuration) else configuration(*wanted)
    found = match(config, recorded, seen, KIND, matching or MatchOptions())
    assert not found.stops, found.stops
    assert not found.questions.open
    sides = Sides(configuration=config, state=recorded, account=seen, matching=found)
    return plan(sides, KIND, options or PlanOptions(root="clients.yaml"))


def actions(made: Plan) -> dict[str, str]:
    """Give {address: action} of a plan."""
    assert len({change.address for change in made.changes}) == len(made.changes)
    return {change.address: change.action.value for change in made.changes}


# Who is who.


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


# What leaves, archives and lifecycles.


def test_removed_records_leave_as_was_remembered() -> None:
    """A record that left the YAML is deleted, archived or kept, as the state remembers; its children follow."""
    for on_remove, expected, child in (
        (OnRemove.DELETE, "delete", "delete"),
        (OnRemove.ARCHIVE, "archive", "forget"),
        (OnRemove.KEEP, "forget", "forget"),
    ):
        recorded = state(
            {
                "things.a": binding(1, {"mail": "a@x"}, on_remove=on_remove, source="f.yaml:3"),
                "things.a.parts.p": binding(11, {"mail": "p@x"}, parent=RemoteId(1)),
                "things.z": binding(2, {"mail": "z@x"}),
            }
        )
        seen = account(live(1, mail="a@x", children=(part(11, mail="p@x"),)), live(2, mail="z@x"))
        made = planned([thing("z", mail="z@x")], recorded, seen)
        assert actions(made) == {"things.a": expected, "things.a.parts.p": child}
        assert made.changes[0].removed
        assert all(change.with_parent for change in made.changes if "parts" in change.address)


def test_forgetting_needs_no_call() -> None:
    """What is listed under removed, or deleted outside already, is forgotten and not touched."""
    recorded = state({"things.a": binding(1, {"mail": "a@x"}), "things.b": binding(2, {"mail": "b@x"})})
    seen = account(live(1, mail="a@x"), deleted=[live(2, Visibility.DELETED, mail="b@x")])
    config = configuration(thing("z", mail="z@x"), removed={Address("things.a"): Position(file="f", line=1)})
    made = planned(config, recorded, seen)
    assert actions(made) == {"things.z": "create", "things.a": "forget", "things.b": "forget"}


def test_archived_is_managed_when_mentioned() -> None:
    """`archived` archives and brings back, and is no data field."""
    made = planned(
        [thing("a", mail="a@x", archived=True)],
        state({"things.a": binding(1, {"mail": "a@x"})}),
        account(live(1, mail="a@x")),
    )
    assert actions(made) == {"things.a": "archive"}
    assert [(a.name, a.before, a.after) for a in made.changes[0].attributes] == [(ARCHIVED, False, True)]
    made = planned(
        [thing("a", mail="a@x", archived=False)],
        state({"things.a": binding(1, {"mail": "a@x"})}),
        account(live(1, Visibility.ARCHIVED, mail="a@x")),
    )
    assert actions(made) == {"things.a": "unarchive"}


def test_lifecycle_is_remembered_without_a_call() -> None:
    """A lifecycle that changed, and a field that is no longer managed, are recorded and said."""
    recorded = state({"things.a": binding(1, {"mail": "a@x", "phone": "1"})})
    made = planned(
        [thing("a", mail="a@x", lifecycle=Lifecycle(prevent_destroy=True))],
        recorded,
        account(live(1, mail="a@x", phone="1")),
    )
    assert actions(made) == {"things.a": "no-op"}
    assert made.changes[0].reason == "no longer managed: phone; prevent_destroy: true"
    assert [note.code for note in made.notes] == ["no-longer-managed"]


def test_ignored_changes_are_sent_at_create_only() -> None:
    """An ignored field goes out with a create and is never compared afterwards."""
    ignoring = Lifecycle(ignore_changes=("phone",))
    made = planned([thing("a", mail="a@x", phone="1", lifecycle=ignoring)])
    assert "phone" in made.changes[0].managed
    made = planned(
        [thing("a", mail="a@x", phone="1", lifecycle=ignoring)],
        state({"things.a": binding(1, {"mail": "a@x"})}),
        account(live(1, mail="a@x", phone="2")),
    )
    assert made.empty


# Children.


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


# The whole plan.


def test_guards_refuse_with_number_limit_and_flag() -> None:
    """Too many deletes, an empty configuration, protection and balances each refuse, and say the way out."""
    recorded = state({f"things.t{n}": binding(n, {"mail": f"{n}@x"}, protected=n == 1) for n in range(1, 9)})
    seen = account(*(live(n, mail=f"{n}@x", balance="5.00 USD" if n == 2 else "") for n in range(1, 9)))
    made = planned([], recorded, seen)
    assert [refusal.code for refusal in made.refusals] == [
        "too-many-deletes",
        "empty-configuration",
        "prevent-destroy",
        "outstanding-balance",
    ]
    assert "--max-deletes 8" in made.refusals[0].detail
    allowed = Policy(max_deletes=Limit(share=1.0), allow_empty=True, allow_balance=frozenset({Address("things.t2")}))
    made = planned([], recorded, seen, PlanOptions(root="clients.yaml", policy=allowed))
    assert [refusal.code for refusal in made.refusals] == ["prevent-destroy"]


def test_updates_are_limited_too() -> None:
    """One default that changes every record is refused above the limit."""
    sent: dict[str, dict[str, Any]] = {f"t{n}": {"mail": f"{n}@x"} for n in range(100)}
    recorded = state({f"things.{key}": binding(n, fields) for n, (key, fields) in enumerate(sent.items())})
    seen = account(*(live(n, **fields) for n, fields in enumerate(sent.values())))
    made = planned([thing(key, **fields, phone="1") for key, fields in sent.items()], recorded, seen)
    assert [refusal.code for refusal in made.refusals] == ["too-many-updates"]
    assert "the limit is 30" in made.refusals[0].detail


def test_another_root_is_refused_not_emptied() -> None:
    """Records that another root lacks are not taken for removed, unless told so."""
    recorded = state({"things.a": binding(1, {"mail": "a@x"}), "things.b": binding(2, {"mail": "b@x"})}, root="clients")
    seen = account(live(1, mail="a@x"), live(2, mail="b@x"))
    made = planned([thing("a", mail="a@x")], recorded, seen)
    assert actions(made) == {}
    assert [refusal.code for refusal in made.refusals] == ["other-root"]
    made = planned([thing("a", mail="a@x")], recorded, seen, PlanOptions(root="clients.yaml", change_root=True))
    assert actions(made) == {"things.b": "delete"}


def test_targets_choose_changes() -> None:
    """A target keeps its own change, its children's, and the create that its parent needs; an exclude drops both."""
    wanted = [thing("a", mail="a@x", parts={"p": {"mail": "p@x"}}), thing("b", mail="b@x")]
    for targets, excludes, expected in (
        (("things.a",), (), {"things.a", "things.a.parts.p"}),
        (("things.a.parts.*",), (), {"things.a", "things.a.parts.p"}),
        ((), ("things.a",), {"things.b"}),
        (("things.zz",), (), set()),
    ):
        options = PlanOptions(root="clients.yaml", targets=targets, excludes=excludes)
        assert set(actions(planned(wanted, options=options))) == expected


def test_order_is_stable_and_input_order_is_irrelevant() -> None:
    """Creates come before updates before deletes before the rest, each by address, whatever the order of the inputs."""
    sent = {"mail": "u@x"}
    recorded = state({"things.u": binding(1, sent), "things.d": binding(2, {"mail": "d@x"})})
    records = [live(1, mail="old@x"), live(2, mail="d@x"), live(3, mail="k@x")]
    wanted = [thing("u", mail="u2@x"), thing("c", mail="c@x"), thing("k", mail="k@x"), thing("b", mail="b@x")]
    made = planned(wanted, recorded, account(*records))
    assert list(actions(made)) == ["things.b", "things.c", "things.u", "things.d", "things.k"]
    shuffler = random.Random(7)  # noqa: S311 - a shuffle for a test
    for _ in range(5):
        shuffler.shuffle(wanted)
        shuffler.shuffle(records)
        again = planned(wanted, recorded, account(*records))
        assert again.changes == made.changes
        assert again.plan_id == made.plan_id


def test_notes_say_what_is_worth_knowing() -> None:
    """A missing state, a shared phone and unmanaged records are said, and stop nothing."""
    options = PlanOptions(root="clients.yaml", policy=Policy(unmanaged=UnmanagedPolicy.REPORT))
    made = planned(
        [thing("a", mail="a@x", phone="1")], state(fresh=True), account(live(1, mail="b@x", phone="1")), options
    )
    assert [note.code for note in made.notes] == ["no-state", "shared-phone", "unmanaged"]
    assert made.unmanaged["thing"] == 1
    assert made.totals["thing"].live == 1
