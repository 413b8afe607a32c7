"""What is measured at one size: first adopt, no-op, 1 % and all changed, reading with latency, the sandbox's
listing, export.

The sandbox of a size holds all its clients; the state comes from the first adopt, which writes nothing to the account.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from measure import RECONCILER, Failed, Run, Sandbox, median, middle, repeated, sandbox, script
from table import Row, Section, Target

PER_PAGE = 100
PLAN = (RECONCILER, "plan", "--detailed-exitcode")
"""Its exit code tells whether the scenario is what it says: 0 without changes, 2 with some."""
ALLOWED = ("--max-updates", "100%")
LATENCY_S = 0.05
NO_OP_TARGETS: Mapping[int, tuple[float, float]] = {10_000: (1.5, 150), 100_000: (15, 900)}
"""Clients → CPU s, peak MiB."""
ALL_CHANGED_CPU_S: Mapping[int, float] = {10_000: 8}
EXPORT_TARGETS: Mapping[int, tuple[float, float]] = {10_000: (6, 300)}
"""Clients → CPU s, peak MiB."""
LISTING_S: Mapping[int, float] = {10_000: 1}


@dataclass(slots=True, kw_only=True)
class Size:
    """One number of clients, on both sides, and how often each thing is run."""

    clients: int
    archived: int
    contacts: int
    folder: Path
    sandbox: Sandbox
    times: int
    _compared: list[Row] = field(default_factory=list)

    @property
    def title(self) -> str:
        """Say what there is."""
        mib = (self.folder / "clients.yaml").stat().st_size / 1024 / 1024
        return (
            f"{self.clients:,} clients ({self.archived:,} archived), {self.contacts:,} contacts, {mib:.1f} MiB of YAML"
        )

    @property
    def most_requests(self) -> int:
        """Give the target: full pages of each listed state, plus 4."""
        active = self.clients - self.archived
        return -(-active // PER_PAGE) + -(-self.archived // PER_PAGE) + 4

    def run(self, *command: str | Path, expected: tuple[int, ...] = (0,)) -> Run:
        """Run something once against the account."""
        return self.sandbox.run(command, self.folder, expected)

    def requests(self, run: Run) -> Target:
        """Hold a plan's requests against their target."""
        return Target(what="requests", value=run.requests, limit=self.most_requests)

    def compared(self) -> list[Row]:
        """Give the floor and the SDK script, measured once."""
        if not self._compared:
            floor = repeated(self.times, lambda: self.run(*script("floor.py", "both", "clients.yaml")))
            sdk = self.run(*script("sdk_baseline.py", "clients.yaml"))
            if sdk.told["changed"] or sdk.told["live"] != self.clients:
                raise Failed(f"the SDK script should find nothing to do, and found {sdk.told}")
            self._compared = [
                Row.of("floor: bare events and pages", floor),
                Row.of("script with the official SDK", sdk),
            ]
        return self._compared

    def add_stages(self, section: Section, root: str, state: str, whole: Run) -> None:
        """Add the CPU of each stage of a plan, what is left of the process's own, and the peak after each."""
        told = self.run(*script("stages.py", root, "--state", state)).told
        stages = {name: figures[0] for name, figures in told.items()}
        section.stages = {**stages, "rest": max(0.0, whole.cpu_s - sum(stages.values()))}
        section.peaks = {name: figures[2] for name, figures in told.items()}


def adopt(size: Size, *, measured: bool) -> Section:
    """Plan and apply without a state; the apply leaves the state that all later scenarios begin with."""
    section = Section(name="adopt", clients=size.clients, title=f"First adopt: {size.title}")
    if not measured:
        size.run(*script("stages.py", "clients.yaml", "--bind"))
        return section
    planned = repeated(size.times, lambda: size.run(*PLAN, expected=(2,)))
    size.add_stages(section, "clients.yaml", "none.json", planned)
    applied = size.run(RECONCILER, "apply", "--auto-approve")
    section.rows = [
        Row.of("reconciler plan, no state yet", planned, [size.requests(planned)]),
        Row.of("reconciler apply, 0 writes, once", applied),
        *size.compared(),
    ]
    return section


def no_op_and_changed(size: Size) -> list[Section]:
    """Plan without changes and with 1 %, in turns, so that both meet the same machine."""
    no_ops, changes = [], []
    for _ in range(size.times):
        no_ops.append(size.run(*PLAN, "clients.yaml"))
        changes.append(size.run(*PLAN, "changed.yaml", expected=(2,)))
    same, some = median(no_ops), median(changes)
    targets = [size.requests(same)]
    if size.clients in NO_OP_TARGETS:
        cpu_s, peak_mib = NO_OP_TARGETS[size.clients]
        targets = [
            Target(what="CPU", value=same.cpu_s, limit=cpu_s, unit="s"),
            Target(what="peak", value=same.peak_mib, limit=peak_mib, unit="MiB"),
            *targets,
        ]
    nothing = Section(name="noop", clients=size.clients, title=f"No-op plan: {size.title}")
    nothing.rows = [Row.of("reconciler plan", same, targets), *size.compared()]
    size.add_stages(nothing, "clients.yaml", ".reconciler/state.json", same)
    changed = Section(name="changed", clients=size.clients, title=f"1 % changed: {size.title}")
    above = Target(what="CPU", value=some.cpu_s, limit=same.cpu_s * 1.2, unit="s (no-op + 20 %)")
    changed.rows = [Row.of("reconciler plan", some, [above, size.requests(some)]), *size.compared()]
    size.add_stages(changed, "changed.yaml", ".reconciler/state.json", some)
    return [nothing, changed]


def all_changed(size: Size) -> list[Section]:
    """Plan with a change in every client, and write its text."""
    section = Section(name="all-changed", clients=size.clients, title=f"All changed, plan and text: {size.title}")
    done = repeated(size.times, lambda: size.run(*PLAN, "all.yaml", *ALLOWED, expected=(2,)))
    targets = [size.requests(done)]
    if size.clients in ALL_CHANGED_CPU_S:
        targets.insert(0, Target(what="CPU", value=done.cpu_s, limit=ALL_CHANGED_CPU_S[size.clients], unit="s"))
    section.rows = [Row.of("reconciler plan", done, targets)]
    size.add_stages(section, "all.yaml", ".reconciler/state.json", done)
    return [section]


def latency(size: Size) -> list[Section]:
    """Read the account with a slow network while the YAML is parsed; needs a sandbox of its own."""
    title = f"Reading with {LATENCY_S * 1000:.0f} ms a request: {size.title}"
    section = Section(name="latency", clients=size.clients, title=title)
    with sandbox(size.folder, LATENCY_S) as slow:
        fetches = [slow.run(script("floor.py", "fetch"), size.folder) for _ in range(size.times)]
        reads = [slow.run(script("stages.py", "clients.yaml", "--reading"), size.folder) for _ in range(size.times)]
        whole = repeated(size.times, lambda: slow.run([*PLAN, "clients.yaml"], size.folder))
    fetch = middle(fetches, lambda run: float(run.told["fetch_wall_s"])).told["fetch_wall_s"]
    read = middle(reads, lambda run: float(run.told["together"][1])).told
    account, parsing, together = read["account alone"], read["YAML alone"], read["together"]
    limit = (fetch + parsing[0]) * 1.1
    targets = (
        Target(what="wall", value=together[1], limit=limit, unit="s (fetch + CPU of parsing, + 10 %)"),
        Target(what="wall", value=together[1], limit=account[1] + parsing[1], unit="s (one after the other)"),
    )
    section.rows = [
        Row(name="both at once, as the tool does", wall_s=together[1], cpu_s=together[0], targets=targets),
        Row(name="account alone", wall_s=account[1], cpu_s=account[0]),
        Row(name="YAML alone", wall_s=parsing[1], cpu_s=parsing[0]),
        Row(name="floor: the fetch alone", wall_s=fetch),
        Row.of("reconciler plan, whole", whole),
    ]
    return [section]


def listing(size: Size) -> list[Section]:
    """Take the sandbox's own time for all pages."""
    section = Section(name="sandbox", clients=size.clients, title=f"The sandbox lists: {size.title}")
    runs = [size.run(*script("floor.py", "bare")) for _ in range(size.times)]
    done = middle(runs, lambda run: float(run.told["bare_wall_s"]))
    told = done.told
    limit = LISTING_S.get(size.clients)
    targets = () if limit is None else (Target(what="wall", value=told["bare_wall_s"], limit=limit, unit="s"),)
    section.rows = [
        Row(name="pages, one plain connection", wall_s=told["bare_wall_s"], requests=done.requests, targets=targets)
    ]
    return [section]


def exporting(size: Size) -> list[Section]:
    """Export the account into a new file and bind it; the plan after that has nothing to do."""
    section = Section(name="export", clients=size.clients, title=f"Export: {size.title}")
    written: list[Run] = []
    for number in range(size.times):
        root, state = f"exported-{number}.yaml", f"exported-{number}.json"
        written.append(size.run(RECONCILER, "export", root, "--archived", "--state", state))
    planned = size.run(*PLAN, root, "--state", state)
    again = size.run(RECONCILER, "export", root, "--archived", "--state", state)
    done = median(written)
    targets = [size.requests(done)]
    if size.clients in EXPORT_TARGETS:
        cpu_s, peak_mib = EXPORT_TARGETS[size.clients]
        targets = [
            Target(what="CPU", value=done.cpu_s, limit=cpu_s, unit="s"),
            Target(what="peak", value=done.peak_mib, limit=peak_mib, unit="MiB"),
            *targets,
        ]
    section.rows = [
        Row.of("reconciler export, a new file", done, targets),
        Row.of("reconciler plan after it, nothing to do", planned),
        Row.of("reconciler export again, nothing to take in", again),
    ]
    return [section]


SCENARIOS: Mapping[str, tuple[frozenset[int] | None, Callable[[Size], list[Section]]]] = {
    "noop": (None, no_op_and_changed),
    "changed": (None, no_op_and_changed),
    "all-changed": (frozenset({10_000}), all_changed),
    "sandbox": (frozenset({10_000, 100_000}), listing),
    "latency": (frozenset({10_000}), latency),
    "export": (frozenset({10_000}), exporting),
}
"""Name → the sizes that it is for (None: all), and what measures it; `adopt` always comes first."""
