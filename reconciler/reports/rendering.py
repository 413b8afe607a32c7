"""The one way from a plan, or from problems, to a format of the table: what may not be shown is hidden on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module

from reconciler.core.change import Plan
from reconciler.core.diagnostic import Diagnostic
from reconciler.core.drift import DriftReport
from reconciler.reports.formats import DRIFTS, PLANS, PROBLEMS
from reconciler.reports.hiding import hidden, hidden_problems
from reconciler.reports.options import RenderOptions


def render(name: str, plan: Plan, options: RenderOptions) -> str:
    """Render a plan in a format of the table, without the values that may not be shown."""
    told: Callable[[Plan, RenderOptions], str] = _function(PLANS[name])
    shown = hidden(plan, options)
    return told(shown, replace(options, sensitive=options.sensitive.union(shown.options.sensitive)))


def render_problems(name: str, problems: Sequence[Diagnostic], options: RenderOptions) -> str:
    """Render problems in a format of the table, without the values that may not be shown."""
    told: Callable[[Sequence[Diagnostic], RenderOptions], str] = _function(PROBLEMS[name])
    return told(hidden_problems(problems, options.sensitive), options)


def render_report(name: str, report: DriftReport, options: RenderOptions) -> str:
    """Render drift in a format of the table; its values are hidden already."""
    told: Callable[[DriftReport, RenderOptions], str] = _function(DRIFTS[name])
    return told(report, options)


def _function(place: str) -> Callable[..., str]:
    module, _, name = place.partition(":")
    found: Callable[..., str] = getattr(import_module(f"{__package__}.{module}"), name)
    return found
