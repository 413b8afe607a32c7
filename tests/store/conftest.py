"""A PostgreSQL server, and storages on it that end with the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack

import pytest

from reconciler.store.postgres.storage import PostgresStorage, open_postgres
from tests.contracts.cluster import CREDENTIALS, Cluster, cluster


@pytest.fixture
def server() -> Cluster:
    """Give the server."""
    return cluster()


@pytest.fixture
def ending() -> Iterator[ExitStack]:
    """Close what was opened."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def opened(ending: ExitStack) -> Callable[..., PostgresStorage]:
    """Open storages that end with the test, and wait for nothing between tries."""

    def open_one(address: str, environment: Mapping[str, str] = CREDENTIALS) -> PostgresStorage:
        storage = open_postgres(address, environment, sleep=lambda _: None)
        ending.callback(storage.close)
        return storage

    return open_one
