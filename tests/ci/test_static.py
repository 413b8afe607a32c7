"""What users copy is well-formed, meets the schemas of those who read it, and an auditor finds nothing in it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.ci.runner import loaded
from tests.docs.pages import DOCS, fenced

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
EXAMPLES = ROOT / "examples" / "ci"
GITHUB = (EXAMPLES / "github.yml", EXAMPLES / "drift.yml")
ACTION = ROOT / "action.yml"
SCRIPTS = sorted((ROOT / "action").glob("*.sh"))
YAML = (ACTION, ROOT / ".pre-commit-hooks.yaml", *sorted(EXAMPLES.glob("*.yml")))


def checked(*command: str | Path) -> None:
    """Run a checker, which must find nothing; whatever it says is the failure."""
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent", "LANG": "C.UTF-8"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def steps() -> list[dict[str, Any]]:
    """Give every step of the workflows and of the action."""
    jobs = [job for file in GITHUB for job in loaded(file)["jobs"].values()]
    return [step for job in jobs for step in job["steps"]] + list(loaded(ACTION)["runs"]["steps"])


@pytest.mark.parametrize("file", GITHUB, ids=lambda file: file.name)
def test_workflows_meet_the_schema(file: Path) -> None:
    """Each workflow is one that GitHub would take."""
    checked(BIN / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", file)


def test_the_action_meets_the_schema() -> None:
    """The action is one that GitHub would take."""
    checked(BIN / "check-jsonschema", "--builtin-schema", "vendor.github-actions", ACTION)


def test_the_gitlab_pipeline_meets_the_schema() -> None:
    """The pipeline is one that GitLab would take."""
    schema = ("--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci")
    checked(BIN / "check-jsonschema", *schema, EXAMPLES / "gitlab-ci.yml")


@pytest.mark.parametrize("schema", ["azure-pipelines", "bitbucket-pipelines"])
def test_pipelines_in_the_documentation_meet_their_schemas(schema: str, tmp_path: Path) -> None:
    """The pipelines on the page are ones that Azure and Bitbucket would take."""
    [text] = [text for text in fenced(DOCS / "how-to" / "ci.md", "yaml") if text.startswith(f"# {schema}.yml")]
    file = tmp_path / f"{schema}.yml"
    file.write_text(text, "utf-8")
    # Azure's schema has patterns that are none under the flag `u`.
    azure = ("--data-transform", schema, "--regex-variant", "nonunicode")
    transform = azure if schema == "azure-pipelines" else ()
    checked(BIN / "check-jsonschema", "--builtin-schema", f"vendor.{schema}", *transform, file)
    checked(BIN / "yamllint", "--strict", "--config-file", ROOT / ".yamllint", file)


def test_an_auditor_finds_nothing() -> None:
    """zizmor, as strict as it can be, has nothing to say of the action and the workflows."""
    checked(BIN / "zizmor", "--offline", "--no-config", "--persona", "auditor", ACTION, *GITHUB)


def test_yaml_is_tidy() -> None:
    """Yamllint has nothing to say."""
    checked(BIN / "yamllint", "--strict", "--config-file", ROOT / ".yamllint", *YAML)


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: file.name)
def test_scripts_parse(file: Path) -> None:
    """Every script is one that bash understands."""
    checked("bash", "-n", file)


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed here; CI has it")
def test_scripts_have_no_known_mistakes(tmp_path: Path) -> None:
    """Shellcheck has nothing to say of any script, nor of the lines in the workflows and the pipeline."""
    pipeline = loaded(EXAMPLES / "gitlab-ci.yml")
    inside = [pipeline["default"]["before_script"], *(job["script"] for job in pipeline.values() if "script" in job)]
    lines = ["\n".join(script) for script in inside] + [step["run"] for step in steps() if "run" in step]
    files = [tmp_path / f"{number}.sh" for number in range(len(lines))]
    for file, text in zip(files, lines, strict=True):
        file.write_text(f"#!/bin/bash\n{text}\n", "utf-8")
    checked("shellcheck", *SCRIPTS, ROOT / ".ci" / "run", *files)


def test_no_value_is_part_of_a_script() -> None:
    """No `run` holds an expression: what comes from outside comes by the environment."""
    assert [step["run"] for step in steps() if "${{" in step.get("run", "")] == []


def test_other_peoples_actions_are_pinned() -> None:
    """Only GitHub's own two actions are used besides ours, each by its whole commit and with its version beside it."""
    text = "".join(file.read_text("utf-8") for file in (ACTION, *GITHUB))
    used = {found[1] for found in re.finditer(r"uses: (.*)", text)}
    ours = {"OWNER/REPO@0000000000000000000000000000000000000000 # the commit of the release that you use"}
    assert {name.partition("@")[0] for name in used - ours} == {"actions/checkout", "actions/setup-python"}
    assert [name for name in used - ours if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", name)] == []


def test_one_thing_at_a_time() -> None:
    """What reads or writes the account is in one group, in which nothing that waits is dropped."""
    group = {"group": "freshbooks", "queue": "max"}
    workflow, drift = (loaded(file) for file in GITHUB)
    assert drift["concurrency"] == workflow["jobs"]["plan"]["concurrency"] == group
    assert workflow["concurrency"]["queue"] == "max"
    assert workflow["concurrency"]["group"].endswith("|| 'freshbooks' }}")


def test_secrets_reach_only_what_plans_and_applies() -> None:
    """No job that a stranger can set off names a secret, and no job has a right that it does not need."""
    for file in GITHUB:
        for name, job in loaded(file)["jobs"].items():
            inside = str(job)
            assert ("secrets." in inside) == ("environment" in job), name
            assert {right for right, how in job["permissions"].items() if how == "write"} <= {"pull-requests", "issues"}
        assert loaded(file)["permissions"] == {}
