"""What an answer means for us: a record, a refusal after which nothing has changed, or a reason to stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from reconciler.core.outcome import Answer, Refusal, Rejected, Unknown
from reconciler.errors import NotAllowed, ReadIncomplete
from reconciler.providers.freshbooks.api import Lost, Reply
from reconciler.providers.freshbooks.refusals import ApiError, read_error
from reconciler.providers.freshbooks.wire.decode import Malformed

Read = TypeVar("Read")


def refused(status: int, error: ApiError) -> Answer:
    """Tell a refusal, after which nothing has changed, from a failure, after which anything may have."""
    if status >= 500 or status == 408:  # noqa: PLR2004 - HTTP's server errors, and its timeout
        return Unknown(reason=f"FreshBooks failed: {error}")
    return Rejected(reason=str(error), cause=error.cause)


def accepted(reply: Reply | Lost) -> bytes:
    """Give the body of a read that was answered well; raises `NotAllowed` or `ReadIncomplete`."""
    if isinstance(reply, Lost):
        raise ReadIncomplete("the account could not be read", f"{reply.reason}. Nothing was written.")
    error = read_error(reply.status, reply.body)
    if error is not None:
        raise _unreadable(error)
    if reply.status >= 300:  # noqa: PLR2004 - a redirect is never followed
        raise ReadIncomplete(
            "the account could not be read",
            f"The API answered with a redirect (HTTP {reply.status}), which is never followed. Nothing was written.",
        )
    return reply.body


def _unreadable(error: ApiError) -> NotAllowed | ReadIncomplete:
    if error.cause is Refusal.LOGIN:
        return NotAllowed(
            "FreshBooks does not accept the access token",
            f"{error}. Access tokens live for 12 hours: log in with `reconciler login`, or get a new one and set "
            "FRESHBOOKS_ACCESS_TOKEN.",
            code="login",
        )
    if error.cause is Refusal.FORBIDDEN:
        return NotAllowed(
            "FreshBooks does not allow this",
            f"{error}. The token needs the scopes user:clients:read and user:clients:write, and its user a role that "
            "may manage clients.",
            code="forbidden",
        )
    if error.errno == 404 or (error.cause is Refusal.GONE and not error.errno):  # noqa: PLR2004 - FreshBooks' number for an unknown account
        return NotAllowed("FreshBooks does not know this account", f"{error}. Check the account id.", code="no-account")
    return ReadIncomplete("the account could not be read", f"FreshBooks failed: {error}. Nothing was written.")


def understood(body: bytes, read: Callable[[bytes], Read]) -> Read:
    """Give what `read` makes of the body of a read; what it cannot take ends in `ReadIncomplete`."""
    try:
        return read(body)
    except Malformed as malformed:
        raise ReadIncomplete(
            "the account's answer could not be read", f"Of FreshBooks' answer: {malformed}. Nothing was written."
        ) from malformed
