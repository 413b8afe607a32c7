"""Bodies as FreshBooks writes them: envelopes and every shape of error. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.sandbox.quirks import Quirks


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


def plain(value: object, status: int = 200, **headers: str) -> Answer:
    """Answer with a JSON document as it is."""
    return Answer(status=status, body=json.dumps(value, ensure_ascii=False).encode(), headers=headers)


def result(value: object) -> Answer:
    """Answer in the accounting envelope."""
    return plain({"response": {"result": value}})


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountingError:
    """What an accounting error says."""

    errno: int
    message: str
    field: str | None = None
    object: str | None = None
    value: str | None = None


def refusal(status: int, error: AccountingError, quirks: Quirks) -> Answer:
    """Answer with an accounting error, in the shape that the quirk `errors` names."""
    told = {
        "errno": error.errno,
        "field": error.field,
        "message": error.message,
        "object": error.object,
        "value": error.value,
    }
    if quirks.on("errors", "object"):
        return plain({"response": {"errors": {"message": error.message, "errno": error.errno}}}, status)
    if quirks.on("errors", "rpc"):
        code = {404: 5, 422: 3, 401: 16}.get(status, 2)
        info = {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": str(error.errno),
            "domain": "accounting.api.freshbooks.com",
            "metadata": {name: str(value) for name, value in told.items() if value is not None},
        }
        return plain({"code": code, "message": f"Request failed with status_code: {status}", "details": [info]}, status)
    return plain({"response": {"errors": [told]}}, status)


def not_found(kind: str, value: str, quirks: Quirks) -> Answer:
    """Answer that a record does not exist; `value` echoes the path segment as text."""
    field_name = "userid" if kind == "client" else "contactid"
    error = AccountingError(
        errno=1012, field=field_name, message=f"{kind.capitalize()} not found.", object=kind, value=value
    )
    return refusal(404, error, quirks)


def unauthenticated(quirks: Quirks) -> Answer:
    """Answer a call whose token is not known."""
    message = "This action requires authentication to continue."
    if quirks.on("unauthenticated", "errors"):
        told = "The server could not verify that you are authorized to access the URL requested."
        return plain({"response": {"errors": [{"errno": 1003, "message": told}]}}, 401)
    if quirks.on("unauthenticated", "message"):
        return plain({"message": message}, 401)
    return plain({"error": "unauthenticated", "error_description": message}, 401)


def insufficient_scope(given: str, required: str) -> Answer:
    """Answer a token that lacks a scope."""
    told = f"insufficient_scope: The access token lacks a scope. Provided: ['{given}']. Required: ['{required}']."
    return plain({"message": told}, 403)


def account_not_found() -> Answer:
    """Answer for an account that does not exist; FreshBooks looks for it before it looks at the token."""
    return plain({"response": {"errors": [{"message": "Account not found", "errno": 404}]}}, 404)
