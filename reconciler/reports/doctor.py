"""Findings of `doctor` as lines and as events; each is given as soon as it is known."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.core.finding import Finding, Verdict, exit_code, sums
from reconciler.reports.accounts import MEANINGS
from reconciler.reports.events import Event, result_event
from reconciler.reports.options import RenderOptions
from reconciler.reports.paint import paint, plain
from reconciler.reports.words import counted, wrapped

_STYLES = {
    Verdict.OK: ("green",),
    Verdict.WARN: ("yellow", "bold"),
    Verdict.FAIL: ("red", "bold"),
    Verdict.SKIPPED: ("dim",),
}
_NOUNS = {Verdict.WARN: "warning", Verdict.FAIL: "failure"}
_LEVELS = {Verdict.WARN: "warn", Verdict.FAIL: "error"}
_VERDICT, _NAME = max(map(len, Verdict)), len("configuration")


def render_finding(finding: Finding, options: RenderOptions) -> str:
    """Give one finding: verdict, name, what was found and its code; below it the remedy, and its command by itself."""
    margin = " " * (_VERDICT + _NAME + 4)
    width = options.width - len(margin)
    code = f"[{finding.code}]" if finding.code else ""
    told = _lines(f"{finding.told} {code}", width)
    if code:
        told[-1] = told[-1].removesuffix(code) + paint(code, "dim", colour=options.colour)
    rest = [*told[1:], *_lines(finding.remedy, width)]
    verdict = paint(f"{finding.verdict:<{_VERDICT}}", *_STYLES[finding.verdict], colour=options.colour)
    lines = [f"{verdict}  {finding.check:<{_NAME}}  {told[0]}", *(margin + line for line in rest)]
    if finding.command:
        # On one line, however long, for it is to be pasted.
        lines.append(margin + "  " + paint(plain(finding.command), "bold", colour=options.colour))
    return "\n".join(line.rstrip() for line in lines)


def _lines(text: str, width: int) -> list[str]:
    return [line for part in text.split("\n") if part for line in wrapped(plain(part), width)]


def told(findings: Sequence[Finding]) -> str:
    """Sum findings up in one line."""
    found = sums(findings)
    parts = [
        f"{found[Verdict.OK]} ok",
        counted(found[Verdict.WARN], "warning"),
        counted(found[Verdict.FAIL], "failure"),
    ]
    if found[Verdict.SKIPPED]:
        parts.append(f"{found[Verdict.SKIPPED]} skipped")
    return ", ".join(parts) + "."


def render_sums(findings: Sequence[Finding], options: RenderOptions) -> str:
    """Give the last line, with the exit code where it is one of a failure."""
    code = exit_code(findings)
    style = _STYLES[max((finding.verdict for finding in findings), key=_ORDER.index, default=Verdict.OK)]
    end = f" Exit code {code}: {MEANINGS[code]}." if code else ""
    return paint(told(findings), *style, colour=options.colour) + end


_ORDER = (Verdict.OK, Verdict.SKIPPED, Verdict.WARN, Verdict.FAIL)


def finding_event(finding: Finding) -> Event:
    """Give one finding as an event."""
    check: dict[str, object] = {"name": finding.check, "verdict": finding.verdict.value, "told": finding.told}
    more = {"remedy": finding.remedy, "command": finding.command, "code": finding.code, "exit_code": finding.exit_code}
    check |= {name: value for name, value in more.items() if value}
    event = result_event(f"{finding.check}: {finding.told}", "check", check=check)
    return {**event, "@level": _LEVELS.get(finding.verdict, "info")}


def sums_event(findings: Sequence[Finding]) -> Event:
    """Give the sum as the last event."""
    found = {verdict.value: number for verdict, number in sums(findings).items()}
    return result_event(told(findings), "check_summary", checks=found, exit_code=exit_code(findings))
