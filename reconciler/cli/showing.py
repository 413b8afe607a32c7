"""Plans and outcomes onto the terminal and into files, in the formats asked for."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from reconciler.cli.session import Session
from reconciler.core.change import Plan
from reconciler.core.diagnostic import Diagnostic
from reconciler.errors import Refused, UsageError
from reconciler.reports.events import Event, plan_events, plan_sums, result_event
from reconciler.reports.formats import COMMANDS, EXPLAINING, PLANS
from reconciler.reports.hiding import hidden
from reconciler.reports.options import RenderOptions
from reconciler.reports.paint import plain
from reconciler.reports.rendering import render, render_problems
from reconciler.reports.words import counted
from reconciler.store.durable import write_output


def parse_formats(
    texts: Sequence[str],
    *,
    as_json: bool,
    known: Iterable[str] = PLANS,
    out: Path | None = None,
    source: Path | None = None,
) -> list[tuple[str, Path | None]]:
    """Read `FORMAT` and `FORMAT=FILE`; at most one may go to stdout, and none where the events of --json go.

    `out` is written besides, and `source` is what is shown.
    """
    found = []
    for text in texts or ("text",):
        name, separator, file = text.partition("=")
        if name not in known or (separator and not file):
            raise UsageError(f"--format {text} is not known", f"Write FORMAT or FORMAT=FILE; {', '.join(known)}.")
        found.append((name, Path(file) if separator else None))
    if texts and as_json and any(file is None for _, file in found):
        raise contradiction()
    if sum(file is None for _, file in found) > 1:
        raise UsageError("two formats for one output", "Give all but one of them a file: --format json=plan.json.")
    _check_files([file for file in (*(file for _, file in found), out) if file is not None], source)
    return found


def _check_files(files: Sequence[Path], source: Path | None) -> None:
    """Refuse to write two documents into one file, or over YAML, which no document of ours is."""
    known = {os.path.realpath(source)} if source is not None else set()
    for file in files:
        if file.exists() and not file.is_file():
            continue  # what comes down a pipe or into /dev/null does not replace anything
        name = os.path.realpath(file)
        if name in known:
            told = f"{plain(str(file))}: give each report, and the saved plan, a file of its own."
            raise UsageError("one file is named twice", told)
        known.add(name)
        if file.suffix in {".yaml", ".yml"} and file.exists():
            told = f"{plain(str(file))} is there, and no report is YAML. Name another file, or remove that one first."
            raise UsageError("a report would replace a YAML file", told)


def contradiction() -> UsageError:
    """Give the error of two commands' worth of output for one stdout."""
    told = "Both say what goes to stdout. Use one of them, or give the format a file: --format json=plan.json."
    return UsageError("--json and --format contradict each other", told)


def show_plan(session: Session, plan: Plan, formats: Sequence[tuple[str, Path | None]]) -> None:
    """Write a plan as asked, and with --json as events too."""
    if session.terminal.as_json:
        _show_events(session, hidden(plan, session.shown))
    for name, file in formats:
        options = session.rendering
        if file is not None:
            write_output(file, render(name, plan, of_a_file(options)).encode())
        elif not session.terminal.as_json:
            session.terminal.result(render(name, plan, options), commands=name in COMMANDS)


def _show_events(session: Session, plan: Plan) -> None:
    """Write a plan's events; its sums come last of all, unless an apply with sums of its own follows."""
    emit(session, plan_events(plan))
    stream = session.terminal.stream
    if stream is not None and stream.operation == "plan":
        stream.sums = plan_sums(plan)
    else:
        emit(session, [plan_sums(plan)])


def of_a_file(options: RenderOptions) -> RenderOptions:
    """Give the options for a report that goes into a file."""
    return replace(options, width=RenderOptions().width, colour=False)


def show_problems(session: Session, problems: Sequence[Diagnostic], formats: Sequence[tuple[str, Path | None]]) -> bool:
    """Write the problems of a configuration as asked; tell whether that has said all of them on stdout."""
    told = False
    for name, file in formats:
        options = _explaining(session.rendering) if name in EXPLAINING else session.rendering
        if file is not None:
            text = render_problems(name, problems, of_a_file(options))
            write_output(file, text.encode("utf-8", "backslashreplace"))
        elif name != "text":
            session.terminal.result(render_problems(name, problems, options), commands=name in COMMANDS)
            told = True
    return told


def _explaining(options: RenderOptions) -> RenderOptions:
    from reconciler.explanations import by_code  # noqa: PLC0415 - the catalogue is read for these formats alone

    return replace(options, explained=by_code())


def emit(session: Session, events: Iterable[Event]) -> None:
    """Write events, each with the time."""
    session.terminal.emit(events)


def tell(session: Session, message: str, kind: str, **more: object) -> None:
    """Write the result of a command that neither plans nor applies: a sentence, or with --json an event."""
    session.heard.told = message
    if session.terminal.as_json:
        emit(session, [result_event(message, kind, **more)])
    else:
        session.terminal.result(message)


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
    raise Refused("the plan is refused", (), detail, shown=plan.refusals)
