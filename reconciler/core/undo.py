"""The plan that takes a run back, from its record and the account as it is now; the configuration has no part in it.

    the run did               undo
    ----------------------    --------------------------------------------------------------
    create                    DELETE, its children with it
    restore                   the former values, then DELETE
    delete                    RESTORE: the same id, with all that hangs on it; children bound again
    update, archive           the former values, field by field
    adopt, recover            FORGET, after the former values
    move                      MOVE back
    archive what left         UNARCHIVE, bound again
    forget                    ADOPT
    record only               nothing

Only what is still as the run left it is put back. What somebody has edited since is left, and told. Of a change whose
outcome the run does not know, what is as it would have left it is put back, and what is as before is nothing to do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from reconciler.core.aftermath import doubtful
from reconciler.core.attributes import disappearing
from reconciler.core.change import Action, Change, Plan, PlanOptions, Totals
from reconciler.core.children import find_bound
from reconciler.core.codec import plan_id
from reconciler.core.guard import guard
from reconciler.core.kind import Kind
from reconciler.core.leave import unmade
from reconciler.core.outcome import Result
from reconciler.core.plan import chosen, chosen_address, order
from reconciler.core.questions import Questions
from reconciler.core.resource import Account, Address, parent_of
from reconciler.core.run import Deed, Run
from reconciler.core.state import Binding, State
from reconciler.core.undo_children import undo_child
from reconciler.core.undo_records import bound_children, undo_record
from reconciler.core.undo_values import Ground


def changed_something(run: Run) -> bool:
    """Tell whether a run changed anything, as far as is known: what was refused most probably is not changed."""
    return any(
        _concerns(deed) and (deed.result is not Result.FAILED or deed.partly or _made(deed)) for deed in run.deeds
    )


def concerns_something(run: Run) -> bool:
    """Tell whether there may be anything to take back, if only of what was refused."""
    return any(map(_concerns, run.deeds))


def _made(deed: Deed) -> bool:
    """Tell whether a record was created, of which something else then failed."""
    return deed.change.action is Action.CREATE and deed.id is not None


def _concerns(deed: Deed) -> bool:
    """Tell whether a change came about, perhaps, if only in part, and was more than something to remember."""
    return deed.change.action is not Action.NO_OP and (deed.result is Result.DONE or deed.partly or doubtful(deed))


def questions(run: Run, account: Account) -> Questions:
    """Give what to ask for: the deleted records where the others lack one of the run's, then that one by itself."""
    ids = {
        deed.change.parent_id if parent_of(deed.change.address) else deed.id for deed in filter(_concerns, run.deeds)
    }
    known = {*account.records, *(account.deleted or ()), *account.checked}
    missing = sorted(number for number in ids if number is not None and number not in known)
    if missing and account.deleted is None:
        return Questions(deleted=True)
    return Questions(ids=tuple(missing))


def undo(
    run: Run,
    state: State,
    account: Account,
    kind: Kind,
    options: PlanOptions,
    *,
    later: Sequence[Run] = (),
    hidden: frozenset[str] = frozenset(),
    origin: str = "",
) -> Plan:
    """Compute the plan that takes a run back; nothing of `questions` may be open.

    What can be known of changes that the run did not finish has been told (`aftermath.told_since`). `later` are the
    runs since, the oldest first, of which notes speak; no value of `hidden` fields is in a note.
    """
    ground = Ground(run=run, state=state, account=account, kind=kind, later=later, hidden=hidden)
    ground.unclear()
    for deed in run.deeds:
        if _concerns(deed) and parent_of(deed.change.address) is None:
            undo_record(deed, ground)
    own = {change.address: change for change in ground.changes}
    for deed in run.deeds:
        if _concerns(deed) and parent_of(deed.change.address) is not None:
            undo_child(deed, own, ground)
    _let_go_of_the_rest(ground)
    _close_intents(ground)
    changes = tuple(sorted(chosen(ground.changes, options), key=order))
    notes = [note for note in ground.notes if not note.address or chosen_address(Address(note.address), options)]
    made = Plan(
        account=account.account_id,
        origin=origin,
        changes=changes,
        notes=tuple(sorted(notes, key=lambda note: (note.address, note.code, note.detail))),
        totals=_totals(state, account, kind),
        options=options,
    )
    return replace(made, refusals=guard(made), plan_id=plan_id(made.account, changes))


def _let_go_of_the_rest(ground: Ground) -> None:
    """Let go of children that nothing was decided about, where their record is deleted or forgotten."""
    child = ground.kind.child
    own = [change for change in ground.changes if change.removed and parent_of(change.address) is None]
    if child is None:
        return
    for change in own:
        for key, binding in bound_children(ground, change.address).items():
            address = Address(f"{change.address}.{child.collection}.{key}")
            if address not in ground.planned:
                ground.add(_gone_along(address, child, binding, change, ground))


def _gone_along(address: Address, kind: Kind, binding: Binding, parent: Change, ground: Ground) -> Change:
    deleted = parent.action is Action.DELETE
    record = ground.account.find(parent.id) if parent.id is not None else None
    live = find_bound(binding, (record.children or ()) if record is not None else (), ground.state.salt)
    return Change(
        action=Action.DELETE if deleted else Action.FORGET,
        address=address,
        kind=kind.name,
        id=binding.id,
        parent_id=binding.parent,
        attributes=disappearing(binding, live) if deleted and live is not None else (),
        reason=f"with its {parent.kind}" if deleted else f"its {parent.kind} is no longer managed",
        with_parent=True,
        removed=True,
    )


def _close_intents(ground: Ground) -> None:
    """Forget the creates that the run announced for children of a record that it did not make, or that goes."""
    child = ground.kind.child
    leaving = {change.address for change in ground.changes if change.removed and change.action is not Action.ARCHIVE}
    if child is not None:
        ground.add(*(unmade(address, child) for address in _announced(ground) if parent_of(address) in leaving))


def _announced(ground: Ground) -> Iterator[Address]:
    for address, intent in sorted(ground.state.intents.items()):
        if intent.run == ground.run.run and parent_of(address) is not None and address not in ground.planned:
            yield address


def _totals(state: State, account: Account, kind: Kind) -> dict[str, Totals]:
    """Count both sides; the third is what is bound, for nothing is wished anew."""
    bound = sum(binding.parent is None for binding in state.bindings.values())
    totals = {kind.name: Totals(bound=bound, desired=bound, live=len(account.records))}
    if kind.child is not None:
        below = len(state.bindings) - bound
        live = sum(len(record.children or ()) for record in account.records.values())
        totals[kind.child.name] = Totals(bound=below, desired=below, live=live)
    return totals
