"""Runs as people read them: when, who, what became of it; and one run with every attribute before and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

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

Entry = Run | str
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
    return Outcome(change=change, result=deed.result, reason=deed.reason)


def render_history(entries: Sequence[Entry], left: int, options: RenderOptions) -> str:
    """Give runs, the newest first, two lines each; `left` are older ones that are not shown."""
    if not entries:
        return "No run is recorded.\n"
    parts = ["\n".join(_entry(each, options)) for each in entries]
    if left:
        parts.append(f"... and {counted(left, 'older run')} (--last {len(entries) + left} shows all).")
    return "\n".join(parts) + "\n"


def _entry(entry: Entry, options: RenderOptions) -> Iterator[str]:
    name = entry if isinstance(entry, str) else entry.run
    title = paint(plain(name), "bold", colour=options.colour)
    if isinstance(entry, str):
        yield f"{title}  its record cannot be read"
        return
    yield f"{title}  {told(entry)}"
    yield f"    {plain('; '.join(_about(entry)))}"


def told(run: Run) -> str:
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
    if run.plan_id:
        yield f"plan {run.plan_id}"
    if run.undoes:
        yield f"took back {run.undoes}"
    if run.who.link:
        yield run.who.link


def render_run(run: Run, options: RenderOptions) -> str:
    """Give one run, a block a record, with every attribute before and after."""
    parts = ["\n".join(_entry(run, options))]
    parts += [_block(deed, options) for deed in run.deeds]
    return "\n\n".join(parts) + "\n"


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
            yield result_event(f"{entry.run}: {told(entry)}", "run", run=_document(entry))


def run_events(run: Run) -> Iterator[Event]:
    """Give the event of one run, then one for each of its changes, with every attribute before and after."""
    yield from history_events([run])
    for deed in run.deeds:
        change = {
            **named_change(_outcome(deed).change),
            "id": deed.id,
            "fields": {a.name: {"before": a.before, "after": a.after} for a in deed.change.attributes},
            "result": deed.result.value,
            "outcome": deed.reason,
        }
        yield result_event(line(_outcome(deed), RenderOptions()), "run_change", run=run.run, change=change)


def _document(run: Run) -> dict[str, object]:
    found = counts(deed.change for deed in run.deeds if deed.result is Result.DONE)
    return {
        "run": run.run,
        "readable": True,
        "began": run.began,
        "account": run.account,
        "user": run.who.user,
        "host": run.who.host,
        "link": run.who.link,
        "plan_id": run.plan_id,
        "undoes": run.undoes,
        "changes": changes_of(found, "apply"),
        "results": dict(sorted(Counter(deed.result.value for deed in run.deeds).items())),
    }
