"""Create a record once, though the vendor has no idempotency keys and answers get lost.

    search (nothing new there) → durable intent → POST → answer            recorded
                                                      → refused, not sent  intent closed
                                                      → unknown            looked up at 1, 2, 4, 8 ... s:
         one new match → that is it;  several → a person;  none until the quiet period is over → from the start

An intent stays open where the run ends in between; the next run then recovers (rule 3 of `core/match.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import assert_never

from reconciler.apply.children import created_children
from reconciler.apply.intents import of_create, sent_fields
from reconciler.apply.worksite import Worksite, done, not_attempted
from reconciler.core.change import ARCHIVED, Change
from reconciler.core.identity import Pool, alike, likeness, same
from reconciler.core.outcome import Done, NotSent, Outcome, Rejected, Result, Unknown
from reconciler.core.remember import remember, without
from reconciler.core.resource import LiveResource, Value
from reconciler.core.state import Desist, Intent
from reconciler.errors import NotAllowed, ReadIncomplete

SENDS = 3
"""How often a create is sent at most, each time after the one before is known not to have happened."""
_FIRST_LOOK_S, _LONGEST_LOOK_S = 1.0, 16.0


def create(site: Worksite, change: Change, children: Sequence[Change]) -> list[Outcome]:
    """Create one record with its children in one call; gives an outcome for each, the record's own first, recorded."""
    outcome = _created(site, change, children)
    live = outcome.live
    if outcome.result is not Result.DONE or live is None:
        left = [not_attempted(child, f"its {change.kind} was not created") for child in children]
        return [*site.record([outcome]), *left]
    if not children or live.children is not None:
        # One durable write for all that one call made.
        return site.record([outcome, *created_children(site, children, live)])
    recorded = site.record([outcome])
    return [*recorded, *site.record(created_children(site, children, _seen_again(site, live)))]


def _seen_again(site: Worksite, live: LiveResource) -> LiveResource:
    """Read a new record once more where the answer did not say which children it has."""
    try:
        seen = site.writer.fetch(live.id)
    except (ReadIncomplete, NotAllowed):
        return live
    return seen if seen is not None else live


def _created(site: Worksite, change: Change, children: Sequence[Change]) -> Outcome:
    fields = sent_fields(change)
    outcome = Outcome(change=change, result=Result.FAILED)
    for _ in range(SENDS):
        appeared = _appeared(site, change, fields)
        if appeared:
            told = ", ".join(str(live.id) for live in appeared)
            reason = f"a {change.kind} like this has appeared since the plan (id {told}); plan again"
            return Outcome(change=change, result=Result.CONFLICT, reason=reason)
        if why := site.halt.why(creating=True):
            return Outcome(change=change, result=Result.NOT_ATTEMPTED, reason=why)
        intents = of_create(change, children, kind=site.kind, salt=site.state.salt, options=site.options)
        site.intend(intents)
        answer = site.noted(site.writer.create(fields, [child.managed for child in children]))
        match answer:
            case Done(live=live):
                return _made(site, change, live)
            case Rejected():
                return _closed(site.refused(change, answer), children)
            case NotSent():
                [outcome] = site.record([_closed(site.refused(change, answer), children)])
                if not _waited(site, change, answer):
                    return outcome
            case Unknown():
                found = _looked_up(site, change, intents[0].intent, answer)
                if found is not None:
                    return found
                outcome = site.refused(change, answer)
            case _:
                assert_never(answer)
    return outcome


def _waited(site: Worksite, change: Change, answer: NotSent) -> bool:
    """Wait until the vendor takes a create again; tell whether that has come."""
    if answer.again_after_s is None:
        return False
    site.lasting(change)
    return site.wait(max(answer.again_after_s, _FIRST_LOOK_S))


def _closed(outcome: Outcome, children: Sequence[Change]) -> Outcome:
    """Close the intents of a create that is known not to have happened."""
    return replace(outcome, edits=tuple(Desist(address=change.address) for change in (outcome.change, *children)))


def _made(site: Worksite, change: Change, live: LiveResource | None, reason: str = "") -> Outcome:
    # That it is archived is remembered once it is.
    made = without(change, (ARCHIVED,)) if change.managed.get(ARCHIVED) is True else change
    return replace(done(change, live, reason), edits=remember(made, live, site.state, site.kind))


def _appeared(site: Worksite, change: Change, fields: Mapping[str, Value]) -> list[LiveResource]:
    """Give records that could be this one and were not there when the plan was made."""
    wanted = likeness(site.kind, fields)
    return [
        live
        for live in site.writer.search(fields)
        if live.id not in change.known
        and (
            same(site.kind, wanted, likeness(site.kind, live.fields))
            or alike(site.kind, wanted, likeness(site.kind, live.fields)) == site.kind.unique_key
        )
        and not _bound(site, live)
    ]


def _bound(site: Worksite, live: LiveResource) -> bool:
    """Tell whether another address has this record: it shares an email, and is not what we are about to make."""
    return site.ledger.holds(live.id)


def _looked_up(site: Worksite, change: Change, intent: Intent, answer: Unknown) -> Outcome | None:
    """Look for the result of an unanswered create; None when it is certain enough that there is none."""
    waited, pause = 0.0, _FIRST_LOOK_S
    while True:
        # The last look is at the very end of the quiet period, however short that is.
        pause = min(pause, _LONGEST_LOOK_S, max(site.options.settle_s - waited, 0.0))
        site.lasting(change)
        if not site.wait(pause):
            return Outcome(change=change, result=Result.UNKNOWN, reason=f"{answer.reason}; looked up by the next run")
        waited += pause
        try:
            found = _results(site, change, intent)
        except (ReadIncomplete, NotAllowed) as error:
            found = None
            reason = f"{answer.reason}; it could not be looked up: {error.summary}"
        else:
            reason = answer.reason
        if found and len(found) == 1:
            return _made(site, change, found[0], "found after an unanswered call")
        if found:
            told = ", ".join(str(live.id) for live in found)
            return Outcome(
                change=change, result=Result.UNKNOWN, reason=f"it may be any of id {told}; pin the right one"
            )
        if waited >= site.options.settle_s:
            return None if found is not None else Outcome(change=change, result=Result.UNKNOWN, reason=reason)
        pause *= 2


def _results(site: Worksite, change: Change, intent: Intent) -> Sequence[LiveResource]:
    found = Pool(site.kind, site.writer.search(change.managed)).with_digest(intent.key, site.state.salt)
    return [live for live in found if live.id not in intent.known and not _bound(site, live)]
