"""Who works here: the person, and the CI job that this run is part of, with its address and what its log is for."""

from __future__ import annotations

import getpass
import re
import socket
from collections.abc import Mapping

from reconciler.core.run import Who

_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]+)?(?:/[A-Za-z0-9._~%/?=&-]*)?")


def takes_commands(environment: Mapping[str, str]) -> bool:
    """Tell whether what is printed is searched for commands: GitHub's runner (and those like it), Azure's agent."""
    return any(environment.get(name, "").lower() in {"true", "1"} for name in ("GITHUB_ACTIONS", "TF_BUILD"))


_ACTORS = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILDKITE_BUILD_CREATOR", "CIRCLE_USERNAME", "BUILD_REQUESTEDFOR")
"""The variables in which CI systems say on whose behalf a job runs."""


def who(environment: Mapping[str, str]) -> Who:
    """Say who starts this run: in CI whoever set the job off, else the user of this machine."""
    link = job_link(environment)
    actor = next((environment[name] for name in _ACTORS if environment.get(name)), "") if link else ""
    return Who(user=actor or _user(), host=socket.gethostname(), link=link)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may run as a number that has no name
        return ""


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
