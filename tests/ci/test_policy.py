"""Policy engines of others take our plans as they are: the examples in examples/policy refuse what they should.

Each engine pins what it needs to the letter, so each has an environment of its own, kept in the user's cache. They are
installed where CI is set (or POLICY_ENGINES), and skipped elsewhere.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from tests.golden.story import telling

POLICY = Path(__file__).resolve().parents[2] / "examples" / "policy"
REGO = """
import json, sys
import regopy
engine = regopy.Interpreter()
engine.add_module("clients", open(sys.argv[1], encoding="utf-8").read())
engine.set_input(json.load(open(sys.argv[2], encoding="utf-8")))
print(engine.query("data.clients.deny"))
"""

FIRST = """
clients:
  acme: {organization: Acme Ltd., email: billing@acme.example, contacts: {jane: {email: jane@acme.example}}}
  bolt: {organization: Bolt Bikes, email: office@bolt.example, currency_code: CAD}
  left: {organization: Left Ltd., email: office@left.example, lifecycle: {on_remove: keep}}
  gone: {organization: Gone Ltd., email: office@gone.example, currency_code: CAD}
  late: {organization: Late Ltd., email: office@late.example}
  mute: {organization: Mute Ltd., lifecycle: {on_remove: keep}}
"""
WRONG = """
clients:
  acme: {organization: Acme Ltd., email: billing@other.example, contacts: {jane: {email: jane@gmail.com}}}
  coda: {organization: Coda Ltd., email: office@coda.example}
  mute: {organization: Mute Ltd., email: somebody@else.example, currency_code: CAD}
"""
RIGHT = """
clients:
  acme: {organization: Acme Ltd., email: office@acme.example, currency_code: CAD, contacts: {}}
  bolt: {organization: Bolt Bikes, email: office@bolt.example, archived: true, currency_code: CAD}
  gone: {organization: Gone Ltd., email: office@gone.example, currency_code: CAD}
  tardy: {organization: Late Ltd., email: office@late.example, currency_code: CAD, previously: [late]}
  known: {organization: Known Ltd., email: office@known.example, currency_code: CAD}
  coda: {organization: Coda Ltd., email: office@coda.example, currency_code: USD}
"""
"""A restore, an archive, a move, an adopt, a create, a forget, and a contact that is deleted: nearly all there is."""


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with the plan of each of the two configurations, as `plan --format json` writes it."""
    folder = tmp_path_factory.mktemp("policy")
    with telling(folder) as story:
        story.writes(FIRST)
        story.apply()
        [gone] = [remote for remote, client in story.clients().items() if client["organization"] == "Gone Ltd."]
        story.person.deletes(gone)
        story.person.creates(organization="Known Ltd.", email="office@known.example", currency_code="EUR")
        for name, text in (("wrong", WRONG), ("right", RIGHT)):
            story.writes(text)
            story.run("plan", "--format", f"json={name}.json", "--max-deletes", "9")
    return folder


def engine(name: str) -> Path:
    """Give the programs of one engine, installed once as its requirements say."""
    if not (os.environ.get("CI") or os.environ.get("POLICY_ENGINES")):
        pytest.skip(f"{name} is tried where CI or POLICY_ENGINES is set: it is installed first, which takes a while")
    requirements = POLICY / f"requirements-{name}.txt"
    digest = sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "reconciler-tests"
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / f"{name}-{digest}"
    with FileLock(cache / f"{name}.lock"):
        if not (folder / "installed").exists():
            venv.create(folder, clear=True, with_pip=True)
            pip: list[str | Path] = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-deps"]
            subprocess.run([*pip, "--requirement", requirements], check=True, capture_output=True, timeout=300)
            (folder / "installed").touch()
    return folder / "bin"


def ran(command: Sequence[str | Path], home: Path) -> tuple[int, str]:
    """Run an engine apart from everything else; give its exit code and what it said."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "LOG_LEVEL": "ERROR", "LANG": "C.UTF-8"}
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


def test_terraform_compliance(plans: Path) -> None:
    """It reads the plan, refuses the wrong one for the reasons of the feature, and passes the right one."""
    feature, program = POLICY / "terraform-compliance", engine("terraform-compliance") / "terraform-compliance"

    def judged(name: str) -> tuple[int, str]:
        return ran([program, "--no-ansi", "-f", feature, "-p", plans / f"{name}.json"], plans)

    code, told = judged("wrong")
    assert code == 1, told
    assert "freshbooks_client.coda (freshbooks_client) does not have currency_code property" in told
    assert "jane@gmail.com" in told
    assert "2 failed" in told
    code, told = judged("right")
    assert (code, "failed" in told) == (0, False), told


def test_checkov(plans: Path) -> None:
    """It reads the plan, and its custom policies fail for the clients that they should, and for no other."""
    program = engine("checkov") / "checkov"
    checks: list[str | Path] = [
        "--external-checks-dir",
        POLICY / "checkov",
        "--check",
        "CKV2_FRESHBOOKS_1,CKV2_FRESHBOOKS_2",
    ]

    def judged(name: str) -> tuple[int, set[tuple[str, str]], int]:
        options = ["--framework", "terraform_plan", "--quiet", "--skip-download", "--output", "json"]
        code, told = ran([program, "--file", plans / f"{name}.json", *options, *checks], plans)
        report: dict[str, Any] = json.loads(told)
        assert report["summary"]["parsing_errors"] == 0
        failed = {(row["check_id"], row["resource"]) for row in report["results"]["failed_checks"]}
        return code, failed, report["summary"]["passed"]

    lacking = {("CKV2_FRESHBOOKS_1", f"freshbooks_client.{name}") for name in ("acme", "coda")}
    assert judged("wrong") == (1, lacking, 4)
    code, failed, passed = judged("right")
    assert (code, failed) == (0, set())
    assert passed >= 10


def test_rego(plans: Path) -> None:
    """A Rego engine reads the plan, and denies what the policy says, with the address of each."""
    program = engine("rego") / "python"

    def judged(name: str) -> set[str]:
        code, told = ran([program, "-c", REGO, POLICY / "rego" / "clients.rego", plans / f"{name}.json"], plans)
        assert code == 0, told
        [denied] = json.loads(told)["expressions"]
        return {text.partition(":")[0] + text.partition(":")[2][:20] for text in denied}

    assert judged("wrong") == {
        "freshbooks_client.acme the domain of an em",
        "freshbooks_client.bolt clients are archive",
        "freshbooks_client.coda a new client needs ",
        "freshbooks_client.late clients are archive",
        "freshbooks_client.mute the domain of an em",
    }
    assert judged("right") == set()
