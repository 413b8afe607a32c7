"""What was changed outside, told from what the configuration wishes: by the digests, and by nothing else."""

from __future__ import annotations

from typing import Any

from reconciler.core.change import ARCHIVED, Plan, PlanOptions
from reconciler.core.drift import Drift, DriftReport, Outside, drift, undecided
from reconciler.core.match import match
from reconciler.core.matching import MatchOptions
from reconciler.core.plan import Sides, plan
from reconciler.core.resource import Account, Resource, Visibility
from reconciler.core.state import State
from tests.core.builders import KIND, account, binding, configuration, live, part, state, thing

ONE: dict[str, Any] = {"firm": "Acme", "phone": "1"}


def seen(wanted: list[Resource], recorded: State, real: Account) -> tuple[DriftReport, Plan]:
    """Give the drift, and the plan that it was seen in."""
    config = configuration(*wanted)
    matching = match(config, recorded, real, KIND, MatchOptions())
    sides = Sides(configuration=config, state=recorded, account=real, matching=matching)
    made = plan(sides, KIND, PlanOptions(root="clients.yaml"))
    assert not undecided(matching.stops, recorded)
    return drift(made, recorded, matching.stops, KIND, reverted=True), made


def told(found: Drift) -> tuple[object, ...]:
    """Give a record's drift from the wanted to the live values."""
    fields = {a.name: (a.after, a.before) for a in found.change.attributes}
    return found.change.address, found.outside, fields


def test_only_what_was_edited_outside() -> None:
    """A field that only the configuration wishes otherwise is no drift, though its record is to be updated."""
    recorded = state({"things.one": binding(1, ONE), "things.two": binding(2, {"firm": "Bolt"})})
    real = account(live(1, firm="Acme", phone="2"), live(2, firm="Bolt"))
    report, made = seen([thing("one", firm="Acme Inc.", phone="1"), thing("two", firm="Bolts")], recorded, real)
    assert [told(each) for each in report.records] == [("things.one", Outside.EDITED, {"phone": ("1", "2")})]
    assert len(made.changes) == 2
    assert report.compared == 2


def test_edited_on_both_sides() -> None:
    """A field that was edited here and outside is drift as well."""
    real = account(live(1, firm="Acme", phone="2"))
    report, _ = seen([thing("one", firm="Acme", phone="3")], state({"things.one": binding(1, ONE)}), real)
    assert [told(each) for each in report.records] == [("things.one", Outside.EDITED, {"phone": ("3", "2")})]


def test_nothing_without_a_binding() -> None:
    """A record that is only about to be adopted differs, and has not drifted."""
    report, made = seen([thing("one", firm="Acme", phone="3")], state(), account(live(1, firm="Acme", phone="2")))
    assert report.records == ()
    assert report.compared == 0
    assert made.changes


def test_archived_and_deleted() -> None:
    """Archiving counts where `archived` is managed; a deleted record counts as one."""
    recorded = state({"things.one": binding(1, {"firm": "Acme", ARCHIVED: False}), "things.two": binding(2, ONE)})
    real = account(
        live(1, Visibility.ARCHIVED, firm="Acme"), deleted=[live(2, Visibility.DELETED, firm="Acme", phone="1")]
    )
    report, _ = seen([thing("one", firm="Acme", archived=False), thing("two", firm="Acme", phone="1")], recorded, real)
    assert [told(each) for each in report.records] == [
        ("things.one", Outside.EDITED, {ARCHIVED: (False, True)}),
        ("things.two", Outside.DELETED, {}),
    ]


def test_gone_for_good() -> None:
    """A record that is not even among the deleted ones is drift, and no question to a person."""
    report, _ = seen([thing("one", **ONE)], state({"things.one": binding(1, ONE)}), account(gone=[1]))
    assert [told(each) for each in report.records] == [("things.one", Outside.GONE, {})]


def test_children() -> None:
    """A child's field and a child's absence count; one that is new, or leaves, does not."""
    kept = {name: {"mail": f"{name}@x"} for name in ("a", "b", "c")}
    recorded = state(
        {
            "things.one": binding(1, ONE),
            **{f"things.one.parts.{n}": binding(i, kept[n], parent=1) for i, n in enumerate("abc", 11)},
        }
    )
    real = account(live(1, **ONE, children=(part(11, mail="other@x"), part(13, mail="c@x"))))
    wanted = thing("one", {"a": kept["a"], "b": kept["b"], "new": {"mail": "n@x"}}, **ONE)
    report, made = seen([wanted], recorded, real)
    assert [told(each) for each in report.records] == [
        ("things.one.parts.a", Outside.EDITED, {"mail": ("a@x", "other@x")}),
        ("things.one.parts.b", Outside.DELETED, {}),
    ]
    assert len(made.changes) == 4
    assert report.compared == 3


def test_what_leaves_is_not_compared() -> None:
    """A bound record that the configuration no longer has is the plan's business, deleted outside or not."""
    recorded = state({"things.one": binding(1, ONE), "things.two": binding(2, ONE)})
    real = account(live(1, **ONE), deleted=[live(2, Visibility.DELETED, **ONE)])
    report, _ = seen([thing("one", **ONE)], recorded, real)
    assert (report.records, report.compared) == ((), 1)


def test_undecided_only_where_bound() -> None:
    """A question about a record that was never bound is no hindrance; one about a bound record is."""
    real = account(live(1, mail="a@x", firm="Acme"), live(5, mail="z@x", firm="Zed"))
    config = configuration(thing("one", mail="a@x", firm="Acme"), thing("near", mail="z@x", firm="Other"))
    recorded = state({"things.one": binding(1, {"mail": "a@x", "firm": "Acme"})})
    stops = match(config, recorded, real, KIND, MatchOptions()).stops
    assert [stop.address for stop in stops] == ["things.near"]
    assert undecided(stops, recorded) == ()
    assert undecided(stops, state({"things.near": binding(9)})) == stops
