"""Somebody edits a record between the plan and its write: other fields survive, the same field is left alone."""

from __future__ import annotations

from dataclasses import replace

from reconciler.core.outcome import Result
from reconciler.core.resource import Address, Configuration, LiveResource, RemoteId, Resource, Visibility
from reconciler.providers.freshbooks.wire import CLIENT
from tests.contracts.memory import MemoryAccount
from tests.laws.world import World

ACME = Address("clients.acme")
ID = RemoteId(5)
JANE = LiveResource(id=RemoteId(50), fields={"email": "jane@acme.example"})


def acme(**fields: str) -> LiveResource:
    """Give the client as it is in the account."""
    return LiveResource(id=ID, fields={"email": "a@acme.example", **fields}, children=(JANE,))


def wanting(**fields: str) -> Configuration:
    """Give a configuration of that client."""
    resource = Resource(address=ACME, fields={"email": "a@acme.example", **fields})
    return Configuration(root="clients.yaml", resources={ACME: resource})


def edited_meanwhile(*, stale: bool, now: LiveResource) -> tuple[World, tuple[Result, ...]]:
    """Plan a change of the city, let somebody edit the record, and apply."""
    world = World(account=MemoryAccount(CLIENT, [acme(p_city="Oslo", note="old")]), stale=stale)
    made = world.decide(wanting(p_city="Rome")).plan
    assert made is not None
    world.account.records[ID] = now
    applied = world.apply(made)
    return world, tuple(outcome.result for outcome in applied.outcomes)


def test_an_edit_of_another_field_survives() -> None:
    """Only the changed field is sent, so that what somebody wrote into another one stays."""
    for stale in (False, True):
        world, results = edited_meanwhile(stale=stale, now=acme(p_city="Oslo", note="by hand"))
        assert results == (Result.DONE,)
        fields = world.account.records[ID].fields
        assert (fields["p_city"], fields["note"]) == ("Rome", "by hand")


def test_an_edit_of_the_same_field_is_left_alone() -> None:
    """More than 30 seconds after the listing the record is read again; what moved is a conflict, and not written."""
    world, results = edited_meanwhile(stale=True, now=acme(p_city="Paris", note="old"))
    assert results == (Result.CONFLICT,)
    assert world.account.records[ID].fields["p_city"] == "Paris"
    assert world.account.writes == []


def test_a_record_that_was_put_away_is_left_alone() -> None:
    """A record that somebody archived or deleted meanwhile is a conflict too."""
    for visibility in (Visibility.ARCHIVED, Visibility.DELETED):
        moved = replace(acme(p_city="Oslo", note="old"), visibility=visibility)
        world, results = edited_meanwhile(stale=True, now=moved)
        assert results == (Result.CONFLICT,)
        assert world.account.writes == []
