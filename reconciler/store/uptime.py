"""A clock that nobody sets: seconds since this machine was started, with which start that was.

A wall clock can be put forward between two runs, and would then shorten a wait that must not be shortened.
"""

from __future__ import annotations

import time
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def seconds() -> float:
    """Give a clock that goes on while the machine sleeps, where the system has one."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


def stamp() -> str:
    """Give `boot seconds`; empty on a system that does not say which start it runs since."""
    boot = _boot()
    return f"{boot} {seconds():.3f}" if boot else ""


def since(told: str) -> float | None:
    """Give the seconds since a stamp of this machine's same start; None where they cannot be told for certain."""
    boot, _, then = told.partition(" ")
    if not boot or boot != _boot():
        return None
    try:
        passed = seconds() - float(then)
    except ValueError:
        return None
    return passed if passed >= 0 else None


def _boot() -> str:
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return ""
