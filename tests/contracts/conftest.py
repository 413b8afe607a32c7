"""What the suites run over: one fixture for each port, with every implementation in turn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.core.ports import Writer
from tests.contracts.accounts import ACCOUNTS
from tests.contracts.backends import BACKENDS, Shelf
from tests.contracts.histories import HISTORIES, Archive
from tests.contracts.ledgers import LEDGERS, Books
from tests.contracts.safes import SAFES, Wall
from tests.contracts.stores import STORES, Place


@pytest.fixture(params=ACCOUNTS)
def account(request: pytest.FixtureRequest) -> Iterator[Writer]:
    """Give an empty account."""
    with ACCOUNTS[request.param]() as opened:
        yield opened


@pytest.fixture(params=STORES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Give a place where no state is kept yet."""
    return STORES[request.param](tmp_path)


@pytest.fixture(params=LEDGERS)
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Books:
    """Give a ledger over a state with a record and a child bound."""
    return LEDGERS[request.param](tmp_path)


@pytest.fixture(params=BACKENDS)
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shelf]:
    """Give a place in shared storage where nothing lies yet."""
    with BACKENDS[request.param](tmp_path) as opened:
        yield opened


@pytest.fixture(params=SAFES)
def wall(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Wall]:
    """Give a place with no login in it."""
    with SAFES[request.param](tmp_path) as opened:
        yield opened


@pytest.fixture(params=HISTORIES)
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Archive:
    """Give a place where no run is recorded yet."""
    return HISTORIES[request.param](tmp_path)
