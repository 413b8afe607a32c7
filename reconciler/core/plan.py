"""Everything that one run intends, computed from (wanted, recorded, live, policy) and nothing else (step 6).

It asks nobody, prints nothing and writes nothing; the same inputs in any order give the same plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from posixpath import normpath

from reconciler.core.change import Action, Change, Plan, PlanOptions, Totals
from reconciler.core.codec import plan_id
from reconciler.core.decide import decide
from reconciler.core.decide_children import Known
from reconciler.core.decisions import Context, Decisions
from reconciler.core.diagnostic import Diagnostic, Severity, listed
from reconciler.core.guard import guard, updates
from reconciler.core.identity import normal
from reconciler.core.kind import Kind
from reconciler.core.leave import leave, leave_orphan, unmade
from reconciler.core.matching import Matching
from reconciler.core.policy import UnmanagedPolicy
from reconciler.core.relate import relate_moved_children
from reconciler.core.resource import Account, Address, Configuration, LiveResource, key_of, parent_of
from reconciler.core.state import Binding, Intent, State
from reconciler.core.stops import described

Children = Mapping[Address, Known]
_NONE = Known()
_SHOWN = 5
"""Arbitrary: enough to recognise what is meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """The three sides of a plan, and how the first and the third were matched."""

    configuration: Configuration
    state: State
    account: Account
    matching: Matching


def plan(sides: Sides, kind: Kind, options: PlanOptions, *, origin: str = "") -> Plan:
    """Compute the plan; `sides.matching` must have no open question and no stop.

    Raises:
        ReadIncomplete: the children of a record are wanted and the account did not say which it has.
    """
    decisions = Decisions()
    context = Context(kind=kind, policy=options.policy, salt=sides.state.salt)
    children = _children_of(sides.state)
    _stay(sides, children, context, decisions)
    other_root = _leave(sides, children, kind, options, decisions)
    _close_intents(sides.state, kind, decisions)
    changes = chosen(relate_moved_children(decisions.changes, kind), options)
    made = Plan(
        account=sides.account.account_id,
        origin=origin,
        changes=tuple(sorted(changes, key=order)),
        drift=tuple(sorted(chosen(decisions.drift, options), key=order)),
        notes=(
            *_first_notes(sides, options, len(changes)),
            *sorted(decisions.notes, key=lambda note: (note.address, note.code, note.detail)),
            *_notes(sides, changes, kind, options),
        ),
        unmanaged=_unmanaged(sides, decisions, kind),
        unchanged=decisions.unchanged,
        totals=_totals(sides, kind),
        options=options,
    )
    return replace(made, refusals=(*other_root, *guard(made)), plan_id=plan_id(made.account, made.changes))


def _stay(sides: Sides, children: Children, context: Context, into: Decisions) -> None:
    for address, match in sides.matching.matches.items():
        known = children.get(match.moved_from or address, _NONE)
        if known.bindings and (match.binding is None or match.live is None):
            # Bound to another record before: what its children were says nothing about this one's.
            known = replace(known, bindings={})
        decide(match, known, context, into)


def _leave(
    sides: Sides, children: Children, kind: Kind, options: PlanOptions, into: Decisions
) -> tuple[Diagnostic, ...]:
    """Decide what leaves; with another root than the remembered one, refuse instead."""
    state, matching = sides.state, sides.matching
    leaving = [
        (address, binding)
        for address, binding in state.bindings.items()
        if binding.parent is None and address not in sides.configuration.resources and binding.id not in matching.taken
    ]
    unlisted = [
        address
        for address, _ in leaving
        if address not in sides.configuration.removed and chosen_address(address, options)
    ]
    root = sides.configuration.root
    if (
        unlisted
        and state.root
        and normpath(root) != normpath(state.root)
        and not options.change_root
        and not options.destroy
    ):
        return (_other_root(state.root, root, unlisted),)
    for address, binding in leaving:
        leave(
            address,
            binding,
            sides.account.find(binding.id),
            children.get(address, _NONE).bindings,
            kind=kind,
            listed=address in sides.configuration.removed,
            into=into,
        )
    for address, live in matching.orphans.items():
        leave_orphan(address, live, kind=kind, into=into)
    return ()


def _other_root(before: str, now: str, lacking: Sequence[Address]) -> Diagnostic:
    shown = listed(sorted(lacking), _SHOWN)
    return Diagnostic(
        code="other-root",
        summary="the state belongs to another root",
        detail=f"The state was made from {before}; this run reads {now}, which lacks {len(lacking)} bound records "
        f"({shown}). They are not taken for removed. Run with {before} again, or use --target for a part of it; if "
        f"{now} really is the new root and they shall go, add --change-root.",
    )


def _children_of(state: State) -> Children:
    """Give what is known of children by their parent's address."""
    bindings: dict[Address, dict[str, Binding]] = {}
    for address, binding in state.bindings.items():
        if binding.parent is not None and (parent := parent_of(address)) is not None:
            bindings.setdefault(parent, {})[key_of(address)] = binding
    intents: dict[Address, dict[str, Intent]] = {}
    for address, intent in state.intents.items():
        if (parent := parent_of(address)) is not None:
            intents.setdefault(parent, {})[key_of(address)] = intent
    return {
        parent: Known(bindings=bindings.get(parent, {}), intents=intents.get(parent, {}))
        for parent in {*bindings, *intents}
    }


def _close_intents(state: State, kind: Kind, into: Decisions) -> None:
    """Forget the interrupted creates of children that nothing else has settled: they did not happen."""
    open_ones = [address for address in state.intents if parent_of(address) is not None]
    if not open_ones or kind.child is None:
        return
    settled = {change.address for change in into.changes}
    into.changes.extend(unmade(address, kind.child) for address in open_ones if address not in settled)


# Order and choice.

_CREATES = frozenset({Action.CREATE, Action.RESTORE, Action.RECOVER})


def order(change: Change) -> tuple[int, Address]:
    """Order restores and creates, updates, deletes, then what writes nothing; each by address."""
    if change.action in _CREATES:
        return 0, change.address
    if updates(change):
        return 1, change.address
    if change.action is Action.DELETE or change.action is Action.ARCHIVE:
        return 2, change.address
    return 3, change.address


def chosen(changes: Sequence[Change], options: PlanOptions) -> Sequence[Change]:
    """Keep what --target and --exclude choose; a chosen child brings its parent's create or restore along."""
    if not options.targets and not options.excludes:
        return changes
    kept = [
        change
        for change in changes
        if (not options.targets or _hit(change, options.targets)) and not _hit(change, options.excludes)
    ]
    needed = {parent for change in kept if (parent := parent_of(change.address)) is not None}
    have = {change.address for change in kept}
    parents = [
        change
        for change in changes
        if change.address in needed and change.address not in have and change.action in _CREATES
    ]
    return [*kept, *parents]


def _hit(change: Change, patterns: Iterable[str]) -> bool:
    return _fits([change.address, parent_of(change.address), change.moved_from], patterns)


def _fits(names: Iterable[Address | None], patterns: Iterable[str]) -> bool:
    return any(name is not None and fnmatchcase(name, pattern) for pattern in patterns for name in names)


def chosen_address(address: Address, options: PlanOptions) -> bool:
    """Tell whether --target and --exclude choose a record."""
    names = [address, parent_of(address)]
    return (not options.targets or _fits(names, options.targets)) and not _fits(names, options.excludes)


# What is worth saying, and the sums.


def _first_notes(sides: Sides, options: PlanOptions, changes: int) -> Iterable[Diagnostic]:
    if sides.state.fresh and sides.account.records:
        yield _note(
            "no-state",
            "there is no state yet",
            "There is no state yet: existing records are found by what they are called. If there was a state before, "
            "bring it back first, for pending removals, protection and interrupted runs are known only to it.",
        )
    if sides.state.intents:
        count = len(sides.state.intents)
        yield _note(
            "open-intents",
            "an interrupted run left creates open",
            f"An interrupted run left {count} create{'s' if count > 1 else ''} open: "
            f"{', '.join(sorted(sides.state.intents)[:5])}{' and more' if count > 5 else ''}. `apply` waits until "  # noqa: PLR2004 - arbitrary: enough to recognise what is meant
            "nothing that was sent can arrive any more before it looks them up and creates anything.",
        )
    if not changes and options.targets:
        yield _note(
            "target-without-change",
            "nothing that was chosen changes",
            f"No change matches --target {', '.join(options.targets)}.",
        )


def _notes(sides: Sides, changes: Sequence[Change], kind: Kind, options: PlanOptions) -> Iterable[Diagnostic]:
    for address, remote_id in sorted(sides.matching.displaced.items()):
        resource = sides.configuration.resources[address]
        yield _note(
            "binding-displaced",
            "a pin replaces a binding",
            f"{address} was bound to id {remote_id}, which is forgotten: it is pinned to id {resource.id} now.",
            address,
        )
    yield from _shared_hints(sides, changes, kind)
    if options.policy.unmanaged is UnmanagedPolicy.REPORT:
        for live in _unclaimed(sides):
            yield _note(
                "unmanaged", f"a {kind.name} is not in the configuration", f"not managed: {described(kind, live)}"
            )


def _shared_hints(sides: Sides, changes: Sequence[Change], kind: Kind) -> Iterable[Diagnostic]:
    """Point out where a new record has the phone of one that exists: no reason to stop, worth a look."""
    sought: dict[str, list[Address]] = {}
    for change in sorted(changes, key=order):
        if change.action is Action.CREATE and change.kind == kind.name:
            for name in kind.hints:
                if number := normal(change.managed.get(name)):
                    sought.setdefault(number, []).append(change.address)
    if not sought:
        return
    for live in sorted(sides.account.records.values(), key=lambda live: live.id):
        for name in kind.hints:
            for address in sought.get(normal(live.fields.get(name)), ()):
                yield _note(
                    "shared-phone",
                    f"a new {kind.name} has the phone of one that exists",
                    f"{address} will be created; the same phone has {described(kind, live)}.",
                    address,
                )


def _unclaimed(sides: Sides) -> list[LiveResource]:
    claimed = sides.matching.taken | {binding.id for binding in sides.state.bindings.values() if binding.parent is None}
    return [live for remote_id, live in sorted(sides.account.records.items()) if remote_id not in claimed]


def _unmanaged(sides: Sides, decisions: Decisions, kind: Kind) -> Mapping[str, int]:
    counts = {kind.name: len(_unclaimed(sides))}
    if kind.child is not None:
        managed = sum(
            len(match.resource.children or ()) for match in sides.matching.matches.values() if match.live is not None
        )
        created = sum(
            1
            for change in decisions.changes
            if change.kind == kind.child.name and change.action is Action.CREATE and not change.with_parent
        )
        live = sum(
            len(match.live.children or ()) for match in sides.matching.matches.values() if match.live is not None
        )
        leaving = sum(
            1
            for change in decisions.changes
            if change.kind == kind.child.name and change.action is Action.DELETE and not change.with_parent
        )
        counts[kind.child.name] = max(0, live - (managed - created) - leaving)
    return counts


def _totals(sides: Sides, kind: Kind) -> Mapping[str, Totals]:
    bound = sum(1 for binding in sides.state.bindings.values() if binding.parent is None)
    totals = {
        kind.name: Totals(bound=bound, desired=len(sides.configuration.resources), live=len(sides.account.records))
    }
    if kind.child is not None:
        totals[kind.child.name] = Totals(
            bound=len(sides.state.bindings) - bound,
            desired=sum(len(resource.children or ()) for resource in sides.configuration.resources.values()),
            live=sum(len(live.children or ()) for live in sides.account.records.values()),
        )
    return totals


def _note(code: str, summary: str, detail: str, address: str = "") -> Diagnostic:
    return Diagnostic(code=code, severity=Severity.NOTE, summary=summary, detail=detail, address=address)
