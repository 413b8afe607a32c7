"""A process that holds the lock of a shared storage and is killed: the lock is not lost for ever, nor given away."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.backends import BACKENDS, Shelf
from tests.contracts.racer import Racer
from tests.contracts.test_backend import holder


@pytest.fixture(params=[name for name in BACKENDS if not name.startswith("memory")])
def remote(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shelf]:
    """Give a place that several processes can reach."""
    with BACKENDS[request.param](tmp_path) as opened:
        yield opened


def test_a_killed_holder_is_followed(remote: Shelf) -> None:
    """What a holder killed with SIGKILL held is held yet, until somebody removes it; then the next one has it."""
    killed = Racer(remote.address, remote.environment)
    killed.tell(f"take {holder(1).id}")
    assert killed.answer() == "ours"
    killed.kill()
    storage = remote.opened()
    seen = storage.take(holder(2))
    assert seen is not None
    assert seen.id == holder(1).id
    assert math.isinf(seen.expires_at_s) or seen.expires_at_s - storage.now_s() <= 61.5
    assert storage.remove(seen)
    assert storage.take(holder(2)) is None
    assert storage.renew(holder(2))
    storage.release(holder(2))
    assert storage.peek() is None
    storage.close()
