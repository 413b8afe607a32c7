"""Requests to a server that keeps states: one connection pool, one table of what is tried again, the server's clock.

It knows no document and no lock; redirects are never followed, and no error text holds a credential or a query.
"""

from __future__ import annotations

import base64
import hashlib
import random
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode, urlsplit, urlunsplit

import httpx

from reconciler import __version__
from reconciler.answers import retry_after_s, whole
from reconciler.errors import StateUnusable, UsageError
from reconciler.store.backend import Trace
from reconciler.store.terraform.address import Address

_CHANCE = random.SystemRandom()
_LARGEST_ANSWER = 256 * 1024 * 1024  # a document of 100 MB, each quotation mark of which takes two bytes
_AGENT = f"freshbooks-reconciler/{__version__}"
_DONE, _ELSEWHERE = range(200, 300), range(300, 400)
_CERTIFICATE = "CERTIFICATE_VERIFY_FAILED"
_UNTRUSTED = "its certificate is not trusted here; TF_HTTP_CLIENT_CA_CERTIFICATE_PEM takes that of who vouches for it"
_DENIED = frozenset({401, 403})
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})

# What is tried again, by what a request does. Reads, and what a lock's ID makes the same thing when done twice, may be
# repeated whatever became of them; a write only where the server says that it has not even begun. GitLab answers 422
# for the moment that it takes to remove a state.
REPEATED = {
    "read": _BUSY | {422},
    "lock": _BUSY | {422},
    "unlock": _BUSY,
    "write": frozenset({429}),
    "delete": frozenset({429}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request."""

    does: str
    """A key of `REPEATED`."""
    method: str
    url: str
    lock: str = ""
    """The ID of the lock under which it is done."""
    body: bytes | None = None
    etag: str = ""

    @property
    def address(self) -> str:
        """Give the address with the lock's ID in its query."""
        if not self.lock:
            return self.url
        parts = urlsplit(self.url)
        query = urlencode({"ID": self.lock})
        return urlunsplit(parts._replace(query=f"{parts.query}&{query}" if parts.query else query))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer that arrived whole."""

    status: int
    body: bytes = b""
    etag: str = ""
    wait_s: float | None = None

    @property
    def done(self) -> bool:
        """Tell whether the server did it."""
        return self.status in _DONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """No whole answer; `sent` tells whether the request may have arrived."""

    sent: bool
    reason: str


class ServerClock:
    """The clock of the server, as near as its `Date` headers, in whole seconds, tell."""

    def __init__(self, local: Callable[[], float]) -> None:
        self._local = local
        self._bounds: tuple[float, float] | None = None

    @property
    def known(self) -> bool:
        """Tell whether the server has said what time it is."""
        return self._bounds is not None

    def now_s(self) -> float:
        """Give the server's time; this machine's where the server never told."""
        least, most = self._bounds or (0.0, 0.0)
        return self._local() + (least + most) / 2

    def local_s(self) -> float:
        """Give this machine's time."""
        return self._local()

    def hear(self, date: str, sent_s: float) -> None:
        """Take a `Date` header: it was that second somewhere between sending and now."""
        try:
            told = parsedate_to_datetime(date).timestamp()
        except (ValueError, TypeError, OverflowError):
            return
        least, most = told - self._local(), told + 1 - sent_s
        if self._bounds is not None:
            narrowed = max(least, self._bounds[0]), min(most, self._bounds[1])
            # Where the two do not overlap, one of the clocks was set: only the newer word counts.
            least, most = narrowed if narrowed[0] <= narrowed[1] else (least, most)
        self._bounds = least, most


class Calls:
    """Sends requests with the credentials of one address; may be used from several threads."""

    def __init__(
        self,
        address: Address,
        *,
        sleep: Callable[[float], None] = time.sleep,
        local_clock: Callable[[], float] = time.time,
        trace: Trace | None = None,
        timeout_s: float = 30.0,
    ) -> None:
        self._patience = address.patience
        self._shown = address.shown
        self._sleep = sleep
        self._trace = trace
        self.clock = ServerClock(local_clock)
        transport = httpx.HTTPTransport(verify=_trust(address), proxy=address.proxy or None)
        self._client = httpx.Client(
            transport=transport,
            timeout=httpx.Timeout(timeout_s, connect=min(5.0, timeout_s)),
            follow_redirects=False,
            trust_env=False,
            auth=httpx.BasicAuth(address.username, address.password) if address.username else None,
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def pause(self, seconds: float) -> None:
        """Wait."""
        self._sleep(seconds)

    def send(self, call: Call) -> Answer | Lost:
        """Send a request, repeated as the table allows; raises `StateUnusable` where the server does not let us in."""
        got: Answer | Lost = Lost(sent=False, reason="nothing was sent")
        for left in reversed(range(self._patience.tries)):
            got = self._once(call)
            if left == 0 or not _again(call, got):
                break
            self._sleep(self._wait_s(self._patience.tries - left, got))
        if isinstance(got, Answer) and got.status in _DENIED:
            raise refused_login(self._shown, got.status)
        return got

    def _wait_s(self, tried: int, got: Answer | Lost) -> float:
        """Wait as the server asked, else longer each time, by chance so that two do not keep step."""
        patience = self._patience
        if isinstance(got, Answer) and got.wait_s is not None:
            return min(got.wait_s, patience.longest_s)
        most = min(patience.longest_s, patience.least_s * 2.0 ** (tried - 1))
        return most * _CHANCE.uniform(0.5, 1.0)

    def _once(self, call: Call) -> Answer | Lost:
        began, sent_s = time.monotonic(), self.clock.local_s()
        got = self._exchange(call, sent_s)
        if self._trace is not None:
            told = str(got.status) if isinstance(got, Answer) else got.reason
            self._trace(call.method, _shown(call.url), told, time.monotonic() - began)
        return got

    def _exchange(self, call: Call, sent_s: float) -> Answer | Lost:
        try:
            request = self._client.build_request(call.method, call.address, content=call.body, headers=_headers(call))
            response = self._client.send(request, stream=True)
            try:
                self.clock.hear(response.headers.get("date", ""), sent_s)
                body = whole(response.iter_bytes(), _LARGEST_ANSWER)
            finally:
                response.close()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            return Lost(sent=False, reason=_UNTRUSTED if _CERTIFICATE in str(error) else "it could not be reached")
        except httpx.TimeoutException:
            return Lost(sent=True, reason="it did not answer in time")
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError):
            return Lost(sent=True, reason="its answer was cut off")
        if body is None:
            return Lost(sent=True, reason="its answer had no end")
        return Answer(
            status=response.status_code,
            body=body,
            etag=response.headers.get("etag", ""),
            wait_s=retry_after_s(response.headers),
        )


def unreachable(shown: str, got: Answer | Lost) -> StateUnusable:
    """Give the error for a server that does not do what it is asked; nothing was done."""
    if isinstance(got, Lost):
        why = f"{shown}: {got.reason}."
    elif got.status in _ELSEWHERE:
        why = f"{shown} answers {got.status}: it is elsewhere by now. Give the address that it leads to."
    else:
        why = f"{shown} answers {got.status}."
    return StateUnusable("the state's server cannot be used", f"{why} Nothing was written.", code="store-unreachable")


def refused(what: str, why: str) -> StateUnusable:
    """Give the error for a server that says no."""
    return StateUnusable(what, why, code="store-refused")


def refused_login(shown: str, status: int) -> StateUnusable:
    """Give the error for a server that does not let us in."""
    return refused(
        "the state's server refused the login",
        f"{shown} answers {status}. Set TF_HTTP_USERNAME and TF_HTTP_PASSWORD to a name and a token that may read, "
        "write and lock this state.",
    )


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))


def _again(call: Call, got: Answer | Lost) -> bool:
    match got:
        case Answer():
            return got.status in REPEATED[call.does]
        case Lost():
            return not got.sent or call.does in {"read", "lock", "unlock"}


def _headers(call: Call) -> dict[str, str]:
    headers = {"Accept": "application/json", "User-Agent": _AGENT}
    if call.body is not None:
        digest = hashlib.md5(call.body, usedforsecurity=False).digest()
        headers |= {"Content-Type": "application/json", "Content-MD5": base64.b64encode(digest).decode("ascii")}
    if call.etag:
        headers["If-Match"] = call.etag
    return headers


def _trust(address: Address) -> ssl.SSLContext:
    """Give what vouches for the server; plain http, which is this machine, needs no list of authorities."""
    if not address.url.startswith("https:"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trust = httpx.create_ssl_context()
    if address.authority:
        try:
            trust.load_verify_locations(cadata=address.authority)
        except ssl.SSLError as error:
            raise UsageError(
                "a certificate cannot be read", "TF_HTTP_CLIENT_CA_CERTIFICATE_PEM must hold certificates in PEM form."
            ) from error
    return trust
