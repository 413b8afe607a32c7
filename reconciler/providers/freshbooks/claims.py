"""What an access token says of itself: FreshBooks' are JWTs with a `scope`, and may say when they end.

It is read and not verified: whether FreshBooks takes the token is for FreshBooks to say.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TypeGuard

import msgspec

_NEVER_S = 1e12
"""Arbitrary: thirty thousand years, which no end of a token is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What could be read; a token that is no JWT says nothing."""

    scopes: tuple[str, ...] | None = None
    expires_at: float | None = None
    """Seconds since 1970 by FreshBooks' clock."""


def claims(token: str) -> Claims:
    """Read them."""
    _, _, rest = token.partition(".")
    body, signed, _ = rest.partition(".")
    try:
        told = msgspec.json.decode(base64.urlsafe_b64decode(body + "===")) if signed else None
    except (binascii.Error, ValueError, msgspec.MsgspecError, RecursionError):
        told = None
    if not isinstance(told, dict):
        return Claims()
    ends, scope = told.get("exp"), told.get("scope")
    if isinstance(scope, list):
        scope = " ".join(each for each in scope if isinstance(each, str))
    return Claims(
        scopes=tuple(scope.split()) if isinstance(scope, str) else None,
        expires_at=float(ends) if _is_time(ends) else None,
    )


def _is_time(told: object) -> TypeGuard[int | float]:
    return isinstance(told, (int, float)) and not isinstance(told, bool) and abs(told) < _NEVER_S
