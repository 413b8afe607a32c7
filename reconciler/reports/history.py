"""Runs as people read them: when, who, what became of it; and one run with every attribute before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from reconciler.core.change import Action
from reconciler.core.outcome import Outcome, Result
from reconciler.core.run import Deed, Run
from reconciler.reports.events import Event, changes_of, named_change, result_event
from reconciler.reports.hiding import hidden_outcome
from reconciler.reports.options import RenderOptions
from reconciler.reports.outcomes import PAST, line
from reconciler.reports.paint import paint, plain
from reconciler.reports.text import ALSO, counts, rows
from reconciler.reports.words import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A run, with what else is known of it."""

    run: Run
    under_way: bool = False
    """Whether it is at work just now."""


Entry = Told | str
"""A run, or the name of one whose record cannot be read."""


def hidden_run(run: Run, options: RenderOptions) -> Run:
    """Give a run without the values of sensitive fields."""
    if not options.sensitive:
        return run
    return replace(run, deeds=tuple(_hidden(deed, options) for deed in run.deeds))


def _hidden(deed: Deed, options: RenderOptions) -> Deed:
    shown = hidden_outcome(_outcome(deed), options)
    seen = {name: value for name, value in deed.seen.items() if name not in options.sensitive}
    return replace(deed, change=shown.change, reason=shown.reason, seen=seen)


def _outcome(deed: Deed) -> Outcome:
    change = replace(deed.change, id=deed.id) if deed.id is not None else deed.change
    unsaid = deed.result is Result.UNKNOWN and not deed.reason
    return Outcome(change=change, result=deed.result, reason="its run did not live to tell" if unsaid else deed.reason)


_NONE = "No run is recorded.\n"


def render_history(entries: Sequence[Entry], left: int, options: RenderOptions) -> str:
    """Give runs, the newest first, two lines each; `left` are older ones that are not shown."""
    if not entries:
        return _NONE
    return "\n".join(["\n".join(_entry(each, options)) for each in entries] + _older(entries, left)) + "\n"


def _older(entries: Sequence[Entry], left: int) -> list[str]:
    return [f"... and {counted(left, 'older run')} (--last {len(entries) + left} shows all)."] if left else []


def _entry(entry: Entry, options: RenderOptions) -> Iterator[str]:
    name = entry if isinstance(entry, str) else entry.run.run
    title = paint(plain(name), "bold", colour=options.colour)
    if isinstance(entry, str):
        yield f"{title}  its record cannot be read"
        return
    yield f"{title}  {_ended(entry)}"
    yield f"    {plain('; '.join(_about(entry.run)))}"


def _ended(entry: Told) -> str:
    """Say what a run did, or how far it is known to have come."""
    if entry.under_way:
        return f"is under way: {counted(len(entry.run.deeds), 'change')} to make"
    if entry.run.open:
        return f"it was killed, or could not write its end; known is: {_counts(entry.run)}"
    return _counts(entry.run)


def _counts(run: Run) -> str:
    """Say in one line what a run did, and what it left undone."""
    found = counts(deed.change for deed in run.deeds if deed.result is Result.DONE)
    parts = [f"{found['add']} added, {found['change']} changed, {found['destroy']} destroyed"]
    parts += [f"{found[word]} {PAST[word]}" for word in ALSO if found[word]]
    left = Counter(deed.result.value for deed in run.deeds if deed.result is not Result.DONE)
    parts += [f"{number} {result}" for result, number in sorted(left.items())]
    return ", ".join(parts)


def _about(run: Run) -> Iterator[str]:
    yield f"{run.began[:19].replace('T', ' ')} UTC"
    if who := " on ".join(part for part in (run.who.user, run.who.host) if part):
        yield f"by {who}"
    if run.who.commit:
        yield f"commit {run.who.commit}"
    if run.plan_id:
        yield f"plan {run.plan_id}"
    if run.undoes:
        yield f"took back {run.undoes}"
    if run.who.link:
        yield run.who.link


def render_runs(entries: Sequence[Told], left: int, options: RenderOptions) -> str:
    """Give runs in full, a block a record, with every attribute before and after."""
    if not entries:
        return "No run that is recorded did anything to it.\n"
    parts = []
    for entry in entries:
        parts.append("\n".join(_entry(entry, options)))
        parts += [_block(deed, options) for deed in entry.run.deeds]
    return "\n\n".join(parts + _older(entries, left)) + "\n"


def _block(deed: Deed, options: RenderOptions) -> str:
    change = deed.change
    lines = [paint(f"  # {line(_outcome(deed), replace(options, colour=False))}", "bold", colour=options.colour)]
    if change.reason:
        lines.append(f"  # ({plain(change.reason)})")
    if change.moved_from is not None:
        lines.append(f"  # (was {plain(change.moved_from)})")
    lines += rows(change, options)
    # What a deleted child had is kept to be made again, and was no change of its own.
    answered = {} if change.action is Action.DELETE else deed.seen
    if answered:
        lines.append(f"        # FreshBooks made something else of {plain(', '.join(sorted(answered)))}")
    return "\n".join(lines)


# Events.


def history_events(entries: Iterable[Entry]) -> Iterator[Event]:
    """Give an event a run."""
    for entry in entries:
        if isinstance(entry, str):
            yield result_event(f"{entry}: its record cannot be read", "run", run={"run": entry, "readable": False})
        else:
            yield result_event(f"{entry.run.run}: {_ended(entry)}", "run", run=_document(entry))


def run_events(entries: Iterable[Told]) -> Iterator[Event]:
    """Give the event of each run, then one for each of its changes, with every attribute before and after."""
    for entry in entries:
        yield from history_events([entry])
        for deed in entry.run.deeds:
            change = {
                **named_change(_outcome(deed).change),
                "id": deed.id,
                "fields": {a.name: {"before": a.before, "after": a.after} for a in deed.change.attributes},
                "result": deed.result.value,
                "outcome": deed.reason,
            }
            yield result_event(line(_outcome(deed), RenderOptions()), "run_change", run=entry.run.run, change=change)


def _document(entry: Told) -> dict[str, object]:
    run = entry.run
    found = counts(deed.change for deed in run.deeds if deed.result is Result.DONE)
    return {
        "run": run.run,
        "readable": True,
        "end": "under way" if entry.under_way else "unknown" if run.open else "known",
        "began": run.began,
        "account": run.account,
        "user": run.who.user,
        "host": run.who.host,
        "link": run.who.link,
        "commit": run.who.commit,
        "plan_id": run.plan_id,
        "undoes": run.undoes,
        "changes": changes_of(found, "apply"),
        "results": dict(sorted(Counter(deed.result.value for deed in run.deeds).items())),
    }
