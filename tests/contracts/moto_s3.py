"""S3 as moto has it, in this process, one request at a time: moto itself compares and writes in two steps."""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import httpx

_Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(slots=True, kw_only=True)
class Moto:
    """The server, and how it is to lie."""

    application: _Application
    port: int = 0
    ignores: set[str] = field(default_factory=set)
    """Conditions that it overlooks: `HTTP_IF_MATCH`, `HTTP_IF_NONE_MATCH`."""
    busy: list[str] = field(default_factory=list)
    """What it answers to the next requests instead, such as `503 SlowDown`."""
    requests: list[str] = field(default_factory=list)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _buckets: int = 0

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request, without the conditions that are overlooked."""
        with self._guard:
            self.requests.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
            for name in self.ignores:
                environ.pop(name, None)
            if self.busy:
                status, _, code = self.busy.pop(0).partition(" ")
                environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
                body = f"<Error><Code>{code}</Code></Error>".encode()
                start(f"{status} {code}", [("Content-Length", str(len(body)))])
                return [body]
            return list(self.application(environ, start))

    @property
    def url(self) -> str:
        """Give the endpoint."""
        return f"http://127.0.0.1:{self.port}"

    def bucket(self) -> str:
        """Make a bucket of its own."""
        self._buckets += 1
        name = f"bucket-{self._buckets}"
        httpx.put(f"{self.url}/{name}", trust_env=False).raise_for_status()
        return name

    def keys(self, bucket: str) -> list[str]:
        """List what lies in a bucket."""
        listed = httpx.get(f"{self.url}/{bucket}?list-type=2", trust_env=False).raise_for_status().text
        return re.findall(r"<Key>([^<]*)</Key>", listed)


@functools.cache
def moto() -> Moto:
    """Start the server of this process, once."""
    from moto.moto_server.werkzeug_app import (  # noqa: PLC0415 - it takes a second
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import make_server  # noqa: PLC0415 - the same

    class Quiet(MotoRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, *_: object) -> None:
            """Say nothing."""

    server = Moto(application=DomainDispatcherApplication(create_backend_app))
    listening = make_server("127.0.0.1", 0, server, threaded=True, request_handler=Quiet)
    server.port = listening.server_port
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    return server


CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIACANARY", "AWS_SECRET_ACCESS_KEY": "canary-secret", "AWS_REGION": "us-east-1"}
