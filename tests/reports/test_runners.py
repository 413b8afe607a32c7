"""A log that GitHub's runner or Azure's agent reads holds no command of a stranger's, and the right ones of ours."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import partial
from random import Random

import pytest

from reconciler.cli.terminal import Terminal
from reconciler.core.diagnostic import Diagnostic, Position, Severity
from reconciler.errors import ConfigurationInvalid, ReconcilerError
from reconciler.reports.events import error_events, lines, outcome_event, plan_events
from reconciler.reports.formats import COMMANDS, PLANS, PROBLEMS
from reconciler.reports.options import RenderOptions
from reconciler.reports.outcomes import line, render_outcomes
from reconciler.reports.rendering import render, render_problems
from reconciler.reports.words import sentence
from tests.reports.hostile import (
    azure_command,
    commands_in,
    fuzzed_outcomes,
    fuzzed_plan,
    fuzzed_problem,
    github_command,
    strangers_plan,
    text,
)
from tests.reports.samples import full_plan, plan_of


def terminal() -> tuple[Terminal, io.StringIO]:
    """Give a terminal whose both streams are one log that a runner reads."""
    log = io.StringIO()
    return Terminal(out=log, err=log, colour=False, talk_colour=False, interactive=False, commanded=True), log


def said(chance: Random, options: RenderOptions) -> list[str]:
    """Give one of everything that a run can write, all of it of strangers' words."""
    plan = chance.choice((fuzzed_plan, strangers_plan))(chance)
    outcomes = fuzzed_outcomes(chance)
    problems = [fuzzed_problem(partial(text, chance), severity) for severity in Severity]
    error = ReconcilerError(text(chance), text(chance))
    plans = [render(name, plan, options) for name in PLANS if name not in COMMANDS]
    return [
        *plans,
        *(render_problems(name, problems, options) for name in PROBLEMS if name not in COMMANDS),
        render_outcomes(outcomes, options),
        *(line(outcome, options) for outcome in outcomes),
        lines([*plan_events(plan), *map(outcome_event, outcomes), *error_events(error)]),
        sentence(text(chance), options),
        text(chance),
    ]


LATER = [pytest.param(block, marks=pytest.mark.full) for block in range(4, 10)]


@pytest.mark.parametrize("block", [*range(4), *LATER])
def test_no_command_of_a_stranger_s(block: int) -> None:
    """In 5,000 fuzzed logs, on either stream, plain and coloured, at any width, no line is a command."""
    for seed in range(block * 500, (block + 1) * 500):
        chance = Random(seed)
        colour = chance.random() < 0.3
        screen, log = terminal()
        screen.talk_colour = colour
        for part in said(chance, RenderOptions(width=chance.choice((60, 80, 100)), colour=colour)):
            chance.choice((screen.result, screen.talk))(part)
        screen.tell(ConfigurationInvalid(text(chance), [fuzzed_problem(partial(text, chance), Severity.ERROR)]))
        assert commands_in(log.getvalue()) == [], seed


def test_the_logs_would_be_full_of_them() -> None:
    """Without the care that is taken, the same logs have commands, on most seeds."""
    found = 0
    for seed in range(50):
        screen, log = terminal()
        screen.commanded = False
        for part in said(Random(seed), RenderOptions(width=60)):
            screen.result(part)
        found += bool(commands_in(log.getvalue()))
    assert found > 25


def test_the_parsers_find_commands() -> None:
    """The runners' parsers of these tests find what the runners would."""
    assert github_command("  ::error file=a::told") == "error"
    assert github_command("\u00a0::debug::x") == "debug"
    assert github_command("told ##[group]x") == "group"
    assert github_command("a ::error::x") is None
    assert azure_command("a ##vso[task.complete result=Failed;]x") == "task.complete"
    assert azure_command("##[section]x") is None
    assert commands_in("a\r::error::b") == ["error", "error"]


def unescaped(told: str, *, of_a_property: bool = False) -> str:
    """Read what the runner reads: percent signs last."""
    pairs = [("%0D", "\r"), ("%0A", "\n"), *([("%3A", ":"), ("%2C", ",")] if of_a_property else []), ("%25", "%")]
    for written, meant in pairs:
        told = told.replace(written, meant)
    return told


def read_back(log: str) -> list[tuple[str, dict[str, str], str]]:
    """Read annotations as GitHub's runner does."""
    found = []
    for row in log.splitlines():
        assert row.startswith("::")
        info, separator, message = row[2:].partition("::")
        assert separator
        name, _, rest = info.partition(" ")
        told = [pair.partition("=") for pair in rest.strip().split(",") if pair]
        properties = {key: unescaped(value, of_a_property=True) for key, _, value in told}
        found.append((name, properties, unescaped(message)))
    return found


def test_annotations_read_back() -> None:
    """File, line, column, title and message arrive as they were, with every sign that GitHub gives a meaning."""
    place = Position(file="a,b:c%20=.yaml", line=3, column=7)
    problem = Diagnostic(code="bad-value", summary="a :: b, c=%0A", detail="one\n::two:: 100%, done", position=place)
    [(name, properties, message)] = read_back(render_problems("github", [problem], RenderOptions()))
    assert (name, message) == ("error", "one\n::two:: 100%, done")
    assert properties == {
        "file": "a,b:c%20=.yaml",
        "line": "3",
        "col": "7",
        "title": "a :: b, c=%0A (bad-value)",
    }


def test_ten_of_a_level_and_the_rest_counted() -> None:
    """Ten errors, ten warnings, then a notice with how many more there are, then the notes."""
    problem = Diagnostic(code="bad", summary="s", detail="d")
    some = [replace(problem, severity=severity) for severity in Severity for _ in range(13)]
    found = read_back(render_problems("github", some, RenderOptions()))
    assert [name for name, _, _ in found] == ["error"] * 10 + ["warning"] * 10 + ["notice"] * 10
    assert found[20][2] == "3 more errors and 3 more warnings; the log has all of them."
    assert found[29][2] == "5 more notes; the log has all of them."
    assert render_problems("github", [], RenderOptions()) == ""


def test_annotations_of_a_plan() -> None:
    """A plan's are its refusals, what it destroys, its sums, its notes."""
    found = read_back(render("github", full_plan(), RenderOptions()))
    assert [name for name, _, _ in found] == ["error", "warning", "warning", "notice", "notice"]
    assert found[3][2].startswith("Plan: 2 to add, 7 to change, 1 to destroy.\n")
    assert [told[2] for told in read_back(render("github", plan_of(), RenderOptions()))] == [
        "No changes for what was chosen."
    ]


def test_fuzzed_annotations_are_ours_alone() -> None:
    """Whatever a plan says, the annotations are as many as there are things to annotate, each on its line."""
    for seed in range(500):
        plan = fuzzed_plan(Random(seed))
        benign = fuzzed_plan(Random(seed), lambda: "x")
        told = [read_back(render("github", each, RenderOptions())) for each in (plan, benign)]
        assert [name for name, _, _ in told[0]] == [name for name, _, _ in told[1]], seed
