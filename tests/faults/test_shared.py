"""Campaigns over every shared storage: killed, raced, cut off; each job on a runner with an empty disk.

The storages are those of `tests/contracts/backends.py` that other processes can reach.
"""

from __future__ import annotations

import json
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.core.codec import encode_state
from reconciler.core.resource import Address, RemoteId
from reconciler.core.state import Bind, Binding, edited
from reconciler.sandbox.faults import Faults
from reconciler.store.documents import Documents
from reconciler.store.shared import SharedState
from tests.contracts.backends import BACKENDS, Shelf
from tests.contracts.wire import wire_to
from tests.faults.test_killed import APPLY, MOMENTS, killed_at
from tests.faults.world import AFTER, BEFORE, ROOT, Wish, World, client, converges, traceless, world

SHARED = [name for name in BACKENDS if not name.startswith("memory")]


@pytest.fixture(params=SHARED)
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shelf]:
    """Give a place in each storage in turn."""
    with BACKENDS[request.param](tmp_path) as shelf:
        yield shelf


@pytest.fixture
def here(shared: Shelf, tmp_path: Path) -> Iterator[World]:
    """Give a world whose state is shared, with the first wish applied."""
    with world(tmp_path / "runner", shelf=shared) as made:
        yield made


def wrong_after(here: World, wanted: Wish) -> list[str]:
    """Clear the dead away, go to a fresh runner, and give everything that is wrong after one more apply."""
    here.end_dead_runs()
    here.fresh_runner()
    return converges(here, wanted)


def again(here: World, tmp_path: Path, number: object) -> None:
    """Bring the account back to the first wish, for the next case."""
    here.wish(BEFORE)
    here.end_dead_runs()
    here.fresh_runner()
    assert here.apply().code == 0, (tmp_path, number)


# What a pipeline does.


def test_jobs_of_a_pipeline(here: World, tmp_path: Path) -> None:
    """Planned in one job, killed in the middle of the apply in the second, applied in the third: all on empty disks."""
    here.wish({**BEFORE, "eve": client("eve", p_city="Rome", lifecycle={"prevent_destroy": True})})
    assert here.apply().code == 0
    here.wish(AFTER)
    here.fresh_runner()
    assert here.plan().code == 2
    here.fresh_runner()
    assert killed_at(here, "processed", 4), "the second job was to be killed"
    assert wrong_after(here, AFTER) == []
    # The removal was carried out, and protection is remembered though no disk lasted.
    gone = {name: wish for name, wish in AFTER.items() if name != "eve"}
    here.wish(gone)
    here.fresh_runner()
    ended = here.apply()
    assert (ended.code, "prevent_destroy" in ended.out + ended.err) == (5, True)


def test_nothing_to_do_writes_nothing(here: World) -> None:
    """A second apply on another runner finds nothing to do, writes nothing, and leaves the state as it is."""
    before = here.state()
    seen = len(here.writes())
    here.fresh_runner()
    assert here.apply().code == 0
    assert (here.state(), len(here.writes())) == (before, seen)


def test_state_is_taken_over_from_the_dead(here: World) -> None:
    """After a kill -9 the next run waits until the lock has expired and the quiet period is over, and goes on."""
    here.wish(AFTER)
    here.lock_ttl_s = 3.0
    assert killed_at(here, "received", 3)
    here.lock_ttl_s = 30.0
    here.fresh_runner()
    at_once = here.apply(settle=1.0)
    # A database ends a dead session's lock by itself; every other storage waits.
    assert at_once.code in {0, 10}
    ended = here.apply("--lock-timeout", "30", settle=1.0)
    assert (ended.code, traceless(ended)) == (0, []), ended.err
    assert converges(here, AFTER) == []


# Kills.


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_while_a_write_is_under_way(moment: str, here: World, tmp_path: Path) -> None:
    """Killed at a few of the account's writes; the next job on another disk makes nothing twice and loses nothing."""
    for number in random.Random(moment).sample(range(1, 12), 2):
        here.wish(AFTER)
        killed_at(here, moment, number)
        assert wrong_after(here, AFTER) == [], f"killed when write {number} was {moment}"
        again(here, tmp_path, number)


@pytest.mark.full
@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_every_write(moment: str, here: World, tmp_path: Path) -> None:
    """The same at each of the account's writes."""
    for number in range(1, 100):
        here.wish(AFTER)
        came_so_far = killed_at(here, moment, number)
        assert wrong_after(here, AFTER) == [], f"killed when write {number} was {moment}"
        if not came_so_far:
            assert number > 10, "the apply has a dozen writes"
            return
        again(here, tmp_path, number)


def killed_sometime(here: World, after_s: float) -> None:
    """Run an apply and kill it after a while, wherever it is by then: starting, locking, writing, saving."""
    process = here.away(*APPLY, "--parallelism", "2")
    time.sleep(after_s)
    process.send_signal(signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert b"Traceback" not in err, err


def length_s(here: World) -> float:
    """Give how long an apply takes here and now."""
    began = time.monotonic()
    here.away(*APPLY, "--parallelism", "2").communicate(timeout=120)
    return time.monotonic() - began


def test_killed_at_any_time(here: World, tmp_path: Path) -> None:
    """Killed at moments chosen by chance, so also within the storage's own writes."""
    here.wish(AFTER)
    whole = length_s(here)
    again(here, tmp_path, 0)
    chance = random.Random(5)
    for number in range(3):
        here.wish(AFTER)
        killed_sometime(here, whole * (0.4 + 0.6 * chance.random()))
        assert wrong_after(here, AFTER) == [], number
        again(here, tmp_path, number)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(4))
def test_killed_at_any_time_and_again(seed: int, here: World, tmp_path: Path) -> None:
    """Killed a hundred times by chance, twice in a row."""
    here.wish(AFTER)
    whole = length_s(here)
    again(here, tmp_path, 0)
    chance = random.Random(seed)
    for number in range(25):
        here.wish(AFTER)
        for _ in range(2):
            killed_sometime(here, whole * (0.3 + 0.7 * chance.random()))
            here.end_dead_runs()
            here.fresh_runner()
        assert wrong_after(here, AFTER) == [], number
        again(here, tmp_path, number)


# Lost answers and races.


@pytest.mark.parametrize("fault", ["reset-after", "reset-before", "500-after"])
def test_lost_answers_of_the_account(fault: str, here: World) -> None:
    """An answer that FreshBooks' side loses is looked up as it is with a state on disk."""
    here.wish(AFTER)
    here.sandbox.wrapper.faults = Faults.parse([f"* * {fault}:0.4"], 7)
    ended = here.apply()
    assert traceless(ended) == []
    assert wrong_after(here, AFTER) == []


@pytest.mark.parametrize("how", ["before", "after"])
def test_lost_answers_of_the_storage(how: str, shared: Shelf, tmp_path: Path) -> None:
    """Requests to the storage that never arrive, or whose answers never do, make nothing twice and lose nothing."""
    chance = random.Random(how)
    place = re.search(r"127\.0\.0\.1:(\d+)", shared.address)
    assert place is not None
    with wire_to("127.0.0.1", int(place[1])) as wire, world(tmp_path / "runner", shelf=shared) as here:
        here.shelf = replace(shared, address=shared.address.replace(place[1], str(wire.own_port)))
        here.wish(AFTER)
        for _ in range(3):
            wire.rule = lambda _: how if chance.random() < 0.2 else ""
            ended = here.apply()
            assert traceless(ended) == []
            here.end_dead_runs()
            here.fresh_runner()
        here.shelf = shared
        assert wrong_after(here, AFTER) == []


def test_two_runs_at_once(here: World, tmp_path: Path) -> None:
    """Of several applies at once on several runners each is done or locked out; nothing is made twice."""
    here.wish(AFTER)
    processes = []
    for _ in range(3):
        here.fresh_runner()
        processes.append(here.away(*APPLY))
    ended = [process.communicate(timeout=120) for process in processes]
    codes = sorted(process.returncode for process in processes)
    assert set(codes) <= {0, 10}, [err.decode()[-600:] for _, err in ended]
    assert 0 in codes
    assert wrong_after(here, AFTER) == []


def test_waiting_runs_all_end_well(here: World) -> None:
    """With --lock-timeout the same runs go one after the other, and the later ones find nothing to do."""
    here.wish(AFTER)
    processes = []
    for _ in range(3):
        here.fresh_runner()
        processes.append(here.away(*APPLY, "--lock-timeout", "60"))
    ended = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], [err.decode()[-600:] for _, err in ended]
    assert converges(here, AFTER) == []


RACER = """
import json, os, sys, time
from reconciler.store.lease import new_holder
from reconciler.store.place import opened
me, address, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
storage = opened(address, os.environ)
for number in range(rounds):
    print("ready", flush=True)
    sys.stdin.readline()
    holder = new_holder(f"run-{me}", f"host-{me}", "", "2026-01-01T00:00:00Z", 60.0)
    seen = storage.take(holder)
    print(json.dumps({"won": seen is None, "told": None if seen is None else seen.run}), flush=True)
    sys.stdin.readline()
    if seen is None:
        storage.release(holder)
storage.close()
"""


def race(shared: Shelf, folder: Path, racers: int, rounds: int) -> None:
    """Let processes race for the lock; each round has one winner, of whom all others are told."""
    environment = {**shared.environment, "PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(folder)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(number), shared.address, str(rounds)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(racers)
    ]

    def say() -> None:
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()

    def hear() -> list[str]:
        return [process.stdout.readline() for process in processes if process.stdout is not None]

    try:
        for _ in range(rounds):
            assert hear() == ["ready\n"] * racers
            say()
            told = [json.loads(line) for line in hear()]
            [winner] = [number for number, each in enumerate(told) if each["won"]]
            assert {each["told"] for each in told if not each["won"]} == {f"run-{winner}"}
            say()
        for process in processes:
            assert process.wait(30) == 0
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def test_processes_race_for_the_lock(shared: Shelf, tmp_path: Path) -> None:
    """Sixteen processes race for the lock, twenty times: one winner each."""
    race(shared, tmp_path, racers=16, rounds=20)


# Size.


def test_large_state(shared: Shelf, tmp_path: Path) -> None:
    """A state of twenty megabytes is kept, continued and saved; what it says stays what it is."""
    digests = " ".join(f"field{number}=0123456789ab" for number in range(12))
    store = SharedState(Documents(shared.opened()))
    bindings = {
        Address(f"clients.c{number}"): Binding(id=RemoteId(number + 1), sent=digests, source="clients.yaml:1")
        for number in range(55_000)
    }
    saved = store.save(replace(store.load(), account="Ab12Cd", bindings=bindings))
    assert len(encode_state(saved)) > 20_000_000
    more = Bind(address=Address("clients.more"), binding=Binding(id=RemoteId(99_999)))
    store.append([more])
    store.flush()
    assert SharedState(Documents(shared.opened())).load() == edited(saved, (more,))
