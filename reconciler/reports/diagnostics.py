"""Errors, warnings and notes as text, each with its place, its source line and what to do next."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from reconciler.core.diagnostic import Diagnostic, Severity
from reconciler.errors import DiagnosedError, ReconcilerError
from reconciler.reports.options import RenderOptions
from reconciler.reports.paint import paint, plain

_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_BAR = {True: "\u2502", False: "|"}


def render_diagnostic(diagnostic: Diagnostic, options: RenderOptions) -> str:
    """Give one problem: place and summary, the source line with a caret, what is wrong, what to do."""
    style = _STYLES[diagnostic.severity]
    title = paint(f"{diagnostic.severity.value.capitalize()}:", style, "bold", colour=options.colour)
    lines = [f"{title} {paint(plain(diagnostic.summary), 'bold', colour=options.colour)}"]
    if diagnostic.position is not None:
        lines.append(f"  {plain(str(diagnostic.position))}")
        if diagnostic.excerpt.strip():
            lines += _excerpt(diagnostic)
    lines += _wrapped(diagnostic.detail, options.width)
    bar = paint(_BAR[options.colour], style, colour=options.colour)
    return "\n".join(f"{bar} {line}".rstrip() for line in lines)


def _excerpt(diagnostic: Diagnostic) -> list[str]:
    if diagnostic.position is None:
        return []
    number = str(diagnostic.position.line)
    column = min(diagnostic.position.column, len(diagnostic.excerpt) + 1)
    before = "".join("\t" if letter == "\t" else " " for letter in diagnostic.excerpt[: column - 1])
    return [f"  {number} | {plain(diagnostic.excerpt)}", f"  {' ' * len(number)} | {before}^"]


def _wrapped(text: str, width: int) -> list[str]:
    """Wrap prose; lines that a person is to paste stand indented by themselves and are not broken."""
    lines: list[str] = []
    for paragraph in plain(text).split("\n"):
        if paragraph.startswith(" "):
            lines.append("  " + paragraph)
        else:
            lines += textwrap.wrap(
                paragraph, width - 4, initial_indent="  ", subsequent_indent="  ", break_long_words=False,
                break_on_hyphens=False,
            ) or [""]  # fmt: skip
    return lines


def render_diagnostics(diagnostics: Iterable[Diagnostic], options: RenderOptions) -> str:
    """Give several problems, parted by empty lines."""
    return "\n\n".join(render_diagnostic(diagnostic, options) for diagnostic in diagnostics)


def render_error(error: ReconcilerError, options: RenderOptions) -> str:
    """Give an error that ends the run; where it is a sum of problems, each of them and then the sum."""
    whole = Diagnostic(code=error.code, summary=error.summary, detail=error.detail)
    if isinstance(error, DiagnosedError) and error.diagnostics:
        parts = [render_diagnostics(error.diagnostics, options)]
        if error.detail or len(error.diagnostics) > 1:
            parts.append(render_diagnostic(whole, options))
        return "\n\n".join(parts)
    return render_diagnostic(whole, options)
