"""Annotations for GitHub Actions: workflow commands, which the runner takes out of a step's log.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands. Of each level GitHub shows ten a
step, so ten errors and ten warnings come first, and what is more is counted in a notice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.core.change import Action, Change, Plan
from reconciler.core.diagnostic import Diagnostic, Position, Severity
from reconciler.core.guard import destroys
from reconciler.reports.options import RenderOptions
from reconciler.reports.safe import plain
from reconciler.reports.text import heading, summary
from reconciler.reports.words import counted

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_MOST = 10
"""Annotations of one level that GitHub shows of one step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One of them: `message` may have several lines."""

    severity: Severity
    title: str
    message: str
    position: Position | None = None


def render_github(plan: Plan, _: RenderOptions) -> str:
    """Give a plan's refusals, what it destroys, its sums and its notes as annotations."""
    sums = Annotation(severity=Severity.NOTE, title="Plan", message=summary(plan, RenderOptions()))
    leaving = [_leaving(change) for change in plan.changes if destroys(change)]
    # The sums come first of their level, so that they are among those that are shown.
    return _rendered([*map(_annotation, plan.refusals), *leaving, sums, *map(_annotation, plan.notes)])


def render_problems(problems: Sequence[Diagnostic], _: RenderOptions) -> str:
    """Give problems as annotations at their places; nothing where there are none."""
    return _rendered([_annotation(problem) for problem in problems])


def _annotation(problem: Diagnostic) -> Annotation:
    return Annotation(
        severity=problem.severity,
        title=f"{problem.summary} ({problem.code})",
        message=problem.detail or problem.summary,
        position=problem.position,
    )


def _leaving(change: Change) -> Annotation:
    verb = "deleted" if change.action is Action.DELETE else "archived"
    return Annotation(
        severity=Severity.WARNING,
        title=f"a {change.kind} will be {verb}",
        message=heading(change) + (f" ({change.reason})" if change.reason else ""),
        position=change.position,
    )


def _rendered(annotations: Sequence[Annotation]) -> str:
    by_level = {level: [each for each in annotations if each.severity is level] for level in Severity}
    notes = by_level[Severity.NOTE]
    left = [
        counted(len(own) - _MOST, f"more {level.value}")
        for level, own in by_level.items()
        if len(own) > _MOST and level is not Severity.NOTE
    ]
    if left:
        notes.insert(0, _counted_only(left))
    if len(notes) > _MOST:
        notes[_MOST - 1 :] = [_counted_only([counted(len(notes) - _MOST + 1, "more note")])]
    return "".join(_command(each) for own in by_level.values() for each in own[:_MOST])


def _counted_only(left: Sequence[str]) -> Annotation:
    told = f"{' and '.join(left)}; the log has all of them."
    return Annotation(severity=Severity.NOTE, title="Not shown here", message=told)


def _command(annotation: Annotation) -> str:
    properties, position = {}, annotation.position
    if position is not None:
        properties = {"file": position.file, "line": str(position.line), "col": str(position.column)}
    properties["title"] = annotation.title
    told = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{_COMMANDS[annotation.severity]} {told}::{_message(annotation.message)}\n"


def _message(text: str) -> str:
    """Escape a message, whose line breaks GitHub shows; all else that does not print is spelled out."""
    return "%0A".join(plain(line).replace("%", "%25") for line in text.split("\n"))


def _property(text: str) -> str:
    return plain(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
