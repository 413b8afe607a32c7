"""A stand-in for Google Cloud Storage: objects with generations over its XML API, as far as obstore uses it.

Google has no emulator, so this knows only what the manual says of `x-goog-if-generation-match`: 0 means that there must
be none, any other number that this generation must be there, else 412. https://cloud.google.com/storage/docs/xml-api/reference-headers
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit

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

    def listed(self, bucket: str, query: Mapping[str, str]) -> tuple[int, bytes]:
        """List a part of a bucket, from what the last part ended with; a page is shorter than Google's."""
        if bucket not in self.buckets:
            return 404, _said("NoSuchBucket")
        start = f"/{bucket}/"
        keys = sorted(path.removeprefix(start) for path in self.objects if path.startswith(start))
        after = query.get("continuation-token", "")
        keys = [key for key in keys if key.startswith(query.get("prefix", "")) and key > after]
        rest = f"<NextContinuationToken>{keys[_PAGE - 1]}</NextContinuationToken>" if len(keys) > _PAGE else ""
        rows = "".join(self._row(start, key) for key in keys[:_PAGE])
        return 200, f"<?xml version='1.0'?><ListBucketResult>{rest}{rows}</ListBucketResult>".encode()

    def _row(self, start: str, key: str) -> str:
        content, generation, _ = self.objects[start + key]
        told = f"<Key>{key}</Key><Size>{len(content)}</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
        return f'<Contents>{told}<ETag>"{generation}"</ETag></Contents>'


_PAGE = 400


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
            parts = urlsplit(self.path)
            with server.guard:
                if "list-type=2" in parts.query:
                    self.answer(*server.listed(unquote(parts.path).strip("/"), dict(parse_qsl(parts.query))))
                else:
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
