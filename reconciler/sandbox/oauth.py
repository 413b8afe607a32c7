"""Identity and OAuth of the account: an authorize page that grants at once, tokens with single-use rotation."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from reconciler.sandbox.answers import Answer, plain
from reconciler.sandbox.books import Books
from reconciler.sandbox.quirks import Quirks

ACCESS_S, CODE_S = 43_200, 300  # documented: 12 hours, 5 minutes
SCOPES = "user:profile:read user:clients:read user:clients:write"
REDIRECT_URI = "https://127.0.0.1/callback"
_STOCK = (
    "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the "
    "authorization request, or was issued to another client."
)


@dataclass(slots=True, kw_only=True)
class Grants:
    """Who may do what."""

    books: Books
    account_id: str
    others: Sequence[str] = ()
    """The ids of further accounts that the login reaches."""
    business: str = "Sandbox Ltd."
    role: str = "owner"
    scopes: str = SCOPES
    quirks: Quirks = field(default_factory=Quirks)
    clock: Callable[[], float] = field(default=time.time)

    @property
    def client_id(self) -> str:
        """Give the app's id."""
        return self.books.secret("client_id")

    @property
    def client_secret(self) -> str:
        """Give the app's secret."""
        return self.books.secret("client_secret")

    def ready_tokens(self) -> tuple[str, str]:
        """Give an (access, refresh) pair that works now, so that nobody needs a browser to begin."""
        issued = self._issue(self.scopes)
        return str(issued["access_token"]), str(issued["refresh_token"])

    def scope_of(self, token: str) -> str | None:
        """Give the scope of an access token that is alive."""
        found = self.books.token(token, "access")
        return found[0] if found is not None and found[1] > self.clock() else None

    def identity(self) -> Answer:
        """Answer `/users/me`, which has no `result` layer."""
        accounts = (self.account_id, *self.others)
        me = {
            "id": 9001,
            "identity_id": 9001,
            "first_name": "Sandy",
            "last_name": "Box",
            "email": "owner@sandbox.example",
            "language": "en",
            "business_memberships": [self._membership(place, account_id) for place, account_id in enumerate(accounts)],
            "roles": [
                {"id": 8002 + 10 * place, "role": "admin", "accountid": account_id, "userid": 1}
                for place, account_id in enumerate(accounts)
            ],
        }
        return plain({"response": me})

    def _membership(self, place: int, account_id: str) -> Mapping[str, object]:
        number = 7001 + place
        business = {
            "id": number,
            "business_uuid": f"00000000-0000-4000-8000-{number:012}",
            "name": f"{self.business}{f' {place + 1}' if place else ''}",
            "account_id": account_id,
            "date_format": "mm/dd/yyyy",
            "active": True,
            "timezone": "America/Toronto",
            "status": "active",
            "address": None,
            "phone_number": None,
            "business_clients": [],
        }
        return {
            "id": 8001 + 10 * place,
            "role": self.role,
            "unacknowledged_change": False,
            "fasttrack_token": None,
            "business": business,
        }

    # OAuth.

    def authorize(self, query: Mapping[str, str]) -> Answer:
        """Grant at once: redirect with a code that holds for five minutes.

        What is wrong with app or address is told here, for nobody can be sent back; the rest is told by the redirect.
        """
        if query.get("client_id") != self.client_id:
            return plain({"error": "invalid_client", "error_description": "Client authentication failed."}, 401)
        target = query.get("redirect_uri", "")
        if target != REDIRECT_URI:
            return _error(400, "invalid_redirect_uri", "The redirect uri included is not valid.")
        error = self._wrong(query)
        if error:
            return _sent_back(query, {"error": error, "error_description": "The request cannot be granted as it is."})
        code = secrets.token_hex(32)
        challenge = "" if self.quirks.on("pkce", "ignored") else query.get("code_challenge", "")
        bound = urlencode({"redirect_uri": target, "challenge": challenge})
        self.books.put_token(code, "code", query.get("scope", "") or self.scopes, self.clock() + CODE_S, bound)
        return _sent_back(query, {"code": code})

    def _wrong(self, query: Mapping[str, str]) -> str:
        """Give what is wrong with a request for a code, or nothing."""
        if query.get("response_type") != "code":
            return "unsupported_response_type"
        # One scope that the app does not have makes the whole consent fail.
        if set(query.get("scope", "").split()) - set(self.scopes.split()):
            return "invalid_scope"
        if "code_challenge" in query and (
            self.quirks.on("pkce", "refused") or query.get("code_challenge_method") != "S256"
        ):
            return "invalid_request"
        return ""

    def token(self, sent: Mapping[str, str]) -> Answer:
        """Trade a code or a refresh token for a new pair; each is good for one trade."""
        if not sent.get("grant_type"):
            return _error(400, "invalid_request", "Missing required parameter: grant_type.")
        if not self._known(sent):
            return _error(401, "invalid_client", "Client authentication failed due to unknown client.")
        if sent["grant_type"] == "refresh_token":
            found = self.books.token(sent.get("refresh_token", ""), "refresh")
            if found is None or sent.get("redirect_uri", REDIRECT_URI) != REDIRECT_URI:
                return _error(400, "invalid_grant", _STOCK)
            return plain(self._issue(found[0], found[1]))
        if sent["grant_type"] != "authorization_code":
            return _error(400, "unsupported_grant_type", "The authorization grant type is not supported.")
        code = sent.get("code", "")
        found = self.books.token(code, "code")
        self.books.drop_tokens("code", code)
        if found is None or found[1] < self.clock() or not self._meant(found[2], sent):
            return _error(400, "invalid_grant", _STOCK)
        return plain(self._issue(found[0]))

    def revoke(self, sent: Mapping[str, str]) -> Answer:
        """Kill a token at once, and the other one of its pair."""
        if not self._known(sent):
            return _error(401, "invalid_client", "Client authentication failed due to unknown client.")
        token = sent.get("token", "")
        for use in ("access", "refresh"):
            found = self.books.token(token, use)
            if found is None:
                continue
            self.books.drop_tokens(use, token)
            if self.quirks.on("revoke", "pair"):
                self.books.drop_pair(found[2])
        return plain({})

    def _known(self, sent: Mapping[str, str]) -> bool:
        return sent.get("client_id") == self.client_id and sent.get("client_secret") == self.client_secret

    def _issue(self, scope: str, first: float = 0.0) -> dict[str, object]:
        """Give a new pair; only one refresh token is alive per user, several access tokens may be.

        `first` is when the first of its line was given.
        """
        now = self.clock()
        born = first or now
        access, refresh, pair = secrets.token_urlsafe(48), secrets.token_hex(32), secrets.token_hex(8)
        self.books.drop_tokens("refresh")
        self.books.put_token(access, "access", scope, now + ACCESS_S, pair)
        # A refresh token has no end: where others keep theirs, it keeps its line's beginning.
        self.books.put_token(refresh, "refresh", scope, born, pair)
        return {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": ACCESS_S,
            "refresh_token": refresh,
            "scope": scope,
            "created_at": int(born if self.quirks.on("created-at", "original") else now),
            "direct_buy_tokens": {},
        }

    def _meant(self, bound: str, sent: Mapping[str, str]) -> bool:
        """Tell whether the trade fits the grant: the same redirect, and the verifier of the challenge, if one was."""
        challenge = ""
        verifier = sent.get("code_verifier")
        if verifier and not self.quirks.on("pkce", "ignored"):
            digest = hashlib.sha256(verifier.encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return bound == urlencode({"redirect_uri": sent.get("redirect_uri", ""), "challenge": challenge})


def _sent_back(query: Mapping[str, str], told: Mapping[str, str]) -> Answer:
    """Send the browser back to the app, with the state that came along."""
    state = {"state": query["state"]} if "state" in query else {}
    return Answer(status=302, headers={"Location": f"{query['redirect_uri']}?{urlencode({**told, **state})}"})


def _error(status: int, error: str, description: str) -> Answer:
    return plain({"error": error, "error_description": description}, status)
