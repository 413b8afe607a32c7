"""One plan in this process, stage by stage, through the same functions that `reconciler plan` calls.

    stages.py clients.yaml                   CPU, wall and memory of each stage, as one JSON object
    stages.py clients.yaml --reading         the account alone, the YAML alone, and both at the same time
    stages.py clients.yaml --bind            the state that the first apply leaves, without its 250,000 fsyncs
    stages.py clients.yaml --profile 25      the functions with the most CPU of their own, over all threads

Here the account is read after the YAML, so that each has figures of its own; the tool does both at the same time.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import io
import json
import os
import pstats
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from reconciler import read
from reconciler.cli.terminal import Silent
from reconciler.core.change import Action, Plan, PlanOptions
from reconciler.core.match import match
from reconciler.core.matching import MatchOptions
from reconciler.core.plan import Sides, plan
from reconciler.core.policy import Limit, Policy
from reconciler.core.remember import remember
from reconciler.core.resource import Account, Configuration
from reconciler.core.state import StateEdit, edited
from reconciler.load import load
from reconciler.providers.freshbooks.api import Api
from reconciler.providers.freshbooks.auth import GivenToken
from reconciler.providers.freshbooks.provider import FreshBooks
from reconciler.providers.freshbooks.wire import CLIENT
from reconciler.reports.options import RenderOptions
from reconciler.reports.text import render_plan
from reconciler.settings import STATE
from reconciler.store.statefile import StateFile

Result = TypeVar("Result")
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


def peak_mib() -> float:
    """Give the peak memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_UNIT / 1024 / 1024


@dataclass(slots=True)
class Watch:
    """Times stages: name → (CPU s, wall s, peak MiB afterwards)."""

    stages: dict[str, tuple[float, float, float]] = field(default_factory=dict)

    def __call__(self, name: str, work: Callable[[], Result]) -> Result:
        """Time one stage."""
        cpu, wall = time.process_time(), time.perf_counter()
        result = work()
        self.stages[name] = (time.process_time() - cpu, time.perf_counter() - wall, peak_mib())
        return result


@contextmanager
def account() -> Iterator[FreshBooks]:
    """Reach the account of the environment, as the tool does."""
    api = Api(os.environ["FRESHBOOKS_API_URL"], GivenToken(os.environ["FRESHBOOKS_ACCESS_TOKEN"]))
    try:
        yield FreshBooks(api)
    finally:
        api.close()


def reading(reader: FreshBooks) -> read.Reading:
    """Begin to read the account."""
    return read.begin(reader, os.environ["FRESHBOOKS_ACCOUNT_ID"], Silent())


def planned(root: str, state_file: Path, watch: Watch) -> tuple[Sides, Plan]:
    """Plan and render, timing each stage."""
    watch.stages["start"] = (time.process_time(), 0.0, peak_mib())
    with account() as reader:
        configuration = watch("load YAML", lambda: load(root, CLIENT))
        live = watch("read account", lambda: reading(reader).result(configuration.account))
        state = watch("load state", StateFile(state_file).load)
        options = PlanOptions(root=root, policy=Policy(max_updates=Limit(share=1.0)))
        matching = watch("match", lambda: match(configuration, state, live, CLIENT, MatchOptions()))
        if matching.questions.open or matching.stops:
            raise SystemExit("these clients match without questions, or something is wrong")
        sides = Sides(configuration=configuration, state=state, account=live, matching=matching)
        made = watch("plan", lambda: plan(sides, CLIENT, options, origin=reader.origin))
        watch("show", lambda: render_plan(made, RenderOptions()))
    return sides, made


def bind(root: str, state_file: Path) -> None:
    """Adopt everything in one save; nothing is written to the account, as in any adopt."""
    sides, made = planned(root, state_file, Watch())
    records = sides.account.records
    children = {child.id: child for live in records.values() for child in live.children or ()}
    edits: list[StateEdit] = []
    for change in made.changes:
        if change.action is not Action.ADOPT or change.attributes or change.id is None:
            raise SystemExit(f"{change.address} is not just adopted: {change.action}")
        live = records[change.id] if change.parent_id is None else children[change.id]
        edits.extend(remember(change, live, sides.state, CLIENT))
    store = StateFile(state_file)
    state = edited(store.load(), tuple(edits))
    store.save(replace(state, salt=sides.state.salt, account=made.account, origin=made.origin, root=root))


def read_both_ways(root: str, watch: Watch) -> None:
    """Read the account and the YAML one after the other, then, without what was kept, at the same time."""
    with account() as reader:
        watch("account alone", lambda: reading(reader).result(None))
        watch("YAML alone", lambda: load(root, CLIENT))

        def together() -> tuple[Configuration, Account]:
            begun = reading(reader)
            configuration = load(root, CLIENT)
            return configuration, begun.result(configuration.account)

        watch("together", together)


def profiled(work: Callable[[], object], rows: int) -> str:
    """Do the work under a profiler in every thread; give the functions with the most CPU of their own."""
    profiles: list[cProfile.Profile] = []

    def begin(*_: object) -> None:
        profile = cProfile.Profile(time.thread_time)
        profiles.append(profile)
        profile.enable()

    threading.setprofile(begin)
    begin()
    work()
    profiles[0].disable()
    threading.setprofile(None)
    out = io.StringIO()
    stats = pstats.Stats(profiles[0], stream=out)
    for profile in profiles[1:]:
        profile.create_stats()
        if profile.stats:
            stats.add(profile)
    stats.strip_dirs().sort_stats("tottime").print_stats(rows)
    return out.getvalue()


def main() -> None:
    """Do what was asked, with the collector off as the tool has it while it plans."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root")
    parser.add_argument("--state", type=Path, default=Path(STATE))
    parser.add_argument("--reading", action="store_true")
    parser.add_argument("--bind", action="store_true")
    parser.add_argument("--profile", type=int, default=0, metavar="ROWS")
    chosen = parser.parse_args()
    gc.disable()
    watch = Watch()
    if chosen.profile:
        print(profiled(lambda: planned(chosen.root, chosen.state, watch), chosen.profile))
        return
    if chosen.bind:
        bind(chosen.root, chosen.state)
    elif chosen.reading:
        read_both_ways(chosen.root, watch)
    else:
        planned(chosen.root, chosen.state, watch)
    print(json.dumps({name: list(figures) for name, figures in watch.stages.items()}))


if __name__ == "__main__":
    main()
