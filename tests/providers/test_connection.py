"""One request without a token: what it tells of the way to the API, also where something lies in between."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.core.facts import Answered, Distrust, Unreached, Untrusted
from reconciler.errors import UsageError
from reconciler.providers.freshbooks.claims import Claims, claims
from reconciler.providers.freshbooks.connection import greet
from reconciler.sandbox.server import Sandbox, running
from tests.doctor.relay import certificate, relaying


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Give an account."""
    with running() as found:
        yield found


@contextlib.contextmanager
def proxying(target: str) -> Iterator[tuple[str, list[bytes]]]:
    """Run a proxy that opens a tunnel to this server, whatever is asked for; gives its address and what it heard."""
    listening, heard = socket.create_server(("127.0.0.1", 0)), []
    port = int(target.rpartition(":")[2])

    def pour(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while got := source.recv(65536):
                sink.sendall(got)
            sink.shutdown(socket.SHUT_WR)

    def serve() -> None:
        with contextlib.suppress(OSError):
            client, _ = listening.accept()
            with client, socket.create_connection(("127.0.0.1", port)) as far:
                heard.append(client.recv(65536))
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=pour, args=(far, client), daemon=True)
                back.start()
                pour(client, far)
                back.join(10)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", heard
    finally:
        listening.close()
        thread.join(10)


def test_plain(sandbox: Sandbox) -> None:
    """On this machine it gives the answer and the time, and no certificate; no token was sent."""
    told: list[tuple[str, str]] = []
    got = greet(sandbox.url, trace=lambda method, _, answer, __: told.append((method, answer)))
    assert isinstance(got, Answered)
    assert (got.status, got.certificate) == (401, None)
    assert got.ahead_s is not None
    assert abs(got.ahead_s) < 2
    assert told == [("GET", "401")]


def test_a_certificate(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over TLS it gives who issued the certificate, and for how long it is valid, through a proxy as well."""
    shown = certificate(tmp_path, days=10)
    monkeypatch.setenv("SSL_CERT_FILE", str(shown.authority))
    with relaying(sandbox.url, shown=shown) as url:
        for proxied in (False, True):
            with proxying(url) as (proxy, heard):
                got = greet(url, proxy=proxy if proxied else None)
                assert bool(heard) is proxied
            assert isinstance(got, Answered), got
            assert got.certificate is not None
            assert got.certificate.issuer == "Prepared Authority"
            assert abs(got.certificate.left_s - 10 * 86_400) < 60


def test_a_certificate_that_is_not_trusted(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent to a server whose certificate is not trusted."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with relaying(sandbox.url, shown=certificate(tmp_path)) as url:
        got = greet(url)
    assert isinstance(got, Untrusted)
    assert got.why is Distrust.UNKNOWN_ISSUER
    assert sandbox.log.entries == []


def test_nobody(tmp_path: Path) -> None:
    """A port where nobody is, a server that says nothing, and one that speaks no TLS are told from each other."""
    assert isinstance(greet("http://127.0.0.1:9"), Unreached)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        got = greet(f"http://127.0.0.1:{silent.getsockname()[1]}", patience_s=0.2)
    assert got == Unreached(reason="no answer in time")
    with running() as plain:
        got = greet(plain.url.replace("http://127.0.0.1", "https://localhost"))
    assert isinstance(got, Unreached)
    assert "no TLS" in got.reason
    with pytest.raises(UsageError):
        greet("http://api.example")


def token(body: object, *, raw: bytes | None = None) -> str:
    """Make a token with this body."""
    content = raw if raw is not None else json.dumps(body).encode()
    return f"eyJh.{base64.urlsafe_b64encode(content).rstrip(b'=').decode()}.c2ln"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            token({"scope": "user:clients:read a", "exp": 17}),
            Claims(scopes=("user:clients:read", "a"), expires_at=17.0),
        ),
        (token({"scope": ["a", 1]}), Claims(scopes=("a",))),
        (token({"scope": 7, "exp": "soon"}), Claims()),
        (token({"exp": True}), Claims()),
        (token({"exp": 10**400}), Claims()),
        (token([]), Claims()),
        (token(None, raw=b"\xff{"), Claims()),
        ("a" * 64, Claims()),
        ("a.b", Claims()),
        ("a.!!!.c", Claims()),
        ("..", Claims()),
    ],
)
def test_what_a_token_says(given: str, expected: Claims) -> None:
    """Scopes and end are read where they are told, and a token of any other form says nothing."""
    assert claims(given) == expected
