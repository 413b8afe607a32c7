"""One login of the sandbox that reaches several accounts, each with books of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.sandbox.server import Sandbox, running
from tests.cli.program import spawned


def asking(sandbox: Sandbox) -> httpx.Client:
    """Give an HTTP client with a token."""
    return httpx.Client(base_url=sandbox.url, headers={"Authorization": f"Bearer {sandbox.access_token}"})


def users(account: str) -> str:
    """Give the path of an account's clients."""
    return f"/accounting/account/{account}/users/clients"


def names(http: httpx.Client, account: str) -> list[str]:
    """Give the organizations of an account."""
    found: list[dict[str, Any]] = http.get(users(account)).json()["response"]["result"]["clients"]
    return [client["organization"] for client in found]


def test_the_identity_names_them() -> None:
    """The identity has a membership and a role for each account, all with ids of their own."""
    with running(account="Aa1", others=("Bb2", "Cc3")) as sandbox, asking(sandbox) as http:
        me = http.get("/auth/api/v1/users/me").json()["response"]
    businesses = [membership["business"] for membership in me["business_memberships"]]
    assert [business["account_id"] for business in businesses] == ["Aa1", "Bb2", "Cc3"]
    assert [role["accountid"] for role in me["roles"]] == ["Aa1", "Bb2", "Cc3"]
    for numbers in ([b["id"] for b in businesses], [b["business_uuid"] for b in businesses]):
        assert len(set(numbers)) == 3
    assert [business["name"] for business in businesses] == ["Sandbox Ltd.", "Sandbox Ltd. 2", "Sandbox Ltd. 3"]


def test_books_are_apart() -> None:
    """What is written to one account is in that one only, though the ids are the same."""
    with running(account="Aa1", others=("Bb2",)) as sandbox, asking(sandbox) as http:
        made = http.post(users("Bb2"), json={"client": {"organization": "Bolt"}}).json()["response"]["result"]["client"]
        http.post(users("Aa1"), json={"client": {"organization": "Acme"}})
        assert (names(http, "Aa1"), names(http, "Bb2")) == (["Acme"], ["Bolt"])
        http.put(f"{users('Aa1')}/{made['id']}", json={"client": {"organization": "Acme 2"}})
        assert (names(http, "Aa1"), names(http, "Bb2")) == (["Acme 2"], ["Bolt"])
        assert http.get(users("Cc3")).status_code == 404
        assert sandbox.accounts["Bb2"].books is not sandbox.books


def test_they_are_kept(tmp_path: Path) -> None:
    """With a file all accounts are there again, those that are not named too; a further one is added."""
    file = str(tmp_path / "books.db")
    with running(account="Aa1", others=("Bb2",), db=file) as sandbox, asking(sandbox) as http:
        http.post(users("Bb2"), json={"client": {"organization": "Bolt"}})
    with running(account="Xx9", others=("Cc3",), db=file) as sandbox, asking(sandbox) as http:
        assert list(sandbox.accounts) == ["Aa1", "Bb2", "Cc3"]
        assert (names(http, "Bb2"), names(http, "Cc3")) == (["Bolt"], [])
    assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("books.db*")} == {0o600}


def test_all_are_seeded() -> None:
    """--seed fills each account that is empty."""
    with running(account="Aa1", others=("Bb2",), seed=7) as sandbox:
        assert [account.books.count() for account in sandbox.accounts.values()] == [7, 7]


def test_the_environment_names_one_only(tmp_path: Path) -> None:
    """Of one account the environment has the id; of several it names none, since it would be that of all runs."""
    with running(account="Aa1", others=("Bb2",)) as sandbox:
        assert "FRESHBOOKS_ACCOUNT_ID" not in json.loads(sandbox.ready_lines(as_json=True))
    with running(account="Aa1") as sandbox:
        assert json.loads(sandbox.ready_lines(as_json=True))["FRESHBOOKS_ACCOUNT_ID"] == "Aa1"


@pytest.mark.parametrize("name", ["../b", "", "\u00e4"])
def test_an_id_is_no_path(name: str, tmp_path: Path) -> None:
    """An account id has letters and digits only: it is a part of a file's name."""
    ran = spawned("sandbox", "--account", "Aa1", "--account", name, "--db", str(tmp_path / "books.db"))
    assert (ran.code, "letters and digits only" in ran.err) == (64, True)
