"""The vendor's own Python SDK drives the sandbox: what it can do with FreshBooks, it can do here."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from freshbooks import Client, FreshBooksError, IncludesBuilder, PaginateBuilder
from freshbooks.api.accounting import AccountingResource

from reconciler.sandbox.server import Sandbox, running


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """Run an account, with an SDK client that is logged in to it."""
    with running() as sandbox:
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
        sdk = Client(
            client_id=sandbox.grants.client_id,
            client_secret=sandbox.grants.client_secret,
            redirect_uri="https://127.0.0.1/callback",
            access_token=sandbox.access_token,
            refresh_token=sandbox.refresh_token,
        )
        yield SimpleNamespace(sandbox=sandbox, sdk=sdk, id=sandbox.account_id)


def test_identity_names_the_account(account: SimpleNamespace) -> None:
    """The identity leads to the account."""
    assert account.sdk.current_user().business_memberships[0].business.account_id == account.id


def test_create_get_update_delete(account: SimpleNamespace) -> None:
    """A client is created, read, changed in part, deleted and restored."""
    made = account.sdk.clients.create(account.id, {"fname": "Pat", "lname": "Doe", "email": "pat@example.test"})
    assert (made.fname, made.username, made.vis_state, made.userid) == ("Pat", "patdoe", 0, made.id)
    assert len(made.data) == 53
    assert list(made.data) == sorted(made.data)
    changed = account.sdk.clients.update(account.id, made.id, {"note": "hello"})
    assert (changed.note, changed.lname) == ("hello", "Doe")
    assert account.sdk.clients.delete(account.id, made.id).vis_state == 1
    assert account.sdk.clients.list(account.id).pages.total == 0
    assert account.sdk.clients.update(account.id, made.id, {"vis_state": 0}).vis_state == 0


def test_visibility_drops_what_stands_beside_it(account: SimpleNamespace) -> None:
    """vis_state in an update is carried out alone; the rest is silently dropped."""
    made = account.sdk.clients.create(account.id, {"organization": "Acme"})
    seen = account.sdk.clients.update(account.id, made.id, {"vis_state": 2, "organization": "Other"})
    assert (seen.vis_state, seen.organization) == (2, "Acme")


def test_list_pages_and_searches(account: SimpleNamespace) -> None:
    """Lists are paged newest first, and filtered."""
    for number in range(7):
        account.sdk.clients.create(account.id, {"organization": f"Firm {number}", "email": f"{number}@x.test"})
    page = account.sdk.clients.list(account.id, builders=[PaginateBuilder(2, 3)])
    assert [client.organization for client in page] == ["Firm 3", "Firm 2", "Firm 1"]
    assert (page.pages.page, page.pages.pages, page.pages.per_page, page.pages.total) == (2, 3, 3, 7)
    from freshbooks import FilterBuilder  # noqa: PLC0415 - one test needs it

    found = account.sdk.clients.list(account.id, builders=[FilterBuilder().equals("email", "4@x.test")])
    assert [client.organization for client in found] == ["Firm 4"]


def test_contacts(account: SimpleNamespace) -> None:
    """Contacts come with a client, are listed under their include, edited and deleted."""
    jane = {"email": "jane@x.test", "fname": "Jane", "lname": "Doe", "phone1": "1"}
    made = account.sdk.clients.create(account.id, {"organization": "Acme", "contacts": [jane]})
    includes = IncludesBuilder().include("contacts")
    seen = account.sdk.clients.get(account.id, made.id, includes=includes)
    contact = seen.data["contacts"][0]
    assert {name: contact[name] for name in jane} == jane
    contacts = AccountingResource(
        account.sdk._client_resource_config(), "users/contacts", "contact", "contacts", delete_via_update=False
    )
    assert [entry.data["email"] for entry in contacts.list(account.id)] == ["jane@x.test"]
    contacts.update(account.id, contact["contactid"], {"fname": "Janet"})
    contacts.delete(account.id, contact["contactid"])
    assert account.sdk.clients.get(account.id, made.id, includes=includes).data["contacts"] == []


def test_refresh_tokens_are_good_for_one_use(account: SimpleNamespace) -> None:
    """A refresh gives a new pair; the old refresh token is dead, the new access token works."""
    old = account.sandbox.refresh_token
    pair = account.sdk.refresh_access_token()
    assert pair.refresh_token != old
    assert account.sdk.current_user().email
    with pytest.raises(FreshBooksError):
        account.sdk.refresh_access_token(old)


def test_errors(account: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that is not there, a token that is none, and a create of nothing are refused as FreshBooks does."""
    with pytest.raises(FreshBooksError) as missing:
        account.sdk.clients.get(account.id, 12)
    assert (missing.value.status_code, missing.value.error_code) == (404, 1012)
    with pytest.raises(FreshBooksError) as empty:
        account.sdk.clients.create(account.id, {"note": "no name"})
    assert (empty.value.status_code, empty.value.error_code) == (422, 1001)
    stranger = Client(client_id="x", access_token="wrong")
    with pytest.raises(FreshBooksError) as refused:
        stranger.clients.list(account.id)
    assert refused.value.status_code == 401


def test_client_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan's limit is a 402 with error 7005."""
    with running(client_limit=1) as sandbox:
        sdk = _sdk(sandbox, monkeypatch)
        sdk.clients.create(sandbox.account_id, {"fname": "One"})
        with pytest.raises(FreshBooksError) as limited:
            sdk.clients.create(sandbox.account_id, {"fname": "Two"})
    assert (limited.value.status_code, limited.value.error_code) == (402, 7005)


def _sdk(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401 - the SDK is not typed
    monkeypatch.setenv("FRESHBOOKS_API_URL", sandbox.url)
    return Client(client_id="x", access_token=sandbox.access_token)
