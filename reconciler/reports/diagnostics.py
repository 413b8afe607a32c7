"""Errors, warnings and notes as text, each with its place, its source line and what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.core.diagnostic import Diagnostic, Severity
from reconciler.errors import DiagnosedError, ReconcilerError
from reconciler.reports.options import RenderOptions
from reconciler.reports.paint import cells, paint, plain
from reconciler.reports.words import wrapped

_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_BAR = {True: "\u2502", False: "|"}


def render_diagnostic(diagnostic: Diagnostic, options: RenderOptions) -> str:
    """Give one problem: summary and code, place, the source line with a caret, what is wrong, what to do."""
    style = _STYLES[diagnostic.severity]
    lines = _title(diagnostic, style, options)
    if diagnostic.position is not None:
        lines.append(f"  {plain(str(diagnostic.position))}")
        if diagnostic.excerpt.strip():
            lines += _excerpt(diagnostic)
    lines += _detail(diagnostic.detail, options.width - 4)
    bar = paint(_BAR[options.colour], style, colour=options.colour)
    return "\n".join(f"{bar} {line}".rstrip() for line in lines)


def _title(diagnostic: Diagnostic, style: str, options: RenderOptions) -> list[str]:
    """Give the severity, the summary, and the code in brackets, which `reconciler explain` takes."""
    name, code = f"{diagnostic.severity.value.capitalize()}:", f"[{plain(diagnostic.code)}]"
    lines = wrapped(f"{name} {plain(diagnostic.summary)} {code}", options.width - len("| "))
    lines[0] = lines[0].removeprefix(name).lstrip()
    lines[-1] = lines[-1].removesuffix(code).rstrip()
    painted = [paint(line, "bold", colour=options.colour) for line in lines]
    painted[0] = f"{paint(name, style, 'bold', colour=options.colour)} {painted[0]}"
    painted[-1] = f"{painted[-1]} {paint(code, 'dim', colour=options.colour)}".lstrip()
    return painted


def _excerpt(diagnostic: Diagnostic) -> list[str]:
    if diagnostic.position is None:
        return []
    number = str(diagnostic.position.line)
    # What is spelled out is longer than what stands in the source, and some letters take two columns.
    before = cells(plain(diagnostic.excerpt[: diagnostic.position.column - 1]))
    return [f"  {number} | {plain(diagnostic.excerpt)}", f"  {' ' * len(number)} | {' ' * before}^"]


def _detail(text: str, width: int) -> list[str]:
    """Wrap prose; lines that a person is to paste stand indented by themselves and are not broken."""
    lines: list[str] = []
    for paragraph in map(plain, text.split("\n") if text else ()):
        lines += [f"  {paragraph}"] if paragraph.startswith(" ") else wrapped(paragraph, width, indent="  ") or [""]
    return lines


def render_diagnostics(diagnostics: Iterable[Diagnostic], options: RenderOptions) -> str:
    """Give several problems, parted by empty lines."""
    return "\n\n".join(render_diagnostic(diagnostic, options) for diagnostic in diagnostics)


def render_problems(problems: Sequence[Diagnostic], options: RenderOptions) -> str:
    """Give all problems of a configuration as a page of its own."""
    return (render_diagnostics(problems, options) or "No problems.") + "\n"


def render_error(error: ReconcilerError, options: RenderOptions) -> str:
    """Give an error that ends the run; where it is a sum of problems, each of them and then the sum."""
    whole = Diagnostic(code=error.code, summary=error.summary, detail=error.detail)
    if isinstance(error, DiagnosedError) and error.diagnostics:
        parts = [render_diagnostics(error.diagnostics, options)]
        if error.detail or len(error.diagnostics) > 1:
            parts.append(render_diagnostic(whole, options))
        return "\n\n".join(parts)
    return render_diagnostic(whole, options)


_SAY_ALL = frozenset({"declined", "error", "interrupted", "usage"})
"""Codes of errors whose own text says what there is to say."""
_MOST_NAMED = 3
"""Arbitrary: a command with more names is not typed."""


def render_hint(error: ReconcilerError, options: RenderOptions) -> str:
    """Give the command that tells more of an error, or of the problems that it is the sum of; nothing for some."""
    about = (error.diagnostics or error.shown) if isinstance(error, DiagnosedError) else ()
    codes = list(dict.fromkeys(problem.code for problem in about)) or [error.code]
    codes = [plain(code) for code in codes if code not in _SAY_ALL]
    if not codes:
        return ""
    few = len(codes) <= _MOST_NAMED
    command = f"`reconciler explain {' '.join(codes) if few else 'CODE'}`"
    told = f"{command} says more." if few else f"{command} says more of each code in brackets."
    return paint(told, "dim", colour=options.colour)
