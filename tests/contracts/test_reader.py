"""The contract of `Reader`: what planning may rely on, whoever the vendor is."""

from __future__ import annotations

from reconciler.core.outcome import Done
from reconciler.core.ports import Writer
from reconciler.core.resource import RemoteId, Visibility
from tests.contracts.accounts import UNKNOWN, Counted, children_of, listed, made

PAGES = 230  # more than two pages of any vendor that we know


def test_empty_account_is_listed_as_such(account: Writer) -> None:
    """Nothing is listed where nothing is, whatever the visibility."""
    for visibility in Visibility:
        assert listed(account, visibility) == []


def test_listing_is_whole_and_unique(account: Writer) -> None:
    """However many records there are, each is listed once, and under its visibility only."""
    ids = [made(account, email=f"m{number}@x.example").id for number in range(PAGES)]
    archived, deleted = ids[1::100], ids[2::100]
    for chosen, visibility in ((archived, Visibility.ARCHIVED), (deleted, Visibility.DELETED)):
        for remote_id in chosen:
            assert isinstance(account.set_visibility(remote_id, visibility), Done)
    found = {visibility: listed(account, visibility) for visibility in Visibility}
    assert [record.id for record in found[Visibility.ARCHIVED]] == archived
    assert [record.id for record in found[Visibility.DELETED]] == deleted
    assert [record.id for record in found[Visibility.ACTIVE]] == sorted(set(ids) - {*archived, *deleted})
    for visibility, records in found.items():
        assert {record.visibility for record in records} == {visibility}


def test_listed_records_are_complete(account: Writer) -> None:
    """A listed record has its fields and its children, and is what a fetch gives."""
    child = {"email": "jane@x.example", "fname": "Jane", "phone1": "416-555-0101"}
    one = made(account, child, email="a@x.example", organization="Acme", p_code="02134", note='says "hi"\n\u00e9')
    two = made(account, email="b@x.example")
    assert listed(account, Visibility.ACTIVE) == [one, two]
    assert dict(one.fields) | {"email": "a@x.example", "organization": "Acme", "p_code": "02134"} == one.fields
    assert one.fields["note"] == 'says "hi"\n\u00e9'
    assert [dict(known.fields) for known in children_of(account, one.id)] == [child]
    assert two.children == ()


def test_fields_that_are_empty_are_absent(account: Writer) -> None:
    """What is empty in the account is not among a live record's fields, so that null and empty text are one."""
    one = made(account, email="a@x.example", fname="", note=None)
    assert not {"fname", "note", "organization"} & set(one.fields)
    assert all(value is not None and value != "" for value in one.fields.values())


def test_listing_tells_its_progress(account: Writer) -> None:
    """The meter hears of as many records as are listed, first as expected, then as done."""
    for number in range(3):
        made(account, email=f"m{number}@x.example")
    meter = Counted()
    assert len(account.listing(Visibility.ACTIVE, meter)) == 3
    assert (meter.expected, meter.done) == (3, 3)


def test_fetch_of_the_unknown_is_none(account: Writer) -> None:
    """A record that never was is None, and no error."""
    assert account.fetch(UNKNOWN) is None


def test_fetch_finds_a_record_wherever_it_is(account: Writer) -> None:
    """An archived record is given as such; a deleted one too, or as None where the vendor no longer shows it."""
    one = made(account, {"email": "jane@x.example"}, email="a@x.example")
    account.set_visibility(one.id, Visibility.ARCHIVED)
    archived = account.fetch(one.id)
    assert archived is not None
    assert (archived.visibility, archived.fields, archived.children) == (
        Visibility.ARCHIVED,
        one.fields,
        one.children,
    )
    account.set_visibility(one.id, Visibility.DELETED)
    deleted = account.fetch(one.id)
    assert deleted is None or deleted.visibility is Visibility.DELETED


def test_search_is_a_superset(account: Writer) -> None:
    """A search by a natural key finds active and archived records with it, in whatever case it is written."""
    one = made(account, email="bill@acme.example", organization="Acme")
    two = made(account, email="bill@acme.example", organization="Bolt Ltd")
    made(account, email="other@x.example", organization="Other")
    account.set_visibility(two.id, Visibility.ARCHIVED)
    for written in ("bill@acme.example", "BILL@Acme.example", " bill@acme.example "):
        assert _ids(account, email=written) >= {one.id, two.id}
    assert _ids(account, organization="BOLT LTD") >= {two.id}
    assert _ids(account, organization="bolt ltd", email=None) >= {two.id}


def test_search_finds_namesakes_by_every_name(account: Writer) -> None:
    """Without a unique key the names find a record."""
    one = made(account, fname="Ada", lname="Low")
    assert _ids(account, fname="ada", lname="low") >= {one.id}
    assert _ids(account, lname="Low") >= {one.id}
    assert _ids(account, fname="Ada") >= {one.id}


def test_search_of_many_is_whole(account: Writer) -> None:
    """A search gives all that share a key, not only the first page of them."""
    ids = {made(account, email="same@x.example", fname=f"N{number}").id for number in range(105)}
    assert _ids(account, email="same@x.example") >= ids


def test_search_leaves_deleted_records_out(account: Writer) -> None:
    """A deleted record is no reason to stop a create, so a search does not give it."""
    one = made(account, email="a@x.example")
    account.set_visibility(one.id, Visibility.DELETED)
    assert one.id not in _ids(account, email="a@x.example")


def test_identity_reaches_the_account(account: Writer) -> None:
    """Who is logged in is told with the accounts that can be used, each with an id."""
    reached = account.identify().memberships
    assert reached
    for membership in reached:
        assert membership.account_id
        account.use_account(membership.account_id)
    assert account.listing(Visibility.ACTIVE, Counted()) == []


def test_origin_and_kind_are_told_without_a_call(account: Writer) -> None:
    """The origin is a scheme and a host, and the kind is what the fields are named by."""
    assert "://" in account.origin
    assert account.kind.child is not None
    assert set(account.kind.identity) <= set(account.kind.field_names)


def _ids(account: Writer, **fields: str | None) -> set[RemoteId]:
    return {record.id for record in account.search(fields)}
