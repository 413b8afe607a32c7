"""Asks the person at the terminal for one line, shown while it is typed or not."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

from reconciler.cli.terminal import Terminal


def asked(terminal: Terminal, question: str, *, hidden: bool = False) -> str:
    """Ask, on stderr; give the line without its end, empty where there is none."""
    terminal.err.write(f"  {question}: ")
    terminal.err.flush()
    with _silent() if hidden else contextlib.nullcontext():
        answer = sys.stdin.readline()
    if hidden:
        terminal.talk("")
    return answer.strip()


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Let the terminal not repeat what is typed."""
    try:
        import termios  # noqa: PLC0415 - not everywhere
    except ImportError:
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    quiet = termios.tcgetattr(sys.stdin)
    quiet[3] &= ~termios.ECHO
    termios.tcsetattr(sys.stdin, termios.TCSAFLUSH, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
