"""Around the application: the request log, latency, and the faults that strike a request."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from reconciler.sandbox.faults import Fault, Faults

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(slots=True, kw_only=True)
class Wrapper:
    """An ASGI application that runs another one, tells of each request, and lets faults strike."""

    inner: Any
    faults: Faults = field(default_factory=Faults)
    latency_s: float = 0.0
    log: Callable[[dict[str, object]], None] | None = None
    churn: Callable[[], None] = lambda: None
    """Somebody else's edit, for the fault of that name."""
    watch: Callable[[str, str, str], None] = lambda *_: None
    """Told of each request's moments: `received`, `processed`, `half-answered`, `answered`; then method and path."""
    transports: dict[tuple[str, int], asyncio.Transport] = field(default_factory=dict)
    """The open connections by the client's end, so that one can be reset."""
    later: set[asyncio.Task[object]] = field(default_factory=set)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's own types
        """Answer one request."""
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        began = time.perf_counter()
        body = await _body(receive)
        self.watch("received", scope["method"], scope["path"])
        if self.latency_s:
            await asyncio.sleep(self.latency_s)
        fault = self.faults.draw(scope["method"], scope["path"])
        answer = await self._answer(scope, body, fault)
        self.watch("processed", scope["method"], scope["path"])
        if self.log is not None:
            self.log(_entry(scope, body, answer, fault, time.perf_counter() - began))
        await self._deliver(scope, send, answer, fault)
        self.watch("answered", scope["method"], scope["path"])

    async def _answer(self, scope: Scope, body: bytes, fault: Fault | None) -> list[Message] | None:
        """Carry the request out as the fault lets it be; None where it has no answer of its own."""
        name = fault.name if fault is not None else ""
        if name == "reset-before":
            return None
        if name in _CANNED:
            return _CANNED[name]
        if fault is not None and name == "late":
            task = asyncio.create_task(self._later(scope, body, fault.seconds))
            self.later.add(task)
            task.add_done_callback(self.later.discard)
            return None
        if fault is not None and name == "delay":
            await asyncio.sleep(fault.seconds)
        if name == "churn":
            self.churn()
        lagging = {"lag_s": fault.seconds} if fault is not None and name == "lag" else {}
        answer = await self._run({**scope, **lagging}, body)
        if name == "twice":
            await self._run(scope, body)
        if name == "500-after":
            return _canned(500, b"")
        if name == "wrong-json":
            return _canned(200, b'{"surprise": [1, 2, 3]}')
        return answer

    async def _later(self, scope: Scope, body: bytes, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._run(scope, body)

    async def _run(self, scope: Scope, body: bytes) -> list[Message]:
        sent: list[Message] = []
        given = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def receive() -> Message:
            return next(given, {"type": "http.disconnect"})

        async def send(message: Message) -> None:
            sent.append(message)

        await self.inner(dict(scope), receive, send)
        return sent

    async def _deliver(self, scope: Scope, send: Any, answer: list[Message] | None, fault: Fault | None) -> None:  # noqa: ANN401 - ASGI's own type
        name = fault.name if fault is not None else ""
        if answer is None or name == "reset-after":
            self._abort(scope)
            return
        if name == "truncated":
            whole = b"".join(message.get("body", b"") for message in answer[1:])
            await send(answer[0])
            await send({"type": "http.response.body", "body": whole[: len(whole) // 2], "more_body": True})
            await asyncio.sleep(0)
            self._abort(scope)
            return
        for number, message in enumerate(answer):
            if number:
                self.watch("half-answered", scope["method"], scope["path"])
            await send(message)

    def _abort(self, scope: Scope) -> None:
        transport = self.transports.get(tuple(scope["client"] or ()))
        if transport is not None:
            transport.abort()


def _oauth(body: bytes) -> dict[str, str]:
    """Give what was asked about tokens; of each secret only a digest, by which one that comes twice is seen."""
    return {
        name: value if name in _OPEN else f"sha256:{hashlib.sha256(value.encode()).hexdigest()[:16]}"
        for name, value in parse_qsl(body.decode("utf-8", "replace"))
        if name in _OAUTH
    }


_OPEN = frozenset({"grant_type", "client_id", "redirect_uri"})
_OAUTH = _OPEN | {"client_secret", "code", "code_verifier", "refresh_token", "token"}


def _canned(status: int, body: bytes, *headers: tuple[bytes, bytes]) -> list[Message]:
    length = (b"content-length", str(len(body)).encode())
    return [
        {"type": "http.response.start", "status": status, "headers": [length, *headers]},
        {"type": "http.response.body", "body": body},
    ]


_CANNED = {
    "429": _canned(429, b'{"message": "Too many requests."}', (b"retry-after", b"1")),
    "429-bare": _canned(429, b'{"message": "Too many requests."}'),
    "500-before": _canned(500, b""),
    "502-html": _canned(502, HTML, (b"content-type", b"text/html")),
    "401": _canned(401, b'{"error":"unauthenticated","error_description":"This action requires authentication."}'),
}


async def _body(receive: Any) -> bytes:  # noqa: ANN401 - ASGI's own type
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _entry(
    scope: Scope, body: bytes, answer: list[Message] | None, fault: Fault | None, seconds: float
) -> dict[str, object]:
    """Give one line of the request log; headers, and so the token, are not in it."""
    try:
        sent = _oauth(body) if scope["path"].endswith(("/token", "/revoke")) else json.loads(body) if body else None
    except ValueError:
        sent = "(not JSON)"
    return {
        "method": scope["method"],
        "path": scope["path"],
        "query": [list(pair) for pair in parse_qsl(scope["query_string"].decode(), keep_blank_values=True)],
        "body": sent,
        "status": answer[0]["status"] if answer else None,
        "fault": fault.name if fault is not None else None,
        "ms": round(seconds * 1000, 1),
    }
