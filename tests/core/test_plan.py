"""The whole plan: guards, roots, targets, order, notes."""

from __future__ import annotations

import random
from typing import Any

from reconciler.core.change import PlanOptions
from reconciler.core.policy import Limit, Policy, UnmanagedPolicy
from reconciler.core.resource import (
    Address,
)
from tests.core.builders import (
    account,
    actions,
    binding,
    live,
    planned,
    state,
    thing,
)


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
    shuffler = random.Random(7)
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
