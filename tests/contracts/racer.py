"""A process that holds a lock: does what it is told line by line, and can be killed at any point.

Called as a program with an address; knows `take ID`, and answers with a line.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

from reconciler.store import place
from reconciler.store.backend import Holder


class Racer:
    """A process with a connection of its own."""

    def __init__(self, address: str, environment: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.contracts.racer", address],
            env={**os.environ, **environment, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.answer() == "ready"

    def tell(self, line: str) -> None:
        """Tell it what to do, without waiting."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def answer(self) -> str:
        """Wait for what it says."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def kill(self) -> None:
        """End it with SIGKILL."""
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        self.process.wait(10)


def main() -> None:
    """Do what the input says."""
    address = sys.argv[1]
    storage = place.opened(address, os.environ)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        verb, name = line.split()
        mine = Holder(id=name, run="run", host="here", ttl_s=60.0)
        assert verb == "take"
        told = _told(storage.take(mine))
        sys.stdout.write(f"{told}\n")
        sys.stdout.flush()


def _told(seen: Holder | None) -> str:
    return seen.id if seen is not None else "ours"


if __name__ == "__main__":
    main()
