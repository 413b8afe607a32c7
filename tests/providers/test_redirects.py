"""Redirects are never followed: a token is for the API's own address and no other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from reconciler.errors import ReadIncomplete
from reconciler.providers.freshbooks.api import Api
from reconciler.providers.freshbooks.auth import GivenToken
from reconciler.providers.freshbooks.provider import FreshBooks


@contextmanager
def serving(status: int, location: str, seen: list[str]) -> Iterator[str]:
    """Run a server that gives every request this answer."""

    class Answers(BaseHTTPRequestHandler):
        """Answers, and remembers what it was asked."""

        def do_GET(self) -> None:
            """Answer a GET."""
            seen.append(self.headers.get("authorization", ""))
            self.send_response(status)
            if location:
                self.send_header("location", location)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_other_address_never_hears_of_it(status: int) -> None:
    """Wherever an answer points, nothing is asked there, and the reading ends with a reason."""
    asked: list[str] = []
    led: list[str] = []
    with serving(200, "", led) as elsewhere, serving(status, f"{elsewhere}/x", asked) as url:
        api = Api(url, GivenToken("t0ken"))
        with pytest.raises(ReadIncomplete, match="could not be read"):
            FreshBooks(api).identify()
        api.close()
    assert asked == ["Bearer t0ken"]
    assert led == []
