"""Start processes and measure them: wall, CPU, peak memory, exit code; and a sandbox that counts requests.

This process must stay small: on Linux a child's peak counts from the size of the process that started it.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent
RECONCILER = BIN / "reconciler"
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024
_LONGEST_TOLD = 4096


class Failed(Exception):
    """A measured process did not do what it should; says which, and what it told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one process cost."""

    wall_s: float
    cpu_s: float
    peak_mib: float
    requests: int = 0

    told: Mapping[str, Any] = field(default_factory=dict)
    """The JSON object that a helper script printed last."""


def run(
    command: Sequence[str | Path],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    expected: Sequence[int] = (0,),
) -> Run:
    """Run one process to its end, its output in files of `folder`, and ask the system what it used."""
    out, err = folder / "out.txt", folder / "err.txt"
    with out.open("wb") as to_out, err.open("wb") as to_err:
        began = time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env=_environment(folder, environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=to_out,
            stderr=to_err,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in expected:
        told = err.read_text(encoding="utf-8", errors="replace")[-600:]
        raise Failed(f"{' '.join(str(part) for part in command[:4])} ended with {process.returncode}: {told}")
    return Run(
        wall_s=wall,
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_mib=usage.ru_maxrss * _MAXRSS_UNIT / 1024 / 1024,
        told=_told(out),
    )


def _told(out: Path) -> Mapping[str, Any]:
    """Read the last line of an output, which is short: the output itself may have a hundred megabytes."""
    with out.open("rb") as opened:
        opened.seek(max(0, out.stat().st_size - _LONGEST_TOLD))
        last = opened.read().rstrip().rpartition(b"\n")[2]
    return dict(json.loads(last)) if last.startswith(b"{") else {}


def script(name: str, *arguments: str | Path) -> list[str | Path]:
    """Give the command of one of the scripts beside this one."""
    return [sys.executable, HERE / name, *arguments]


def _environment(folder: Path, more: Mapping[str, str]) -> dict[str, str]:
    """Give an environment without anything of the user's that could shape a run."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FRESHBOOKS_", "RECONCILER_"))}
    return {**kept, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder / ".config"), "NO_COLOR": "1", **more}


def median(runs: Sequence[Run]) -> Run:
    """Give the medians of several runs of the same command."""
    return Run(
        wall_s=statistics.median(one.wall_s for one in runs),
        cpu_s=statistics.median(one.cpu_s for one in runs),
        peak_mib=statistics.median(one.peak_mib for one in runs),
        requests=runs[-1].requests,
        told=runs[-1].told,
    )


def middle(runs: Sequence[Run], key: Callable[[Run], float]) -> Run:
    """Give the one run that is in the middle of several by something that it told."""
    return sorted(runs, key=key)[len(runs) // 2]


def repeated(times: int, once: Callable[[], Run]) -> Run:
    """Run the same thing several times; give the medians."""
    return median([once() for _ in range(times)])


@dataclass(slots=True, kw_only=True)
class Sandbox:
    """A sandbox in a process of its own, and its request log."""

    environment: Mapping[str, str]
    log: Path
    _seen: int = field(default=0)

    def requests(self) -> int:
        """Count the requests since the last call."""
        with self.log.open("rb") as opened:
            opened.seek(self._seen)
            raw = opened.read()
        self._seen += len(raw)
        return raw.count(b"\n")

    def run(self, command: Sequence[str | Path], folder: Path, expected: Sequence[int] = (0,)) -> Run:
        """Measure a process that speaks to this sandbox, and count its requests."""
        self.requests()
        done = run(command, folder, self.environment, expected)
        return replace(done, requests=self.requests())


@contextmanager
def sandbox(folder: Path, latency_s: float = 0.0, accounts: Sequence[str] = ()) -> Iterator[Sandbox]:
    """Run the account, or the accounts, of a folder, without rate limits, for as long as the block lasts."""
    log = folder / "requests.log"
    log.write_bytes(b"")
    command = [RECONCILER, "sandbox", "--json", "--db", folder / "account.db", "--log", log]
    command += ["--rate-limit", "0", "--create-limit", "0", "--latency", str(latency_s)]
    command += [word for name in accounts for word in ("--account", name)]
    process = subprocess.Popen(
        [str(part) for part in command],
        env=_environment(folder, {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        ready = process.stdout.readline() if process.stdout is not None else b""
        if not ready:
            raise Failed("the sandbox did not start")
        yield Sandbox(environment=json.loads(ready), log=log)
    finally:
        process.terminate()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
