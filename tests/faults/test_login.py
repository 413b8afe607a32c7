"""A login under races, kills, lost answers and full disks: one request, and never the same refresh token twice."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from reconciler.sandbox.faults import Faults
from reconciler.sandbox.quirks import Quirks
from tests.faults.kept import TOKEN, Kept, burnt_or_usable, ended, kept, twice
from tests.faults.test_killed import MOMENTS


def test_eight_processes_ask_once(tmp_path: Path) -> None:
    """Eight processes that find an expired token make one request for a new one, and all of them get on."""
    with kept(tmp_path) as here:
        processes = [here.away("whoami") for _ in range(8)]
        assert [ended(process).code for process in processes] == [0] * 8
        assert len(here.asked()) == 1
        assert here.login.pending is None


def test_eight_processes_with_a_token_near_its_end(tmp_path: Path) -> None:
    """The same where the token still lives: it is renewed early, once."""
    with kept(tmp_path, left_s=1800) as here:
        processes = [here.away("whoami", "--json") for _ in range(8)]
        assert [ended(process).code for process in processes] == [0] * 8
        assert len(here.asked()) == 1


def test_eight_processes_and_a_lost_answer(tmp_path: Path) -> None:
    """Where the one answer gets lost, all eight are told the same, and nobody asks again."""
    with kept(tmp_path) as here:
        here.sandbox.wrapper.faults = Faults.parse([f"POST {TOKEN} reset-after"])
        processes = [here.away("whoami") for _ in range(8)]
        assert [ended(process).code for process in processes] == [8] * 8
        assert len(here.asked()) == 1
        assert burnt_or_usable(here) == []


class Killer:
    """Kills a process when the account sees this moment of a request for tokens."""

    def __init__(self, moment: str) -> None:
        self._moment = moment
        self._known = threading.Event()
        self._pid = 0
        self.killed = False

    def aims_at(self, pid: int) -> None:
        """Name the process."""
        self._pid = pid
        self._known.set()

    def __call__(self, moment: str, method: str, path: str) -> None:
        """Hear of a moment."""
        if (moment, method, path) == (self._moment, "POST", TOKEN) and not self.killed:
            self._known.wait(10)
            self.killed = True
            os.kill(self._pid, signal.SIGKILL)


def killed_at(here: Kept, moment: str) -> bool:
    """Run something that needs a token, and kill it there."""
    killer = Killer(moment)
    here.sandbox.wrapper.watch = killer
    process = here.away("whoami")
    killer.aims_at(process.pid)
    ended(process)
    here.sandbox.wrapper.watch = lambda *_: None
    return killer.killed


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_while_a_renewal_is_under_way(moment: str, tmp_path: Path) -> None:
    """Killed when FreshBooks has received, processed, half answered or answered the request: used, or told why not."""
    with kept(tmp_path) as here:
        assert killed_at(here, moment)
        assert burnt_or_usable(here) == []
        assert len(here.asked()) == 1


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_while_the_token_still_lives(moment: str, tmp_path: Path) -> None:
    """The same an early renewal: the access token is used to its end, and nothing is sent again."""
    with kept(tmp_path, left_s=1800) as here:
        assert killed_at(here, moment)
        after = here.run("whoami")
        assert after.code == 0
        if here.login.pending is not None:
            assert "holds for" in after.err
            assert "no longer: log in again before it expires" in after.out
        assert len(here.asked()) == 1
        assert twice(here) == []


FAULTS = ("reset-before", "reset-after", "500-before", "500-after", "502-html", "truncated", "wrong-json")


@pytest.mark.parametrize("fault", FAULTS)
def test_an_answer_that_gets_lost(fault: str, tmp_path: Path) -> None:
    """Whatever is no answer leaves the mark, for nobody knows which token lives; the sentence says so ever after."""
    with kept(tmp_path) as here:
        here.sandbox.wrapper.faults = Faults.parse([f"POST {TOKEN} {fault}"])
        first = here.run("whoami")
        assert first.code == 8
        assert "did not answer" in first.err
        assert here.login.pending is not None
        assert burnt_or_usable(here) == []
        assert len(here.asked()) == 1


def test_a_created_at_of_long_ago(tmp_path: Path) -> None:
    """A new token that is told to be older than its life is used until it is refused, and not renewed at every run."""
    with kept(tmp_path, quirks=Quirks({"created-at": "original"})) as here:
        login = here.login
        here.sandbox.books.put_token(login.refresh.reveal(), "refresh", " ".join(login.scopes), time.time() - 90_000)
        assert [here.run("whoami").code for _ in range(3)] == [0] * 3
        assert len(here.asked()) == 1


def test_too_many_requests_is_not_the_end(tmp_path: Path) -> None:
    """A request that was turned away before anybody looked at it can be made again later."""
    with kept(tmp_path) as here:
        here.sandbox.wrapper.faults = Faults.parse([f"POST {TOKEN} 429"])
        assert here.run("whoami").code == 8
        here.sandbox.wrapper.faults = Faults()
        assert here.run("whoami").code == 0


def test_a_refused_connection_is_not_the_end(tmp_path: Path) -> None:
    """Where nobody listens, nothing was sent: the login is as it was."""
    with kept(tmp_path) as here:
        before = here.login
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
            run = ended(here.away("whoami", more={"FRESHBOOKS_API_URL": nobody}))
        assert (run.code, "Nothing is lost: try again." in run.err) == (8, True)
        assert here.login == before
        assert here.run("whoami").code == 0


# From which to which call of a kind the thread that renews makes them, and its request the program's main thread.
SYSCALLS = {
    "fsync": (1, 4),
    "rename": (1, 2),
    "write": (1, 3),
    "sendto": (1, 2),
    "recvfrom": (1, 4),
    "connect": (1, 2),
    "fstat": (1, 900),
    "openat": (1, 700),
}


@pytest.mark.skipif(
    shutil.which("strace") is None and not os.environ.get("CI"),
    reason="NOT TESTED: kills at system calls need strace (Debian: apt-get install strace)",
)
@pytest.mark.parametrize("part", range(2))
def test_killed_at_a_system_call(part: int, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Killed at the k-th system call of a kind, chosen by chance."""
    trials = 120 if request.config.getoption("--full") else 8
    chance = random.Random(part)
    struck = 0
    for trial in range(trials):
        call = chance.choice(list(SYSCALLS))
        number = chance.randint(*SYSCALLS[call])
        with kept(tmp_path / str(trial)) as here:
            inject = ("-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}")
            process = here.away("whoami", before=("strace", "-f", "-qq", "-o", "/dev/null", *inject))
            first = ended(process)
            struck += first.code < 0 or first.code == 137
            assert "Traceback" not in first.err
            assert burnt_or_usable(here) == [], f"killed at {call} number {number}, trial {trial} of part {part}"
    assert struck > trials // 3, "too few of the trials were killed at all"
