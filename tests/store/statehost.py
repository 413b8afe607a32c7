"""A server on loopback that keeps Terraform states: what arrives, what is recorded of it, and how it fails on demand.

It keeps no files and does not decide what a state or a lock may be: that is `gitlab`'s part.
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

USERNAME, PASSWORD = "canary-user-4711", "canary-password-0815"


class Fault(Enum):
    """What becomes of a request."""

    NONE = ""
    LOST_BEFORE = "the connection ends before anything is done"
    LOST_AFTER = "it is done, and the connection ends"
    BROKEN_BEFORE = "502, and nothing is done"
    BROKEN_AFTER = "it is done, and 502"
    BUSY = "429, and nothing is done"
    TRUNCATED = "half an answer"
    TORN = "half a document, with the length of a half"
    DENIED = "403"
    MOVED = "307 to elsewhere"
    SLOW = "it is done, and the answer comes too late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as it arrived."""

    method: str
    target: str
    """Path and query."""
    headers: dict[str, str]
    body: bytes

    @property
    def verb(self) -> str:
        """Say what it wants: read, write, delete, lock, unlock, head."""
        locks = self.method in {"LOCK", "UNLOCK"} or urlsplit(self.target).path.endswith("/lock")
        if locks:
            return "unlock" if self.method in {"UNLOCK", "DELETE"} else "lock"
        return {"GET": "read", "POST": "write", "DELETE": "delete", "HEAD": "head"}.get(self.method, self.method)

    @property
    def name(self) -> str:
        """Give the document's name."""
        return urlsplit(self.target).path.removesuffix("/lock").rpartition("/")[2]

    @property
    def lock(self) -> str | None:
        """Give the ID in the query."""
        return parse_qs(urlsplit(self.target).query).get("ID", [None])[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Record:
    """A document with its serials, and its lock."""

    versions: dict[int, bytes] = field(default_factory=dict)
    lock: dict[str, Any] | None = None
    removing: bool = False
    count: int = 0

    @property
    def latest(self) -> bytes | None:
        """Give the document as it is."""
        return self.versions[max(self.versions)] if self.versions else None


@dataclass(slots=True, kw_only=True)
class Server:
    """What the servers share; the switches may be set while one runs."""

    path: ClassVar[str]
    honest: bool = True
    """Whether a lock keeps anybody out."""
    careful: bool = True
    """Whether an ID is looked at before unlocking."""
    login: tuple[str, str] | None = (USERNAME, PASSWORD)
    seconds: Callable[[], float] = time.time
    fault: Callable[[Asked], Fault] = lambda _: Fault.NONE
    asked: list[Asked] = field(default_factory=list)
    records: dict[str, Record] = field(default_factory=dict)
    port: int = 0
    guard: threading.RLock = field(default_factory=threading.RLock)
    released: threading.Event = field(default_factory=threading.Event)

    def url(self, name: str = "books") -> str:
        """Give a document's address."""
        return f"http://127.0.0.1:{self.port}{self.path}{name}"

    def verbs(self) -> list[str]:
        """Say what was asked so far, in order."""
        return [asked.verb for asked in self.asked]

    def document(self, name: str = "books") -> dict[str, Any]:
        """Give a document as it lies there."""
        raw = self.records[name].latest
        assert raw is not None
        return as_object(raw)

    def answer(self, asked: Asked) -> Said:
        """Do what is asked."""
        with self.guard:
            if self.login is not None:
                expected = b64encode(":".join(self.login).encode()).decode()
                if asked.headers.get("authorization") != f"Basic {expected}":
                    return Said(status=401)
            record = self.records.setdefault(asked.name, Record())
            if record.removing:
                return Said(status=422, body=b'{"message":"the state is being removed"}')
            verbs: dict[str, Callable[[Record, Asked], Said]] = {
                "read": lambda record, _: self.read(record),
                "head": lambda record, _: self.read(record),
                "write": self.write,
                "delete": lambda record, _: self.delete(record),
                "lock": self.lock,
                "unlock": self.unlock,
            }
            return verbs[asked.verb](record, asked) if asked.verb in verbs else Said(status=405)

    def read(self, record: Record) -> Said:
        """Give the document."""
        return Said(status=200, body=record.latest) if record.latest else Said(status=404)

    def write(self, record: Record, asked: Asked) -> Said:
        """Keep a document."""
        raise NotImplementedError

    def delete(self, record: Record) -> Said:
        """Remove it."""
        raise NotImplementedError

    def lock(self, record: Record, asked: Asked) -> Said:
        """Lock it."""
        raise NotImplementedError

    def unlock(self, record: Record, asked: Asked) -> Said:
        """Unlock it."""
        raise NotImplementedError


def as_object(raw: bytes) -> dict[str, Any]:
    """Read a JSON object; an empty one where it is none."""
    try:
        told = json.loads(raw or b"{}")
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def as_json(status: int, told: dict[str, Any]) -> Said:
    """Give an answer of JSON."""
    return Said(status=status, body=json.dumps(told).encode(), headers={"Content-Type": "application/json"})


# On a socket.


class _Http(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    states: Server

    def _take(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:
            # A request that was cut off on its way is none.
            self.close_connection = True
        else:
            headers = {name.lower(): value for name, value in self.headers.items()}
            self._carry_out(Asked(method=self.command, target=self.path, headers=headers, body=body))

    def _carry_out(self, asked: Asked) -> None:
        with self.states.guard:
            self.states.asked.append(asked)
        fault = self.states.fault(asked)
        match fault:
            case Fault.LOST_BEFORE:
                self._cut()
            case Fault.LOST_AFTER:
                self.states.answer(asked)
                self._cut()
            case Fault.SLOW:
                self.states.answer(asked)
                self.states.released.wait(20)
                self._cut()
            case Fault.BROKEN_AFTER:
                self.states.answer(asked)
                self._say(Said(status=502))
            case Fault.BROKEN_BEFORE | Fault.BUSY | Fault.DENIED:
                self._say(Said(status={Fault.BROKEN_BEFORE: 502, Fault.BUSY: 429}.get(fault, 403)))
            case Fault.MOVED:
                self._say(Said(status=307, headers={"Location": f"{self.path}-elsewhere"}))
            case Fault.TRUNCATED:
                said = self.states.answer(asked)
                self._say(said, length=2 * len(said.body) + 2)
                self._cut()
            case Fault.TORN:
                said = self.states.answer(asked)
                self._say(Said(status=said.status, body=said.body[: len(said.body) // 2]))
            case Fault.NONE:
                self._say(self.states.answer(asked))

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _say(self, said: Said, *, length: int | None = None) -> None:
        self.send_response_only(said.status)
        self.send_header("Date", formatdate(self.states.seconds(), usegmt=True))
        for name, value in said.headers.items():
            self.send_header(name, value)
        if said.status != 204:
            self.send_header("Content-Length", str(len(said.body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(said.body)

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Take every method alike."""
        if name.startswith("do_"):
            return self._take
        raise AttributeError(name)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


def _ignored(*_: object) -> None:
    """Say nothing of a client that has gone: what it prints would be taken for the program's."""


@contextmanager
def running(server: Server, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Let it listen for as long as the block lasts."""
    listener = type(
        "Listener", (ThreadingHTTPServer,), {"daemon_threads": True, "request_queue_size": 64, "handle_error": _ignored}
    )(("127.0.0.1", 0), type("Http", (_Http,), {"states": server}))
    server.port = listener.server_address[1]
    if tls is not None:
        listener.socket = tls.wrap_socket(listener.socket, server_side=True)
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        listener.shutdown()
        thread.join()
        listener.server_close()
