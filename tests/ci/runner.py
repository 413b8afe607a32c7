"""A hub with a bare repository, people who push and merge, and runners that carry out a workflow as it is written.

Each job has a machine of its own: an empty home, an empty checkout. What it shares with others is the hub, the account,
and the shared state.
"""

from __future__ import annotations

import json
import os
import shlex
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.ci.expressions import Contexts, evaluated, rendered
from tests.ci.gh import head

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = (sys.executable, "-P", "-c", "from reconciler.cli.main import main; main()")
_GIT = ("git", "-c", "user.name=ada", "-c", "user.email=ada@example.org", "-c", "init.defaultBranch=main")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """How a job ended."""

    result: str
    outputs: Mapping[str, str] = field(default_factory=dict)
    log: str = ""
    summary: str = ""
    name: str = ""


class Hub:
    """The place that people push to, with its pull requests, comments and issues."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git = folder / "hub.git"
        self.file = folder / "hub.json"
        self.desk = folder / "desk"
        git(folder, "init", "--quiet", "--bare", str(self.git))
        git(self.git, "config", "uploadpack.allowAnySHA1InWant", "true")
        git(folder, "clone", "--quiet", str(self.git), str(self.desk))
        empty: dict[str, Any] = {"comments": [], "issues": [], "pulls": [], "asking": ["freshbooks"]}
        self.file.write_text(json.dumps({"git": str(self.git), **empty}), "utf-8")

    @property
    def told(self) -> dict[str, Any]:
        """Give everything besides the repository."""
        found: dict[str, Any] = json.loads(self.file.read_text("utf-8"))
        return found

    def changed(self, change: Callable[[dict[str, Any]], object]) -> None:
        """Change something by hand."""
        told = self.told
        change(told)
        self.file.write_text(json.dumps(told), "utf-8")

    def bodies(self, number: int) -> list[str]:
        """Give what the comments of a pull request say."""
        return [row["body"] for row in self.told["comments"] if row["issue"] == number]

    def pushes(self, files: Mapping[str, str], branch: str = "main") -> str:
        """Commit files onto a branch, a new one from main, and push it; give the commit."""
        at = self._at(branch)
        git(self.desk, "checkout", "--quiet", *(["-B", branch, at] if at else ["--orphan", branch]))
        for name, text in files.items():
            (self.desk / name).parent.mkdir(parents=True, exist_ok=True)
            (self.desk / name).write_text(text, "utf-8")
        git(self.desk, "add", "--all")
        git(self.desk, "commit", "--quiet", "--allow-empty", "--message", f"on {branch}")
        git(self.desk, "push", "--quiet", "origin", branch)
        return head(self.told, branch)

    def _at(self, branch: str) -> str:
        git(self.desk, "fetch", "--quiet", "--prune")
        known = git(self.desk, "branch", "--remotes", "--format", "%(refname:short)").split()
        if "origin/main" not in known:
            return ""
        # A new branch begins where main began, so that it lacks what has been merged since.
        return (
            f"origin/{branch}"
            if f"origin/{branch}" in known
            else git(self.desk, "rev-list", "--max-parents=0", "origin/main").strip()
        )

    def opens(self, branch: str) -> int:
        """Open a pull request; give its number."""
        number = len(self.told["pulls"]) + 1
        row = {"number": number, "branch": branch, "base": {"ref": "main"}, "merged_at": None, "merge_commit_sha": None}
        self.changed(lambda hub: hub["pulls"].append(row))
        return number

    def merges(self, number: int) -> str:
        """Merge a pull request into main; give the commit."""
        branch = self.told["pulls"][number - 1]["branch"]
        git(self.desk, "fetch", "--quiet")
        git(self.desk, "checkout", "--quiet", "-B", "main", "origin/main")
        git(self.desk, "merge", "--quiet", "--no-ff", "--message", f"merge {number}", f"origin/{branch}")
        git(self.desk, "push", "--quiet", "origin", "main")
        sha = head(self.told, "main")
        self.changed(lambda hub: hub["pulls"][number - 1].update(merged_at="2026-01-01", merge_commit_sha=sha))
        return sha

    def file_on(self, branch: str, name: str) -> str:
        """Give a file as it is on a branch."""
        return git(self.git, "show", f"{branch}:{name}")

    def head(self, branch: str) -> str:
        """Give the newest commit of a branch."""
        return head(self.told, branch)


class Runners:
    """What carries a workflow out, job by job, each on a new machine."""

    def __init__(
        self, hub: Hub, machine: Mapping[str, str], variables: Mapping[str, str], secrets: Mapping[str, str]
    ) -> None:
        self._hub, self._machine, self._vars, self._secrets = hub, machine, variables, secrets
        self._made = 0

    # The three things that set a workflow off.

    def requested(self, number: int, workflow: str = "github.yml", *, fork: bool = False) -> dict[str, Job]:
        """Carry out what a pull request sets off, on its newest commit."""
        sha = self._hub.head(self._hub.told["pulls"][number - 1]["branch"])
        head_of = {"sha": sha, "repo": {"full_name": "stranger/clients" if fork else "books/clients"}}
        event = {"number": number, "pull_request": {"number": number, "head": head_of}}
        return self._run(workflow, "pull_request", sha, f"{number}/merge", event)

    def pushed(self, sha: str, *, approves: Callable[[Job], bool] = lambda _: True) -> dict[str, Job]:
        """Carry out what a push to main sets off; `approves` is the person whom the environment asks."""
        return self._run("github.yml", "push", sha, "main", {}, approves=approves)

    def by_hand(self, workflow: str = "github.yml", branch: str = "main", **inputs: str) -> dict[str, Job]:
        """Carry out a run that a person starts."""
        return self._run(workflow, "workflow_dispatch", self._hub.head(branch), branch, {}, inputs=inputs)

    def _run(
        self,
        workflow: str,
        name: str,
        sha: str,
        ref: str,
        event: Mapping[str, Any],
        *,
        inputs: Mapping[str, str] | None = None,
        approves: Callable[[Job], bool] = lambda _: True,
    ) -> dict[str, Job]:
        document = loaded(ROOT / "examples" / "ci" / workflow)
        base = "main" if name == "pull_request" else ""
        github = {"event_name": name, "event": event, "repository": "books/clients", "base_ref": base, "sha": sha}
        done: dict[str, Job] = {}
        for key, job in document["jobs"].items():
            needs = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
            token = ", ".join(f"{right}: {how}" for right, how in job["permissions"].items())
            contexts: dict[str, Any] = {
                "github": {**github, "ref_name": ref, "token": token},
                "inputs": inputs or {}, "vars": self._vars, "secrets": self._secrets if not _fork(event) else {},
                "needs": {need: {"outputs": done[need].outputs, "result": done[need].result} for need in needs},
            }  # fmt: skip
            if any(done[need].result != "success" for need in needs) or not evaluated(
                job.get("if", "'true'"), contexts
            ):
                done[key] = Job(result="skipped")
                continue
            shown_as = Job(result="waiting", name=rendered(job["name"], contexts), outputs=contexts["needs"])
            if job.get("environment") in self._hub.told["asking"] and not approves(shown_as):
                done[key] = Job(result="rejected")
                continue
            done[key] = self._on_new_machine(job, contexts, document.get("env", {}))
        return done

    def _on_new_machine(self, job: Mapping[str, Any], contexts: Contexts, told: Mapping[str, str]) -> Job:
        self._made += 1
        machine = Machine(self._hub, self._hub.folder / f"machine-{self._made}", {**told, **self._machine}, contexts)
        result = "success" if all(machine.step(step, contexts) for step in job["steps"]) else "failure"
        known = {**contexts, "steps": machine.outputs}
        outputs = {name: rendered(text, known) for name, text in job.get("outputs", {}).items()}
        name = rendered(job["name"], contexts)
        return Job(result=result, outputs=outputs, log=machine.log, summary=machine.summary, name=name)


class Machine:
    """One new machine: its folders, and what its steps left."""

    def __init__(self, hub: Hub, folder: Path, machine: Mapping[str, str], contexts: Contexts) -> None:
        self._hub, self._folder = hub, folder
        self.log = ""
        self.outputs: dict[str, Any] = {}
        for name in ("home", "temp", "work"):
            (folder / name).mkdir(parents=True)
        script(folder / "bin" / "gh", [sys.executable, "-P", str(ROOT / "tests" / "ci" / "gh.py")])
        # As `install.sh` leaves it; that it does so has a test of its own.
        script(folder / "temp" / "reconciler" / "bin" / "reconciler", PROGRAM, PYTHONPATH=str(ROOT))
        script(folder / "temp" / "reconciler" / "bin" / "python", [sys.executable, "-P"])
        github = contexts["github"]
        self._environment = {
            "PATH": f"{folder / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(folder / "home"), "RUNNER_TEMP": str(folder / "temp"), "CI": "true", "GITHUB_ACTIONS": "true",
            "GITHUB_REPOSITORY": github["repository"], "GITHUB_SHA": github["sha"], "HUB": str(hub.file),
            "GITHUB_REF_NAME": github["ref_name"], "GITHUB_SERVER_URL": "https://hub.example", "GITHUB_RUN_ID": "42",
            "GITHUB_STEP_SUMMARY": str(folder / "summary"), "GITHUB_ACTION_PATH": str(ROOT), **machine,
        }  # fmt: skip

    @property
    def summary(self) -> str:
        """Give what the steps wrote for the page of the run."""
        file = self._folder / "summary"
        return file.read_text("utf-8") if file.exists() else ""

    def step(self, step: Mapping[str, Any], contexts: Contexts) -> bool:
        """Carry one step out; say whether it succeeded."""
        if not evaluated(step.get("if", "'true'"), contexts):
            return True
        given = {name: rendered(str(value), contexts) for name, value in step.get("with", {}).items()}
        environment = {name: rendered(str(value), contexts) for name, value in step.get("env", {}).items()}
        match step.get("uses", "").partition("@")[0]:
            case "actions/checkout":
                self._check_out(given, contexts["github"]["sha"])
                return True
            case "actions/setup-python":
                return True
            case "OWNER/REPO":
                return self._act(step, given, environment, contexts)
            case other:
                assert not other, other
        inside = rendered(step.get("working-directory", "."), contexts)
        return self._shell(step, inside, environment)

    def _act(
        self, step: Mapping[str, Any], given: Mapping[str, str], environment: Mapping[str, str], contexts: Contexts
    ) -> bool:
        action = loaded(ROOT / "action.yml")
        assert set(given) <= set(action["inputs"])
        defaults = {name: rendered(told.get("default", ""), contexts) for name, told in action["inputs"].items()}
        inner = {**contexts, "inputs": {**defaults, **given}}
        fine = all(
            self.step({**part, "env": {**environment, **part.get("env", {})}}, inner)
            for part in action["runs"]["steps"]
        )
        known = {**inner, "steps": self.outputs}
        outputs = {name: rendered(told["value"], known) for name, told in action["outputs"].items()}
        self.outputs[step.get("id", "")] = {"outputs": outputs}
        return fine

    def _check_out(self, given: Mapping[str, str], sha: str) -> None:
        work, wanted = self._folder / "work", given.get("ref") or sha
        assert given["persist-credentials"] == "False"
        git(work, "init", "--quiet")
        git(work, "remote", "add", "origin", f"file://{self._hub.git}")
        depth = [] if given.get("fetch-depth") == "0" else ["--depth", "1"]
        git(
            work,
            "fetch",
            "--quiet",
            *depth,
            "origin",
            wanted,
            *(["+refs/heads/*:refs/remotes/origin/*"] if not depth else []),
        )
        git(work, "checkout", "--quiet", "--detach", wanted)

    def _shell(self, step: Mapping[str, Any], inside: str, environment: Mapping[str, str]) -> bool:
        output = self._folder / f"output-{len(self.log)}"
        output.touch()
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self._folder / "work" / inside,
            env={**self._environment, "GITHUB_OUTPUT": str(output), **environment},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=120, check=False,
        )  # fmt: skip
        self.log += done.stdout
        lines = (line.partition("=") for line in output.read_text("utf-8").splitlines())
        self.outputs[step.get("id", "")] = {"outputs": {name: value for name, _, value in lines}}
        return done.returncode == 0


def _fork(event: Mapping[str, Any]) -> bool:
    return "pull_request" in event and event["pull_request"]["head"]["repo"]["full_name"] != "books/clients"


def loaded(file: Path) -> dict[str, Any]:
    """Read YAML as GitHub does: `on` is no boolean, and no value is a date."""
    found: dict[str, Any] = yaml.load(file.read_text("utf-8"), Loader=_Plain)  # noqa: S506 - a safe loader of ours
    return found


class _Plain(yaml.SafeLoader):
    pass


_Plain.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if not (tag.endswith(":bool") and first not in "tf")]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def git(inside: Path, *words: str) -> str:
    """Run git as a person who has a name."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run([*_GIT, *words], cwd=inside, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def script(file: Path, command: Any, **environment: str) -> None:  # noqa: ANN401 - words
    """Write an executable that starts a command with more words after it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    told = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in environment.items())
    file.write_text(f'#!/bin/sh\n{told}exec {shlex.join(command)} "$@"\n', "utf-8")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
