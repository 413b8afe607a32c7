"""The account on a socket: a uvicorn server in a thread or in the foreground, and what it prints when it is ready."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shlex
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from reconciler.sandbox.account import Account
from reconciler.sandbox.app import Service, application
from reconciler.sandbox.books import Books
from reconciler.sandbox.churn import churn
from reconciler.sandbox.faults import Faults
from reconciler.sandbox.limits import Limits
from reconciler.sandbox.oauth import REDIRECT_URI, SCOPES, Grants
from reconciler.sandbox.quirks import Quirks
from reconciler.sandbox.seed import fill
from reconciler.sandbox.wrapper import Wrapper

if TYPE_CHECKING:
    from pathlib import Path

_START_S = 10.0
PID = "RECONCILER_SANDBOX_PID"
_ALSO = "account beside "
"""Before the name under which the first account's books remember a further one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How an account is to behave; a limit of 0 is practically none."""

    account: str = "Sandbx"
    others: tuple[str, ...] = ()
    """The ids of further accounts that the same login reaches."""
    db: str = ":memory:"
    port: int = 0
    seed: int = 0
    quirks: Quirks = field(default_factory=Quirks)
    faults: Faults = field(default_factory=Faults)
    calls_per_minute: int = 600
    creates_per_minute: int = 250
    client_limit: int = -1
    role: str = "owner"
    scopes: str = SCOPES
    gate: bool = False
    latency_s: float = 0.0
    log: Path | None = None


class Log:
    """The request log: kept in memory for tests, and written as JSON lines where a file is given."""

    def __init__(self, file: TextIO | None = None) -> None:
        self.entries: list[dict[str, object]] = []
        self._file = file

    def __call__(self, entry: dict[str, object]) -> None:
        """Take one entry."""
        self.entries.append(entry)
        if self._file is not None:
            self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            self._file.flush()


class Sandbox:
    """One running login with its account, or its accounts."""

    def __init__(self, options: Options) -> None:
        self.options = options
        with ExitStack() as owned:
            self.socket = owned.enter_context(_bound(options.port))
            self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
            self.books = Books(options.db)
            owned.callback(self.books.close)
            self.log = Log(owned.enter_context(_log_file(options.log)) if options.log is not None else None)
            self.accounts = self._open_accounts(options, owned)
            """Every account by its id, the first one first."""
            self._open_login(options)
            # Only what was begun completely is kept open.
            self._owned = owned.pop_all()

    def _open_accounts(self, options: Options, owned: ExitStack) -> dict[str, Account]:
        """Open the first account, and the further ones, each with books of its own beside the first one's."""
        self.account_id = self.books.remember("account", options.account)
        found = {self.account_id: self.books}
        for account_id in (*self.books.remembered(_ALSO), *options.others):
            if not account_id.isalnum() or not account_id.isascii():
                raise ValueError(f"an account id has letters and digits only, not {account_id!r}")
            if account_id not in found:
                self.books.remember(_ALSO + account_id, account_id)
                path = options.db if options.db == ":memory:" else f"{options.db}-{account_id}"
                found[account_id] = Books(path)
                owned.callback(found[account_id].close)
        return {
            account_id: Account(
                books=books,
                account_id=account_id,
                quirks=options.quirks,
                client_limit=options.client_limit,
                rng=random.Random(options.seed),  # noqa: S311 - uuids of a fake
            )
            for account_id, books in found.items()
        }

    def _open_login(self, options: Options) -> None:
        self.account = self.accounts[self.account_id]
        others = {name: account for name, account in self.accounts.items() if name != self.account_id}
        self.grants = Grants(
            books=self.books,
            account_id=self.account_id,
            others=tuple(others),
            role=options.role,
            scopes=options.scopes,
            quirks=options.quirks,
        )
        service = Service(
            account=self.account,
            others=others,
            grants=self.grants,
            limits=Limits(options.calls_per_minute, options.creates_per_minute),
            gate=options.gate,
        )
        self.wrapper = Wrapper(
            inner=application(service),
            faults=options.faults,
            latency_s=options.latency_s,
            log=self.log,
            churn=lambda: churn(self.account),
        )
        for account in self.accounts.values():
            if options.seed and not account.books.count():
                fill(account, options.seed)
        self.access_token, self.refresh_token = self.grants.ready_tokens()

    def environment(self) -> Mapping[str, str]:
        """Give what a client's environment needs to reach this account; of several it names none."""
        return {
            "FRESHBOOKS_API_URL": self.url,
            **({"FRESHBOOKS_ACCOUNT_ID": self.account_id} if len(self.accounts) == 1 else {}),
            "FRESHBOOKS_ACCESS_TOKEN": self.access_token,
            "FRESHBOOKS_CLIENT_ID": self.grants.client_id,
            "FRESHBOOKS_CLIENT_SECRET": self.grants.client_secret,
            "FRESHBOOKS_REFRESH_TOKEN": self.refresh_token,
            "FRESHBOOKS_REDIRECT_URI": REDIRECT_URI,
        }

    def ready_lines(self, *, as_json: bool, pid: int | None = None) -> str:
        """Give what is printed when the account is ready: lines for a shell to eval, or one JSON line.

        `pid` is the process to end, where nobody sits at it who could.
        """
        told = {**self.environment(), **({PID: str(pid)} if pid is not None else {})}
        if as_json:
            return json.dumps(told)
        return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in told.items())

    def server(self) -> uvicorn.Server:
        """Build the server; it answers on `socket`."""
        transports = self.wrapper.transports

        class Protocol(H11Protocol):
            """A connection that can be found again, to be reset."""

            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvicorn says the same
                super().connection_made(transport)
                transports[transport.get_extra_info("peername")] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                transports.pop(self.transport.get_extra_info("peername"), None)
                super().connection_lost(exc)

        config = uvicorn.Config(
            self.wrapper,
            http=Protocol,
            loop="asyncio",
            lifespan="off",
            log_level="critical",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        return uvicorn.Server(config)

    def close(self) -> None:
        """Give everything back."""
        self._owned.close()


def _bound(port: int) -> socket.socket:
    # asyncio sets TCP_NODELAY only on sockets that name their protocol; without it each answer waits for a delayed ACK.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
    except OSError:
        listening.close()
        raise
    return listening


def _log_file(path: Path) -> TextIO:
    """Open the request log, private: bodies are in it."""

    def opener(name: str, flags: int) -> int:
        descriptor = os.open(name, flags, 0o600)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.fchmod(descriptor, 0o600)
        return descriptor

    return open(path, "a", encoding="utf-8", opener=opener)


@contextmanager
def running(options: Options | None = None, **given: Any) -> Iterator[Sandbox]:  # noqa: ANN401 - the fields of Options
    """Run an account in a thread for as long as the block lasts."""
    sandbox = Sandbox(options or Options(**given))
    server = sandbox.server()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sandbox.socket]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + _START_S
    while not server.started and thread.is_alive() and time.monotonic() < deadline:
        time.sleep(0.002)
    try:
        yield sandbox
    finally:
        server.should_exit = True
        thread.join(_START_S)
        sandbox.close()


def serve(options: Options, ready: Callable[[Sandbox], None]) -> None:
    """Run an account in the foreground until a signal ends it; `ready` is told once it answers."""
    sandbox = Sandbox(options)
    server = sandbox.server()
    begun = server.startup

    async def startup(sockets: list[socket.socket] | None = None) -> None:
        await begun(sockets)
        ready(sandbox)

    server.startup = startup  # type: ignore[method-assign] # uvicorn has no other hook for "now it answers"
    try:
        server.run(sockets=[sandbox.socket])
    finally:
        sandbox.close()
