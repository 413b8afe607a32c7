"""Calls to FreshBooks over HTTP: one connection pool, one table of retries, redirects never followed.

It knows no record; paths and bodies come from `wire`. What an answer means for a plan is `provider`'s business.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import assert_never

import httpx
import tenacity

from reconciler import __version__
from reconciler.answers import retry_after_s, whole
from reconciler.errors import UsageError
from reconciler.providers.freshbooks.auth import Bearer, Token
from reconciler.providers.freshbooks.pace import Pace

TRIES = 5
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 20.0
LARGEST_ANSWER = 64 * 1024 * 1024  # a page of 100 clients has a quarter of a megabyte
_FREE_RETRIES, _RETRIES_PER_CALL = 100, 2.0
AGENT = f"freshbooks-reconciler/{__version__}"
LOOPBACK = {"localhost", "127.0.0.1", "::1"}

# Method and answer: what is tried again. A POST creates, and so does a PUT that adds contacts (`once`): neither is ever
# repeated here. 409 is FreshBooks' word for two changes of one record at a time.
_BUSY = frozenset({408, 429, 500, 502, 503, 504})
RETRIED = {
    "GET": _BUSY,
    "PUT": _BUSY | {409},
    "DELETE": _BUSY | {409},
    "POST": frozenset[int](),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request."""

    method: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    body: bytes | None = None
    once: bool = False
    """Whether a second try could do the same thing twice."""

    @property
    def bucket(self) -> str:
        """Give the rate limit that this call counts against: FreshBooks counts creates apart."""
        return "creates" if self.method == "POST" else "reads"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer that arrived whole."""

    status: int
    body: bytes
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """No whole answer; `sent` tells whether the request may have reached FreshBooks."""

    sent: bool
    reason: str


SocketOption = tuple[int, int, int] | tuple[int, int, bytes]
Trace = Callable[[str, str, str, float], None]
"""Told of each request: method, path, status or failure, seconds. Never of a body, a query or a header."""


class _AgainError(Exception):
    """A try that the table of retries lets us repeat."""

    def __init__(self, got: Reply | Lost) -> None:
        super().__init__()
        self.got = got


class _Budget(tenacity.stop.stop_base):
    """The retries of one run: an outage is not hammered at by every record in turn."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls = self._retries = 0

    def called(self) -> None:
        """Count a call, which earns the run further retries; its tries earn nothing."""
        with self._lock:
            self._calls += 1

    def __call__(self, retry_state: tenacity.RetryCallState) -> bool:  # noqa: ARG002 - tenacity's signature
        """Tell whether the run has used up its retries."""
        with self._lock:
            self._retries += 1
            return self._retries > _FREE_RETRIES + _RETRIES_PER_CALL * self._calls


class Api:
    """Speaks to one FreshBooks API with one token; may be used from several threads."""

    def __init__(
        self,
        base_url: str,
        token: Token,
        *,
        parallelism: int = 8,
        pace: Pace | None = None,
        sleep: Callable[[float], None] = time.sleep,
        trace: Trace | None = None,
        read_timeout_s: float = 30.0,
        proxy: str | None = None,
    ) -> None:
        self._base = checked_url(base_url)
        self._token = token
        self._pace = pace or Pace(sleep=sleep)
        self._sleep = sleep
        self._trace = trace
        self._budget = _Budget()
        # A connection that is being opened while the pool is closed would stay open.
        self._under_way = threading.Condition()
        self._calls, self._closed = 0, False
        timeout = patience(read_timeout_s)
        limits = httpx.Limits(max_connections=parallelism + 1, max_keepalive_connections=parallelism + 1)

        tls = tls_for(self._base)

        def client(options: list[SocketOption]) -> httpx.Client:
            transport = httpx.HTTPTransport(verify=tls, limits=limits, socket_options=options, proxy=proxy)
            return httpx.Client(transport=transport, timeout=timeout, follow_redirects=False)

        self._reading, self._writing = client([]), client(write_socket_options())

    @property
    def base(self) -> str:
        """Give scheme, host and port."""
        return self._base

    @property
    def token(self) -> Token:
        """Give what the token comes from."""
        return self._token

    def close(self, grace_s: float = 1.0) -> None:
        """Send nothing from now on, and close the connections, once the calls in flight have ended or had `grace_s`."""
        with self._under_way:
            if not self._closed:
                self._closed = True
                self._under_way.wait_for(lambda: not self._calls, grace_s)
        self._reading.close()
        self._writing.close()

    def send(self, call: Call) -> Reply | Lost:
        """Make one call, repeated as the table allows; a refusal is a `Reply` like any other."""
        retrying = tenacity.Retrying(
            stop=tenacity.stop_any(tenacity.stop_after_attempt(TRIES), self._budget),
            wait=_waited,
            retry=tenacity.retry_if_exception_type(_AgainError),
            sleep=self._sleep,
            reraise=True,
        )
        self._budget.called()
        try:
            return retrying(self._try, call)
        except _AgainError as last:
            return last.got

    def _try(self, call: Call) -> Reply | Lost:
        got = self._authorised(call)
        match got:
            case Reply(status=429):
                self._pace.ban(call.bucket, got.retry_after_s if got.retry_after_s is not None else 1.0)
                if not call.once and got.status in RETRIED[call.method]:
                    raise _AgainError(got)
            case Reply():
                if not call.once and got.status in RETRIED[call.method]:
                    raise _AgainError(got)
            case Lost():
                if not got.sent or not (call.once or call.method == "POST"):
                    raise _AgainError(got)
            case _:
                assert_never(got)
        return got

    def _authorised(self, call: Call) -> Reply | Lost:
        """Send with the token; where it is refused, once more with another one, if there is another."""
        token = self._token.value()
        got = self._once(call, token)
        if isinstance(got, Reply) and got.status == 401:  # noqa: PLR2004 - HTTP's "who are you?"
            writing = call.once or call.method != "GET"
            other = self._token.renewed(token, writing=writing)
            if other is not None:
                return self._once(call, other)
        return got

    def _once(self, call: Call, token: str) -> Reply | Lost:
        self._pace.enter(call.bucket)
        began = time.monotonic()
        headers: httpx.Headers = httpx.Headers()
        got: Reply | Lost = Lost(sent=True, reason="cut off")
        try:
            with self._counted():
                got, headers = self._exchange(call, token)
        finally:
            self._pace.leave(call.bucket, headers)
            if self._trace is not None:
                told = str(got.status) if isinstance(got, Reply) else got.reason
                self._trace(call.method, call.path, told, time.monotonic() - began)
        return got

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """Count a call as under way; none begins once the connections are to be closed."""
        with self._under_way:
            if self._closed:
                raise RuntimeError("the connections are closed")
            self._calls += 1
        try:
            yield
        finally:
            with self._under_way:
                self._calls -= 1
                self._under_way.notify_all()

    def _exchange(self, call: Call, token: str) -> tuple[Reply | Lost, httpx.Headers]:
        client = self._reading if call.method == "GET" else self._writing
        headers = {"Accept": "application/json", "User-Agent": AGENT}
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        request = client.build_request(
            call.method, self._base + call.path, params=list(call.query) or None, content=call.body, headers=headers
        )
        try:
            response = client.send(request, stream=True, auth=Bearer(token))
            self._token.heard(response.headers.get("Date"))
            try:
                body = whole(response.iter_bytes(), LARGEST_ANSWER)
            finally:
                response.close()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            return Lost(sent=False, reason=_said(error, "FreshBooks could not be reached")), httpx.Headers()
        except httpx.TimeoutException:
            return Lost(sent=True, reason="no answer in time"), httpx.Headers()
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            return Lost(sent=True, reason=_said(error, "the answer was cut off")), httpx.Headers()
        if body is None:
            return Lost(sent=True, reason="the answer had no end"), response.headers
        wait = retry_after_s(response.headers)
        return Reply(status=response.status_code, body=body, retry_after_s=wait), response.headers


def patience(read_s: float) -> httpx.Timeout:
    """Give how long each part of a request may take."""
    return httpx.Timeout(read_s, connect=min(5.0, read_s), pool=None)


def tls_for(base: str) -> ssl.SSLContext:
    """Give the trust that connections share; plain http, which is this machine, needs no list of authorities."""
    return httpx.create_ssl_context() if base.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _said(error: Exception, what: str) -> str:
    detail = str(error)[:120]
    return f"{what} ({detail})" if detail else what


def _waited(state: tenacity.RetryCallState) -> float:
    """Wait as long as FreshBooks asked, else exponentially with full jitter, so that workers do not come in step."""
    error = state.outcome.exception() if state.outcome is not None else None
    if isinstance(error, _AgainError) and isinstance(error.got, Reply) and error.got.status in {429, 503}:
        asked = error.got.retry_after_s
        if asked is not None:
            return min(asked, 60.0)
    return float(tenacity.wait_random_exponential(multiplier=_FIRST_WAIT_S, max=_LONGEST_WAIT_S)(state))


def write_socket_options() -> list[SocketOption]:
    """Give options that make a dead client's queued bytes die with it: a write must not arrive after its lookup."""
    options: list[SocketOption] = [
        (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
        (socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00"),
    ]
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        options.append((socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 10_000))
    return options


def checked_url(url: str) -> str:
    """Give scheme, host and port; https, or http on loopback only, so that no token crosses a network in the clear."""
    try:
        parsed = httpx.URL(url)
        plain = parsed.scheme == "http" and parsed.host in LOOPBACK
        sound = bool(parsed.host) and (parsed.scheme == "https" or plain) and not parsed.userinfo
    except (httpx.InvalidURL, ValueError):
        sound, parsed = False, httpx.URL("")
    if not sound or parsed.path not in {"", "/"} or parsed.query:
        raise UsageError(
            "the API's address is not usable",
            "FRESHBOOKS_API_URL must be https://HOST, or http://127.0.0.1:PORT on this machine; nothing after it.",
        )
    port = f":{parsed.port}" if parsed.port else ""
    host = f"[{parsed.host}]" if ":" in parsed.host else parsed.host
    return f"{parsed.scheme}://{host}{port}"
