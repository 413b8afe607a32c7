"""FreshBooks' side of logging in: the address to open, what comes back from it, and the requests for tokens.

The protocol is oauthlib's, which sends nothing; each request goes out once, alone, and is never redirected or repeated.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import msgspec
from oauthlib.oauth2 import OAuth2Error, WebApplicationClient

from reconciler.answers import whole
from reconciler.core.login import App, Declined, Granted, Login, NoAnswer, NotAsked, Secret, Traded
from reconciler.errors import NotAllowed, UsageError
from reconciler.providers.freshbooks.api import (
    AGENT,
    LARGEST_ANSWER,
    Trace,
    checked_url,
    patience,
    tls_for,
    write_socket_options,
)
from reconciler.providers.freshbooks.clock import VendorClock

AUTHORIZE = "https://auth.freshbooks.com/oauth/authorize"
_PATH, _TOKEN, _REVOKE = "/oauth/authorize", "/auth/oauth/token", "/auth/oauth/revoke"
_LIFE_S = 43_200.0
_LONGEST = 300
_GOOD = range(200, 300)
_TOO_MANY = 429  # nobody has looked at what was asked
_UNSENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,  # FreshBooks is https: a proxy fails before anything is sent through it
    httpx.UnsupportedProtocol,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to log in, from the address to the code."""

    app: App
    scopes: Sequence[str]
    state: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    verifier: Secret | None = field(default_factory=lambda: Secret(secrets.token_urlsafe(48)))
    """PKCE's, which only the one that began can know; None without PKCE."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    date: str | None


def checked_app(app: App) -> App:
    """Give an app whose words can be those of one; `UsageError` else."""
    parts = urlsplit(app.redirect_uri)
    if parts.scheme != "https" or not parts.netloc or parts.query or parts.fragment:
        raise UsageError(
            "the redirect address is not usable",
            "FRESHBOOKS_REDIRECT_URI must be https://..., without a question mark: letter for letter one of those on "
            "your app's page. Nothing needs to answer there.",
        )
    for word, name in ((app.id, "FRESHBOOKS_CLIENT_ID"), (app.secret.reveal(), "FRESHBOOKS_CLIENT_SECRET")):
        if not word or not word.isascii() or not word.isprintable() or " " in word:
            raise UsageError("the app is not usable", f"{name} must be what your app's page shows: one word.")
    return app


class OAuth:
    """Speaks to one FreshBooks about tokens."""

    def __init__(
        self,
        api_url: str,
        *,
        proxy: str | None = None,
        clock: VendorClock | None = None,
        trace: Trace | None = None,
        read_timeout_s: float = 30.0,
    ) -> None:
        self._base = checked_url(api_url)
        self._proxy, self._trace, self._timeout = proxy, trace, patience(read_timeout_s)
        self._clock = clock or VendorClock()

    # The user's part.

    def address(self, attempt: Attempt) -> str:
        """Give the address at which the user consents; a FreshBooks on this machine has that page itself."""
        client = WebApplicationClient(attempt.app.id)
        pkce = {}
        if attempt.verifier is not None:
            challenge = client.create_code_challenge(attempt.verifier.reveal(), "S256")
            pkce = {"code_challenge": challenge, "code_challenge_method": "S256"}
        made = client.prepare_request_uri(
            AUTHORIZE,
            redirect_uri=attempt.app.redirect_uri,
            scope=list(attempt.scopes),
            state=attempt.state,
            **pkce,
        )
        return made.replace(AUTHORIZE, self._base + _PATH, 1) if self._base.startswith("http:") else str(made)

    # Tokens.

    def exchange(self, attempt: Attempt, code: Secret) -> Traded:
        """Trade a code for the first pair; a code is good for one trade, within five minutes."""
        verifier = attempt.verifier.reveal() if attempt.verifier is not None else None
        body = WebApplicationClient(attempt.app.id).prepare_request_body(
            code.reveal(),
            redirect_uri=attempt.app.redirect_uri,
            client_secret=attempt.app.secret.reveal(),
            code_verifier=verifier,
        )
        return self._traded(self._post(_TOKEN, body))

    def refresh(self, login: Login) -> Traded:
        """Trade a refresh token for a new pair; whatever comes of it, that token must not be sent again."""
        app = login.app
        body = WebApplicationClient(app.id).prepare_refresh_body(
            refresh_token=login.refresh.reveal(),
            client_id=app.id,
            client_secret=app.secret.reveal(),
            redirect_uri=app.redirect_uri,
        )
        return self._traded(self._post(_TOKEN, body))

    def revoke(self, app: App, token: Secret) -> str:
        """Have a token ended; give why that failed, or nothing."""
        body = urlencode({"client_id": app.id, "client_secret": app.secret.reveal(), "token": token.reveal()})
        got = self._post(_REVOKE, body)
        if not isinstance(got, _Answer):
            return got.reason
        if got.status in _GOOD:
            return ""
        error = _error(got)
        return error.reason if error is not None else f"HTTP {got.status}"

    def _post(self, path: str, body: str) -> _Answer | NotAsked | NoAnswer:
        """Send one request on a connection of its own: none that may have been closed meanwhile is used again."""
        began, told = time.monotonic(), "cut off"
        headers = {
            "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded",
            "User-Agent": AGENT,
        }
        transport = httpx.HTTPTransport(
            verify=tls_for(self._base), socket_options=write_socket_options(), proxy=self._proxy
        )
        try:
            with (
                httpx.Client(transport=transport, timeout=self._timeout, follow_redirects=False) as client,
                client.stream("POST", self._base + path, content=body, headers=headers) as response,
            ):
                read = whole(response.iter_bytes(), LARGEST_ANSWER)
            told = str(response.status_code)
        except _UNSENT as error:
            told = "not reached"
            return NotAsked(reason=_said(error, "FreshBooks could not be reached"))
        except httpx.TimeoutException:
            told = "no answer in time"
            return NoAnswer(reason=told)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            return NoAnswer(reason=_said(error, "the answer was cut off"))
        finally:
            if self._trace is not None:
                self._trace("POST", path, told, time.monotonic() - began)
        if read is None:
            return NoAnswer(reason="the answer had no end")
        return _Answer(response.status_code, read, response.headers.get("Date"))

    def _traded(self, got: _Answer | NotAsked | NoAnswer) -> Traded:
        if not isinstance(got, _Answer):
            return got
        self._clock.heard(got.date)
        if got.status == _TOO_MANY:
            return NotAsked(reason="it is too busy (HTTP 429)")
        if got.status in {400, 401}:
            return _error(got) or NoAnswer(reason=f"the answer could not be read (HTTP {got.status})")
        if got.status not in _GOOD:
            return NoAnswer(reason=f"HTTP {got.status}")
        try:
            told = WebApplicationClient("").parse_request_body_response(_object(got.body))
            return _granted(told, _seconds(got.date) or self._clock.now())
        except (OAuth2Error, ValueError, TypeError, KeyError, AttributeError):
            return NoAnswer(reason=f"the answer could not be read (HTTP {got.status})")


def _object(body: bytes) -> str:
    if not isinstance(msgspec.json.decode(body), dict):
        raise TypeError("no JSON object")
    return body.decode()


def _granted(told: Mapping[str, object], now: float) -> Granted:
    """Read a pair. FreshBooks has been seen to repeat an old `created_at`, so what would be dead already begins now."""
    access, refresh = told["access_token"], told["refresh_token"]
    if not (isinstance(access, str) and isinstance(refresh, str) and access and refresh):
        raise TypeError("a token is a text")
    life, created = told.get("expires_in"), told.get("created_at")
    lasts = float(life) if isinstance(life, int | float) and life > 0 else _LIFE_S
    begins = float(created) if isinstance(created, int | float) else now
    scopes = told.get("scope") or ()
    return Granted(
        access=Secret(access),
        refresh=Secret(refresh),
        issued_at=now,
        expires_at=begins + lasts if begins + lasts > now else now + lasts,
        scopes=tuple(str(scope) for scope in scopes) if isinstance(scopes, list | tuple) else (),
    )


def _error(got: _Answer) -> Declined | None:
    try:
        told = msgspec.json.decode(got.body)
    except (msgspec.MsgspecError, RecursionError):
        return None
    error = told.get("error") if isinstance(told, dict) else None
    if not isinstance(error, str):
        return None
    return Declined(error=error[:60], reason=_words(told.get("error_description")) or f"HTTP {got.status}")


def _seconds(date: str | None) -> float | None:
    try:
        return parsedate_to_datetime(date or "").timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def _words(text: object) -> str:
    return " ".join(text[:_LONGEST].split()) if isinstance(text, str) else ""


def _said(error: Exception, what: str) -> str:
    detail = str(error)[:120]
    return f"{what} ({detail})" if detail else what


# What the user brings back.


def code_of(attempt: Attempt, pasted: str) -> Secret:
    """Read the code out of the address to which the browser was sent; nothing of the address is ever quoted.

    Raises:
        UsageError: it is no address that FreshBooks could have made.
        NotAllowed: it says no, belongs to another attempt, or to another redirect address.
    """
    address = pasted.strip()
    query = _query(address)
    if not query.keys() & {"code", "error"}:
        raise UsageError(
            "this is not the redirected address",
            "Paste the whole address that the browser shows after you have consented: it begins with "
            f"{attempt.app.redirect_uri} and has `code=` in it. That no page opens there does not matter.",
        )
    if address.partition("?")[0].rstrip("/") != attempt.app.redirect_uri.rstrip("/"):
        raise NotAllowed(
            "the browser was sent to another address",
            f"The pasted address does not begin with {attempt.app.redirect_uri}. Set FRESHBOOKS_REDIRECT_URI to the "
            "address of your app, letter for letter, and begin again.",
            code="login-other-address",
        )
    if "error" in query and query.get("state", [attempt.state]) == [attempt.state]:
        raise _denied(_words(query["error"][0]), _words(query.get("error_description", [""])[0]))
    try:
        response = WebApplicationClient(attempt.app.id).parse_request_uri_response(address, state=attempt.state)
    except OAuth2Error:
        # Not `from error`: no word of the address may come along.
        raise NotAllowed(
            "the pasted address belongs to another attempt",
            "Its `state` is not the one of the address that was printed: it is from an earlier attempt, or somebody "
            "wants you to use their login. Begin again, and open the address that is printed then.",
            code="login-other-state",
        ) from None
    return Secret(str(response["code"]))


def _query(address: str) -> Mapping[str, list[str]]:
    try:
        return parse_qs(urlsplit(address).query) if address.startswith("https://") else {}
    except ValueError:
        return {}


def _denied(error: str, description: str) -> NotAllowed:
    if error == "access_denied":
        return NotAllowed(
            "the login was declined",
            "In the browser somebody chose not to let the app in. Begin again to allow it.",
            code="login-denied",
        )
    hint = {
        "invalid_scope": " Each scope asked for must be enabled on your app's page; --read-only asks for less.",
        "invalid_request": " If it is about `code_challenge`, try --no-pkce.",
    }.get(error, "")
    told = f"FreshBooks sent the browser back with: {error}{f' ({description})' if description else ''}.{hint}"
    return NotAllowed("FreshBooks does not let the app in", told, code="login-denied")
