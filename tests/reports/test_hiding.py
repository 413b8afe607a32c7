"""What is sensitive is hidden by value: in its field, and in every text that quotes it, whatever the report."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from reconciler.core.change import ARCHIVED, Action, Plan
from reconciler.core.diagnostic import Diagnostic, Position, Severity
from reconciler.core.outcome import Outcome, Result
from reconciler.core.resource import LiveResource, RemoteId
from reconciler.reports.events import lines, outcome_event, plan_events, plan_sums, start_event
from reconciler.reports.formats import PLANS, PROBLEMS
from reconciler.reports.hiding import HIDDEN, Values, hidden, hidden_change, hidden_outcome, hidden_problems
from reconciler.reports.options import RenderOptions
from reconciler.reports.outcomes import line
from reconciler.reports.rendering import render, render_problems
from reconciler.reports.terraform import decode_plan
from tests.reports.samples import attribute, change, full_plan, named, one_of_each, outcome, plan_of

EMAIL, NOTE = "canary.person@nest.example", "Canary pays late\nand sings at night"
NAMES = frozenset({"email", "note", "pref_email"})
OPTIONS = RenderOptions(sensitive=NAMES)
TOLD = (EMAIL, EMAIL.upper(), "pays late", "sings at night")
TRUE = True


def quoting(severity: Severity = Severity.NOTE) -> Diagnostic:
    """Give a problem that quotes the canary in every part."""
    return Diagnostic(
        code="bad-value",
        summary="a value has the wrong form",
        detail=f"email: `{EMAIL}` is no email. And {EMAIL.upper()}; and sings at night.",
        severity=severity,
        position=Position(file="clients.yaml", line=3, column=5),
        excerpt=f"    acme: {{email: {EMAIL}, organization: Acme}}",
    )


def canary_plan() -> Plan:
    """Give a plan with the canary wherever a value can stand."""
    rows = [
        attribute("email", EMAIL, f"x{EMAIL}"),
        attribute("fax", "1", "2"),
        attribute("note", NOTE, NOTE + "\nlouder"),
        attribute("pref_email", TRUE, None),
    ]
    edit = change(Action.UPDATE, *rows, reason=f"was {EMAIL} before", managed={"email": EMAIL, "organization": "Acme"})
    gone = change(Action.DELETE, attribute("note", NOTE, None), removed=True, address=named("gone"), managed={})
    new = change(Action.CREATE, attribute("email", None, EMAIL), address=named("new"))
    still = change(Action.NO_OP, address=named("still"), managed={"note": NOTE})
    drift = (change(Action.UPDATE, attribute("email", "other@x.example", EMAIL), address=named("drifted")),)
    return plan_of(*(edit, gone, new, still), drift=drift, notes=(quoting(),), refusals=(quoting(Severity.ERROR),))


REPORTS: dict[str, Callable[[RenderOptions], str]] = {
    **{name: (lambda options, name=name: render(name, canary_plan(), options)) for name in PLANS},  # type: ignore[misc] # bound early
    **{
        f"problems as {name}": (lambda options, name=name: render_problems(name, problems(options), options))  # type: ignore[misc] # the same
        for name in PROBLEMS
    },
    "summary": lambda options: render("text", canary_plan(), replace(options, summary=True)),
    "events": lambda options: lines([*plan_events(hidden(canary_plan(), options)), plan_sums(canary_plan())]),
    "begun": lambda options: lines([start_event(hidden_change(each, options)) for each in canary_plan().changes]),
    "outcomes": lambda options: "\n".join(line(each, options) for each in outcomes(options)),
    "outcomes as events": lambda options: lines(map(outcome_event, outcomes(options))),
}


def problems(options: RenderOptions) -> tuple[Diagnostic, ...]:
    """Give a problem in a run that has seen the canary's note elsewhere."""
    return hidden_problems([quoting()], options.sensitive, Values([NOTE]) if options.sensitive else None)


def outcomes(options: RenderOptions) -> list[Outcome]:
    """Give outcomes whose reasons quote what was sent and what was answered."""
    live = LiveResource(id=RemoteId(1), fields={"email": f"answered.{EMAIL}"})
    some = [outcome(each, Result.FAILED, f"email: {EMAIL} is taken") for each in canary_plan().changes[::2]]
    some.append(outcome(change(), Result.FAILED, f"it is answered.{EMAIL} now", live=live))
    return [hidden_outcome(each, options) for each in some]


@pytest.mark.parametrize("report", REPORTS)
def test_a_canary_is_nowhere(report: str) -> None:
    """No report tells a sensitive value, not even where another text quotes it in other letters."""
    text = REPORTS[report](OPTIONS)
    assert [told for told in TOLD if told.lower() in text.lower()] == []
    if report in {"text", "json", "markdown", "outcomes"}:
        assert HIDDEN in text
        shown = REPORTS[report](RenderOptions())
        assert EMAIL in shown, "without the setting it would be there"


@pytest.mark.parametrize("name", PLANS)
def test_redacted_is_everything(name: str) -> None:
    """With every field hidden no value is left, of any change, and what it owes neither."""
    plan = full_plan()
    values = {
        value
        for each in (*plan.changes, *plan.drift)
        for row in each.attributes
        for value in (row.before, row.after)
        if isinstance(value, str) and len(value) > 1
    }
    fields = frozenset(row.name for each in (*plan.changes, *plan.drift) for row in each.attributes)
    owing = Diagnostic(code="owes", summary="s", detail="clients.kill still owes 12.00 USD.")
    plan = replace(plan, refusals=(owing,))
    text = render(name, plan, RenderOptions(sensitive=fields - {ARCHIVED}, redact=True))
    assert [value for value in {*values, "12.00 USD"} if value in text] == []


def test_names_and_ids_stay() -> None:
    """Fields are named, what is not sensitive is shown, no value is no secret, and the id is the plan's."""
    plan = canary_plan()
    shown = hidden(plan, OPTIONS)
    assert [row.name for row in shown.changes[0].attributes] == ["email", "fax", "note", "pref_email"]
    assert (shown.changes[0].attributes[3].before, shown.changes[0].attributes[3].after) == (HIDDEN, None)
    assert shown.plan_id == plan.plan_id
    assert '"1" -> "2"' in render("text", plan, OPTIONS)
    assert hidden(shown, OPTIONS) == shown
    assert hidden(plan, RenderOptions()) is plan


def test_a_saved_plan_remembers_what_it_hides() -> None:
    """A saved plan has the marks of sensitive values, and is shown as such later, whatever the settings are then."""
    saved = render("json", canary_plan(), OPTIONS)
    [first, *_] = json.loads(saved)["resource_changes"]
    assert first["change"]["before_sensitive"] == {"email": True, "note": True, "pref_email": True}
    assert first["change"]["before"]["email"] == HIDDEN
    again = decode_plan(saved.encode())
    assert again.options.sensitive == tuple(sorted(NAMES))
    assert f"email      = {HIDDEN} -> {HIDDEN}" in render("text", again, RenderOptions())


def test_addresses_are_no_values() -> None:
    """What the repository calls a record stays readable, though a hidden value may be in its name."""
    values = Values(["acme", "Acme Ltd."])
    told = "clients.acme would be created, but Acme Ltd. (acme) is there; add --create clients.acme"
    assert values.out_of(told) == (
        f"clients.acme would be created, but {HIDDEN} ({HIDDEN}) is there; add --create clients.acme"
    )


@pytest.mark.parametrize("letters", ["Straße 1", "İstanbul", "ÉCOLE", "漢字漢字"])
def test_any_script(letters: str) -> None:
    """Values are found in any script, in small letters and large ones of the same length."""
    assert Values([letters]).out_of(f"a {letters} b") == f"a {HIDDEN} b"


def test_short_values_are_hidden_in_their_own_field_only() -> None:
    """A province of two letters is no secret in a sentence, or none could be read."""
    assert Values(["ON", "CAD"]).out_of("done ON the way, CAD") == "done ON the way, CAD"
    assert HIDDEN in render("text", plan_of(change(Action.UPDATE, attribute("note", "ON", "QC"))), OPTIONS)


@pytest.mark.parametrize(
    ("excerpt", "detail"),
    [
        ("    email: x", "clients.acme.email: `x` has the wrong form."),
        ('    "email":   "x"', "email: `x` is no `email`."),
        ("  acme: {organization: A, email: x, note: y}", "email: `x` is not known."),
        ("    email: x  # of hers", "`x` is too small."),
    ],
)
def test_the_line_of_a_problem(excerpt: str, detail: str) -> None:
    """The line that a problem shows ends before the value, however short, and its sentence has it no more."""
    [found] = hidden_problems([Diagnostic(code="c", summary="s", detail=detail, excerpt=excerpt)], NAMES)
    assert found.excerpt.endswith(f": {HIDDEN}") or found.excerpt.endswith(f":   {HIDDEN}")
    assert "`x`" not in found.detail
    assert HIDDEN in found.detail


def test_other_lines_stay() -> None:
    """A line of another field is shown as it is."""
    problem = Diagnostic(code="c", summary="s", detail="d", excerpt="  work_email: x, my-email: y")
    assert hidden_problems([problem], NAMES) == (problem,)


@pytest.mark.parametrize(
    ("code", "excerpt", "column", "left"),
    [
        ("not-yaml", "     the second line of a text", 6, ""),
        ("not-yaml", "      looks: like a key", 12, ""),
        ("wrong-type", "...ail: x, fname: [1]}", 900, ""),
        ("wrong-type", "...ail: x, fname: [1], email: y}", 900, ""),
        ("wrong-type", "      x, fname: [1], email: y}", 10, ""),
        ("quote-it", "      12345678", 7, ""),
        ("quote-it", "    : 12345678", 7, ""),
        ("wrong-type", "      x, fname: [1]}", 10, ""),
        ("unknown-key", "    emial: x", 5, f"    emial: {HIDDEN}"),
        ("unknown-key", "  a: {emial: x, email: y}", 7, f"  a: {{emial: {HIDDEN}"),
        ("wrong-type", "    fname: [1]", 5, "    fname: [1]"),
    ],
)
def test_lines_out_of_a_value(code: str, excerpt: str, column: int, left: str) -> None:
    """A line that may stand in the middle of a value, or may be that of a field that is misspelt, is not shown."""
    position = Position(file="clients.yaml", line=3, column=column)
    [found] = hidden_problems(
        [Diagnostic(code=code, summary="s", detail="d", excerpt=excerpt, position=position)], NAMES
    )
    assert found.excerpt == left


@pytest.mark.parametrize(
    "detail",
    [
        'clients.a.email is a text, and `123` is not one in YAML: quote it, "123".',
        "clients.a: email: `123`. It must match ^[a-z]+$.",
        "clients.a: email: '123' is too short.",
    ],
)
def test_a_sentence_on_a_value_that_stands_elsewhere(detail: str) -> None:
    """What is said of a sensitive field quotes nothing, though the line that is shown has no value."""
    [found] = hidden_problems([Diagnostic(code="quote-it", summary="s", detail=detail)], NAMES)
    assert "123" not in found.detail


def test_many_values_cost_little() -> None:
    """Every one of many thousand values is found, among very many words."""
    values = Values(f"person{number}@x.example" for number in range(20_000))
    text = " ".join(f"person{number}@x.example" for number in range(0, 20_000, 7))
    assert "@" not in values.out_of(text)


def test_one_of_each_can_be_hidden() -> None:
    """Every action can be shown with everything hidden."""
    fields = frozenset({"email", "organization", "fax", "pref_email"})
    text = render("text", plan_of(*one_of_each()), RenderOptions(sensitive=fields))
    assert "@" not in text
