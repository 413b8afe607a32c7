"""A stand-in for Google Cloud Storage: objects with generations over its XML API, as far as obstore uses it.

Google has no emulator, so this knows only what the manual says of `x-goog-if-generation-match`: 0 means that there must
be none, any other number that this generation must be there, else 412. https://cloud.google.com/storage/docs/xml-api/reference-headers
"""

from __future__ import annotations

import functools
import threading
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

CREDENTIALS = {"GOOGLE_BEARER_TOKEN": "canary-bearer"}


@dataclass(slots=True, kw_only=True)
class Gcs:
    """The server and its objects by path."""

    port: int = 0
    objects: dict[str, tuple[bytes, int, str]] = field(default_factory=dict)
    buckets: set[str] = field(default_factory=set)
    generation: int = 1_700_000_000_000_000
    guard: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        """Give the endpoint."""
        return f"http://127.0.0.1:{self.port}"

    def bucket(self) -> str:
        """Make a bucket of its own."""
        name = f"bucket-{len(self.buckets)}"
        self.buckets.add(name)
        return name

    def put(self, path: str, content: bytes, condition: str | None) -> tuple[int, bytes]:
        """Write under a condition; give the status and a body."""
        there = self.objects.get(path)
        if path.split("/")[1] not in self.buckets:
            return 404, _said("NoSuchBucket")
        if condition is not None and int(condition) != (there[1] if there else 0):
            return 412, _said("PreconditionFailed")
        self.generation += 1
        self.objects[path] = (content, self.generation, formatdate(usegmt=True))
        return 200, b""

    def get(self, path: str) -> tuple[int, bytes]:
        """Read."""
        if path.split("/")[1] not in self.buckets:
            return 404, _said("NoSuchBucket")
        there = self.objects.get(path)
        return (200, there[0]) if there else (404, _said("NoSuchKey"))


def _said(code: str) -> bytes:
    return f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code></Error>".encode()


@functools.cache
def gcs() -> Gcs:
    """Start the server of this process, once."""
    server = Gcs()

    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_PUT(self) -> None:
            content = self.rfile.read(int(self.headers.get("content-length") or 0))
            with server.guard:
                self.answer(*server.put(unquote(self.path), content, self.headers.get("x-goog-if-generation-match")))

        def do_GET(self) -> None:
            with server.guard:
                self.answer(*server.get(unquote(self.path)))

        def do_DELETE(self) -> None:
            with server.guard:
                gone = server.objects.pop(unquote(self.path), None)
                self.answer(204 if gone else 404, b"" if gone else _said("NoSuchKey"))

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            if there := server.objects.get(unquote(self.path)):
                _, generation, written = there
                self.send_header("ETag", f'"{generation}"')
                self.send_header("x-goog-generation", str(generation))
                self.send_header("Last-Modified", written)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.port = listening.server_port
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    return server
