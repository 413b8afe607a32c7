"""Every report takes every letter: each format of the tables, the events, the outcomes, the errors."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

import pytest

from reconciler.core.change import Action, Plan
from reconciler.core.diagnostic import Diagnostic, Position, Severity
from reconciler.core.outcome import Result
from reconciler.errors import ConfigurationInvalid, ReconcilerError
from reconciler.reports.diagnostics import render_error
from reconciler.reports.events import error_events, lines, outcome_event, plan_events, plan_sums
from reconciler.reports.formats import COMMANDS, PLANS, PROBLEMS
from reconciler.reports.options import RenderOptions
from reconciler.reports.outcomes import render_outcomes
from reconciler.reports.rendering import render, render_problems
from tests.reports.hostile import letter, strangers_plan
from tests.reports.samples import attribute, change, named, outcome, plan_of

PLAIN = RenderOptions(width=80)
OURS = re.compile("\x1b\\[(?:0|[0-9]{1,2}(?:;[0-9]{1,2})?)m")
EVERY = [chr(number) for number in range(0x110000) if not 0xD800 <= number < 0xE000]
CHUNK = 4_000
FOR_PROGRAMS = {"json", "gitlab", "sarif"}


def every_code_point() -> list[str]:
    """Give every letter once, in texts of a bearable length."""
    return ["".join(EVERY[at : at + CHUNK]) for at in range(0, len(EVERY), CHUNK)]


def random_texts() -> list[str]:
    """Give 2,000 texts of any letters."""
    chance = Random(7)
    return ["".join(chr(letter(chance)) for _ in range(chance.randint(0, 30))) for _ in range(2_000)]


def problems(texts: Sequence[str]) -> list[Diagnostic]:
    """Give problems that say these texts, each in another part in turn."""
    parts: list[Callable[[str], dict[str, object]]] = [
        lambda text: {"summary": text},
        lambda text: {"detail": text},
        lambda text: {"excerpt": text, "position": Position(file="a.yaml", line=1)},
        lambda text: {"position": Position(file=text, line=1)},
    ]
    plain = Diagnostic(code="bad", summary="wrong", severity=Severity.NOTE)
    return [replace(plain, **parts[number % 4](text)) for number, text in enumerate(texts)]  # type: ignore[arg-type] # fields of it


def plan(texts: Sequence[str]) -> Plan:
    """Give a plan that says these texts, each in another place in turn."""
    third = max(1, len(texts) // 3)
    changes = []
    for number, text in enumerate(texts[: 2 * third]):
        row = attribute("note", text if number % 3 == 1 else "x", "y" if number % 3 == 1 else text or "z")
        why = {"reason": text} if number % 3 == 2 else {}
        changes.append(change(Action.UPDATE, row, address=named(f"c{number}"), **why))
    drift = (change(Action.UPDATE, attribute("note", texts[0] or "x", "y")),)
    return plan_of(*changes, drift=drift, notes=tuple(problems(texts[2 * third :])), unmanaged={"client": 1})


def only_prints(text: str) -> set[str]:
    """Give the letters of a text that do more than print, our own colours and line ends aside."""
    return {
        found
        for found in set(OURS.sub("", text)) - {"\n"}
        if unicodedata.category(found) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    }


@pytest.fixture(scope="module", params=["every code point", "2,000 random texts"])
def texts(request: pytest.FixtureRequest) -> list[str]:
    """Give texts to be shown."""
    return every_code_point() if request.param == "every code point" else random_texts()


@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("name", [name for name in PLANS if name not in FOR_PROGRAMS])
def test_plans_for_people(name: str, colour: bool, texts: list[str]) -> None:  # noqa: FBT001 - a parameter
    """What people read only prints, but for our own colours."""
    options = replace(PLAIN, colour=colour, max_size=10_000_000)
    assert only_prints(render(name, plan(texts), options)) == set()


@pytest.mark.parametrize("name", [name for name in PLANS if name not in FOR_PROGRAMS])
def test_plans_from_anywhere(name: str) -> None:
    """A saved plan can be anybody's: not even its addresses, kinds and plan id do more than print."""
    for seed in range(100):
        options = replace(PLAIN, colour=seed % 2 == 0, summary=seed % 3 == 0)
        assert only_prints(render(name, strangers_plan(Random(seed)), options)) == set(), seed


@pytest.mark.parametrize("name", [name for name in PROBLEMS if name not in FOR_PROGRAMS])
def test_problems_for_people(name: str, texts: list[str]) -> None:
    """So it is with problems."""
    assert only_prints(render_problems(name, problems(texts), PLAIN)) == set()


def test_outcomes_and_errors(texts: list[str]) -> None:
    """And with what became of a plan, and with errors."""
    outcomes = [outcome(change(), Result.FAILED, text) for text in texts]
    assert only_prints(render_outcomes(outcomes, PLAIN)) == set()
    for text in texts[:20]:
        assert only_prints(render_error(ReconcilerError(text, text), PLAIN)) == set()
    assert only_prints(render_error(ConfigurationInvalid("sum", problems(texts)), PLAIN)) == set()


@pytest.mark.parametrize("name", [name for name in PLANS if name in FOR_PROGRAMS])
def test_plans_for_programs(name: str, texts: list[str]) -> None:
    """What programs read is one JSON document on one line, and exact."""
    made = plan(texts)
    rendered = render(name, made, PLAIN)
    document = json.loads(rendered)
    assert rendered.count("\n") == 1
    assert rendered.endswith("\n")
    if name == "json":
        told = [entry["change"]["after"]["note"] for entry in document["resource_changes"]]
        assert told == [each.attributes[0].after for each in made.changes]


@pytest.mark.parametrize("name", [name for name in PROBLEMS if name in FOR_PROGRAMS])
def test_problems_for_programs(name: str, texts: list[str]) -> None:
    """Problems too, as many as there are."""
    document = json.loads(render_problems(name, problems(texts), PLAIN))
    found = document["runs"][0]["results"] if name == "sarif" else document["diagnostics"]
    assert len(found) == len(texts)


def test_events(texts: list[str]) -> None:
    """Events are one a line, whatever they quote."""
    made = plan(texts)
    some = [*plan_events(made), plan_sums(made), *error_events(ReconcilerError(texts[0], texts[-1]))]
    some += [outcome_event(outcome(change(), Result.FAILED, text)) for text in texts]
    rows = lines(some).split("\n")
    assert len(rows) == len(some) + 1
    assert all(json.loads(row) for row in rows[:-1])


def test_a_name_that_is_no_text() -> None:
    """The name of a file need not be text; every report of problems can be written all the same."""
    place = Position(file="clients-\udcff.yaml", line=1)
    for name in PROBLEMS:
        told = render_problems(name, [Diagnostic(code="c", summary="s", detail="\udcff", position=place)], PLAIN)
        assert told.encode("utf-8", "backslashreplace")
        assert name not in FOR_PROGRAMS or json.loads(told)


def test_the_tables_name_functions() -> None:
    """Every row can be rendered, of a plan without anything and of no problem too."""
    for name in PLANS:
        assert render(name, plan_of(), PLAIN).endswith("\n")
    for name in PROBLEMS:
        assert render_problems(name, [], PLAIN) == "" or name not in COMMANDS
