"""Errors, warnings and notes as text: the place, the source line, what is wrong, what to do, within the width."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core.diagnostic import Diagnostic, Position, Severity
from reconciler.core.outcome import Result
from reconciler.errors import Ambiguous, ConfigurationInvalid, ReconcilerError, Refused, UsageError
from reconciler.reports.diagnostics import render_diagnostic, render_diagnostics, render_error, render_hint
from reconciler.reports.options import RenderOptions
from reconciler.reports.outcomes import render_outcomes
from tests.reports.samples import change, full_plan, outcome, outcomes_of_each

PLAIN = RenderOptions(width=80)
WRONG = Diagnostic(
    code="unknown-key",
    summary="a key is not known",
    detail="`organisation`; did you mean `organization`?",
    position=Position(file="clients.yaml", line=12, column=10),
    excerpt="  acme: {organisation: Acme}",
)
LONG = "A sentence of many words that goes on and on, " * 8


def test_place_source_caret_and_detail() -> None:
    """A problem is told with its place, the source line, a caret below the column, and what is wrong."""
    assert render_diagnostic(WRONG, PLAIN) == (
        "| Error: a key is not known [unknown-key]\n"
        "|   clients.yaml:12:10\n"
        "|   12 |   acme: {organisation: Acme}\n"
        "|      |          ^\n"
        "|   `organisation`; did you mean `organization`?"
    )


def test_the_caret_keeps_to_the_line() -> None:
    """A column beyond the line's end, as the parser gives for what is missing, points behind the last letter."""
    assert WRONG.position is not None
    beyond = replace(WRONG, position=replace(WRONG.position, column=500))
    source, caret = render_diagnostic(beyond, PLAIN).splitlines()[2:4]
    assert caret.index("^") == len(source)


@pytest.mark.parametrize("severity", Severity)
def test_severity_is_the_first_word(severity: Severity) -> None:
    """Error, warning and note are told apart by the first word, with and without colour."""
    told = replace(WRONG, severity=severity)
    assert render_diagnostic(told, PLAIN).startswith(f"| {severity.value.capitalize()}: ")
    coloured = render_diagnostic(told, RenderOptions(width=80, colour=True))
    assert f"{severity.value.capitalize()}:" in coloured
    assert coloured != render_diagnostic(told, PLAIN)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_sentences_are_wrapped(width: int) -> None:
    """Sentences keep within the width; no word is broken."""
    rendered = render_diagnostic(replace(WRONG, detail=LONG), RenderOptions(width=width))
    assert max(map(len, rendered.splitlines())) <= width
    assert " ".join(rendered.replace("|", "").split()).endswith(" ".join(LONG.split()))


@pytest.mark.parametrize("width", [60, 80, 120])
def test_lines_to_paste_are_not_wrapped(width: int) -> None:
    """What a person is to paste stands by itself, whole, however long it is."""
    paste = "    distinct_from: [" + ", ".join(str(700001 + number) for number in range(30)) + "]"
    rendered = render_diagnostic(replace(WRONG, detail=f"Write:\n{paste}\nand plan again."), RenderOptions(width=width))
    assert f"|   {paste}" in rendered.splitlines()


@pytest.mark.parametrize("width", [60, 80, 120])
def test_titles_and_sums_are_wrapped(width: int) -> None:
    """The title of a problem and the last lines of an apply keep within the width as well."""
    options = RenderOptions(width=width)
    title = "several clients of the configuration could be one and the same client of the account, or none of them"
    rendered = render_diagnostic(replace(WRONG, summary=title), options) + render_outcomes(
        [*outcomes_of_each(), *(outcome(change(), Result.UNKNOWN, "why") for _ in range(100))], options
    )
    sentences = [row for row in rendered.splitlines() if not row.startswith("  clients.")]
    assert max(map(len, sentences)) <= width


def test_several_are_parted() -> None:
    """Several problems are parted by an empty line each, in their order."""
    assert render_diagnostics([WRONG, WRONG], PLAIN).split("\n\n") == [render_diagnostic(WRONG, PLAIN)] * 2
    assert render_diagnostics([], PLAIN) == ""


def test_an_error_of_its_own() -> None:
    """An error is its summary with its code, and its detail."""
    told = render_error(ReconcilerError("apply was declined", "Nothing was written.", code="declined"), PLAIN)
    assert told == "| Error: apply was declined [declined]\n|   Nothing was written."


def test_an_error_that_is_one_problem() -> None:
    """An error that is the sum of one problem is just that."""
    assert render_error(ConfigurationInvalid("1 problem", [WRONG]), PLAIN) == render_diagnostic(WRONG, PLAIN)


@pytest.mark.parametrize(
    "error", [ConfigurationInvalid("2 problems", [WRONG, WRONG]), Ambiguous("decide", [WRONG], "d")]
)
def test_an_error_that_is_several_problems(error: ConfigurationInvalid | Ambiguous) -> None:
    """Where there are several, or more to say, each is told, and the sum is last."""
    parts = render_error(error, PLAIN).split("\n\n")
    assert len(parts) == len(error.diagnostics) + 1
    assert parts[-1].startswith(f"| Error: {error.summary}")


def test_a_refusal_without_problems_of_its_own() -> None:
    """A refusal whose guards were shown with the plan is only the sum."""
    assert render_error(Refused("the plan is refused", (), "1 guard above."), PLAIN).count("Error:") == 1


def test_a_title_without_a_detail_is_one_line() -> None:
    """Where there is nothing more to say, nothing more is said."""
    assert render_diagnostic(Diagnostic(code="x", summary="that is all"), PLAIN) == "| Error: that is all [x]"


@pytest.mark.parametrize("summary", ["short", "a summary that fills the line, but for the code, which", "word " * 30])
def test_the_code_is_whole_and_last(summary: str) -> None:
    """The code stands whole, in brackets, at the end of the title, on a line of its own where there is no room."""
    options = RenderOptions(width=60)
    rendered = render_diagnostic(replace(WRONG, summary=summary, position=None, detail=""), options).splitlines()
    assert rendered[-1].endswith("[unknown-key]")
    assert max(map(len, rendered)) <= 60
    assert " ".join(" ".join(rendered).replace("|", "").split()) == f"Error: {summary.strip()} [unknown-key]"


def test_the_code_is_dimmed() -> None:
    """With colour the summary is bold and the code, which is for asking further, is dim."""
    told = render_diagnostic(WRONG, RenderOptions(width=80, colour=True)).splitlines()[0]
    assert "\x1b[1ma key is not known\x1b[0m \x1b[2m[unknown-key]\x1b[0m" in told


# The command that tells more.


def of(*codes: str) -> ConfigurationInvalid:
    """Give an error that is the sum of problems with these codes."""
    return ConfigurationInvalid("problems", [replace(WRONG, code=code) for code in codes])


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (ReconcilerError("s", code="near-match"), "`reconciler explain near-match` says more."),
        (of("quote-it"), "`reconciler explain quote-it` says more."),
        (of("quote-it", "missing", "quote-it"), "`reconciler explain quote-it missing` says more."),
        (of("a", "b", "c", "d"), "`reconciler explain CODE` says more of each code in brackets."),
        (
            Refused("s", (), shown=[replace(WRONG, code="prevent-destroy")]),
            "`reconciler explain prevent-destroy` says more.",
        ),
        (Refused("s", ()), "`reconciler explain refused` says more."),
        (UsageError("s"), ""),
        (ReconcilerError("s", code="declined"), ""),
    ],
)
def test_the_hint_names_the_codes(error: ReconcilerError, hint: str) -> None:
    """One command is named for all problems that were shown, in their order, and none where the text says it all."""
    assert render_hint(error, PLAIN) == hint


def test_rendering_is_pure() -> None:
    """The same value is rendered the same, and is as it was."""
    plan, before = full_plan(), full_plan()
    assert render_diagnostics(plan.notes, PLAIN) == render_diagnostics(plan.notes, PLAIN)
    assert plan == before
