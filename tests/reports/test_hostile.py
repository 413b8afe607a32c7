"""Foreign text, from account, YAML or answers, cannot move a cursor, forge a line or read as what it is not."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.change import Action
from reconciler.core.diagnostic import Diagnostic, Position, Severity
from reconciler.core.outcome import Result
from reconciler.core.resource import LiveResource, RemoteId, Resource
from reconciler.core.stops import near_match, several_live
from reconciler.errors import ConfigurationInvalid, ReconcilerError
from reconciler.providers.freshbooks.wire import CLIENT
from reconciler.reports.diagnostics import render_diagnostic, render_error
from reconciler.reports.events import error_events, lines, outcome_event, plan_events, plan_sums
from reconciler.reports.options import RenderOptions
from reconciler.reports.outcomes import line, render_outcomes
from reconciler.reports.paint import cells, plain, quoted
from reconciler.reports.terraform import encode_plan
from reconciler.reports.text import render_plan
from tests.reports.samples import ACME, HERE, attribute, change, outcome, plan_of

PLAIN = RenderOptions(width=80)
TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
FORGED = "\nclients.evil: created [id=666]\n::error::forged\n  id: 666"
HOSTILE = [
    "\x1b[2J\x1b[31mred",  # clears the screen
    "\x1b]0;title\x07",  # names the window
    "\x9b31m",  # the same in one byte (C1)
    "over\rwritten",
    "back\x08\x08\x08space",
    "\x00\x7f\x85",
    "\u202etxt.exe\u2066",  # reads backwards (CVE-2021-42574)
    "\u200e\u200f\u061c",
    "\u2028line\u2029paragraph",
    "\ufeff",
    "zero\u200bwidth\u2060joined\u00ad",
    "\U000e0041\U000e0042",  # tags: letters that nobody sees
    "\ue000\U0010ffff",  # of no script: every terminal makes its own of them
]
NAMES = [ascii(text) for text in HOSTILE]
# Where foreign text can stand in a plan's text.
PLACES: dict[str, Callable[[str], str]] = {
    "before": lambda text: render_plan(plan_of(change(Action.UPDATE, attribute("note", text, "x"))), PLAIN),
    "after": lambda text: render_plan(plan_of(change(Action.CREATE, attribute("note", None, text))), PLAIN),
    "drift": lambda text: render_plan(plan_of(drift=(change(Action.UPDATE, attribute("note", text, "x")),)), PLAIN),
    "plan reason": lambda text: render_plan(plan_of(change(Action.FORGET, reason=text)), PLAIN),
    "file": lambda text: render_plan(plan_of(change(Action.FORGET, position=Position(file=text, line=1))), PLAIN),
    "balance": lambda text: render_plan(
        plan_of(change(Action.DELETE, attribute("a", "b", None), balance=text, removed=True)), PLAIN
    ),
    "outcome reason": lambda text: line(outcome(change(), Result.FAILED, text), PLAIN),
    "done with a reason": lambda text: line(outcome(change(), Result.DONE, text), PLAIN),
    "table": lambda text: render_outcomes([outcome(change(), Result.FAILED, text)], PLAIN),
    "summary": lambda text: render_diagnostic(problem(summary=text), PLAIN),
    "detail": lambda text: render_diagnostic(problem(detail=text), PLAIN),
    "excerpt": lambda text: render_diagnostic(problem(excerpt=text), PLAIN),
    "file of a problem": lambda text: render_diagnostic(problem(position=Position(file=text, line=1)), PLAIN),
    "note": lambda text: render_plan(plan_of(notes=(problem(detail=text, severity=Severity.NOTE),)), PLAIN),
    "error": lambda text: render_error(ReconcilerError("summary", text), PLAIN),
    "sum of errors": lambda text: render_error(ConfigurationInvalid(text, [problem(), problem()]), PLAIN),
}


def problem(**more: object) -> Diagnostic:
    """Build a problem with a place."""
    return replace(
        Diagnostic(code="bad", summary="something is wrong", position=HERE, excerpt="  acme: {}"),
        **more,  # type: ignore[arg-type] # the fields of Diagnostic
    )


def harmless(text: str) -> bool:
    """Tell whether a terminal would only print this, from left to right, with no line breaks but ours."""
    return not any(
        letter in "\u061c\u200e\u200f\ufeff"
        or unicodedata.bidirectional(letter) in TURNING
        or unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
        for letter in text
        if letter != "\n"
    )


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", HOSTILE, ids=NAMES)
def test_nothing_happens_to_a_terminal(place: str, text: str) -> None:
    """Control characters, escape sequences and direction marks are spelled out wherever they stand."""
    assert harmless(PLACES[place](f"a{text}b"))


@pytest.mark.parametrize("place", PLACES)
def test_no_line_is_forged(place: str) -> None:
    """A line break in a foreign text does not begin a line of the output that reads as ours."""
    told = PLACES[place]("x" + FORGED).splitlines()
    unbarred = [row for row in told if not row.startswith("|")]
    assert not [row for row in unbarred if row.lstrip().startswith(("clients.evil", "::error", "id: 666"))]


def test_values_are_quoted_back() -> None:
    """Quotes and backslashes in a value cannot end it: what is between the quotes reads back as it was."""
    for value in ('a" -> "b', "back\\slash", "tab\tand\nline", 'end\\"', "\u202eabc"):
        assert json.loads(quoted(value)) == value


@given(st.text())
def test_any_value_is_harmless(value: str) -> None:
    """Whatever a value holds, quoted and plain it only prints, and quoted it is one line."""
    assert harmless(quoted(value))
    assert "\n" not in quoted(value)
    assert harmless(plain(value))


LIVE = LiveResource(
    id=RemoteId(700001),
    fields={"organization": "Acme\n    id: 666\nIf it is the same one, write under it:", "email": "\x1b[2Ja@x.example"},
)


@pytest.mark.parametrize("stop", ["near", "several"])
def test_a_record_s_name_cannot_forge_a_line_to_paste(stop: str) -> None:
    """Whoever names a record in FreshBooks cannot add a line to those that a person is told to paste."""
    resource = Resource(address=ACME, fields={"email": "a@x.example"})
    told = near_match(CLIENT, resource, [(LIVE, ("email",), None)]) if stop == "near" else None
    text = render_diagnostic(told or several_live(CLIENT, resource, [LIVE]), PLAIN)
    assert "id: 700001" in text
    assert not [row for row in text.splitlines() if row.strip("| ") == "id: 666"]
    assert harmless(text)


def test_json_lines_stay_lines() -> None:
    """In the stream of events a foreign line break stays inside its event."""
    hostile = change(Action.UPDATE, attribute("note", "x" + FORGED, "\u2028"), reason="x" + FORGED)
    events = [
        *plan_events(plan_of(hostile, notes=(problem(detail=FORGED),))),
        plan_sums(plan_of(hostile)),
        outcome_event(outcome(hostile, Result.FAILED, FORGED)),
        *error_events(ReconcilerError(FORGED, FORGED)),
    ]
    text = lines(events)
    assert len(text.split("\n")) == len(events) + 1
    assert "\x1b" not in text
    assert len(encode_plan(plan_of(hostile), PLAIN).splitlines()) == 1


@pytest.mark.parametrize("excerpt", ["\tacme: x", "漢字漢: x", "e\u0301e\u0301: x", "\u200b\x1b: x"])
def test_the_caret_points_in_any_script(excerpt: str) -> None:
    """Tabs, wide letters and accents on their own take the columns that a terminal gives them."""
    column = excerpt.index("x") + 1
    rendered = render_diagnostic(problem(excerpt=excerpt, position=replace(HERE, column=column)), PLAIN)
    source, caret = rendered.splitlines()[2:4]
    assert cells(source[: source.rindex("x")]) == caret.index("^")


def test_the_caret_points_at_the_place() -> None:
    """The caret stands under the column, also after characters that are spelled out."""
    excerpt = "\u202eacme: {organisation: x}"
    column = excerpt.index("organisation") + 1
    rendered = render_diagnostic(problem(excerpt=excerpt, position=replace(HERE, column=column)), PLAIN)
    source, caret = rendered.splitlines()[2:4]
    assert source.index("organisation") == caret.index("^")
