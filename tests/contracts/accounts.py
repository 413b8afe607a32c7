"""The accounts that the suites of `Reader` and `Writer` run over: in memory, and FreshBooks on a real socket.

A further provider is one further entry of `ACCOUNTS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager

from reconciler.core.outcome import Done
from reconciler.core.ports import Writer
from reconciler.core.resource import LiveResource, RemoteId, Value, Visibility
from reconciler.providers.freshbooks.api import Api
from reconciler.providers.freshbooks.auth import GivenToken
from reconciler.providers.freshbooks.provider import FreshBooks
from reconciler.providers.freshbooks.wire import CLIENT
from reconciler.sandbox.quirks import Quirks
from reconciler.sandbox.server import running
from tests.contracts.memory import MemoryAccount

ODD = {
    "contact-put": "replace",
    "contact-delete": "204",
    "contacts-in-writes": "never",
    "errors": "rpc",
    "ids": "text",
    "list-default": "active-only",
    "page-echo": "asked",
    "clear": "null",
}
"""A FreshBooks that does everything otherwise that makes no difference to what a port promises."""
UNKNOWN = RemoteId(987_654)


@contextmanager
def _memory() -> Iterator[Writer]:
    account = MemoryAccount(CLIENT)
    account.use_account(account.account_id)
    yield account


@contextmanager
def _sandbox(quirks: Mapping[str, str]) -> Iterator[Writer]:
    with running(calls_per_minute=0, creates_per_minute=0, quirks=Quirks(quirks)) as sandbox:
        api = Api(sandbox.url, GivenToken(sandbox.access_token))
        account = FreshBooks(api)
        account.use_account(sandbox.account_id)
        try:
            yield account
        finally:
            api.close()


ACCOUNTS: Mapping[str, Callable[[], AbstractContextManager[Writer]]] = {
    "memory": _memory,
    "freshbooks": lambda: _sandbox({}),
    "odd-freshbooks": lambda: _sandbox(ODD),
}


class Counted:
    """A meter that adds up."""

    def __init__(self) -> None:
        self.expected = 0
        self.done = 0

    def total(self, count: int) -> None:
        """Expect more."""
        self.expected += count

    def advance(self, count: int = 1) -> None:
        """Count what is done."""
        self.done += count


def made(account: Writer, *children: Mapping[str, Value], **fields: Value) -> LiveResource:
    """Create a record and give it as it is then read."""
    answer = account.create(fields, list(children))
    assert isinstance(answer, Done)
    assert answer.live is not None
    return fresh(account, answer.live.id)


def fresh(account: Writer, remote_id: RemoteId) -> LiveResource:
    """Read a record that must be there."""
    live = account.fetch(remote_id)
    assert live is not None
    return live


def children_of(account: Writer, remote_id: RemoteId) -> Sequence[LiveResource]:
    """Read the children of a record, in the order of their ids."""
    children = fresh(account, remote_id).children
    assert children is not None
    return sorted(children, key=lambda child: child.id)


def listed(account: Writer, visibility: Visibility) -> list[LiveResource]:
    """List, in the order of ids."""
    return sorted(account.listing(visibility, Counted()), key=lambda record: record.id)
