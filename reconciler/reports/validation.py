"""What `terraform validate -json` prints: whether the configuration is valid, and every problem of it."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.core.diagnostic import Diagnostic
from reconciler.reports.encode import one_line
from reconciler.reports.events import problem_document
from reconciler.reports.options import RenderOptions


def render_validation(problems: Sequence[Diagnostic], _: RenderOptions) -> str:
    """Give one JSON document."""
    told = [problem_document(problem) for problem in problems]
    document = {"format_version": "1.0", "valid": not told, "error_count": len(told), "diagnostics": told}
    return one_line(document) + "\n"
