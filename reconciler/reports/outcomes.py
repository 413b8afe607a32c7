"""What became of a plan, from outcomes only: a line per record, a table of what is unfinished, the sums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from reconciler.core.change import Action
from reconciler.core.outcome import Outcome, Result
from reconciler.reports.options import RenderOptions
from reconciler.reports.paint import paint, plain
from reconciler.reports.text import ALSO, counts
from reconciler.reports.words import sentence

_DONE = {
    Action.CREATE: "created",
    Action.RESTORE: "restored",
    Action.UPDATE: "updated",
    Action.ARCHIVE: "archived",
    Action.UNARCHIVE: "brought back from the archive",
    Action.DELETE: "destroyed",
    Action.ADOPT: "adopted",
    Action.RECOVER: "recovered",
    Action.MOVE: "moved",
    Action.FORGET: "forgotten",
    Action.NO_OP: "recorded",
}
PAST = {
    "adopt": "adopted",
    "move": "moved",
    "forget": "forgotten",
    "recover": "recovered",
    "record": "recorded",
}


def line(outcome: Outcome, options: RenderOptions) -> str:
    """Give the line that says what became of one record."""
    change = outcome.change
    live = outcome.live
    number = live.id if live is not None else change.id
    told = f" [id={number}]" if number is not None else ""
    if outcome.result is Result.DONE:
        extra = f" ({plain(outcome.reason)})" if outcome.reason else ""
        return f"{plain(change.address)}: {_DONE[change.action]}{told}{extra}"
    style = "red" if outcome.result in {Result.FAILED, Result.CONFLICT} else "yellow"
    return (
        f"{plain(change.address)}: {paint(outcome.result, style, colour=options.colour)}{told}: {plain(outcome.reason)}"
    )


def render_outcomes(outcomes: Sequence[Outcome], options: RenderOptions) -> str:
    """Give the end of an apply: what is unfinished, by record, and the sums of what was done."""
    parts = []
    unfinished = [outcome for outcome in outcomes if outcome.result is not Result.DONE]
    if unfinished:
        parts.append(_table(unfinished, options))
    parts.append(_sums(outcomes, options, complete=not unfinished))
    return "\n\n".join(parts) + "\n"


def _table(outcomes: Iterable[Outcome], options: RenderOptions) -> str:
    rows = [(plain(outcome.change.address), outcome.result.value, outcome.reason) for outcome in outcomes]
    width = max(len(address) for address, _, _ in rows)
    second = max(len(result) for _, result, _ in rows)
    lines = [paint("Not done:", "bold", "red", colour=options.colour)]
    lines += [f"  {address:<{width}}  {result:<{second}}  {plain(reason)}" for address, result, reason in rows]
    return "\n".join(lines)


def _sums(outcomes: Sequence[Outcome], options: RenderOptions, *, complete: bool) -> str:
    found = counts(outcome.change for outcome in outcomes if outcome.result is Result.DONE)
    style = "green" if complete else "yellow"
    head = "Apply complete!" if complete else "Apply incomplete."
    told = f"{head} Resources: {found['add']} added, {found['change']} changed, {found['destroy']} destroyed."
    lines = [sentence(told, options, head, style, "bold")]
    also = [f"{found[word]} {PAST[word]}" for word in ALSO if found[word]]
    if also:
        lines.append(sentence(f"Also: {', '.join(also)}.", options))
    left = Counter(outcome.result.value for outcome in outcomes if outcome.result is not Result.DONE)
    if left:
        told = ", ".join(f"{number} {result}" for result, number in sorted(left.items()))
        lines.append(sentence(f"Left: {told}. Run `reconciler plan` to see what is left to do.", options))
    return "\n".join(lines)
