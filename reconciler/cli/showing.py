"""Plans and outcomes onto the terminal and into files, in the formats asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from reconciler.cli.session import Session
from reconciler.core.change import Plan
from reconciler.core.outcome import Outcome
from reconciler.errors import Refused, UsageError
from reconciler.reports.events import Event, lines, outcome_event, plan_events, result_event
from reconciler.reports.formats import PLANS, plan_render
from reconciler.reports.options import RenderOptions
from reconciler.reports.outcomes import line
from reconciler.reports.words import counted
from reconciler.store.durable import write_output


def parse_formats(texts: Sequence[str], *, as_json: bool) -> list[tuple[str, Path | None]]:
    """Read `FORMAT` and `FORMAT=FILE`; at most one may go to stdout, and none where the events of --json go."""
    found = []
    for text in texts or ("text",):
        name, separator, file = text.partition("=")
        if name not in PLANS or (separator and not file):
            raise UsageError(f"--format {text} is not known", f"Write FORMAT or FORMAT=FILE; {', '.join(PLANS)}.")
        found.append((name, Path(file) if separator else None))
    if texts and as_json and any(file is None for _, file in found):
        raise contradiction()
    if sum(file is None for _, file in found) > 1:
        raise UsageError("two formats for one output", "Give all but one of them a file: --format json=plan.json.")
    return found


def contradiction() -> UsageError:
    """Give the error of two commands' worth of output for one stdout."""
    told = "Both say what goes to stdout. Use one of them, or give the format a file: --format json=plan.json."
    return UsageError("--json and --format contradict each other", told)


def show_plan(session: Session, plan: Plan, formats: Sequence[tuple[str, Path | None]]) -> None:
    """Write a plan as asked; with --json as events."""
    for name, file in formats:
        options = session.rendering
        if file is not None:
            plain = replace(options, width=RenderOptions().width, colour=False)
            write_output(file, plan_render(name)(plan, plain).encode())
        elif session.terminal.as_json:
            emit(session, plan_events(plan))
        else:
            session.terminal.result(plan_render(name)(plan, options))


def emit(session: Session, events: Iterable[Event]) -> None:
    """Write events, each with the time."""
    session.terminal.result(lines(events, now(), session.terminal.tags))


def tell(session: Session, message: str, kind: str, **more: object) -> None:
    """Write the result of a command that neither plans nor applies: a sentence, or with --json an event."""
    session.heard.told = message
    if session.terminal.as_json:
        emit(session, [result_event(message, kind, **more)])
    else:
        session.terminal.result(message)


def told(session: Session) -> Callable[[Outcome], None]:
    """Give what says a line per record while a plan is carried out."""
    terminal = session.terminal

    def tell(outcome: Outcome) -> None:
        if terminal.as_json:
            emit(session, [outcome_event(outcome)])
        else:
            terminal.result(line(outcome, session.rendering))

    return tell


_FLAG = re.compile(r"\badd (--[a-z-]+(?: \S+?)?)\.(?: |$)")
_MOST_FLAGS = 20


def refuse(plan: Plan) -> None:
    """Raise what the guards say; the plan has been shown with them, though perhaps into a file."""
    if not plan.refusals:
        return
    flags = list(dict.fromkeys(flag for refusal in plan.refusals for flag in _FLAG.findall(refusal.detail)))
    detail = f"{counted(len(plan.refusals), 'guard')} above. Nothing was written."
    if flags:
        listed = [*flags[:_MOST_FLAGS], *(["..."] if len(flags) > _MOST_FLAGS else [])]
        detail += "\nIf it is meant, add:\n" + "\n".join(f"    {flag}" for flag in listed)
    raise Refused("the plan is refused", (), detail)


def now() -> str:
    """Give the time as UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
