"""What does not depend on the account: starting up, what an apply costs besides its calls, reports of a large plan."""

from __future__ import annotations

import json
import re
import shutil
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

from measure import RECONCILER, Failed, Run, median, middle, run, sandbox, script
from table import Row, Section, Target

from reconciler.reports.formats import PLANS

STARTS = 20
CREATES = 300
CHANGES = 10_000
RENDER_S = {"text": 2.0, "html": 5.0}
"""Format → wall s."""
_STRACE = ("strace", "-f", "-c", "-e", "trace=fsync,fdatasync", "-o", "strace.txt")


def startup(folder: Path) -> Section:
    """Start the bare interpreter, `--help` and `--version` in turns; median of 20."""
    section = Section(name="startup", title=f"Starting up, median of {STARTS}")
    commands = {
        "python -c pass": (sys.executable, "-c", "pass"),
        "reconciler --version": (RECONCILER, "--version"),
        "reconciler --help": (RECONCILER, "--help"),
    }
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for command in commands.values():
        run(command, folder)  # the first start writes .pyc files
    for _ in range(STARTS):
        for name, command in commands.items():
            runs[name].append(run(command, folder))
    bare = median(runs["python -c pass"])
    for name, kept in runs.items():
        done = median(kept)
        above = Target(what="wall", value=done.wall_s * 1000, limit=bare.wall_s * 1000 + 60, unit="ms (bare + 60)")
        row = Row.of(name, done, [above] if name != "python -c pass" else [])
        section.rows.append(row)
    return section


def rendering(folder: Path, times: int) -> Section:
    """Render one large plan in every format of the table."""
    section = Section(name="render", title=f"Rendering a plan of {CHANGES:,} changes")
    for name in PLANS:
        runs = [run(script("render.py", name, str(CHANGES)), folder) for _ in range(times)]
        done = middle(runs, lambda one: float(one.told["wall_s"]))
        wall_s, limit = done.told["wall_s"], RENDER_S.get(name)
        targets = () if limit is None else (Target(what="wall", value=wall_s, limit=limit, unit="s"),)
        title = f"{name}, {done.told['mib']:.1f} MiB"
        section.rows.append(
            Row(name=title, wall_s=wall_s, cpu_s=done.told["cpu_s"], peak_mib=done.peak_mib, targets=targets)
        )
    return section


@dataclass(frozen=True, slots=True, kw_only=True)
class Creates:
    """One apply of nothing but creates, and what its parts cost."""

    planned: Run
    applied: Run
    calls: int
    writes: int
    calls_wall_s: float
    calls_cpu_s: float

    @property
    def wall_ms(self) -> float:
        """Give what one write costs besides its plan and its calls."""
        return (self.applied.wall_s - self.planned.wall_s - self.calls_wall_s) / self.writes * 1000

    @property
    def cpu_ms(self) -> float:
        """Give the same in CPU."""
        return (self.applied.cpu_s - self.planned.cpu_s - self.calls_cpu_s) / self.writes * 1000


def protocol(folder: Path, times: int) -> Section:
    """Create clients one after the other, and take away the plan and the bare calls."""
    title = f"What a write costs besides its calls: {CREATES} creates, one worker, state on the local disk"
    section = Section(name="protocol", title=title)
    runs = [creates(folder) for _ in range(times)]
    middle = sorted(runs, key=lambda one: one.wall_ms)[len(runs) // 2]
    fsyncs = fsyncs_per_write(folder)
    targets = [Target(what="wall", value=middle.wall_ms, limit=5, unit="ms a write")]
    if fsyncs is not None:
        targets.append(Target(what="fsyncs", value=fsyncs, limit=2, unit="a write"))
    section.rows = [
        Row.of("reconciler apply", middle.applied, targets),
        Row.of("reconciler plan", middle.planned),
        Row(
            name="the calls alone, by httpx",
            wall_s=middle.calls_wall_s,
            cpu_s=middle.calls_cpu_s,
            requests=middle.calls,
        ),
    ]
    cpu_ms = statistics.median(one.cpu_ms for one in runs)
    section.notes = [f"CPU a write, besides plan and calls: {cpu_ms:.2f} ms"]
    if fsyncs is None:
        section.notes.append("fsyncs: skipped, strace is not here or may not trace")
    return section


def creates(folder: Path) -> Creates:
    """Plan and apply on an empty account, then send the same calls to another empty one."""
    fresh(folder)
    with sandbox(folder) as account:
        planned = account.run((RECONCILER, "plan"), folder)
        applied = account.run((RECONCILER, "apply", "--auto-approve", "--parallelism", "1"), folder)
    methods = logged(folder)
    calls = folder.joinpath("requests.log").read_text(encoding="utf-8").splitlines()[2 * planned.requests :]
    if methods.count("POST") != CREATES:
        raise Failed("the apply did not create what it should")
    fresh(folder)
    folder.joinpath("calls.log").write_text("\n".join(calls), encoding="utf-8")
    with sandbox(folder) as account:
        told = account.run(script("replay.py", "calls.log"), folder).told
    return Creates(
        planned=planned,
        applied=applied,
        calls=len(calls),
        writes=len(methods) - methods.count("GET"),
        calls_wall_s=told["wall_s"],
        calls_cpu_s=told["cpu_s"],
    )


def logged(folder: Path) -> list[object]:
    """Give the methods of all calls of the last sandbox."""
    lines = folder.joinpath("requests.log").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["method"] for line in lines]


def fsyncs_per_write(folder: Path) -> float | None:
    """Count what one more write adds, without a run's beginning and end; None where strace does not work."""
    if shutil.which(_STRACE[0]) is None:
        return None
    few, many = fsyncs(folder, CREATES // 3), fsyncs(folder, CREATES)
    return None if few is None or many is None else (many[0] - few[0]) / (many[1] - few[1])


def fsyncs(folder: Path, count: int) -> tuple[int, int] | None:
    """Count the fsyncs and the writes of an apply of so many creates."""
    fresh(folder, count)
    with sandbox(folder) as account:
        command = (*_STRACE, RECONCILER, "apply", "--auto-approve", "--parallelism", "1")
        try:
            run(command, folder, account.environment)
        except Failed:
            return None
    # One row a call: % time, seconds, usecs/call, calls, [errors], name.
    text = folder.joinpath("strace.txt").read_text(encoding="utf-8")
    rows = re.findall(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s.*\b(?:fsync|fdatasync)$", text, re.MULTILINE)
    methods = logged(folder)
    return (sum(map(int, rows)), len(methods) - methods.count("GET")) if rows else None


def fresh(folder: Path, count: int = CREATES) -> None:
    """Make the folder anew: the YAML, and an account that has none of it."""
    if folder.exists():
        shutil.rmtree(folder)
    run(script("make.py", folder, str(count), "--empty-account"), folder.parent)


def page(folder: Path) -> Section:
    """Render a large plan, and use its page in Chromium where that is here."""
    told = run(script("page.py", "--json"), folder).told
    section = Section(name="page", title=f"The HTML report of {told['changes']:,} changes", clients=told["changes"])
    targets = {
        "render s": Target(what="wall", value=told["render s"], limit=5, unit="s"),
        "text s": Target(what="wall", value=told["text s"], limit=2, unit="s"),
    }
    for name, words in _PAGE.items():
        if name in told:
            seconds = told[name] if name.endswith(" s") else told[name] / 1000
            section.rows.append(Row(name=words, wall_s=seconds, targets=(targets[name],) if name in targets else ()))
    section.notes = [f"Size: {told['size MiB']:.1f} MiB"]
    if "elements" in told:
        section.notes.append(f"Elements: {told['elements']:,}")
    else:
        section.notes.append("In a browser: skipped, Chromium is not here")
    return section


_PAGE = {
    "render s": "rendered as HTML",
    "text s": "rendered as text",
    "load s": "opened in Chromium",
    "first search ms": "first letter of a search",
    "longest keystroke ms": "slowest of the next nine letters",
    "filter ms": "a filter",
    "unfold all ms": "everything unfolded",
    "longest frame of a scroll ms": "slowest of 100 jumps to the end",
}
"""Figures of `page.py`, and how they are called here."""
