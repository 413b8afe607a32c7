"""What a plan must not do without having been told to: every guard on the whole plan, before any write.

It changes nothing in a plan; it gives the refusals, each with the number, the limit and the exact flag.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from reconciler.core.change import Action, Change, Plan, Totals
from reconciler.core.diagnostic import Diagnostic
from reconciler.core.policy import Limit

_ALWAYS_UPDATES = frozenset({Action.UPDATE, Action.RESTORE, Action.UNARCHIVE})
_UPDATES_IF_DIFFERENT = frozenset({Action.ADOPT, Action.MOVE, Action.RECOVER, Action.FORGET})


def guard(plan: Plan) -> tuple[Diagnostic, ...]:
    """Give everything that stops this plan, in a stable order; nothing when it may be applied."""
    return (
        *_too_many(plan, "delete", plan.options.policy.max_deletes, destroys),
        *_too_many(plan, "update", plan.options.policy.max_updates, updates),
        *_empty(plan),
        *_protected(plan.changes),
        *_balances(plan),
    )


def destroys(change: Change) -> bool:
    """Tell whether a change puts a record away by a decision of its own, not along with its parent."""
    put_away = change.action is Action.DELETE or (change.action is Action.ARCHIVE and change.removed)
    return put_away and not change.with_parent


def updates(change: Change) -> bool:
    """Tell whether a change alters a record that exists and stays."""
    if change.action is Action.ARCHIVE:
        return not change.removed
    return change.action in _ALWAYS_UPDATES or (change.action in _UPDATES_IF_DIFFERENT and bool(change.attributes))


def _too_many(plan: Plan, verb: str, limit: Limit, counts: Callable[[Change], bool]) -> Iterator[Diagnostic]:
    """Compare each kind's count with the limit; the share is taken of the largest of the three sides."""
    found = {
        kind: sum(change.kind == kind and counts(change) for change in plan.changes) for kind in sorted(plan.totals)
    }
    # One flag holds for every kind, so that the number to be given is the largest of them all.
    enough = max(found.values(), default=0)
    for kind, count in found.items():
        total = _largest(plan.totals[kind])
        allowed = limit.of(total)
        if count > allowed:
            yield Diagnostic(
                code=f"too-many-{verb}s",
                summary=f"the plan would {verb} more {kind}s than allowed",
                detail=f"It would {verb} {count} of {_counted(total, kind)}; the limit is {allowed} ({limit}). "
                f"If that is meant, add --max-{verb}s {enough}.",
            )


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _largest(totals: Totals) -> int:
    return max(totals.bound, totals.desired, totals.live)


def _empty(plan: Plan) -> Iterator[Diagnostic]:
    bound = sum(totals.bound for totals in plan.totals.values())
    desired = sum(totals.desired for totals in plan.totals.values())
    options = plan.options
    them = "it" if bound == 1 else "them all"
    if bound and not desired and not options.destroy and not options.policy.allow_empty:
        yield Diagnostic(
            code="empty-configuration",
            summary="the configuration is empty, but records are bound",
            detail=f"{_counted(bound, 'record')} {'is' if bound == 1 else 'are'} bound, and "
            f"{options.root or 'the configuration'} wants none, which would remove {them}. "
            "If that is meant, add --allow-empty. If the file was lost, bring it back from git.",
        )


def _protected(changes: Iterable[Change]) -> Iterator[Diagnostic]:
    for change in changes:
        if change.protected and destroys(change):
            yield Diagnostic(
                code="prevent-destroy",
                summary="a protected record would be destroyed",
                detail=f"{change.address} (id {change.id}) has lifecycle.prevent_destroy. To let it go, bring its "
                "block back with `prevent_destroy: false`, apply, and remove it then; or list its key under "
                "`removed:` to forget it without touching it.",
                address=change.address,
            )


def _balances(plan: Plan) -> Iterator[Diagnostic]:
    for change in plan.changes:
        if change.balance and destroys(change) and change.address not in plan.options.policy.allow_balance:
            yield Diagnostic(
                code="outstanding-balance",
                summary="a record with an outstanding balance would be destroyed",
                detail=f"{change.address} (id {change.id}) still owes {change.balance}. "
                f"If it shall go all the same, add --allow-balance {change.address}.",
                address=change.address,
            )
