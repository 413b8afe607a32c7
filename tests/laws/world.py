"""A small world in memory: an account, a state on a shelf, and the real steps from a configuration to outcomes.

It plays a story up to the plan that a law speaks of. No file, no network, no waiting.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from reconciler import read
from reconciler.apply.run import apply
from reconciler.apply.worksite import ApplyOptions, Worksite
from reconciler.core.change import Plan, PlanOptions
from reconciler.core.diagnostic import Diagnostic
from reconciler.core.kind import Kind
from reconciler.core.match import match
from reconciler.core.matching import MatchOptions
from reconciler.core.outcome import Outcome, Result
from reconciler.core.plan import Sides, plan
from reconciler.core.resource import Account, Configuration, LiveResource, RemoteId, Value, Visibility
from reconciler.core.state import State
from reconciler.record import Recorder
from tests.contracts.memory import Died, Fault, MemoryAccount, MemoryStore, Shelf, Write
from tests.laws.strategies import ROOT, Outside, Story

LONG_AGO_S = -100.0


class Silent:
    """A meter that shows nothing."""

    def total(self, count: int) -> None:
        """Hear of more to do."""

    def advance(self, count: int = 1) -> None:
        """Hear of something done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What came of planning: the sides as they were, and a plan, or the stops that a person must answer."""

    sides: Sides
    plan: Plan | None
    stops: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What came of an apply."""

    outcomes: tuple[Outcome, ...]
    writes: tuple[Write, ...]
    before: Mapping[RemoteId, LiveResource]
    """Every record just before."""

    @property
    def unfinished(self) -> list[tuple[str, str, str]]:
        """Give what is not done: address, result, reason."""
        return [(o.change.address, o.result, o.reason) for o in self.outcomes if o.result is not Result.DONE]


@dataclass(slots=True, kw_only=True)
class World:
    """One account with one state."""

    account: MemoryAccount
    shelf: Shelf = field(default_factory=Shelf)
    options: PlanOptions = field(default_factory=PlanOptions)
    stale: bool = False

    @property
    def state(self) -> State:
        """Give the state as a new run would load it."""
        return MemoryStore(self.shelf).load()

    def look(self) -> Account:
        """List the account."""
        listed = (Visibility.ACTIVE, Visibility.ARCHIVED)
        records = {r.id: r for visibility in listed for r in self.account.listing(visibility, Silent())}
        return Account(account_id=self.account.account_id, records=records)

    def decide(self, configuration: Configuration) -> Decision:
        """Match and plan, as `reconciler plan` does."""
        state, seen = self.state, self.look()
        shaped = MatchOptions(
            alternatives=self.options.policy.match,
            creates=frozenset(self.options.creates),
            recreate=self.options.recreate,
        )
        while (found := match(configuration, state, seen, self.account.kind, shaped)).questions.open:
            seen = read.complete(self.account, seen, found.questions, Silent())
        sides = Sides(configuration=configuration, state=state, account=seen, matching=found)
        if found.stops:
            return Decision(sides=sides, plan=None, stops=found.stops)
        made = plan(sides, self.account.kind, self.options, origin=self.account.origin)
        return Decision(sides=sides, plan=made)

    def apply(self, plan: Plan, faults: Mapping[int, Fault] | None = None) -> Applied:
        """Carry a plan out, one record after the other; `faults` count this apply's writes. May raise `Died`."""
        before, first = dict(self.account.records), len(self.account.writes)
        self.account.faults = {first + number: fault for number, fault in (faults or {}).items()}
        store = MemoryStore(self.shelf)
        recorder = Recorder(store, store.load())
        state = recorder.begin(plan.account, plan.origin, plan.options.root)
        site = Worksite(
            writer=self.account,
            ledger=recorder,
            state=state,
            options=ApplyOptions(run="run", parallelism=1, settle_s=0.0, clock=lambda: 0.0),
            listed_at_s=LONG_AGO_S if self.stale else 0.0,
        )
        outcomes = apply(plan, site)
        recorder.finish()
        return Applied(outcomes=outcomes, writes=tuple(self.account.writes[first:]), before=before)


def staged(kind: Kind, story: Story) -> World:
    """Play a story up to its last plan: the account, what was applied before, what happened outside since."""
    account = MemoryAccount(
        kind,
        story.records,
        cleans=Tidy(kind.unique_key) if story.tidies else lambda _, value: value,
        reissues=story.reissues,
        tells_children=story.tells_children,
    )
    creates = tuple(story.wanted.resources) if story.create_anyway else ()
    options = PlanOptions(root=ROOT, policy=story.policy, creates=creates, recreate=story.recreate)
    world = World(account=account, options=options, stale=story.stale)
    if story.earlier is not None:
        world.options = replace(options, creates=tuple(story.earlier.resources))
        decision = world.decide(story.earlier)
        world.options = options
        if decision.plan is not None and not decision.plan.refusals:
            with contextlib.suppress(Died):
                world.apply(decision.plan, story.faults)
    for edit in story.outside:
        _happen(account, edit)
    return world


@dataclass(frozen=True, slots=True)
class Tidy:
    """A vendor that trims every text, and writes unique keys in lower case."""

    unique: tuple[str, ...]

    def __call__(self, name: str, value: Value) -> Value:
        """Give the value as it is stored."""
        if not isinstance(value, str):
            return value
        return value.strip().lower() if name in self.unique else value.strip()


def _happen(account: MemoryAccount, edit: Outside) -> None:
    """Let somebody else edit the account."""
    ids = sorted(account.records)
    if not ids:
        return
    remote_id = ids[edit.which % len(ids)]
    record = account.records[remote_id]
    match edit.act:
        case "edit":
            account.records[remote_id] = replace(record, fields=_edited(record, edit))
        case "delete" | "archive" | "activate":
            places = {"delete": Visibility.DELETED, "archive": Visibility.ARCHIVED, "activate": Visibility.ACTIVE}
            account.records[remote_id] = replace(record, visibility=places[edit.act])
        case "lose":
            del account.records[remote_id]
        case _:
            account.records[remote_id] = replace(record, children=_children(record, edit))


def _children(record: LiveResource, edit: Outside) -> tuple[LiveResource, ...]:
    children = record.children or ()
    if edit.act == "add child":
        number = 1 + max((child.id for child in children), default=record.id * 10 + 5)
        return (*children, LiveResource(id=RemoteId(number + 1_000_000), fields=edit.fields))
    chosen = children[edit.child % len(children)] if children else None
    if edit.act == "delete child":
        return tuple(child for child in children if child is not chosen)
    return tuple(replace(c, fields=_edited(c, edit)) if c is chosen else c for c in children)


def _edited(record: LiveResource, edit: Outside) -> dict[str, Value]:
    spoilt = {name: _other(record.fields[name]) for name in sorted(record.fields)[: edit.spoilt]}
    after = {**record.fields, **spoilt, **edit.fields}
    return {name: value for name, value in after.items() if value is not None and value != ""}


def _other(value: Value) -> Value:
    return f"{value} indeed" if isinstance(value, str) else not value
