"""Runs a server for as long as whoever started it lives: it ends when its own input ends, even after a kill -9.

Called as a program: FOLDER USER COMMAND...; FOLDER is removed at the end, USER is empty for oneself.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence


def main() -> None:
    """Start the command, wait for the end of the input, stop it with SIGINT (PostgreSQL's fast end)."""
    folder, user, *command = sys.argv[1:]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server = subprocess.Popen(command, cwd=folder, user=user or None, stdin=subprocess.DEVNULL)
    sys.stdin.buffer.read()
    server.send_signal(signal.SIGINT)
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
    os.chdir("/")
    shutil.rmtree(folder, ignore_errors=True)


def kept(folder: str, user: str, command: Sequence[str]) -> subprocess.Popen[str]:
    """Start a server that ends with this process; its output can be read."""
    keeper = subprocess.Popen(
        [sys.executable, __file__, folder, user, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )

    def end() -> None:
        assert keeper.stdin is not None
        assert keeper.stdout is not None
        keeper.stdin.close()
        keeper.stdout.close()
        keeper.wait(20)

    atexit.register(end)
    return keeper


if __name__ == "__main__":
    main()
