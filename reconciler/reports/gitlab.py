"""The numbers that GitLab shows on a merge request, as its report of the type `terraform` has them.

https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsterraform. It tells of no record and no value.
"""

from __future__ import annotations

import json

from reconciler.core.change import Plan
from reconciler.reports.options import RenderOptions
from reconciler.reports.text import counts


def render_gitlab(plan: Plan, _: RenderOptions) -> str:
    """Give the report: one JSON object of three numbers, those of the line that begins with `Plan:`."""
    found = counts(plan.changes)
    return json.dumps({"create": found["add"], "update": found["change"], "delete": found["destroy"]}) + "\n"
