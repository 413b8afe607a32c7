"""The table of formats: for each name the function that renders a plan, or problems, in it.

To add a format is to write one file beside this one and one row here. Rows name functions instead of importing them,
so that help can list the formats at no cost, and a run loads only what it renders. How they are called: `rendering.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

PLANS: Mapping[str, str] = {
    "text": "text:render_plan",
    "json": "terraform:render_json",
    "markdown": "markdown:render_markdown",
    "html": "html:render_html",
    "gitlab": "gitlab:render_gitlab",
    "github": "github:render_github",
}
"""What a plan can be rendered as: `module:function`, the function from (Plan, RenderOptions) to text."""

PROBLEMS: Mapping[str, str] = {
    "text": "diagnostics:render_problems",
    "json": "validation:render_validation",
    "github": "github:render_problems",
    "sarif": "sarif:render_sarif",
}
"""What the problems of a configuration can be rendered as; the function from (Diagnostics, RenderOptions) to text."""

DRIFTS: Mapping[str, str] = {
    "text": "drift:render_drift",
    "json": "drift:render_drift_json",
    "markdown": "drift:render_drift_markdown",
}
"""What drift can be rendered as; the function from (DriftReport, RenderOptions) to text."""

COMMANDS = frozenset({"github"})
"""Formats that are commands to the runner which reads the log, and so are the only ones that it may heed."""

EXPLAINING = frozenset({"sarif"})
"""Formats that bring along what each code means: `RenderOptions.explained`."""
