"""A run that was killed or interrupted, wherever, is listed, and its undo leaves the account as it was before."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
from pathlib import Path

import pytest

from tests.contracts.backends import BACKENDS
from tests.faults.test_killed import APPLY, MOMENTS, SYSCALLS, Killer, killed_at
from tests.faults.world import AFTER, BEFORE, DELETED, LIMITS, Ended, World, traceless, world

Dump = dict[int, tuple[dict[str, object], list[str]]]
_LATER = {"updated", "last_activity", "contacts"}


def dump(here: World) -> Dump:
    """Give every client that ever was, field by field, with its contacts but for their ids."""
    return {
        number: (
            {name: value for name, value in client.items() if name not in _LATER},
            sorted(
                json.dumps({n: v for n, v in each.items() if n not in {"contactid", "updated"}}, sort_keys=True)
                for each in client["contacts"]
            ),
        )
        for number, client in here.clients().items()
    }


def other(before: Dump, now: Dump) -> list[str]:
    """Give what is not as it was; what is new must be deleted."""
    found = [f"{n} is alive" for n in now.keys() - before.keys() if now[n][0]["vis_state"] != DELETED]
    for number, (fields, people) in before.items():
        seen, contacts = now[number]
        found += [f"{number}.{name}: {was!r} is {seen[name]!r}" for name, was in fields.items() if seen[name] != was]
        found += [f"{number} has the contacts {contacts}"] if contacts != people else []
    return found


def runs(here: World) -> list[str]:
    """Give the names of the runs, the newest first."""
    return sorted((file.stem for file in (here.folder / ".reconciler/runs").glob("*.json")), reverse=True)


def undoes(here: World, run: str = "") -> Ended:
    """Take a run back."""
    return here.here("undo", *([run] if run else []), "--auto-approve", "--settle", "0.05", *LIMITS[:4])


def wrong_after_undo(here: World, before: Dump) -> list[str]:
    """Take the last run back; give what is not as before it, in the account and in the next plan."""
    ended = undoes(here, runs(here)[0])
    here.wish(BEFORE)
    left = here.plan()
    problems = traceless(ended) + other(before, dump(here))
    problems += [f"undo ended with {ended.code}: {ended.err}"] if ended.code else []
    return problems + ([f"the next plan is not empty: {left.out}{left.err}"] if left.code else [])


def some(seed: str, count: int) -> list[object]:
    """Give moments of a run's writes; most of them only where there is time for it."""
    every = [(moment, number) for moment in MOMENTS for number in range(1, 12)]
    usual = random.Random(seed).sample(every, count)
    return [pytest.param(*each, marks=[] if each in usual else pytest.mark.full) for each in every]


@pytest.mark.parametrize(("moment", "number"), some("killed", 14))
def test_killed(moment: str, number: int, tmp_path: Path) -> None:
    """Killed when the account has received, processed, half answered or answered its k-th write."""
    with world(tmp_path) as here:
        before = dump(here)
        here.wish(AFTER)
        assert killed_at(here, moment, number)
        assert "it was killed" in here.here("history").out
        assert wrong_after_undo(here, before) == []


@pytest.mark.parametrize(("moment", "number"), some("finished", 8))
def test_killed_and_finished_by_the_next(moment: str, number: int, tmp_path: Path) -> None:
    """The next apply ends what the killed one began; both taken back, the last first, nothing of either is left."""
    with world(tmp_path) as here:
        before = dump(here)
        here.wish(AFTER)
        assert killed_at(here, moment, number)
        assert here.apply().code == 0
        second, first, *_ = runs(here)
        assert undoes(here, second).code == 0
        assert undoes(here, first).code == 0
        assert other(before, dump(here)) == []


def test_killed_while_it_takes_back(tmp_path: Path) -> None:
    """An undo that is killed is taken back by another, and so is gone on with: both lead to where they should."""
    for number in range(1, 12, 3):
        with world(tmp_path / str(number)) as here:
            before = dump(here)
            here.wish(AFTER)
            assert here.apply().code == 0
            after, run = dump(here), runs(here)[0]
            assert killed_at(here, "processed", number, "undo", run)
            assert undoes(here, runs(here)[0]).code == 0
            assert other(after, dump(here)) == []
            assert killed_at(here, "processed", number, "undo", run)
            assert undoes(here, run).code == 0
            assert other(before, dump(here)) == []


@pytest.mark.parametrize("signals", [1, 2])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted(number: int, signals: int, tmp_path: Path) -> None:
    """A run that was asked to end, or told to, is taken back like any other."""
    for write in (2, 7):
        with world(tmp_path / str(write)) as here:
            before = dump(here)
            here.wish(AFTER)
            killer = Killer("processed", write, number, signals)
            here.sandbox.wrapper.watch = killer
            process = here.away(*APPLY, "--parallelism", "2")
            killer.pid = process.pid
            _, err = process.communicate(timeout=60)
            here.sandbox.wrapper.watch = lambda *_: None
            assert (process.returncode, b"Traceback" in err) == (128 + number, False)
            assert wrong_after_undo(here, before) == []


@pytest.mark.skipif(
    shutil.which("strace") is None and not os.environ.get("CI"),
    reason="NOT TESTED: kills at system calls need strace (Debian: apt-get install strace)",
)
@pytest.mark.parametrize("part", range(2))
def test_killed_at_a_system_call(part: int, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Killed at the k-th system call of a kind, chosen by chance."""
    chance = random.Random(f"undo {part}")
    for trial in range(100 if request.config.getoption("--full") else 6):
        call = chance.choice(list(SYSCALLS))
        with world(tmp_path / str(trial)) as here:
            before, known = dump(here), runs(here)
            here.wish(AFTER)
            number = chance.randint(*SYSCALLS[call])
            inject = ("-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}")
            here.away(
                *APPLY, "--parallelism", "1", before=("strace", "-f", "-qq", "-o", "/dev/null", *inject)
            ).communicate(timeout=120)
            if runs(here) == known:
                assert other(before, dump(here)) == [], "a run without a record has sent nothing"
                continue
            assert wrong_after_undo(here, before) == [], f"{call} number {number}, trial {trial} of part {part}"


@pytest.mark.parametrize("name", [name for name in BACKENDS if not name.startswith("memory")])
def test_killed_on_shared_storage(name: str, tmp_path: Path) -> None:
    """The record of a killed run lies in the shared storage: the next job, on an empty disk, takes the run back."""
    with BACKENDS[name](tmp_path) as shelf, world(tmp_path / "runner", shelf=shelf) as here:
        for moment, number in random.Random(name).sample([(m, k) for m in MOMENTS for k in range(1, 12)], 2):
            before = dump(here)
            here.wish(AFTER)
            assert killed_at(here, moment, number)
            here.end_dead_runs()
            here.fresh_runner()
            assert "it was killed" in here.here("history", "--last", "1").out
            ended = undoes(here)
            assert (ended.code, other(before, dump(here))) == (0, []), (moment, number, ended.out, ended.err)
