"""Every shape in which FreshBooks says no, as one value. Pure.

The status decides what an answer means; the body only explains it. Shapes seen: `response.errors` as a list or as one
object, also under HTTP 200; google.rpc; `error` with `error_description`; `message` alone; HTML; nothing at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from reconciler.core.outcome import Refusal

_LONGEST = 300  # arbitrary: enough for any message seen, short enough for one table row

# https://www.freshbooks.com/api/errors
_BY_ERRNO = {
    1003: Refusal.FORBIDDEN,
    1038: Refusal.FORBIDDEN,
    1042: Refusal.FORBIDDEN,
    1011: Refusal.GONE,
    1012: Refusal.GONE,
    7005: Refusal.LIMIT,
    409: Refusal.CONFLICT,
}
_BY_STATUS = {
    401: Refusal.LOGIN,
    402: Refusal.LIMIT,
    403: Refusal.FORBIDDEN,
    404: Refusal.GONE,
    410: Refusal.GONE,
    409: Refusal.CONFLICT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiError:
    """What FreshBooks said when it said no."""

    status: int
    message: str = ""
    errno: int = 0
    field: str = ""

    @property
    def cause(self) -> Refusal:
        """Give what it means for the rest of the run; under HTTP 200 only the error number can tell."""
        return _BY_STATUS.get(self.status) or _BY_ERRNO.get(self.errno, Refusal.INVALID)

    def __str__(self) -> str:
        what = f"{self.field}: {self.message}" if self.field and self.field not in self.message else self.message
        number = f", error {self.errno}" if self.errno and self.errno != self.status else ""
        return f"{what or 'no explanation'} (HTTP {self.status}{number})"


def read_error(status: int, body: bytes) -> ApiError | None:
    """Give the error of an answer, or None where it has none; a refusal status is one whatever its body says."""
    failed = status >= 400  # noqa: PLR2004 - HTTP's own border
    if not failed and b'"errors"' not in body:
        return None
    try:
        plain = msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError):
        return ApiError(status=status, message=_prose(body)) if failed else None
    found = _found(status, plain) if isinstance(plain, dict) else None
    return found or (ApiError(status=status) if failed else None)


def _found(status: int, plain: dict[str, object]) -> ApiError | None:
    response = plain.get("response")
    errors = response.get("errors") if isinstance(response, dict) else plain.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else errors
    if isinstance(first, dict):
        return _of(status, first)
    details = plain.get("details")
    if isinstance(details, list) and details and isinstance(details[0], dict) and "reason" in details[0]:
        metadata = details[0].get("metadata")
        told = dict(metadata) if isinstance(metadata, dict) else {}
        return _of(status, {"message": plain.get("message"), **told, "errno": details[0]["reason"]})
    if status < 400:  # noqa: PLR2004 - HTTP's own border
        return None
    description = plain.get("error_description") or plain.get("message") or plain.get("error")
    return _of(status, {"message": description, "errno": plain.get("errno")})


def _of(status: int, told: dict[str, object]) -> ApiError:
    errno = told.get("errno")
    number = int(errno) if isinstance(errno, (int, str)) and str(errno).isdigit() and len(str(errno)) < 9 else 0  # noqa: PLR2004 - no error number is longer
    field = told.get("field")
    message = told.get("message")
    return ApiError(
        status=status,
        errno=number,
        field=field[:60] if isinstance(field, str) else "",
        message=" ".join(message[:_LONGEST].split()) if isinstance(message, str) else "",
    )


def _prose(body: bytes) -> str:
    text = body[:2000].decode("utf-8", "replace").strip()
    if not text:
        return "an empty answer"
    return "a web page instead of an answer" if text.startswith("<") else " ".join(text[:80].split())
