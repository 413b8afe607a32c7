"""Runs a server for as long as whoever started it lives: it ends when its own input ends, even after a kill -9.

Called as a program: FOLDER USER COMMAND...; FOLDER is removed at the end, USER is empty for oneself.
"""

from __future__ import annotations

import atexit
import collections
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence


def main() -> None:
    """Start the command, and stop it when the input ends; end when it does."""
    folder, user, *command = sys.argv[1:]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server = subprocess.Popen(command, cwd=folder, user=user or None, stdin=subprocess.DEVNULL)

    def stop() -> None:
        sys.stdin.buffer.read()
        # PostgreSQL's fast end, then its immediate one, which takes its children along.
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            server.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(5)
                return

    threading.Thread(target=stop, daemon=True).start()
    server.wait()
    os.chdir("/")
    shutil.rmtree(folder, ignore_errors=True)


def kept(folder: str, user: str, command: Sequence[str], *, ready: str) -> str:
    """Start a server that ends with this process; give the line of its output that says that it is ready."""
    keeper = subprocess.Popen(
        [sys.executable, __file__, folder, user, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert keeper.stdin is not None
    assert keeper.stdout is not None
    said: list[str] = []
    for line in keeper.stdout:
        said.append(line)
        if ready in line:
            break
    else:
        raise AssertionError(f"{command[0]} did not start: {''.join(said[-5:])}")
    # It goes on talking, and would stop when nobody listens.
    listener = threading.Thread(target=collections.deque, args=(keeper.stdout, 0), daemon=True)
    listener.start()
    atexit.register(_end, keeper, listener)
    return said[-1].rstrip()


def _end(keeper: subprocess.Popen[str], listener: threading.Thread) -> None:
    assert keeper.stdin is not None
    assert keeper.stdout is not None
    keeper.stdin.close()
    keeper.wait(20)
    listener.join(5)
    keeper.stdout.close()


if __name__ == "__main__":
    main()
