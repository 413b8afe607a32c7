"""The contract of `Writer`: what a call changes, what it leaves alone, and what its answer says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from reconciler.core.outcome import Answer, Done, Refusal, Rejected
from reconciler.core.ports import Writer
from reconciler.core.resource import LiveResource, Visibility
from tests.contracts.accounts import UNKNOWN, children_of, fresh, listed, made

JANE = {"email": "jane@x.example", "fname": "Jane", "lname": "Doe", "phone1": "416-555-0101", "phone2": "1"}
JOHN = {"email": "john@x.example", "fname": "John"}


def test_create_answers_with_the_record(account: Writer) -> None:
    """A create gives the new record with its id and the fields sent, and it is there, once."""
    answer = account.create({"email": "a@x.example", "p_city": "Toronto", "pref_gmail": True}, [])
    assert isinstance(answer, Done)
    assert answer.live is not None
    assert answer.live.visibility is Visibility.ACTIVE
    assert dict(answer.live.fields) | {"email": "a@x.example", "p_city": "Toronto", "pref_gmail": True} == (
        answer.live.fields
    )
    assert [record.id for record in listed(account, Visibility.ACTIVE)] == [answer.live.id]
    assert fresh(account, answer.live.id).fields == answer.live.fields


def test_create_binds_children(account: Writer) -> None:
    """Children created with their parent are its own, each with an id and the fields sent."""
    one, two = made(account, JANE, JOHN, email="a@x.example"), made(account, JANE, email="b@x.example")
    assert _told(account, one) == [JANE, JOHN]
    assert _told(account, two) == [JANE]
    ids = [child.id for record in (one, two) for child in children_of(account, record.id)]
    assert len(set(ids)) == 3


def test_create_without_identity_is_rejected(account: Writer) -> None:
    """A record that nothing names is refused, and not made."""
    answer = account.create({"p_city": "Toronto"}, [])
    assert isinstance(answer, Rejected)
    assert (answer.cause, bool(answer.reason)) == (Refusal.INVALID, True)
    assert listed(account, Visibility.ACTIVE) == []


def test_every_field_can_be_written(account: Writer) -> None:
    """Each field of the kind, and of its children, comes back as it was created and as it was updated."""
    kind, child = account.kind, account.kind.child
    assert child is not None
    first = {f.name: True if f.type == "flag" else f"{f.name} 1" for f in kind.fields}
    second = {f.name: False if f.type == "flag" else f"{f.name} 2" for f in kind.fields}
    own = {name: f"{name} 1" for name in child.field_names}
    one = made(account, own, **first)
    assert one.fields == first
    assert _told(account, one) == [own]
    assert isinstance(account.update(one.id, second), Done)
    assert fresh(account, one.id).fields == second


def test_update_changes_only_these_fields(account: Writer) -> None:
    """An update leaves other fields, the children and other records alone; empty values clear."""
    one = made(account, JANE, email="a@x.example", fname="Ada", lname="Low", note="old")
    other = made(account, email="b@x.example")
    answer = account.update(one.id, {"fname": "Bea", "note": None, "lname": "", "fax": "5"})
    assert isinstance(answer, Done)
    after = fresh(account, one.id)
    rest = {name: value for name, value in one.fields.items() if name not in {"fname", "note", "lname"}}
    assert after == replace(one, fields={**rest, "fname": "Bea", "fax": "5"})
    assert answer.live is None or (answer.live.id, answer.live.fields) == (one.id, after.fields)
    assert fresh(account, other.id) == other


def test_updating_twice_is_updating_once(account: Writer) -> None:
    """The same update again is answered well and changes nothing."""
    one = made(account, email="a@x.example")
    account.update(one.id, {"fname": "Bea"})
    after = fresh(account, one.id)
    assert isinstance(account.update(one.id, {"fname": "Bea"}), Done)
    assert fresh(account, one.id) == after


def test_visibility_goes_there_and_back(account: Writer) -> None:
    """A record that was archived or deleted comes back with all its fields and children."""
    one = made(account, JANE, email="a@x.example", note="kept")
    for away in (Visibility.ARCHIVED, Visibility.DELETED):
        answer = account.set_visibility(one.id, away)
        assert isinstance(answer, Done)
        assert answer.live is None or answer.live.visibility is away
        assert [record.id for record in listed(account, away)] == [one.id]
        assert listed(account, Visibility.ACTIVE) == []
        assert isinstance(account.set_visibility(one.id, Visibility.ACTIVE), Done)
        assert fresh(account, one.id) == one


def test_adding_children_keeps_the_others(account: Writer) -> None:
    """The children there are keep their ids and all their fields, and the added ones have what was sent."""
    one = made(account, JANE, JOHN, email="a@x.example", note="kept")
    before = children_of(account, one.id)
    answer = account.add_children(one.id, before, [{"fname": "Zoe", "phone1": "5"}, {"email": "yan@x.example"}])
    assert isinstance(answer, Done)
    after = children_of(account, one.id)
    assert list(after[:2]) == list(before)
    assert sorted(map(str, (dict(child.fields) for child in after[2:]))) == [
        "{'email': 'yan@x.example'}",
        "{'fname': 'Zoe', 'phone1': '5'}",
    ]
    assert fresh(account, one.id).fields == one.fields


def test_update_child_changes_that_child(account: Writer) -> None:
    """A child has exactly the fields sent afterwards, and the others are as they were."""
    one = made(account, JANE, JOHN, email="a@x.example")
    jane, john = children_of(account, one.id)
    answer = account.update_child(jane.id, {**jane.fields, "fname": "Janet", "phone2": None})
    assert isinstance(answer, Done)
    after = children_of(account, one.id)
    wanted = {name: value for name, value in JANE.items() if name != "phone2"} | {"fname": "Janet"}
    assert list(after) == [replace(jane, fields=wanted), john]


def test_delete_child_deletes_that_child(account: Writer) -> None:
    """The others stay, and so does the record."""
    one = made(account, JANE, JOHN, email="a@x.example")
    jane, john = children_of(account, one.id)
    assert isinstance(account.delete_child(jane.id), Done)
    assert list(children_of(account, one.id)) == [john]
    assert fresh(account, one.id).fields == one.fields


CALLS: dict[str, Callable[[Writer], Answer]] = {
    "update": lambda account: account.update(UNKNOWN, {"fname": "Ada"}),
    "set_visibility": lambda account: account.set_visibility(UNKNOWN, Visibility.ARCHIVED),
    "add_children": lambda account: account.add_children(UNKNOWN, [], [JOHN]),
    "update_child": lambda account: account.update_child(UNKNOWN, JOHN),
    "delete_child": lambda account: account.delete_child(UNKNOWN),
}


@pytest.mark.parametrize("call", CALLS)
def test_missing_records_are_gone(call: str, account: Writer) -> None:
    """A call about a record that is not there is refused as such, in words, and makes nothing."""
    answer = CALLS[call](account)
    assert isinstance(answer, Rejected)
    assert (answer.cause, bool(answer.reason)) == (Refusal.GONE, True)
    assert [listed(account, visibility) for visibility in Visibility] == [[], [], []]


def test_deleted_child_is_gone(account: Writer) -> None:
    """A child that was deleted is not there for a second delete."""
    one = made(account, JANE, email="a@x.example")
    (jane,) = children_of(account, one.id)
    account.delete_child(jane.id)
    answer = account.delete_child(jane.id)
    assert isinstance(answer, Rejected)
    assert answer.cause is Refusal.GONE


def _told(account: Writer, record: LiveResource) -> list[dict[str, object]]:
    return [dict(child.fields) for child in children_of(account, record.id)]


def test_ready_and_undisturbed(account: Writer) -> None:
    """An account whose access does not end is always ready, and blocks of creates may stand within each other."""
    assert account.ready()
    with account.undisturbed(), account.undisturbed():
        assert account.ready()
        assert isinstance(account.create({"email": "a@x.example"}, []), Done)
    assert account.ready()
