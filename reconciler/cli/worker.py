"""The CI job that this run is part of, as an address to open: what a person wants who finds the state locked."""

from __future__ import annotations

from collections.abc import Mapping


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
