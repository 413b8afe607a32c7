"""One request without a token: is FreshBooks reached, is it surely FreshBooks, and what time is it there.

It needs no login, so that it tells a broken network from a broken token. Nothing is tried again.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime

import httpx

from reconciler.core.facts import Answered, Certificate, Distrust, Greeting, Unreached, Untrusted
from reconciler.providers.freshbooks.api import AGENT, Trace, checked_url, patience, tls_for

_PATIENCE_S = 10.0
_PATH = "/auth/api/v1/users/me"
# Numbers of OpenSSL: https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/
_WHY = {
    9: Distrust.NOT_YET,
    10: Distrust.EXPIRED,
    18: Distrust.SELF_SIGNED,
    19: Distrust.UNKNOWN_ISSUER,
    20: Distrust.UNKNOWN_ISSUER,
    21: Distrust.UNKNOWN_ISSUER,
    62: Distrust.OTHER_HOST,
    64: Distrust.OTHER_HOST,
}


def greet(
    url: str,
    *,
    proxy: str | None = None,
    trace: Trace | None = None,
    clock: Callable[[], float] = time.time,
    patience_s: float = _PATIENCE_S,
) -> Greeting:
    """Ask the API who is there. Raises `UsageError` where the address makes no sense."""
    base = checked_url(url)
    try:
        tls = tls_for(base)
    except (OSError, ssl.SSLError) as error:
        return Untrusted(why=Distrust.NO_AUTHORITIES, reason=_words(error))
    began = time.monotonic()
    with httpx.Client(
        transport=httpx.HTTPTransport(verify=tls, proxy=proxy), timeout=patience(patience_s), follow_redirects=False
    ) as client:
        got = _asked(client, base, clock)
    if trace is not None:
        told = str(got.status) if isinstance(got, Answered) else got.reason
        trace("GET", _PATH, told, time.monotonic() - began)
    return got


def _asked(client: httpx.Client, base: str, clock: Callable[[], float]) -> Greeting:
    asked_at = clock()
    try:
        with client.stream("GET", base + _PATH, headers={"User-Agent": AGENT}) as response:
            now = (asked_at + clock()) / 2
            return Answered(
                status=response.status_code,
                ahead_s=_ahead_s(response.headers.get("Date"), now),
                certificate=_certificate(response, now),
            )
    except httpx.TimeoutException:
        return Unreached(reason="no answer in time")
    except httpx.HTTPError as error:
        fault = next((each for each in _causes(error) if isinstance(each, ssl.SSLError)), None)
        if fault is None:
            return Unreached(reason=_words(error))
        code = getattr(fault, "verify_code", 0)
        if not code and not isinstance(fault, ssl.SSLCertVerificationError):
            return Unreached(reason=f"no TLS came about: {_words(fault)}")
        return Untrusted(why=_WHY.get(code, Distrust.OTHER), reason=str(getattr(fault, "verify_message", "")))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _words(error: Exception) -> str:
    told = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return told[:120] or type(error).__name__


def _ahead_s(date: str | None, now: float) -> float | None:
    """Give how far the other clock is ahead; a Date has whole seconds, so half of one is added."""
    try:
        return parsedate_to_datetime(date or "").timestamp() + 0.5 - now
    except (ValueError, TypeError, OverflowError):
        return None


def _certificate(response: httpx.Response, now: float) -> Certificate | None:
    stream = response.extensions.get("network_stream")
    connection = stream.get_extra_info("ssl_object") if stream is not None else None
    shown = connection.getpeercert() if connection is not None else None
    if not shown:
        return None
    names = {name: value for part in shown.get("issuer", ()) for name, value in part}
    return Certificate(
        issuer=str(names.get("organizationName") or names.get("commonName") or "an issuer without a name"),
        left_s=ssl.cert_time_to_seconds(shown["notAfter"]) - now,
    )
