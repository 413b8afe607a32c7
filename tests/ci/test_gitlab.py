"""The GitLab pipeline as users copy it: the plan of a merge request, the merge, and the apply that a person starts."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.sandbox.server import Sandbox, running
from tests.ci.place import FILE, KEY, seeds
from tests.ci.runner import PROGRAM, ROOT, Hub, git, loaded, script
from tests.golden.story import Person
from tests.store.gitlab import GitLab
from tests.store.statehost import PASSWORD, USERNAME
from tests.store.statehost import running as hosting

PIPELINE = loaded(ROOT / "examples" / "ci" / "gitlab-ci.yml")
CHANGED = FILE.replace("416-555-0100", "416-555-0199")


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a job left."""

    code: int
    log: str
    work: Path

    @property
    def dotenv(self) -> dict[str, str]:
        """Give what the job hands to the next: GitLab reads the file so."""
        text = (self.work / PIPELINE["plan-merged"]["artifacts"]["reports"]["dotenv"]).read_text("utf-8")
        assert re.fullmatch(r"PLAN_ID=[0-9a-f]{20}\n", text)
        name, _, value = text.strip().partition("=")
        return {name: value}


class Pipelines:
    """A hub, an account, a GitLab that keeps the state, and runners: each job on a new machine."""

    def __init__(self, folder: Path, sandbox: Sandbox, server: GitLab) -> None:
        self.hub, self.sandbox, self.server = Hub(folder), sandbox, server
        self._folder, self._made = folder, 0
        self._fixed = {
            "FRESHBOOKS_API_URL": sandbox.url, "CI": "true", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
            "RECONCILER_STATE": server.url("freshbooks"), "TF_HTTP_USERNAME": USERNAME, "TF_HTTP_PASSWORD": PASSWORD,
            "RECONCILER_LOGIN": PIPELINE["variables"]["RECONCILER_LOGIN"], "RECONCILER_TOKEN_KEY": KEY,
        }  # fmt: skip
        seeds(folder / "desk-of-ada", sandbox, self._fixed)

    def job(self, name: str, sha: str, given: Mapping[str, str] | None = None) -> Done:
        """Carry a job out on a commit, with what an earlier one handed on."""
        self._made += 1
        machine = self._folder / f"machine-{self._made}"
        work = machine / "work"
        work.mkdir(parents=True)
        script(machine / "bin" / "reconciler", PROGRAM, PYTHONPATH=str(ROOT))
        script(machine / "bin" / "python3", [sys.executable, "-P"])
        git(work, "init", "--quiet")
        git(work, "remote", "add", "origin", f"file://{self.hub.git}")
        git(work, "fetch", "--quiet", "origin", sha)
        git(work, "checkout", "--quiet", "--detach", sha)
        environment = {"PATH": f"{machine / 'bin'}:/usr/bin:/bin", "HOME": str(machine), **self._fixed, **(given or {})}
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", "\n".join(PIPELINE[name]["script"])],
            cwd=work, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=120, check=False,
        )  # fmt: skip
        return Done(code=done.returncode, log=done.stdout, work=work)

    def writes(self) -> int:
        """Give how many requests to the account so far were no reads."""
        return sum(entry["method"] != "GET" for entry in self.sandbox.log.entries)


@pytest.fixture
def pipelines(tmp_path: Path) -> Iterator[Pipelines]:
    """Give pipelines whose main is applied."""
    server = GitLab()
    with hosting(server), running(account="Ab12Cd", calls_per_minute=0, creates_per_minute=0) as sandbox:
        made = Pipelines(tmp_path, sandbox, server)
        sha = made.hub.pushes({"clients.yaml": FILE})
        applied = made.job("apply", sha, made.job("plan-merged", sha).dotenv)
        assert applied.code == 0, applied.log
        yield made


def test_from_merge_request_to_apply(pipelines: Pipelines) -> None:
    """The widget counts, the page shows, the merged plan has the id that was seen, and exactly it is applied."""
    sha = pipelines.hub.pushes({"clients.yaml": CHANGED}, "phone")
    pipelines.hub.pushes({"other.txt": "something else was merged meanwhile"})
    assert pipelines.job("validate", sha).code == 0
    seen = pipelines.job("plan", sha)
    assert seen.code == 0, seen.log
    reports = PIPELINE["plan"]["artifacts"]
    assert json.loads((seen.work / reports["reports"]["terraform"]).read_text("utf-8")) == {
        "create": 0, "update": 1, "delete": 0,
    }  # fmt: skip
    assert "416-555-0199" in (seen.work / reports["paths"][0]).read_text("utf-8")
    assert (seen.work / "other.txt").exists()
    merged = pipelines.hub.merges(pipelines.hub.opens("phone"))
    planned = pipelines.job("plan-merged", merged)
    assert f"Plan id: {planned.dotenv['PLAN_ID']}" in seen.log
    before = pipelines.writes()
    done = pipelines.job("apply", merged, planned.dotenv)
    assert (done.code, pipelines.writes() - before) == (0, 1), done.log
    assert pipelines.job("drift", merged).code == 0


def test_what_moved_since_is_refused(pipelines: Pipelines) -> None:
    """A plan that waited while another was applied to the same client writes nothing; nor does an empty id."""
    first = pipelines.hub.pushes({"clients.yaml": CHANGED})
    planned = pipelines.job("plan-merged", first).dotenv
    second = pipelines.hub.pushes({"clients.yaml": CHANGED.replace("billing@", "office@")})
    assert pipelines.job("apply", second, pipelines.job("plan-merged", second).dotenv).code == 0
    before = pipelines.writes()
    assert pipelines.job("apply", first, planned).code == 5
    assert pipelines.job("apply", second, {"PLAN_ID": ""}).code == 64
    assert pipelines.writes() == before


def test_drift_fails_by_night(pipelines: Pipelines) -> None:
    """A wish that is not applied yet is no drift; what somebody does in FreshBooks is, and the log has the ways out."""
    wished = pipelines.hub.pushes({"clients.yaml": CHANGED})
    assert pipelines.job("drift", wished).code == 0
    person = Person(pipelines.sandbox)
    [acme] = [row.id for row in pipelines.sandbox.books.select("ORDER BY id") if "Acme Ltd." in row.document]
    person.edits(acme, fname="Eve")
    person.close()
    drifted = pipelines.job("drift", wished)
    assert (drifted.code, "reconciler export --accept clients.acme" in drifted.log) == (2, True), drifted.log


def test_nothing_secret_stands_in_the_pipeline_or_is_left(pipelines: Pipelines) -> None:
    """Neither token nor password is in a log, and the whole plan is not left where artifacts are taken from."""
    planned = pipelines.job("plan-merged", pipelines.hub.head("main"))
    assert [secret for secret in (pipelines.sandbox.refresh_token, KEY, PASSWORD) if secret in planned.log] == []
    assert sorted(file.name for file in planned.work.iterdir() if file.name != ".git") == ["clients.yaml", "plan.env"]


def test_who_may_start_what() -> None:
    """A fork's merge request is only validated, an apply is started by hand, and one thing happens at a time."""
    # In a pipeline that runs in the fork, CI_PROJECT_ID is the fork's.
    own = "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_MERGE_REQUEST_PROJECT_ID"
    assert own in PIPELINE["plan"]["rules"][0]["if"]
    assert PIPELINE["apply"]["rules"][0]["when"] == "manual"
    assert PIPELINE["apply"]["needs"] == ["plan-merged"]
    reaching = ("plan", "plan-merged", "apply", "drift")
    assert {PIPELINE[name]["resource_group"] for name in reaching} == {"freshbooks"}
    assert any("action/install.sh" in line for line in PIPELINE["default"]["before_script"])
