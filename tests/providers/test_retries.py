"""The table of retries, row by row; how often a list is read; and what the connections are told."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from reconciler.core.resource import RemoteId, Visibility
from reconciler.errors import ReadIncomplete
from reconciler.providers.freshbooks.api import RETRIED, TRIES, Api, Call
from reconciler.providers.freshbooks.auth import GivenToken
from reconciler.providers.freshbooks.provider import FreshBooks
from reconciler.sandbox.faults import Faults
from reconciler.sandbox.server import running
from tests.laws.world import Silent

STATUSES = (400, 401, 403, 404, 408, 409, 422, 429, 500, 501, 502, 503, 504)
AGAIN = {
    "GET": {408, 429, 500, 502, 503, 504},
    "PUT": {408, 409, 429, 500, 502, 503, 504},
    "DELETE": {408, 409, 429, 500, 502, 503, 504},
    "POST": set[int](),
}


@contextmanager
def answering(status: int) -> Iterator[tuple[str, list[str]]]:
    """Run a server that gives every request this status, and remembers the methods."""
    seen: list[str] = []

    class Answers(http.server.BaseHTTPRequestHandler):
        """Answers."""

        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            """Answer anything."""
            seen.append(self.command)
            self.rfile.read(int(self.headers.get("content-length") or 0))
            self.send_response(status)
            self.send_header("content-length", "0")
            self.send_header("retry-after", "0")
            self.end_headers()

        do_GET = answer  # noqa: N815 - http.server calls them so
        do_PUT = answer  # noqa: N815 - the same
        do_POST = answer  # noqa: N815 - the same
        do_DELETE = answer  # noqa: N815 - the same

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def sent(url: str, call: Call, *, calls: int = 1) -> Any:  # noqa: ANN401 - a reply
    """Make a call, waiting for nothing."""
    api = Api(url, GivenToken("t"), sleep=lambda _: None)
    try:
        return [api.send(call) for _ in range(calls)][-1]
    finally:
        api.close()


@pytest.mark.parametrize("method", AGAIN)
@pytest.mark.parametrize("status", STATUSES)
def test_each_row_of_the_table(method: str, status: int) -> None:
    """What is tried again is tried five times; everything else, and any create, once."""
    with answering(status) as (url, seen):
        sent(url, Call(method=method, path="/x", body=b"{}" if method in {"POST", "PUT"} else None))
        assert len(seen) == (TRIES if status in AGAIN[method] else 1)
    assert set(RETRIED[method]) == AGAIN[method]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_put_that_adds_is_sent_once(status: int) -> None:
    """A PUT of the contacts array that adds one is a create too: it is never sent a second time."""
    with answering(status) as (url, seen):
        sent(url, Call(method="PUT", path="/x", body=b"{}", once=True))
        assert seen == ["PUT"]


def test_an_outage_is_not_hammered_at() -> None:
    """The retries of a run have a budget: in a long outage later calls are no longer tried five times each."""
    with answering(503) as (url, seen):
        sent(url, Call(method="GET", path="/x"), calls=100)
        assert len(seen) < 100 * TRIES


def test_a_list_is_read_five_times_and_no_more() -> None:
    """A list whose total changes in every reading is given up after five readings, with a reason and exit code 4."""
    with running(account="Ab12Cd", seed=130, faults=Faults(), calls_per_minute=0, creates_per_minute=0) as sandbox:
        api = Api(sandbox.url, GivenToken(sandbox.access_token), sleep=lambda _: None)
        account = FreshBooks(api, parallelism=1)
        account.use_account("Ab12Cd")
        ours = [row.id for row in sandbox.books.select("WHERE vis_state = 0 ORDER BY id")]

        def hide() -> None:
            sandbox.books.purge(ours.pop())

        sandbox.wrapper.churn = hide
        sandbox.wrapper.faults = Faults.parse(["GET /users/clients churn"])
        with pytest.raises(ReadIncomplete) as failed:
            account.listing(Visibility.ACTIVE, Silent())
        api.close()
        assert (failed.value.code, failed.value.exit_code) == ("listing-unstable", 4)
        firsts = [entry for entry in sandbox.log.entries if ["page", "1"] in entry["query"]]  # type: ignore[operator] # JSON
        assert len(firsts) == 5


def test_a_dead_process_leaves_nothing_on_the_wire() -> None:
    """A write connection is reset when it is closed, and gives up on bytes that nobody acknowledges."""
    with running(account="Ab12Cd", calls_per_minute=0, creates_per_minute=0) as sandbox:
        api = Api(sandbox.url, GivenToken(sandbox.access_token))
        account = FreshBooks(api)
        account.use_account("Ab12Cd")
        account.update(RemoteId(1), {"note": "x"})
        transport: Any = api._writing._transport
        stream = transport._pool.connections[0]._connection._network_stream
        wire: socket.socket = stream.get_extra_info("socket")
        assert wire.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8) == b"\x01\0\0\0\0\0\0\0"
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 10_000
        api.close()
