"""The table of formats: for each name the function that renders a plan, or diagnostics, in it.

To add a format is to write one file beside this one and one row here. Rows name functions instead of importing them,
so that help can list the formats at no cost, and a run loads only what it renders.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.core.change import Plan
    from reconciler.reports.options import RenderOptions

    PlanRender = Callable[[Plan, RenderOptions], str]

PLANS: Mapping[str, str] = {
    "text": "text:render_plan",
    "json": "terraform:render_json",
    "gitlab": "gitlab:render_gitlab",
}
"""What a plan can be rendered as: `module:function`, the function a `PlanRender`."""


def plan_render(name: str) -> PlanRender:
    """Give what renders a plan in a format of the table."""
    found: PlanRender = _function(PLANS[name])
    return found


def _function(place: str) -> Callable[..., str]:
    module, _, name = place.partition(":")
    found: Callable[..., str] = getattr(import_module(f"{__package__}.{module}"), name)
    return found
