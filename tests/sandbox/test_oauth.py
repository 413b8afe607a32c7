"""OAuth of the sandbox: what it demands, what ends a token, and its switches."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx
import pytest

from reconciler.sandbox.oauth import CODE_S, REDIRECT_URI
from reconciler.sandbox.quirks import Quirks
from reconciler.sandbox.server import Sandbox, running

TOKEN, REVOKE = "/auth/oauth/token", "/auth/oauth/revoke"


@contextmanager
def app(**quirks: str) -> Iterator[tuple[Sandbox, httpx.Client]]:
    """Give an account and somebody who asks it."""
    chosen = {name.replace("_", "-"): value for name, value in quirks.items()}
    with running(quirks=Quirks(chosen)) as sandbox, httpx.Client(base_url=sandbox.url) as http:
        yield sandbox, http


def words(sandbox: Sandbox) -> dict[str, str]:
    """Give the app's words."""
    return {"client_id": sandbox.grants.client_id, "client_secret": sandbox.grants.client_secret}


def asks(sandbox: Sandbox, http: httpx.Client, **more: str) -> httpx.Response:
    """Ask for a code."""
    asked = {"client_id": sandbox.grants.client_id, "response_type": "code", "redirect_uri": REDIRECT_URI, "state": "s"}
    return http.get("/oauth/authorize", params={**asked, **more})


def sent_to(answer: httpx.Response) -> Mapping[str, str]:
    """Give what came along with a redirect."""
    assert answer.status_code == 302
    assert answer.headers["location"].startswith(f"{REDIRECT_URI}?")
    return dict(httpx.URL(answer.headers["location"]).params)


def trades(sandbox: Sandbox, http: httpx.Client, code: str, **more: str) -> httpx.Response:
    """Trade a code."""
    sent = {"grant_type": "authorization_code", "redirect_uri": REDIRECT_URI, "code": code}
    return http.post(TOKEN, data={**words(sandbox), **sent, **more})


def refreshes(sandbox: Sandbox, http: httpx.Client, token: str, **more: str) -> httpx.Response:
    """Trade a refresh token."""
    return http.post(TOKEN, data={**words(sandbox), "grant_type": "refresh_token", "refresh_token": token, **more})


def test_only_the_registered_address_is_redirected_to() -> None:
    """An address that the app does not have is told in the browser, which is sent nowhere."""
    with app() as (sandbox, http):
        for other in ("http://localhost", "https://evil.example/", f"{REDIRECT_URI}?a=b", ""):
            assert asks(sandbox, http, redirect_uri=other).status_code == 400
        assert asks(sandbox, http, client_id="x").status_code == 401


def test_errors_come_back_with_the_state() -> None:
    """A scope that the app lacks, or another kind of answer, is told by the redirect."""
    with app() as (sandbox, http):
        told = sent_to(asks(sandbox, http, scope="user:clients:read user:moon:write"))
        assert (told["error"], told["state"]) == ("invalid_scope", "s")
        assert sent_to(asks(sandbox, http, response_type="token"))["error"] == "unsupported_response_type"
        assert sent_to(asks(sandbox, http, code_challenge="x"))["error"] == "invalid_request"


def test_a_code_ends_after_five_minutes_or_one_trade() -> None:
    """A code is good once, for five minutes, for its own redirect."""
    with app() as (sandbox, http):
        code = sent_to(asks(sandbox, http))["code"]
        assert [trades(sandbox, http, code).status_code for _ in range(2)] == [200, 400]
        code = sent_to(asks(sandbox, http))["code"]
        assert trades(sandbox, http, code, redirect_uri="https://evil.example").json()["error"] == "invalid_grant"
        code = sent_to(asks(sandbox, http))["code"]
        sandbox.grants.clock = lambda: time.time() + CODE_S + 1
        assert trades(sandbox, http, code).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(("value", "status"), [("enforced", 400), ("ignored", 200)])
def test_pkce(value: str, status: int) -> None:
    """With a challenge only its verifier buys the token, unless PKCE is not looked at."""
    verifier = "v" * 50
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    with app(pkce=value) as (sandbox, http):
        for given, expected in (
            ({"code_verifier": verifier}, 200),
            ({"code_verifier": "w" * 50}, status),
            ({}, status),
        ):
            asked = asks(sandbox, http, code_challenge=challenge, code_challenge_method="S256")
            assert trades(sandbox, http, sent_to(asked)["code"], **given).status_code == expected


def test_pkce_refused() -> None:
    """A FreshBooks that does not know PKCE says so by the redirect."""
    with app(pkce="refused") as (sandbox, http):
        asked = asks(sandbox, http, code_challenge="x", code_challenge_method="S256")
        assert sent_to(asked)["error"] == "invalid_request"


def test_one_refresh_token_is_alive() -> None:
    """Each trade ends the refresh token before it; access tokens live on side by side."""
    with app() as (sandbox, http):
        first = refreshes(sandbox, http, sandbox.refresh_token).json()
        assert refreshes(sandbox, http, sandbox.refresh_token).json()["error"] == "invalid_grant"
        assert sandbox.grants.scope_of(sandbox.access_token)
        assert sandbox.grants.scope_of(first["access_token"])
        assert refreshes(sandbox, http, first["refresh_token"], client_secret="x").status_code == 401
        assert refreshes(sandbox, http, first["refresh_token"]).status_code == 200


@pytest.mark.parametrize(("value", "alive"), [("pair", False), ("one", True)])
def test_revoking(value: str, *, alive: bool) -> None:
    """Revoking a token ends it at once, and the other of its pair as the switch says; only the app may."""
    with app(revoke=value) as (sandbox, http):
        assert http.post(REVOKE, data={"token": sandbox.refresh_token}).status_code == 401
        assert http.post(REVOKE, data={**words(sandbox), "token": sandbox.refresh_token}).status_code == 200
        assert refreshes(sandbox, http, sandbox.refresh_token).status_code == 400
        assert bool(sandbox.grants.scope_of(sandbox.access_token)) is alive
        assert http.post(REVOKE, data={**words(sandbox), "token": "nothing"}).status_code == 200


def test_created_at_may_be_the_first_ones() -> None:
    """A renewed token may be told to be as old as the first of its line, as has been seen once."""
    with app(created_at="original") as (sandbox, http):
        later = time.time() + 40_000
        sandbox.grants.clock = lambda: later
        pair = refreshes(sandbox, http, sandbox.refresh_token).json()
        assert pair["created_at"] < later - 30_000
        assert sandbox.grants.scope_of(pair["access_token"])


def test_the_log_tells_secrets_apart_without_showing_them() -> None:
    """The request log has a digest of each secret, by which one that is sent twice is seen."""
    with app() as (sandbox, http):
        for _ in range(2):
            refreshes(sandbox, http, sandbox.refresh_token)
        told = [entry["body"] for entry in sandbox.log.entries]
        assert sandbox.refresh_token not in str(told)
        assert sandbox.grants.client_secret not in str(told)
        assert told[0] == told[1]
