"""Go on in the background: a second process, of which the shell that waits for the first one hears nothing more."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from reconciler.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Detached:
    """The process in the background, which still has the streams of the one that waits for it."""

    pipe: int

    def ready(self) -> None:
        """Let go of the streams, and let the process that waits end well."""
        sys.stdout.flush()
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in range(3):
            os.dup2(nothing, number)
        os.close(nothing)
        os.write(self.pipe, b".")
        os.close(self.pipe)


def detach() -> tuple[int, Detached | None]:
    """Part in two: in the background give what it is; where the shell waits give the exit code, once that is known.

    Call it before anything is opened and any thread runs.
    """
    if not hasattr(os, "fork"):
        raise UsageError("--detach is not known here", "This system cannot fork; start it in another window.")
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.setsid()
        return 0, Detached(pipe=writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        if pipe.read(1):
            return 0, None
    # It ended before it was ready, and has said why.
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return (code if code >= 0 else 128 - code), None
