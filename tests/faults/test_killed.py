"""An apply is killed by SIGKILL, wherever: nothing is made twice, nothing is lost, and the next apply finishes."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from reconciler.sandbox.faults import Faults
from tests.faults.world import AFTER, BEFORE, ROOT, WRITES, World, converges, world

MOMENTS = ("received", "processed", "half-answered", "answered")
APPLY = ("apply", "--auto-approve", "--settle", "0.05", "--max-deletes", "100", "--max-updates", "100")


class Killer:
    """Kills a process at the k-th time that the account sees this moment of a write."""

    def __init__(self, moment: str, number: int, by: int = signal.SIGKILL, times: int = 1) -> None:
        self._moment = moment
        self._left = number
        self._by = by
        self._times = times
        self._lock = threading.Lock()
        self.pid = 0
        self.killed = False

    def __call__(self, moment: str, method: str, path: str) -> None:
        """Hear of a moment."""
        if moment != self._moment or method not in WRITES or "/users/" not in path:
            return
        with self._lock:
            self._left -= 1
            if self._left == 0 and self.pid:
                self.killed = True
                for _ in range(self._times):
                    os.kill(self.pid, self._by)
                    # Two signals at once are one to the system.
                    time.sleep(0.2 * (self._times - 1))


def killed_at(here: World, moment: str, number: int, *words: str) -> bool:
    """Run an apply, or another command, and kill it there; tell whether it came so far."""
    killer = Killer(moment, number)
    here.sandbox.wrapper.watch = killer
    process = here.away(*(words or APPLY[:1]), *APPLY[1:], "--parallelism", "2")
    killer.pid = process.pid
    _, err = process.communicate(timeout=60)
    here.sandbox.wrapper.watch = lambda *_: None
    assert b"Traceback" not in err
    return killer.killed


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_while_a_write_is_under_way(moment: str, tmp_path: Path) -> None:
    """Killed when the account has received, processed, half answered or answered the k-th write, for every k."""
    for number in range(1, 100):
        with world(tmp_path / str(number)) as here:
            here.wish(AFTER)
            if not killed_at(here, moment, number):
                assert number > 10, "the apply has a dozen writes"
                return
            assert converges(here, AFTER) == [], f"killed when write {number} was {moment}"


@pytest.mark.full
@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_while_a_write_is_under_way_and_again(moment: str, seed: int, tmp_path: Path) -> None:
    """Killed twice in a row, at writes chosen by chance, under every quirk of contacts."""
    chance = random.Random(f"{seed} {moment}")
    quirks = {
        "contact-ids": chance.choice(("stable", "by-email", "reissued")),
        "contacts-in-writes": chance.choice(("include", "always", "never")),
        "contact-put": chance.choice(("partial", "replace")),
    }
    for number in range(1, 14):
        with world(tmp_path / str(number), quirks) as here:
            here.wish(AFTER)
            killed_at(here, moment, number)
            killed_at(here, chance.choice(MOMENTS), chance.randint(1, 6))
            assert converges(here, AFTER) == [], f"killed when write {number} was {moment}, under {quirks}"


# The system calls that touch the disk or the network, and from which to which of one thread an apply makes them.
SYSCALLS = {
    "sendto": (1, 31),
    "recvfrom": (1, 21),
    "write": (1, 29),
    "fsync": (1, 15),
    "rename": (1, 5),
    "unlink": (1, 5),
    "link": (1, 2),
    "openat": (680, 730),
    "close": (570, 630),
}


@pytest.mark.skipif(
    shutil.which("strace") is None and not os.environ.get("CI"),
    reason="NOT TESTED: kills at system calls need strace (Debian: apt-get install strace)",
)
@pytest.mark.parametrize("part", range(4))
def test_killed_at_a_system_call(part: int, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Killed at the k-th system call of a kind, chosen by chance; with and without faults of the network."""
    trials = 250 if request.config.getoption("--full") else 15
    chance = random.Random(part)
    struck = 0
    for trial in range(trials):
        call = chance.choice(list(SYSCALLS))
        with world(tmp_path / str(trial)) as here:
            here.wish(AFTER)
            if chance.random() < 0.5:
                kinds = ("reset-before", "reset-after", "500-after", "429-bare")
                rules = [f"* /users/* {name}:0.08" for name in kinds]
                here.sandbox.wrapper.faults = Faults.parse(rules, seed=trial)
            number = chance.randint(*SYSCALLS[call])
            inject = ("-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}")
            process = here.away(
                *APPLY, "--parallelism", "1", before=("strace", "-f", "-qq", "-o", "/dev/null", *inject)
            )
            _, err = process.communicate(timeout=120)
            struck += process.returncode < 0 or process.returncode == 137
            assert b"Traceback" not in err, err.decode()
            assert converges(here, AFTER) == [], f"killed at {call} number {number}, trial {trial} of part {part}"
    assert struck > trials // 2, "too few of the trials were killed at all"


def test_what_a_killed_run_made_is_not_left_behind(tmp_path: Path) -> None:
    """A client or contact that a killed run made, and that nobody wants now, is found by its intent and removed."""
    for number in range(1, 9):
        with world(tmp_path / str(number)) as here:
            here.wish(AFTER)
            killed_at(here, "processed", number)
            here.wish(BEFORE)
            assert converges(here, BEFORE) == [], f"killed at write {number}"


def test_what_arrives_late_is_waited_for(tmp_path: Path) -> None:
    """A create that is carried out after its sender was killed is found by the next apply, and not repeated."""
    with world(tmp_path, applied={}) as here:
        wanted = {"a": AFTER["new1"]}
        here.wish(wanted)
        here.sandbox.wrapper.faults = Faults.parse(["POST /users/clients late=1.0#1"])
        assert killed_at(here, "received", 1)
        program = "import sys\nfrom reconciler.cli.main import run\nsys.exit(run(sys.argv[1:]))"
        next_run = subprocess.run(
            [sys.executable, "-c", program, "apply", "--auto-approve", "--settle", "2"],
            cwd=here.folder,
            env=here.environment() | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert next_run.returncode == 0, next_run.stderr
        assert b"interrupted run" in next_run.stderr
        assert len([entry for entry in here.writes() if entry["method"] == "POST"]) == 1
        assert len([seen for seen in here.clients().values() if seen["email"] == "new1@ours.example"]) == 1
        assert here.plan().code == 0
