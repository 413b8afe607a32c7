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
        """Grant at once: redirect with a code that holds for five minutes."""
        if query.get("client_id") != self.client_id:
            return plain({"error": "invalid_client", "error_description": "Client authentication failed."}, 401)
        target = query.get("redirect_uri", "")
        if query.get("response_type") != "code" or not target or "?" in target:
            return plain({"error": "invalid_request", "error_description": "redirect_uri or response_type."}, 400)
        code = secrets.token_hex(32)
        bound = urlencode({"redirect_uri": target, "challenge": query.get("code_challenge", "")})
        self.books.put_token(code, "code", query.get("scope", "") or self.scopes, self.clock() + CODE_S, bound)
        told = {"code": code, **({"state": query["state"]} if "state" in query else {})}
        return Answer(status=302, headers={"Location": f"{target}?{urlencode(told)}"})

    def token(self, sent: Mapping[str, str]) -> Answer:
        """Trade a code or a refresh token for a new pair; each is good for one trade."""
        if not sent.get("grant_type"):
            return _error(400, "invalid_request", "Missing required parameter: grant_type.")
        if sent.get("client_id") != self.client_id or sent.get("client_secret") != self.client_secret:
            return _error(401, "invalid_client", "Client authentication failed due to unknown client.")
        if sent["grant_type"] == "refresh_token":
            found = self.books.token(sent.get("refresh_token", ""), "refresh")
            if found is None:
                return _error(400, "invalid_grant", _STOCK)
            return plain(self._issue(found[0]))
        if sent["grant_type"] != "authorization_code":
            return _error(400, "unsupported_grant_type", "The authorization grant type is not supported.")
        code = sent.get("code", "")
        found = self.books.token(code, "code")
        self.books.drop_tokens("code", code)
        if found is None or found[1] < self.clock() or not _meant(found[2], sent):
            return _error(400, "invalid_grant", _STOCK)
        return plain(self._issue(found[0]))

    def revoke(self, sent: Mapping[str, str]) -> Answer:
        """Kill a token at once."""
        for use in ("access", "refresh"):
            self.books.drop_tokens(use, sent.get("token", ""))
        return plain({})

    def _issue(self, scope: str) -> dict[str, object]:
        """Give a new pair; only one refresh token is alive per user, several access tokens may be."""
        now = self.clock()
        access, refresh = secrets.token_urlsafe(48), secrets.token_hex(32)
        self.books.drop_tokens("refresh")
        self.books.put_token(access, "access", scope, now + ACCESS_S)
        self.books.put_token(refresh, "refresh", scope, 0)
        return {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": ACCESS_S,
            "refresh_token": refresh,
            "scope": scope,
            "created_at": int(now),
            "direct_buy_tokens": {},
        }


def _meant(bound: str, sent: Mapping[str, str]) -> bool:
    """Tell whether the trade fits the grant: the same redirect, and the verifier of the PKCE challenge, if one was."""
    challenge = ""
    if verifier := sent.get("code_verifier"):
        digest = hashlib.sha256(verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return bound == urlencode({"redirect_uri": sent.get("redirect_uri", ""), "challenge": challenge})


def _error(status: int, error: str, description: str) -> Answer:
    return plain({"error": error, "error_description": description}, status)
