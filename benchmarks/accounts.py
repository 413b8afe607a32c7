"""Many accounts: `plan --all` over forty of 250 clients, beside forty runs of one, and beside the sum of their floors.

One sandbox holds all the accounts behind one login, as an agency's login sees them; each has books, a folder and a
state of its own. There is nothing to do in any of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from measure import RECONCILER, Run, repeated, run, sandbox, script
from table import Row, Section, Target

ACCOUNTS, CLIENTS = 40, 250
PLAN = (RECONCILER, "plan", "--detailed-exitcode")
REQUESTS = 5
"""Of one plan: the identity, three pages of active clients and one of archived ones."""


def many(folder: Path, times: int) -> Section:
    """Make the accounts, adopt them all, and plan them in one process, and in one each."""
    title = f"{ACCOUNTS} accounts of {CLIENTS} clients, no-op"
    section = Section(name="accounts", clients=ACCOUNTS * CLIENTS, title=title)
    folder.mkdir(parents=True, exist_ok=True)
    names = run(script("make.py", folder, str(CLIENTS), "--accounts", str(ACCOUNTS)), folder.parent).told["accounts"]
    with sandbox(folder, accounts=names) as login:
        login.run((RECONCILER, "apply", "--all", "--auto-approve"), folder)
        whole = repeated(times, lambda: login.run((*PLAN, "--all"), folder))
        apart = added([login.run(PLAN, folder / name) for name in names])
        files = [folder / name / "clients.yaml" for name in names]
        floor = repeated(times, lambda: login.run(script("floor.py", "many", *files), folder))
    targets = (
        Target(what="CPU", value=whole.cpu_s, limit=apart.cpu_s, unit="s (one run each)"),
        Target(what="peak", value=whole.peak_mib, limit=apart.peak_mib * 1.5, unit="MiB (the largest run + half)"),
        Target(what="requests", value=whole.requests, limit=ACCOUNTS * REQUESTS),
    )
    section.rows = [
        Row.of("reconciler plan --all", whole, targets),
        Row.of(f"reconciler plan, {ACCOUNTS} times", apart),
        Row.of("floor: bare events and pages of all", floor),
    ]
    return section


def added(runs: Sequence[Run]) -> Run:
    """Give what several runs took together; of their peaks the largest."""
    return Run(
        wall_s=sum(one.wall_s for one in runs),
        cpu_s=sum(one.cpu_s for one in runs),
        peak_mib=max(one.peak_mib for one in runs),
        requests=sum(one.requests for one in runs),
    )
