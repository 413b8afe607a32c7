"""The real program as the tests run it: in this process, in one of its own, and at a terminal."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.cli.main import run
from reconciler.sandbox.faults import Fault
from tests.golden.story import Story

PROGRAM = (sys.executable, "-P", "-c", "from reconciler.cli.main import main; main()")
"""What the installed script does, started by the interpreter of the tests."""

ACME = "clients:\n  acme: {organization: Acme Ltd., email: billing@acme.example}\n"
BOLT = "  bolt: {organization: Bolt Bikes, email: office@bolt.example}\n"
ESCAPES = re.compile("\x1b\\[[0-9;?]*[A-Za-z]")
PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        """Give everything that was written."""
        return self.out + self.err


def called(*words: str) -> Ran:
    """Run a command in this process; nobody sits at it.

    Not for what fails while the account is being read: the threads that read then outlive the command, and with
    them a connection, of which pytest hears.
    """
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(list(words))
    return Ran(code=code, out=out.getvalue(), err=err.getvalue())


def spawned(*words: str, environment: Mapping[str, str] | None = None, around: str = "") -> Ran:
    """Run a command in a process of its own; `around` is what a shell does around `"$@"`."""
    command = ["bash", "-c", around, "bash", *PROGRAM, *words] if around else [*PROGRAM, *words]
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={**os.environ, **(environment or {})},
        timeout=60,
        check=False,
    )
    return Ran(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())


def writes(text: str, file: str = "clients.yaml") -> None:
    """Write a configuration into the working folder."""
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    Path(file).write_text(f"version: 1\n{text}", encoding="utf-8")


def strikes(place: Story, rule: str) -> None:
    """Let a fault strike the account's requests from now on."""
    place.sandbox.wrapper.faults.rules.append(Fault.parse(rule))


def until(true: Callable[[], Any]) -> None:
    """Wait for another process to have come somewhere."""
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


class AtTerminal:
    """A program whose streams are a terminal, and a person who reads and types."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process = process
        self.seen = ""
        self._master = master

    @property
    def text(self) -> str:
        """Give what was written, without colours and movements."""
        return ESCAPES.sub("", self.seen)

    def shows(self, text: str) -> None:
        """Read until the text has appeared."""
        deadline = time.monotonic() + PATIENCE_S
        while text not in self.seen:
            assert time.monotonic() < deadline, f"{text!r} never appeared in {self.seen!r}"
            assert self._read(), f"the program ended without {text!r}: {self.seen!r}"

    def types(self, text: str) -> None:
        """Type a text."""
        os.write(self._master, text.encode())

    def ends(self) -> int:
        """Read to the end; give the exit code."""
        deadline = time.monotonic() + PATIENCE_S
        while self._read():
            assert time.monotonic() < deadline, f"it never ends: {self.seen!r}"
        return self.process.wait(PATIENCE_S)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._master], [], [], 1.0)
        if not ready:
            return True
        try:
            got = os.read(self._master, 65536)
        except OSError:  # the other end was closed: that is how a terminal ends on Linux
            return False
        self.seen += got.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(got)


@contextlib.contextmanager
def at_terminal(
    *words: str,
    environment: Mapping[str, str] | None = None,
    columns: int = 100,
    streams: Mapping[str, int] | None = None,
) -> Iterator[AtTerminal]:
    """Start a command at a terminal; `streams` says which of them are something else."""
    other = streams or {}
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    inherited = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "NO_COLOR", "FORCE_COLOR"}}
    with subprocess.Popen(
        [*PROGRAM, *words],
        stdin=other.get("stdin", slave),
        stdout=other.get("stdout", slave),
        stderr=other.get("stderr", slave),
        env={**inherited, "TERM": "xterm-256color", **(environment or {})},
    ) as process:
        os.close(slave)
        try:
            yield AtTerminal(process, master)
        finally:
            process.kill()
            os.close(master)
