"""The CI job that this run is part of: its address to open, and whether its log is searched for commands."""

from __future__ import annotations

import re
from collections.abc import Mapping

_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]+)?(?:/[A-Za-z0-9._~%/?=&-]*)?")


def takes_commands(environment: Mapping[str, str]) -> bool:
    """Tell whether what is printed is searched for commands: GitHub's runner (and those like it), Azure's agent."""
    return any(environment.get(name, "").lower() in {"true", "1"} for name in ("GITHUB_ACTIONS", "TF_BUILD"))


def page_link(environment: Mapping[str, str]) -> str:
    """Give the address of the CI job where it is fit to be linked in a page; nothing else can be in it."""
    told = job_link(environment).replace(" ", "%20")
    return told if _ADDRESS.fullmatch(told) else ""


def job_link(environment: Mapping[str, str]) -> str:
    """Give the address of the CI job, or nothing outside of one. The variables are those that each system documents."""
    for name in ("CI_JOB_URL", "BUILD_URL", "CIRCLE_BUILD_URL", "BUILDKITE_BUILD_URL", "DRONE_BUILD_LINK"):
        if environment.get(name):
            return environment[name]
    told = {
        "GITHUB_RUN_ID": "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}",
        "BITBUCKET_BUILD_NUMBER": "{BITBUCKET_GIT_HTTP_ORIGIN}/pipelines/results/{BITBUCKET_BUILD_NUMBER}",
        "BUILD_BUILDID": (
            "{SYSTEM_TEAMFOUNDATIONCOLLECTIONURI}{SYSTEM_TEAMPROJECT}/_build/results?buildId={BUILD_BUILDID}"
        ),
    }
    for name, form in told.items():
        if environment.get(name):
            try:
                return form.format_map(environment)
            except KeyError:
                continue
    return ""
