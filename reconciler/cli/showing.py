"""Plans and outcomes onto the terminal and into files, in the formats asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from reconciler.cli.session import Session
from reconciler.core.change import Plan
from reconciler.core.outcome import Outcome
from reconciler.errors import Refused, UsageError
from reconciler.reports.events import Event, lines, outcome_event, plan_events
from reconciler.reports.options import RenderOptions
from reconciler.reports.outcomes import line
from reconciler.reports.terraform import encode_plan
from reconciler.reports.text import render_plan
from reconciler.store.durable import write_file

Render = Callable[[Plan, RenderOptions], str]

FORMATS: Mapping[str, Render] = {
    "text": render_plan,
    "json": lambda plan, options: encode_plan(plan, options).decode(),
}


def parse_formats(texts: Sequence[str]) -> list[tuple[str, Path | None]]:
    """Read `FORMAT` and `FORMAT=FILE`; at most one may go to stdout."""
    found = []
    for text in texts or ("text",):
        name, separator, file = text.partition("=")
        if name not in FORMATS or (separator and not file):
            raise UsageError(f"--format {text} is not known", f"Write FORMAT or FORMAT=FILE; {', '.join(FORMATS)}.")
        found.append((name, Path(file) if separator else None))
    if sum(file is None for _, file in found) > 1:
        raise UsageError("two formats for one output", "Give all but one of them a file: --format json=plan.json.")
    return found


def show_plan(session: Session, plan: Plan, formats: Sequence[tuple[str, Path | None]]) -> None:
    """Write a plan as asked; with --json as events."""
    for name, file in formats:
        options = session.rendering
        if file is not None:
            text = FORMATS[name](plan, RenderOptions(sensitive=options.sensitive))
            write_file(file, text.encode())
        elif session.terminal.as_json:
            emit(session, plan_events(plan))
        else:
            session.terminal.result(FORMATS[name](plan, options))


def emit(session: Session, events: Iterable[Event]) -> None:
    """Write events, each with the time."""
    session.terminal.result(lines(events, now()))


def told(session: Session) -> Callable[[Outcome], None]:
    """Give what says a line per record while a plan is carried out."""
    terminal = session.terminal

    def tell(outcome: Outcome) -> None:
        if terminal.as_json:
            emit(session, [outcome_event(outcome)])
        else:
            terminal.result(line(outcome, session.rendering))

    return tell


def refuse(plan: Plan) -> None:
    """Raise what the guards say; the plan has been shown with them."""
    if plan.refusals:
        count = len(plan.refusals)
        raise Refused("the plan is refused", (), f"{count} guard{'s' if count > 1 else ''} above. Nothing was written.")


def now() -> str:
    """Give the time as UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
