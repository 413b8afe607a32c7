"""One login: its tokens, the app they belong to, and what is known of their renewal. Values and their stored form.

It asks nobody for a token, keeps none, and shows none: a `Secret` has no text but through `reveal`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from reconciler.errors import NotAllowed

DEFAULT = "default"
READ_SCOPES = ("user:profile:read", "user:clients:read")
WRITE_SCOPES = (*READ_SCOPES, "user:clients:write")
_FORMAT = 1
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")


class Secret:
    """A text that no message, repr or log can hold by accident."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Give the text, to be sent or kept and nothing else."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __repr__(self) -> str:
        return "***"


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The app that a user made at the vendor, on whose behalf tokens are given."""

    id: str
    secret: Secret
    redirect_uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """That the refresh token has been sent, or is about to be, and no answer is kept. It is never sent again."""

    at: str
    """UTC, ISO 8601; only ever shown."""
    by: str
    """Which process on which machine."""
    refused: bool = False
    """Whether the vendor has answered that this token is dead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """One user's permission, as it is kept."""

    app: App
    origin: str
    """The API that it is for: no other ever gets its tokens."""
    access: Secret
    refresh: Secret
    issued_at: float = 0.0
    """Seconds since 1970 by the vendor's clock, as is the next."""
    expires_at: float = 0.0
    scopes: tuple[str, ...] = ()
    seed: str = ""
    """The digest of the refresh token that it was seeded with, so that nobody seeds with that one again."""
    pending: Pending | None = None


# What became of asking for tokens.


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """A new pair; the old refresh token is dead."""

    access: Secret
    refresh: Secret
    issued_at: float
    expires_at: float
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """The vendor said no, and has changed nothing."""

    error: str
    """OAuth's word for it: `invalid_grant`, `invalid_client` ..."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAsked:
    """The request never left, or was turned away before anybody looked at it."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """Nobody knows: the pair may be spent."""

    reason: str


Traded = Granted | Declined | NotAsked | NoAnswer


def is_name(text: str) -> bool:
    """Tell whether a login can be called so."""
    return _NAME.fullmatch(text) is not None


# The stored form.


class _Document(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    format: int
    origin: str
    client_id: str
    client_secret: str
    redirect_uri: str
    access_token: str
    refresh_token: str
    issued_at: float = 0.0
    expires_at: float = 0.0
    scopes: tuple[str, ...] = ()
    seed: str = ""
    pending: Mapping[str, str | bool] | None = None


class _Format(msgspec.Struct):
    format: int


def encode(login: Login) -> bytes:
    """Give the stored form, one line of JSON with every secret in it."""
    pending = login.pending
    document = _Document(
        format=_FORMAT,
        origin=login.origin,
        client_id=login.app.id,
        client_secret=login.app.secret.reveal(),
        redirect_uri=login.app.redirect_uri,
        access_token=login.access.reveal(),
        refresh_token=login.refresh.reveal(),
        issued_at=login.issued_at,
        expires_at=login.expires_at,
        scopes=login.scopes,
        seed=login.seed,
        pending=None if pending is None else {"at": pending.at, "by": pending.by, "refused": pending.refused},
    )
    return msgspec.json.encode(document) + b"\n"


def decode(content: bytes, place: str) -> Login:
    """Read the stored form.

    Raises:
        NotAllowed: it is not one, or of another version. Nothing of it is quoted.
    """
    try:
        version = msgspec.json.decode(content, type=_Format).format
        document = msgspec.json.decode(content, type=_Document) if version == _FORMAT else None
    except (msgspec.MsgspecError, RecursionError):
        # Not `from error`: its text could quote a secret.
        raise _unreadable(f"What {place} holds is cut off, or no login.") from None
    if document is None:
        raise _unreadable(f"What {place} holds was written by a newer version of the program.")
    told = document.pending
    pending = None
    if told is not None:
        pending = Pending(at=str(told.get("at")), by=str(told.get("by")), refused=told.get("refused") is True)
    return Login(
        app=App(id=document.client_id, secret=Secret(document.client_secret), redirect_uri=document.redirect_uri),
        origin=document.origin,
        access=Secret(document.access_token),
        refresh=Secret(document.refresh_token),
        issued_at=document.issued_at,
        expires_at=document.expires_at,
        scopes=document.scopes,
        seed=document.seed,
        pending=pending,
    )


def _unreadable(why: str) -> NotAllowed:
    return NotAllowed("the login cannot be read", f"{why} Log in again: `reconciler login`.", code="login-unreadable")
