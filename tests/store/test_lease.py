"""The lock of a shared state: renewed while its run lives, taken over only from the surely dead, and never twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from reconciler.errors import Locked, StateUnusable
from reconciler.store.backend import Holder
from reconciler.store.lease import Patience, held, new_holder
from tests.contracts.shelves import MemoryBackend, Server


@dataclass(slots=True)
class Clocks:
    """The clock of this machine, and the store's, which a wait moves on together."""

    server: Server
    seconds: float = 100.0
    told: list[str] = field(default_factory=list)

    def __call__(self) -> float:
        """Give this machine's."""
        return self.seconds

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds
        self.server.seconds += seconds

    def patience(self, *, quiet_s: float = 60.0, timeout_s: float = 0.0) -> Patience:
        """Give how long everybody waits, by these clocks."""
        return Patience(clock=self, sleep=self.wait, tell=self.told.append, quiet_s=quiet_s, timeout_s=timeout_s)


def holder(run: str = "run-1", ttl_s: float = 60.0) -> Holder:
    """Give somebody who works."""
    return new_holder(run, "host-1", "https://ci.example/1", "2026-01-01T00:00:00+00:00", ttl_s)


def until(true: Callable[[], bool]) -> None:
    """Wait for a thread."""
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.002)


def test_held_and_given_back() -> None:
    """The lock is ours within the block, and free after it, also when the block fails."""
    server = Server()
    clocks = Clocks(server)
    with held(MemoryBackend(server), holder(), clocks.patience()) as lease:
        assert lease.holds()
        assert server.holder is not None
    assert MemoryBackend(server).peek() is None
    with pytest.raises(ValueError, match="no"), held(MemoryBackend(server), holder(), clocks.patience()):
        raise ValueError("no")
    assert MemoryBackend(server).peek() is None


def test_second_run_is_told_who_holds_it() -> None:
    """Whoever does not wait is told who it is, when it expires, and how to get on; the first keeps it."""
    server = Server()
    clocks = Clocks(server)
    with held(MemoryBackend(server), holder(), clocks.patience()) as lease:
        with (
            pytest.raises(Locked) as locked,
            held(MemoryBackend(server), holder("run-2"), clocks.patience(quiet_s=60.0)),
        ):
            pass
        for told in ("run-1", "host-1", "https://ci.example/1", "expires in 60 s", "120 s from now", "state unlock"):
            assert told in locked.value.detail
        assert lease.holds()


def test_waiting_run_gets_it() -> None:
    """Within --lock-timeout the second run gets the lock once the first has ended."""
    server = Server()
    clocks = Clocks(server)
    first = MemoryBackend(server)
    first.take(holder())
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        clocks.wait(seconds)
        if sum(waited) > 5:
            server.holder = None

    patience = replace(clocks.patience(timeout_s=30.0), sleep=sleep)
    with held(MemoryBackend(server), holder("run-2"), patience) as lease:
        assert lease.holds()
    assert 5 < sum(waited) < 10
    (told,) = clocks.told
    assert "is held by run run-1 on host-1" in told
    assert "Waiting for it, for 30 s at most" in told


def test_a_lock_that_stays_is_told() -> None:
    """Where the storage does not take the lock back at the end, whoever comes next would wait: that is said."""
    server = Server(fault=lambda verb, _: "refused" if verb == "release" else "")
    clocks = Clocks(server)
    with held(MemoryBackend(server), holder(), clocks.patience(quiet_s=60.0)):
        pass
    (told,) = clocks.told
    assert "could not be given back" in told
    assert "120 s" in told


def test_taken_over_only_after_expiry_and_quiet_period() -> None:
    """A dead run's lock is respected until it has expired and the quiet period is over, by the store's clock."""
    server = Server()
    clocks = Clocks(server)
    MemoryBackend(server).take(holder())
    for passed in (59.0, 60.0, 119.0):
        server.seconds = 1_700_000_000.0 + passed
        with pytest.raises(Locked), held(MemoryBackend(server), holder("run-2"), clocks.patience(quiet_s=60.0)):
            pass
    assert clocks.told == []
    server.seconds = 1_700_000_000.0 + 120.5
    with held(MemoryBackend(server), holder("run-2"), clocks.patience(quiet_s=60.0)) as lease:
        assert lease.holds()
    assert "run-1" in clocks.told[0]


def test_waiting_run_takes_over() -> None:
    """A run that may wait long enough takes a dead run's lock over by itself."""
    server = Server()
    clocks = Clocks(server)
    MemoryBackend(server).take(holder())
    began = clocks()
    with held(MemoryBackend(server), holder("run-2"), clocks.patience(quiet_s=60.0, timeout_s=300.0)) as lease:
        assert lease.holds()
        assert 120 <= clocks() - began < 125


def test_lock_that_does_not_expire_is_never_taken_over() -> None:
    """A lock of another program is respected for ever; the message says how a person ends it."""
    server = Server(holder=replace(holder(), expires_at_s=float("inf")))
    clocks = Clocks(server)
    server.seconds += 1_000_000
    with pytest.raises(Locked) as locked, held(MemoryBackend(server), holder("b"), clocks.patience(timeout_s=500.0)):
        pass
    assert server.holder is not None
    assert f"state unlock {server.holder.id}" in locked.value.detail


def test_lock_that_nobody_names_is_told_as_such() -> None:
    """Where the server does not say whose lock it is, no ID is offered that would remove it."""
    server = Server(holder=replace(holder(), id="", expires_at_s=float("inf")))
    with pytest.raises(Locked) as locked, held(MemoryBackend(server), holder("b"), Clocks(server).patience()):
        pass
    assert "state unlock" not in locked.value.detail
    assert "at the server" in locked.value.detail


def test_renewed_while_it_lasts() -> None:
    """A run that lasts longer than its lock renews it."""
    server = Server()
    with held(MemoryBackend(server), holder(ttl_s=0.3), Patience()) as lease:
        until(lambda: server.calls.count(("renew", "")) >= 5)
        assert lease.holds()


def test_lost_once_it_cannot_be_renewed_in_time() -> None:
    """A run that cannot renew stops before the store would let another in, and stays stopped when it could again."""
    server = Server()
    with held(MemoryBackend(server), holder(ttl_s=0.3), Patience()) as lease:
        server.fault = lambda verb, _: "refused" if verb == "renew" else ""
        began = time.monotonic()
        until(lambda: not lease.holds())
        assert time.monotonic() - began < 0.3
        server.fault = lambda *_: ""
        time.sleep(0.05)
        assert not lease.holds()


def test_hiccup_is_no_loss() -> None:
    """A renewal that fails is tried again as long as the lock holds."""
    server = Server()
    failures = iter(["refused", "lost-after", "lost-before"])
    server.fault = lambda verb, _: next(failures, "") if verb == "renew" else ""
    with held(MemoryBackend(server), holder(ttl_s=0.5), Patience()) as lease:
        until(lambda: server.calls.count(("renew", "")) >= 8)
        assert lease.holds()


def test_lost_when_another_has_it() -> None:
    """A run whose lock somebody removed finds out at its next renewal, and does not take the other's away."""
    server = Server()
    other = replace(holder("run-2"), expires_at_s=2e9)
    with held(MemoryBackend(server), holder(ttl_s=0.3), Patience()) as lease:
        server.holder = other
        until(lambda: not lease.holds())
    assert server.holder == other


@pytest.mark.parametrize("fails", ["lost-before", "lost-after"])
def test_unanswered_take_is_looked_up(fails: str) -> None:
    """Where nobody answered whether the lock is ours, it is looked up; no second one is left behind."""
    server = Server()
    failures = iter([fails])
    server.fault = lambda verb, _: next(failures, "") if verb == "take" else ""
    with held(MemoryBackend(server), holder(), Clocks(server).patience()) as lease:
        assert lease.holds()
    assert server.holder is None


def test_storage_out_of_reach_is_told() -> None:
    """Without the storage there is no lock, and nothing is done without one."""
    server = Server(fault=lambda *_: "refused")
    with pytest.raises(StateUnusable), held(MemoryBackend(server), holder(), Clocks(server).patience()):
        pass


def test_sixteen_race_and_one_holds() -> None:
    """Sixteen that want it at once, with a dead run's lock in the way: never two hold it, and all get their turn."""
    server = Server()
    clocks = Clocks(server)
    MemoryBackend(server).take(holder("dead"))
    server.seconds += 500
    at_once, most, done = [0], [0], [0]
    guard = threading.Lock()

    def work(number: int) -> None:
        patience = Patience(timeout_s=60.0, quiet_s=1.0, sleep=lambda _: time.sleep(0.001), tell=clocks.told.append)
        with held(MemoryBackend(server), holder(f"run-{number}", ttl_s=600.0), patience):
            with guard:
                at_once[0] += 1
                most[0] = max(most[0], at_once[0])
            time.sleep(0.001)
            with guard:
                at_once[0] -= 1
                done[0] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (most[0], done[0]) == (1, 16)
    assert sum("Taking it over" in told for told in clocks.told) == 1
