"""What the id of a plan stands for: the account, and each changed record with all that is managed of it."""

from __future__ import annotations

from dataclasses import replace

from reconciler.core.change import Action, AttributeChange, Change
from reconciler.core.codec import plan_id
from reconciler.core.resource import Address, RemoteId

UPDATE = Change(
    action=Action.UPDATE,
    address=Address("clients.acme"),
    kind="client",
    id=RemoteId(700001),
    attributes=(AttributeChange(name="phone", before="1", after="2"),),
    managed={"phone": "2", "email": "a@acme.example"},
    reason="clients.yaml:3",
    unchanged=1,
)
OTHER = replace(UPDATE, address=Address("clients.bolt"), id=RemoteId(700002))


def test_what_stays_of_a_changed_record_is_in_it() -> None:
    """Another change to the same record spoils a review, be it to a field that this plan does not change."""
    moved_on = replace(UPDATE, managed={"phone": "2", "email": "b@acme.example"})
    assert plan_id("Ab12Cd", [UPDATE]) != plan_id("Ab12Cd", [moved_on])


def test_what_tells_nothing_of_the_change_is_not_in_it() -> None:
    """Lines, reasons, sums and the order of changes spoil no review."""
    same = replace(UPDATE, reason="clients.yaml:99", unchanged=9)
    assert plan_id("Ab12Cd", [UPDATE, OTHER]) == plan_id("Ab12Cd", [OTHER, same])


def test_account_and_every_change_are_in_it() -> None:
    """Another account, another record or one change more is another plan."""
    ids = {plan_id("Ab12Cd", [UPDATE]), plan_id("Zz99Zz", [UPDATE]), plan_id("Ab12Cd", [OTHER])}
    assert len(ids | {plan_id("Ab12Cd", [UPDATE, OTHER]), plan_id("Ab12Cd", [])}) == 5
