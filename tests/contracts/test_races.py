"""Processes that race for the lock of a shared storage, and holders that are killed: one winner, no lock for ever."""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.contracts.backends import BACKENDS, Shelf
from tests.contracts.racer import Racer
from tests.contracts.test_backend import holder

RACERS = 16


@pytest.fixture(params=[name for name in BACKENDS if not name.startswith("memory")])
def remote(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shelf]:
    """Give a place that several processes can reach."""
    with BACKENDS[request.param](tmp_path) as opened:
        yield opened


@pytest.fixture
def ending() -> Iterator[ExitStack]:
    """End what was started."""
    with ExitStack() as stack:
        yield stack


def started(remote: Shelf, ending: ExitStack) -> Racer:
    """Start a process that ends with the test."""
    racer = Racer(remote.address, remote.environment)
    ending.callback(racer.kill)
    return racer


def test_sixteen_processes_one_winner(remote: Shelf, ending: ExitStack, request: pytest.FixtureRequest) -> None:
    """In every round one of sixteen processes gets the lock, and the others are told who it was."""
    with ThreadPoolExecutor(4) as pool:
        racers = list(pool.map(lambda _: started(remote, ending), range(RACERS)))
    for _ in range(20 if request.config.getoption("--full") else 3):
        for number, racer in enumerate(racers, 1):
            racer.tell(f"take {holder(number).id}")
        answers = [racer.answer() for racer in racers]
        [winner] = [number for number, answer in enumerate(answers, 1) if answer == "ours"]
        assert set(answers) == {"ours", holder(winner).id}
        racers[winner - 1].tell(f"release {holder(winner).id}")
        assert racers[winner - 1].answer() == "released"


def test_a_killed_holder_is_followed(remote: Shelf, ending: ExitStack) -> None:
    """A holder killed with SIGKILL still has the lock or has lost it; either way another gets it, and it is theirs."""
    killed = started(remote, ending)
    killed.tell(f"take {holder(1).id}")
    assert killed.answer() == "ours"
    storage = remote.opened()
    killed.kill()
    seen = storage.take(holder(2))
    if seen is not None:
        assert seen.id == holder(1).id
        assert math.isinf(seen.expires_at_s) or seen.expires_at_s - storage.now_s() <= 61.5
        assert storage.remove(seen)
        assert storage.take(holder(2)) is None
    assert storage.renew(holder(2))
    storage.release(holder(2))
    assert storage.peek() is None
    storage.close()
