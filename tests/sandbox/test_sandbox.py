"""The sandbox over a real socket: checks, limits, OAuth, quirks, faults."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.sandbox.faults import Fault, Faults
from reconciler.sandbox.limits import Limits
from reconciler.sandbox.quirks import QUIRKS, Quirks, parse
from reconciler.sandbox.server import Sandbox, running

BASE = "/accounting/account/Sandbx/users"


def asking(sandbox: Sandbox, token: str | None = None) -> httpx.Client:
    """Give an HTTP client with a token."""
    return httpx.Client(base_url=sandbox.url, headers={"Authorization": f"Bearer {token or sandbox.access_token}"})


def made(http: httpx.Client, **fields: object) -> dict[str, Any]:
    """Create a client."""
    client: dict[str, Any] = http.post(f"{BASE}/clients", json={"client": fields}).json()["response"]["result"][
        "client"
    ]
    return client


def test_account_is_looked_for_before_the_token() -> None:
    """An unknown account is a 404 even without a token; then a bad token is a 401; then a missing scope a 403."""
    with running(scopes="user:profile:read") as sandbox:
        with asking(sandbox, "none") as http:
            unknown = http.get("/accounting/account/other/users/clients")
            assert (unknown.status_code, unknown.json()["response"]["errors"][0]["message"]) == (
                404,
                "Account not found",
            )
            assert http.get(f"{BASE}/clients").json()["error"] == "unauthenticated"
        with asking(sandbox) as http:
            scope = http.get(f"{BASE}/clients")
            assert (scope.status_code, "insufficient_scope" in scope.text) == (403, True)


def test_role_and_gate() -> None:
    """A client role may not write; a feature gate refuses reads under HTTP 200."""
    with running(role="client") as sandbox, asking(sandbox) as http:
        assert http.post(f"{BASE}/clients", json={"client": {"fname": "x"}}).status_code == 403
    with running(gate=True) as sandbox, asking(sandbox) as http:
        gated = http.get(f"{BASE}/clients")
        assert (gated.status_code, "errors" in gated.json()["response"]) == (200, True)


def test_rate_limits_are_two_buckets_told_on_every_answer() -> None:
    """Creates have a bucket of their own; what is over the limit is a 429."""
    with running(calls_per_minute=3, creates_per_minute=1) as sandbox, asking(sandbox) as http:
        first = http.post(f"{BASE}/clients", json={"client": {"fname": "x"}})
        assert (first.headers["x-ratelimit-limit"], first.headers["x-ratelimit-remaining"]) == ("1", "0")
        assert 0 < int(first.headers["retry-after"]) <= 60
        assert http.post(f"{BASE}/clients", json={"client": {"fname": "y"}}).status_code == 429
        assert [http.get(f"{BASE}/clients").status_code for _ in range(4)] == [200, 200, 200, 429]


def test_rate_limit_windows_end() -> None:
    """After a minute the count begins anew."""
    times = iter([0.0, 1.0, 61.0])
    limits = Limits(1, 1, clock=lambda: next(times))
    assert [limits.count("GET")[0] for _ in range(3)] == [True, False, True]


def test_paging_rules() -> None:
    """15 a page by default, never more than 100, page 0 is page 1, past the end is empty, words are an error."""
    with running(seed=120) as sandbox, asking(sandbox) as http:

        def result(query: str) -> dict[str, Any]:
            found: dict[str, Any] = http.get(f"{BASE}/clients?{query}").json()["response"]["result"]
            return found

        assert (len(result("")["clients"]), result("per_page=2000")["per_page"]) == (15, 100)
        assert result("page=0")["page"] == 1
        assert result("page=999")["clients"] == []
        bad = http.get(f"{BASE}/clients?page=two")
        assert (bad.status_code, bad.json()["response"]["errors"][0]["errno"]) == (422, 1014)
        ids = [client["id"] for client in result("sort=updated:asc")["clients"]]
        assert ids == sorted(ids)


def test_oauth_by_browser_and_code() -> None:
    """The authorize page grants at once; the code buys a pair once, in any of three encodings; revoke kills it."""
    with running() as sandbox, httpx.Client(base_url=sandbox.url) as http:
        app = {"client_id": sandbox.grants.client_id, "client_secret": sandbox.grants.client_secret}
        asked = {
            "client_id": app["client_id"],
            "response_type": "code",
            "redirect_uri": "https://127.0.0.1/callback",
            "state": "s",
        }
        codes = []
        for _ in range(3):
            sent = http.get("/oauth/authorize", params=asked)
            assert sent.status_code == 302
            location = httpx.URL(sent.headers["location"])
            assert location.params["state"] == "s"
            codes.append(location.params["code"])
        trade = {**app, "grant_type": "authorization_code", "redirect_uri": asked["redirect_uri"]}
        as_json = http.post("/auth/oauth/token", json={**trade, "code": codes[0]})
        as_form = http.post("/auth/oauth/token", data={**trade, "code": codes[1]})
        again = http.post("/auth/oauth/token", data={**trade, "code": codes[1]})
        assert [as_json.status_code, as_form.status_code, again.status_code] == [200, 200, 400]
        pair = as_form.json()
        assert (pair["expires_in"], pair["token_type"], len(pair["refresh_token"])) == (43200, "Bearer", 64)
        headers = {"Authorization": f"Bearer {pair['access_token']}"}
        assert http.get("/auth/api/v1/users/me", headers=headers).status_code == 200
        assert http.post("/auth/oauth/revoke", json={**app, "token": pair["access_token"]}).json() == {}
        assert http.get("/auth/api/v1/users/me", headers=headers).status_code == 401


@pytest.mark.parametrize("value", QUIRKS["contact-ids"].values)
def test_contact_ids_by_quirk(value: str) -> None:
    """A put array keeps, finds or reissues ids, as the switch says; the array is all there is in every case."""
    with running(quirks=Quirks({"contact-ids": value})) as sandbox, asking(sandbox) as http:
        client = made(http, organization="A", contacts=[{"email": "a@x"}, {"fname": "B"}])
        url = f"{BASE}/clients/{client['id']}?include[]=contacts"
        before = http.get(url).json()["response"]["result"]["client"]["contacts"]
        http.put(url, json={"client": {"contacts": before}})
        after = http.get(url).json()["response"]["result"]["client"]["contacts"]
        same = [x["contactid"] == y["contactid"] for x, y in zip(before, after, strict=True)]
        assert same == {"stable": [True, True], "by-email": [True, False], "reissued": [False, False]}[value]


def test_unknown_quirks_and_faults_are_told() -> None:
    """A switch or fault that does not exist is an error that names those that do."""
    for text in ("colour=blue", "contact-put=maybe", "nonsense"):
        with pytest.raises(ValueError, match=r"quirk|NAME"):
            parse([text])
    for text in ("POST", "GET /x explode", "get /x 429"):
        with pytest.raises(ValueError, match="fault"):
            Fault.parse(text)


FAULTS = {
    "reset-before": (None, 0),
    "reset-after": (None, 1),
    "429": (429, 0),
    "429-bare": (429, 0),
    "500-before": (500, 0),
    "500-after": (500, 1),
    "502-html": (502, 0),
    "truncated": (None, 1),
    "wrong-json": (200, 1),
    "delay=0.01": (200, 1),
    "late=0.01": (None, 1),
    "twice": (200, 2),
    "401": (401, 0),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_do_what_their_names_say(name: str) -> None:
    """Each fault strikes once, and leaves as many clients as it says."""
    status, count = FAULTS[name]
    with running(faults=Faults.parse([f"POST /users/clients {name}#1"])) as sandbox, asking(sandbox) as http:
        got: int | None = None
        try:
            got = http.post(f"{BASE}/clients", json={"client": {"fname": "x"}}).status_code
        except httpx.HTTPError:
            got = None
        assert got == status
        total = -1
        for _ in range(200):
            total = http.get(f"{BASE}/clients").json()["response"]["result"]["total"]
            if total == count:
                break
        assert total == count
        assert http.post(f"{BASE}/clients", json={"client": {"fname": "y"}}).status_code == 200
        assert sandbox.log.entries[0]["fault"] == name.partition("=")[0]


def test_faults_by_probability_are_repeatable() -> None:
    """The same seed strikes the same requests."""
    runs = [
        [Faults.parse(["* * 429:0.4"], seed=7).draw("GET", "/x") is not None for _ in range(1)]
        + [faults.draw("GET", "/x") is not None for _ in range(40)]
        for faults in (Faults.parse(["* * 429:0.4"], seed=7), Faults.parse(["* * 429:0.4"], seed=7))
    ]
    assert runs[0] == runs[1]
    assert 5 < sum(runs[0]) < 30


def test_log_has_bodies_and_no_token(tmp_path: Path) -> None:
    """The request log is one JSON document a line, with what was sent and never with a token."""
    log = tmp_path / "log.jsonl"
    with running(log=log) as sandbox, asking(sandbox) as http:
        made(http, fname="Ada")
        token = sandbox.access_token
    text = log.read_text(encoding="utf-8")
    assert json.loads(text)["body"] == {"client": {"fname": "Ada"}}
    assert token not in text


def test_account_persists(tmp_path: Path) -> None:
    """With a file, clients and ids are there again at the next start."""
    db = str(tmp_path / "account.db")
    with running(db=db) as sandbox, asking(sandbox) as http:
        first = made(http, fname="Ada")["id"]
    with running(db=db) as sandbox, asking(sandbox) as http:
        assert http.get(f"{BASE}/clients/{first}").status_code == 200
        assert made(http, fname="Bo")["id"] == first + 2


def test_sandbox_imports_nothing_of_ours() -> None:
    """An error in the mapping must not cancel out in the fake: the server runs without the rest being imported."""
    program = (
        "import sys, reconciler.sandbox.server\n"
        "ours = [m for m in sys.modules if m.startswith('reconciler') and not m.startswith('reconciler.sandbox')]\n"
        "print(ours)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['reconciler']"


def test_lists_can_lag() -> None:
    """Under `lag` a list does not show what was created in the last seconds, and a GET by id does."""
    with running(faults=Faults.parse(["GET /users/clients lag=60#1"])) as sandbox, asking(sandbox) as http:
        made = http.post(f"{BASE}/clients", json={"client": {"fname": "x"}}).json()["response"]["result"]["client"]
        first, second = (http.get(f"{BASE}/clients").json()["response"]["result"]["total"] for _ in range(2))
        assert (first, second) == (0, 1)
        assert http.get(f"{BASE}/clients/{made['id']}").status_code == 200


def test_lists_can_change_under_the_reader() -> None:
    """Under `churn` a client of somebody else comes, goes or comes back before each list, repeatably."""
    told = []
    for _ in range(2):
        with running(seed=20, faults=Faults.parse(["GET /users/clients churn"])) as sandbox, asking(sandbox) as http:
            totals = [http.get(f"{BASE}/clients").json()["response"]["result"]["total"] for _ in range(12)]
            told.append(totals)
    assert told[0] == told[1]
    assert len(set(told[0])) > 1
