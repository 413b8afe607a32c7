"""What became of the changes of which a run itself could not say it, as far as others know.

    create      its intent is open               it may have been sent: the account decides
                bound as it was to be made       done
                a later run recovered it         done
                none of these                    never sent
    delete      a later run deleted it           not done
    else        a later run found the old value  that attribute is not done
                nobody found anything            the account decides, attribute by attribute

A run that was killed knows nothing of any of its changes, and one that ended may not know of some. What a later run
found at an address is what this one had left there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from reconciler.core.change import ARCHIVED, Action, AttributeChange, Change
from reconciler.core.outcome import Result
from reconciler.core.resource import Address, parent_of
from reconciler.core.run import Deed, Run
from reconciler.core.state import Binding, State, digest, parse_digests

_MADE = frozenset({Action.RECOVER, Action.DELETE, Action.ARCHIVE})
"""What a later run does about a record that nothing is bound to only where this one had made it."""
_SURE = frozenset({Result.DONE, Result.NOT_ATTEMPTED})


def doubtful(deed: Deed) -> bool:
    """Tell whether a change may have come about, wholly or in part, without its run having been told."""
    if deed.partly or deed.change.action is Action.NO_OP:
        return False
    # A create that is in conflict may be so with its own first try.
    return deed.result not in _SURE and (deed.result is not Result.CONFLICT or deed.change.action is Action.CREATE)


def told_since(run: Run, state: State, later: Iterable[Run]) -> Run:
    """Give a run with what the state and later runs, the oldest first, know of its doubtful changes."""
    if not any(map(doubtful, run.deeds)):
        return run
    found: dict[Address, Deed] = {}
    for each in later:
        for deed in each.deeds:
            found.setdefault(deed.change.moved_from or deed.change.address, deed)
    told = (_told(deed, run, state, found) if doubtful(deed) else deed for deed in run.deeds)
    return replace(run, deeds=tuple(told))


def _told(deed: Deed, run: Run, state: State, found: Mapping[Address, Deed]) -> Deed:
    change = deed.change
    later = found.get(change.address)
    now = later.before if later is not None else state.bindings.get(change.address)
    if change.action is Action.CREATE:
        return _created(deed, run, state, later, now)
    if later is None and change.moved_from is not None and change.moved_from in found:
        later, now = found[change.moved_from], None
    if later is not None and change.action is later.change.action is Action.DELETE:
        return replace(deed, result=Result.NOT_ATTEMPTED, reason="a later run deleted it")
    left = change.attributes if later is None else tuple(_not_found(change, later))
    deed = replace(deed, change=replace(change, attributes=left))
    return replace(deed, result=Result.DONE, reason="") if _recorded(deed, now) else deed


def _not_found(change: Change, later: Deed) -> Iterator[AttributeChange]:
    """Give the attributes but those of which a later run still found the old value."""
    values = {attribute.name: attribute.before for attribute in later.change.attributes}
    for attribute in change.attributes:
        if attribute.name not in values or (values[attribute.name] or None) != (attribute.before or None):
            yield attribute


def _recorded(deed: Deed, now: Binding | None) -> bool:
    """Tell whether what was bound afterwards shows that a change was done."""
    if deed.change.removed:
        return now is None and deed.before is not None
    if deed.change.moved_from is not None:
        return now is not None
    return now is not None and now != deed.before


def _created(deed: Deed, run: Run, state: State, later: Deed | None, now: Binding | None) -> Deed:
    change = deed.change
    if now is not None and now != deed.before and _sent(now) == _wished(change, state.salt):
        return replace(deed, result=Result.DONE, reason="", id=now.id)
    if later is not None and later.id is not None and later.before is None and _took_over(later):
        return replace(deed, result=Result.DONE, reason="", id=later.id)
    intent = state.intents.get(change.address)
    if deed.result is not Result.UNKNOWN or (later is None and intent is not None and intent.run == run.run):
        return deed
    return replace(deed, result=Result.NOT_ATTEMPTED, reason="it was never sent")


def _took_over(later: Deed) -> bool:
    # A child has no identity to be recovered by: it is found by its content.
    return later.change.action in _MADE or (
        later.change.action is Action.ADOPT and parent_of(later.change.address) is not None
    )


def _sent(binding: Binding) -> dict[str, str]:
    return {name: told for name, told in parse_digests(binding.sent).items() if name != ARCHIVED}


def _wished(change: Change, salt: str) -> dict[str, str]:
    names = set(change.managed) - {ARCHIVED, *change.ignored}
    return {name: digest(salt, name, change.managed[name]) for name in names}
