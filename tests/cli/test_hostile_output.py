"""The real program with a stranger's words: at a terminal only our own colours, in a runner's log no command."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import unicodedata
from pathlib import Path
from random import Random

import pytest

from reconciler.reports.options import RenderOptions
from reconciler.reports.terraform import encode_plan
from tests.cli.program import ACME, PATIENCE_S, AtTerminal, at_terminal, called, writes
from tests.golden.story import Story
from tests.reports.hostile import commands_in, fuzzed_plan, strangers_plan
from tests.reports.samples import plan_of
from tests.reports.test_every_format import OURS, every_code_point, plan, random_texts
from tests.reports.test_runners import read_back

RUNNERS = [("GITHUB_ACTIONS", "true"), ("TF_BUILD", "True")]
EVIL = "::error::forged\n::set-output name=a::b\n##[error]x\n##vso[task.complete]x"


def saved(texts: list[str]) -> None:
    """Save a plan that says these texts."""
    Path("evil.plan").write_bytes(encode_plan(plan(texts), RenderOptions()))


def only_prints(seen: str) -> set[str]:
    """Give what a terminal was sent that does more than print, our own colours aside."""
    return {
        letter
        for letter in set(OURS.sub("", seen)) - {"\n"}
        if unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    }


def everything(person: AtTerminal) -> str:
    """Read to the end, much at a time."""
    parts = []
    with contextlib.suppress(OSError):  # the other end was closed: that is how a terminal ends on Linux
        while part := os.read(person._master, 1 << 20):
            parts.append(part)
    assert person.process.wait(PATIENCE_S) == 0
    return b"".join(parts).decode().replace("\r\n", "\n")


@pytest.mark.parametrize("texts", ["every code point", "2,000 random texts"])
def test_at_a_terminal(texts: str, folder: Path) -> None:
    """Every code point, and 2,000 random texts, shown at a terminal: it is sent our own colour codes and print."""
    writes(ACME)
    saved(every_code_point() if texts == "every code point" else random_texts())
    with at_terminal("show", "evil.plan", streams={"stdin": subprocess.DEVNULL}) as person:
        seen = everything(person)
    assert "\x1b[33m" in seen
    assert len(seen) > 50_000
    assert only_prints(seen) == set()


def test_an_account_of_strangers(place: Story) -> None:
    """So it is with what the account holds: adopted, asked about, found in the way."""
    evil = "a\x1b]0;title\x07\x1b[2J\u202eb\u200b\r"
    place.person.creates(organization="Acme Ltd.", email="billing@acme.example", p_city=evil, note=evil + "\n" + evil)
    place.person.creates(organization=evil, email="bolt@bolt.example")
    writes("clients:\n  acme: {organization: Acme Ltd., email: billing@acme.example, p_city: Rome, note: x}\n")
    with at_terminal("plan", streams={"stdin": subprocess.DEVNULL}) as person:
        assert person.ends() == 0
    assert only_prints(person.text.replace("\r", "")) == set()
    assert "will be adopted and updated" in person.text
    writes("clients:\n  bolt: {organization: Bolt, email: bolt@bolt.example}\n")
    with at_terminal("plan", streams={"stdin": subprocess.DEVNULL}) as person:
        assert person.ends() == 7
    assert only_prints(person.text.replace("\r", "")) == set()


@pytest.mark.parametrize(("name", "value"), RUNNERS)
def test_in_a_runner_s_log(name: str, value: str, place: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under a runner neither stream of any command has a line that it takes for a command."""
    monkeypatch.setenv(name, value)
    place.person.creates(organization=EVIL, email="billing@acme.example", note=EVIL)
    writes("clients:\n  acme: {organization: Acme, email: billing@acme.example}\n")
    ran = called("plan")
    assert (ran.code, "##" in ran.all) == (7, True)
    assert commands_in(ran.out) + commands_in(ran.err) == []
    acme = '{organization: "::error::x", email: b@acme.example, id: 700001, note: "##[error]x"'
    writes(f"clients:\n  acme: {acme}, nope: 1}}\n")
    for words in ((), ("--json",), ("--format", "sarif"), ("::error::x",)):
        ran = called("validate", *words)
        assert (ran.code, commands_in(ran.out) + commands_in(ran.err)) == (3, [])
    writes(f"clients:\n  acme: {acme}}}\n")
    monkeypatch.setenv("FORCE_COLOR", "1")
    for words in ((), ("--json",), ("--format", "json"), ("--format", "markdown")):
        ran = called("plan", *words)
        assert (ran.code, commands_in(ran.out) + commands_in(ran.err)) == (0, [])


def test_json_means_the_same_under_a_runner(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A saved plan that is printed into a log is spelled so that no runner heeds it, and means the same."""
    writes(ACME)
    for seed in range(20):
        Path("evil.plan").write_bytes(encode_plan(fuzzed_plan(Random(seed)), RenderOptions()))
        plain = called("show", "evil.plan", "--format", "json").out
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        under = called("show", "evil.plan", "--format", "json").out
        monkeypatch.delenv("GITHUB_ACTIONS")
        assert commands_in(under) == []
        assert json.loads(under) == json.loads(plain)


def test_our_own_annotations_arrive(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--format github is heeded, under a runner too; in a file it is the same."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    writes("clients:\n  acme: {organisation: x}\n")
    ran = called("validate", "--format", "github", "--format", "github=told.txt")
    assert ran.code == 3
    [(name, properties, _), *_] = read_back(ran.out)
    assert (name, properties["file"], properties["line"]) == ("error", "clients.yaml", "3")
    assert Path("told.txt").read_text(encoding="utf-8") == ran.out
    assert commands_in(ran.err) == []
    Path("evil.plan").write_bytes(encode_plan(strangers_plan(Random(3)), RenderOptions()))
    assert read_back(called("show", "evil.plan", "--format", "github").out)


@pytest.mark.parametrize(
    ("environment", "link"),
    [
        (
            {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "o/r", "GITHUB_RUN_ID": "7"},
            "https://github.com/o/r/actions/runs/7",
        ),
        ({"CI_JOB_URL": "https://gitlab.com/o/r/-/jobs/7"}, "https://gitlab.com/o/r/-/jobs/7"),
        (
            {
                "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI": "https://dev.azure.com/o/",
                "SYSTEM_TEAMPROJECT": "my r",
                "BUILD_BUILDID": "7",
            },
            "https://dev.azure.com/o/my%20r/_build/results?buildId=7",
        ),
        ({"CI_JOB_URL": "https://x.example/a) <script>"}, ""),
        ({"CI_JOB_URL": "javascript:alert(1)"}, ""),
        ({}, ""),
    ],
)
def test_the_run_is_linked(
    environment: dict[str, str], link: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A comment leads to the page of the run that made it, where the runner says which that is, and says it well."""
    for name in ("GITHUB_RUN_ID", "BUILD_BUILDID", "CI_JOB_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    writes(ACME)
    Path("one.plan").write_bytes(encode_plan(plan_of(), RenderOptions()))
    text = called("show", "one.plan", "--format", "markdown").out
    assert (f"[The run that made this plan]({link})" in text) == bool(link)
    assert ("](" in text) == bool(link)
