"""Plans, changes and outcomes to be rendered: valid, small, and with one of every action."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reconciler.core.change import ARCHIVED, Action, AttributeChange, Cause, Change, Plan, PlanOptions, Totals
from reconciler.core.codec import plan_id
from reconciler.core.diagnostic import Diagnostic, Position, Severity
from reconciler.core.outcome import Outcome, Refusal, Result
from reconciler.core.policy import Limit, Policy
from reconciler.core.resource import Address, LiveResource, OnRemove, RemoteId, Value, Visibility

ACME = Address("clients.acme")
JANE = Address("clients.acme.contacts.jane")
HERE = Position(file="clients.yaml", line=3, column=3)


def attribute(name: str, before: Value, after: Value) -> AttributeChange:
    """Build an attribute change."""
    return AttributeChange(name=name, before=before, after=after, cause=Cause.BOTH)


def change(action: Action = Action.UPDATE, *attributes: AttributeChange, **more: Any) -> Change:  # noqa: ANN401 - the fields of Change
    """Build a change of acme, whose record is 700001 unless it is to be created."""
    filled: dict[str, Any] = {
        "address": ACME,
        "kind": "client",
        "id": None if action is Action.CREATE else RemoteId(700001),
        "attributes": attributes,
        "managed": {a.name: a.after for a in attributes if a.name != ARCHIVED},
        "position": HERE,
    }
    return Change(action=action, **{**filled, **more})


def named(key: str) -> Address:
    """Name a client."""
    return Address(f"clients.{key}")


def one_of_each() -> list[Change]:
    """Give a change of every action, with what only that action has."""
    mail = attribute("email", "old@acme.example", "new@acme.example")
    return [
        change(Action.CREATE, attribute("organization", None, "Acme"), attribute("pref_email", None, False)),  # noqa: FBT003 - a value
        change(Action.CREATE, attribute("email", None, "j@x.example"), address=JANE, kind="contact", with_parent=True),
        change(Action.RESTORE, mail, address=named("back"), visibility=Visibility.DELETED, reason="it was deleted"),
        change(Action.UPDATE, mail, attribute("fax", "1", None), address=named("edit"), unchanged=4),
        change(Action.ADOPT, address=named("found"), managed={"email": "a@x.example"}, unchanged=1),
        change(Action.ADOPT, mail, address=named("found-too"), unchanged=1),
        change(Action.RECOVER, address=named("lost"), managed={"email": "l@x.example"}),
        change(Action.MOVE, address=named("new"), moved_from=named("old"), managed={"email": "m@x.example"}),
        change(Action.MOVE, mail, address=named("newer"), moved_from=named("older")),
        change(Action.ARCHIVE, attribute(ARCHIVED, False, True), address=named("put-away")),  # noqa: FBT003 - a value
        change(Action.UNARCHIVE, attribute(ARCHIVED, True, False), mail, address=named("fetched")),  # noqa: FBT003 - a value
        change(
            Action.ARCHIVE,
            attribute(ARCHIVED, False, True),  # noqa: FBT003 - a value
            address=named("leaving"),
            removed=True,
            on_remove=OnRemove.ARCHIVE,
        ),
        change(
            Action.DELETE,
            attribute("email", "k@x.example", None),
            address=named("kill"),
            removed=True,
            managed={},
            balance="12.00 USD",
            reason="removed (was clients.yaml:9)",
            position=None,
        ),
        change(Action.FORGET, address=named("drop"), removed=True, on_remove=OnRemove.KEEP),
        change(Action.NO_OP, address=named("same"), managed={"email": "s@x.example"}, protected=True),
    ]


def plan_of(*changes: Change, **more: Any) -> Plan:  # noqa: ANN401 - the fields of Plan
    """Build a plan of these changes, with its id."""
    filled: dict[str, Any] = {
        "account": "Ab12Cd",
        "origin": "https://api.freshbooks.com",
        "changes": changes,
        "plan_id": plan_id("Ab12Cd", changes),
        "totals": {"client": Totals(bound=3, desired=4, live=5)},
        "options": PlanOptions(root="clients.yaml", targets=("clients.a*",), policy=Policy(max_deletes=Limit(floor=7))),
    }
    return Plan(**{**filled, **more})


def full_plan() -> Plan:
    """Give a plan with everything that a plan can have."""
    note = Diagnostic(code="archived", summary="a client is archived", severity=Severity.NOTE, detail="It is.")
    refusal = Diagnostic(code="too-many-deletes", summary="too many deletes", detail="Use --max-deletes 9.")
    drifted = change(Action.UPDATE, attribute("p_city", "Oslo", "Rome"), address=named("drifted"))
    return plan_of(
        *one_of_each(), drift=(drifted,), notes=(note,), refusals=(refusal,), unmanaged={"client": 2, "contact": 1}
    )


def outcome(of: Change, result: Result = Result.DONE, reason: str = "", **more: Any) -> Outcome:  # noqa: ANN401 - the fields of Outcome
    """Build what became of a change."""
    live = LiveResource(id=RemoteId(700007), fields={}) if result is Result.DONE else None
    return Outcome(change=of, result=result, reason=reason, **{"live": live, **more})


def outcomes_of_each() -> list[Outcome]:
    """Give an outcome of every result."""
    some = [replace(change(), address=named(f"c{number}")) for number in range(len(Result))]
    told = {
        Result.DONE: "",
        Result.FAILED: "email: Must be a valid email address. (HTTP 422)",
        Result.CONFLICT: "fields have changed since the plan",
        Result.UNKNOWN: "no answer in time",
        Result.NOT_ATTEMPTED: "the run was interrupted",
    }
    return [
        outcome(each, result, told[result], cause=Refusal.INVALID if result is Result.FAILED else None)
        for each, result in zip(some, Result, strict=True)
    ]
