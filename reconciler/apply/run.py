"""Share a plan's changes out to a few workers, record by record, and gather what became of each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from reconciler.apply.apart import apart
from reconciler.apply.steps import Group, carry_out, quiet, settle
from reconciler.apply.worksite import Worksite
from reconciler.core.change import Change, Plan
from reconciler.core.outcome import Outcome, Result
from reconciler.core.resource import Address, parent_of
from reconciler.errors import LocalDisk, ReconcilerError, StateUnusable

_AT_ONCE = 500  # arbitrary: a tenth of a second of work lost at most, and a hundredth of the syncs
LAST_CALLS_S = 4.0
"""How long calls in flight may take after the run was asked to stop."""


def apply(plan: Plan, site: Worksite) -> tuple[Outcome, ...]:
    """Carry out a plan; one outcome per change, in the plan's order.

    A stop asked for (`site.halt.asked`) starts nothing new, gives calls in flight a few seconds, and reports the rest
    as unknown or not attempted. Raises only what makes outcomes meaningless: a fault of the program itself.
    """
    groups = list(_groups(plan))
    finished = _settled([group for group in groups if quiet(group)], site)
    groups = [group for group in groups if not quiet(group)]
    lock, faults = threading.Lock(), list[BaseException]()
    queues = apart(groups, site.kind)
    waiting = iter(queues)
    begun: set[Address] = set()

    def one(group: Group) -> None:
        with lock:
            begun.update(change.address for change in group.changes)
        outcomes = carry_out(site, group)
        with lock:
            finished.update({outcome.change.address: outcome for outcome in outcomes})
        for outcome in outcomes:
            site.told(outcome)
        if site.options.fail_fast and any(outcome.result is not Result.DONE for outcome in outcomes):
            site.halt.stop("--fail-fast: another record failed")

    def work() -> None:
        while True:
            with lock:
                queue = next(waiting, None)
            if queue is None:
                return
            try:
                for group in queue:
                    one(group)
            except BaseException as fault:  # noqa: BLE001 - raised again below, by the thread that can end the program
                faults.append(fault)
                site.halt.stop("a fault of the program")
                return

    _run_workers(work, min(site.options.parallelism, len(queues)), site)
    if faults and not isinstance(faults[0], ReconcilerError):
        raise faults[0]
    return tuple(finished.get(change.address) or _unfinished(change, begun, site) for change in plan.changes)


def _settled(groups: Sequence[Group], site: Worksite) -> dict[Address, Outcome]:
    """Record what needs no call, many records in one durable write; an adoption of a whole account is nothing else."""
    finished: dict[Address, Outcome] = {}
    for start in range(0, len(groups), _AT_ONCE):
        if site.halt.why(creating=False):
            break
        try:
            outcomes = site.record([o for group in groups[start : start + _AT_ONCE] for o in settle(site, group)])
        except (LocalDisk, StateUnusable):
            # The halt knows; nothing was sent.
            break
        finished.update({outcome.change.address: outcome for outcome in outcomes})
        for outcome in outcomes:
            site.began(outcome.change)
            site.told(outcome)
    return finished


def _run_workers(work: Callable[[], None], count: int, site: Worksite) -> None:
    """Run workers as daemons, so that a call that hangs never keeps an interrupted program alive."""
    threads = [threading.Thread(target=work, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive() and not site.halt.asked.is_set():
            # A short wait lets the main thread take signals.
            thread.join(0.05)
    end = site.options.clock() + LAST_CALLS_S
    for thread in threads:
        thread.join(max(0.0, end - site.options.clock()) if not site.halt.failure else LAST_CALLS_S)


def _unfinished(change: Change, begun: Collection[Address], site: Worksite) -> Outcome:
    if change.address in begun:
        return Outcome(change=change, result=Result.UNKNOWN, reason="a call was still in flight at the end")
    why = site.halt.why(creating=False) or "not reached"
    return Outcome(change=change, result=Result.NOT_ATTEMPTED, reason=why)


def _groups(plan: Plan) -> Iterable[Group]:
    """Give the changes by top-level record, in the order in which the plan shows the first of each."""
    groups: dict[Address, Group] = {}
    for change in plan.changes:
        parent = parent_of(change.address)
        group = groups.setdefault(parent or change.address, Group(address=parent or change.address))
        grown = replace(group, own=change) if parent is None else replace(group, children=(*group.children, change))
        groups[group.address] = grown
    return groups.values()
