"""Speed and memory of the tool beside their floors and targets: `python3 dev bench [--full] [--only NAME]`.

It makes clients, an account for them in the sandbox, and a state; then it runs the installed `reconciler` as a user
would, each run a process of its own. It prints figures and judges nothing: no test fails by them. README.md beside
this file says how to read the table.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from accounts import many
from measure import RECONCILER, Failed, run, sandbox, script
from once import page, protocol, rendering, startup
from scenarios import SCENARIOS, Size, adopt
from table import Section, rendered

QUICK = {1_000: 3, 10_000: 3}
FULL = {1_000: 5, 10_000: 5, 100_000: 1}
"""Clients → how often each thing is run; figures are medians."""
ALONE = ("startup", "protocol", "accounts", "render", "page")
"""What does not depend on the number of clients."""
NAMES = (*ALONE, "adopt", *SCENARIOS)


def main() -> None:
    """Measure what was asked for; print each section as it is there."""
    parser = argparse.ArgumentParser(prog="dev bench", description=__doc__)
    parser.add_argument("--full", action="store_true", help="1k, 10k and 100k clients instead of 1k and 10k")
    parser.add_argument("--only", choices=NAMES, action="append", help="this scenario alone; may be repeated")
    parser.add_argument("--size", type=int, action="append", metavar="N", help="this number of clients alone")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="work there, and leave everything")
    chosen = parser.parse_args()
    if not hasattr(os, "wait4"):
        sys.exit("These benchmarks ask the system what a process used (wait4), which this system does not have.")
    sizes = FULL if chosen.full else QUICK
    if chosen.size:
        sizes = {clients: FULL.get(clients, 3) for clients in chosen.size}
    began = time.perf_counter()
    print(f"Python {platform.python_version()}, {platform.system()} on {platform.machine()}, {os.cpu_count()} cores\n")
    sections = []
    with tempfile.TemporaryDirectory() as temporary:
        for section in measured(chosen.keep or Path(temporary), sizes, chosen.only or NAMES):
            print(rendered(section), flush=True)
            sections.append(section)
    print(f"Measured in {time.perf_counter() - began:.0f} s.")
    if chosen.json is not None:
        told = {"python": platform.python_version(), "sections": [section.plain() for section in sections]}
        chosen.json.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def measured(folder: Path, sizes: dict[int, int], names: Sequence[str]) -> Iterator[Section]:
    """Measure one section after the other."""
    folder.mkdir(parents=True, exist_ok=True)
    run((RECONCILER, "plan", "--help"), folder)
    if "startup" in names:
        yield startup(folder)
    if "protocol" in names:
        yield protocol(folder / "creates", 3)
    if "accounts" in names:
        yield many(folder / "accounts", 3)
    if "render" in names:
        yield rendering(folder, 3)
    if "page" in names:
        yield page(folder)
    if set(names) <= set(ALONE):
        return
    for clients, times in sizes.items():
        yield from at_size(folder / f"{clients}", clients, times, names)


def at_size(folder: Path, clients: int, times: int, names: Sequence[str]) -> Iterator[Section]:
    """Make so many clients, and measure what is for this size."""
    made = run(script("make.py", folder, str(clients)), folder.parent).told
    with sandbox(folder) as account:
        size = Size(
            clients=clients,
            archived=made["archived"],
            contacts=made["contacts"],
            folder=folder,
            sandbox=account,
            times=times,
        )
        first = adopt(size, measured="adopt" in names)
        if "adopt" in names:
            yield first
        done = set()
        for name, (only_for, scenario) in SCENARIOS.items():
            if name not in names or scenario in done or (only_for is not None and clients not in only_for):
                continue
            done.add(scenario)
            yield from (section for section in scenario(size) if section.name in names)


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        sys.exit(f"A measured process failed: {failed}")
