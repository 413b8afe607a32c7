"""A plan and its outcomes as text: every change once, aligned, in Terraform's words, with sums that add up."""

from __future__ import annotations

import itertools
import re

import pytest

from reconciler.core.change import Action, Change, PlanOptions
from reconciler.core.diagnostic import Diagnostic, Severity
from reconciler.core.outcome import Result
from reconciler.core.resource import Address
from reconciler.reports.options import RenderOptions
from reconciler.reports.outcomes import line, render_outcomes
from reconciler.reports.text import counts, render_plan, summary
from tests.reports.samples import (
    attribute,
    change,
    full_plan,
    named,
    one_of_each,
    outcome,
    outcomes_of_each,
    plan_of,
)

PLAIN = RenderOptions(width=80)
COLOUR = RenderOptions(width=80, colour=True)
ESCAPES = re.compile("\x1b\\[[0-9;]*m")
HEADINGS = {
    "clients.acme": "will be created",
    "clients.acme.contacts.jane": "will be created",
    "clients.back": "will be restored and updated in-place",
    "clients.edit": "will be updated in-place",
    "clients.found": "will be adopted",
    "clients.found-too": "will be adopted and updated in-place",
    "clients.lost": "will be recovered",
    "clients.new": "has moved from clients.old",
    "clients.newer": "has moved from clients.older",
    "clients.put-away": "will be archived",
    "clients.fetched": "will be brought back from the archive and updated in-place",
    "clients.leaving": "will be archived",
    "clients.kill": "will be destroyed",
    "clients.drop": "will be forgotten",
    "clients.same": "will be recorded",
}


def test_every_change_has_its_heading_once() -> None:
    """Each change has exactly one heading, which says what happens."""
    text = render_plan(plan_of(*one_of_each()), PLAIN)
    found = re.findall(r"^  # (clients\S+) (.+)$", text, re.MULTILINE)
    assert dict(found) == HEADINGS
    assert len(found) == len(HEADINGS)


def test_colour_only_adds_colour() -> None:
    """With and without colour the text is the same, and colour is taken back at the end of each piece."""
    plan = full_plan()
    coloured = render_plan(plan, COLOUR)
    assert ESCAPES.sub("", coloured).replace("\u2502", "|") == render_plan(plan, PLAIN)
    assert coloured.count("\x1b[0m") * 2 == len(ESCAPES.findall(coloured))


def test_no_colour_no_escape() -> None:
    """Without colour there is no escape sequence at all."""
    assert "\x1b" not in render_plan(full_plan(), PLAIN) + render_outcomes(outcomes_of_each(), PLAIN)


def test_attributes_are_aligned() -> None:
    """The equals signs of one record stand below each other."""
    rows = [attribute("fax", "1", "2"), attribute("organization", "A", "B"), attribute("vat_number", None, "7")]
    text = render_plan(plan_of(change(Action.UPDATE, *rows)), PLAIN)
    columns = {found.index(" = ") for found in text.splitlines() if " = " in found}
    assert columns == {len("      ~ organization")}


def test_values_before_and_after() -> None:
    """A value is shown as Terraform shows it: added, changed, cleared, of text and of truth."""
    rows = [
        attribute("a", None, "new"),
        attribute("b", "old", ""),
        attribute("c", "old", "new"),
        attribute("d", False, True),  # noqa: FBT003 - values
        attribute("e", "", "new"),
    ]
    text = render_plan(plan_of(change(Action.UPDATE, *rows, unchanged=1)), PLAIN)
    assert [found.strip() for found in text.splitlines() if " = " in found] == [
        '+ a = "new"',
        '- b = "old" -> null',
        '~ c = "old" -> "new"',
        "~ d = false -> true",
        '+ e = "new"',
    ]
    assert "# (1 unchanged attribute)" in text


def test_the_legend_names_what_is_used() -> None:
    """The legend explains the symbols that follow, and no others."""
    text = render_plan(plan_of(change(Action.DELETE, attribute("a", "x", None), removed=True)), PLAIN)
    assert "   - destroy" in text
    assert "+ create" not in text


def test_the_legend_tells_adopts_apart() -> None:
    """What is adopted with differences is not said to have no change of its own; so with moves."""
    mail = attribute("email", "a@x.example", "b@x.example")
    for action, other in ((Action.ADOPT, None), (Action.RECOVER, None), (Action.MOVE, named("old"))):
        plain = render_plan(plan_of(change(action, moved_from=other)), PLAIN)
        differing = render_plan(plan_of(change(action, mail, moved_from=other)), PLAIN)
        both = render_plan(plan_of(change(action), change(action, mail, address=named("b"))), PLAIN)
        assert "(no change of its own)" in plain
        assert "(no change of its own)" not in differing
        assert ", and update" in differing
        assert both.count("(no change of its own)") == both.count(", and update") == 1


def test_an_archive_on_removal_has_its_own_legend() -> None:
    """A record that is archived because it left the YAML is not an update in-place, and counts as a change."""
    [leaving] = [each for each in one_of_each() if each.address == "clients.leaving"]
    text = render_plan(plan_of(leaving), PLAIN)
    assert "   ~ archive what left the configuration" in text
    assert "update in-place" not in text
    assert "Plan: 0 to add, 1 to change, 0 to destroy." in text


def test_nothing_to_do_for_what_was_chosen() -> None:
    """Where targets were used, or a guard refuses an empty plan, no more is claimed than was looked at."""
    for options in (PlanOptions(targets=("clients.a",)), PlanOptions(excludes=("clients.a",))):
        assert summary(plan_of(options=options), PLAIN) == "No changes for what was chosen."
    refusal = Diagnostic(code="other-root", summary="the state belongs to another root")
    assert summary(plan_of(options=PlanOptions(), refusals=(refusal,)), PLAIN) == "No changes."


@pytest.mark.parametrize("width", [60, 80])
def test_sentences_of_a_plan_are_wrapped(width: int) -> None:
    """Legend, sums and what is said of drift keep within the width."""
    options = RenderOptions(width=width)
    some = [change(each.action, address=each.address, removed=each.removed) for each in one_of_each()]
    plan = plan_of(*some, unmanaged={"client": 12345, "contact": 67890}, drift=(change(),))
    text = render_plan(plan, options) + render_plan(plan_of(unmanaged=plan.unmanaged, options=PlanOptions()), options)
    assert [row for row in text.splitlines() if len(row) > width and not row.startswith("  #")] == []


@pytest.mark.parametrize("options", [PLAIN, COLOUR])
def test_sensitive_values_are_hidden(options: RenderOptions) -> None:
    """A sensitive field is named, and its value is shown nowhere: plan, drift, before, after."""
    hiding = RenderOptions(width=80, colour=options.colour, sensitive=frozenset({"email", "note", "pref_email"}))
    rows = [attribute("email", "secret1", "secret2"), attribute("note", None, "secret3"), attribute("fax", "1", "2")]
    for action in (Action.CREATE, Action.UPDATE, Action.DELETE, Action.ADOPT, Action.RESTORE):
        text = render_plan(plan_of(change(action, *rows), drift=(change(Action.UPDATE, *rows),)), hiding)
        assert "secret" not in text
        assert "(sensitive value)" in text
        assert '"2"' in text or action is Action.DELETE


def test_sensitive_truth_values_are_hidden() -> None:
    """A sensitive field that is true or false is hidden as well."""
    hiding = RenderOptions(width=80, sensitive=frozenset({"pref_email"}))
    text = render_plan(plan_of(change(Action.UPDATE, attribute("pref_email", False, True))), hiding)  # noqa: FBT003 - values
    assert "false" not in text
    assert "true" not in text


def test_sums_of_every_action() -> None:
    """Creates are added; updates, restores, archives and differing adopts are changed; the rest is told after it."""
    assert dict(counts(one_of_each())) == {
        "add": 2,
        "change": 7,
        "destroy": 1,
        "adopt": 1,
        "move": 1,
        "forget": 1,
        "recover": 1,
        "record": 1,
    }
    first, second, third = summary(plan_of(*one_of_each()), PLAIN).splitlines()
    assert first == "Plan: 2 to add, 7 to change, 1 to destroy."
    assert second == "Also: 1 to adopt, 1 to move, 1 to forget, 1 to recover, 1 to record."
    assert re.fullmatch("Plan id: [0-9a-f]{20}", third)


def test_sums_count_each_change_once() -> None:
    """The numbers of the two summary lines add up to the number of changes."""
    text = summary(full_plan(), PLAIN).partition("Plan id")[0]
    assert sum(map(int, re.findall(r"(\d+) to ", text))) == len(full_plan().changes)


@pytest.mark.parametrize(
    ("unmanaged", "told"),
    [
        ({}, ""),
        ({"client": 1, "contact": 0}, "\nNot managed: 1 client."),
        ({"client": 2, "contact": 3}, "\nNot managed: 2 clients and 3 contacts."),
    ],
)
def test_nothing_to_do(unmanaged: dict[str, int], told: str) -> None:
    """An empty plan is Terraform's sentence, with what is not managed."""
    plan = plan_of(unmanaged=unmanaged, options=PlanOptions())
    assert render_plan(plan, RenderOptions(width=100)) == f"No changes. Your account matches the configuration.{told}\n"


def test_drift_is_not_a_match() -> None:
    """Where drift is only reported, nobody is told that the account matches."""
    drifted = change(Action.UPDATE, attribute("p_city", "Oslo", "Rome"))
    text = render_plan(plan_of(drift=(drifted,)), PLAIN)
    assert "matches the configuration" not in text
    assert '      p_city: "Rome" -> "Oslo"' in text


def test_a_plan_without_a_state_says_so_first() -> None:
    """The note about a missing state is the first thing that is read."""
    note = Diagnostic(code="no-state", summary="there is no state yet", severity=Severity.NOTE)
    text = render_plan(plan_of(change(Action.CREATE, attribute("a", None, "b")), notes=(note,)), PLAIN)
    assert text.splitlines()[0] == "| Note: there is no state yet [no-state]"


def test_refusals_stand_last() -> None:
    """What refuses a plan is the last thing that is read."""
    assert render_plan(full_plan(), PLAIN).rstrip().endswith("Use --max-deletes 9.")


def test_many_notes_are_cut() -> None:
    """A thousand notes do not bury the sums; how many more there are is told."""
    notes = tuple(Diagnostic(code="n", summary=f"note {n}", severity=Severity.NOTE) for n in range(1000))
    text = render_plan(plan_of(change(Action.CREATE, attribute("a", None, "b")), notes=notes), PLAIN)
    assert "... and 950 more notes" in text
    assert len(text.splitlines()) < 200


def test_the_order_of_rendering_is_the_plan_s() -> None:
    """Records are shown in the order in which the plan has them."""
    some = [change(Action.UPDATE, attribute("a", "1", "2"), address=named(key)) for key in "dcba"]
    for changes in itertools.permutations(some[:3]):
        text = render_plan(plan_of(*changes), PLAIN)
        places = [text.index(f"# {each.address} ") for each in changes]
        assert places == sorted(places)


def test_a_line_for_every_outcome() -> None:
    """Each outcome is one line with address, what became of it, id and reason."""
    done, failed, conflict, unknown, skipped = (line(each, PLAIN) for each in outcomes_of_each())
    assert done == "clients.c0: updated [id=700007]"
    assert failed == "clients.c1: failed [id=700001]: email: Must be a valid email address. (HTTP 422)"
    assert conflict.startswith("clients.c2: conflict")
    assert unknown.startswith("clients.c3: unknown")
    assert skipped.startswith("clients.c4: not attempted")


@pytest.mark.parametrize("each", one_of_each(), ids=lambda each: f"{each.action} {each.address}")
def test_every_action_has_a_past(each: Change) -> None:
    """Whatever the action, its success is told in one line."""
    assert re.fullmatch(r"clients\.[a-z.-]+: [a-z ]+ \[id=700007\]", line(outcome(each), PLAIN))


def test_sums_come_from_outcomes() -> None:
    """Only what was done is counted; what is left is counted apart, with the way to see it."""
    text = render_outcomes(outcomes_of_each(), PLAIN)
    assert "Apply incomplete. Resources: 0 added, 1 changed, 0 destroyed." in text
    assert "Left: 1 conflict, 1 failed, 1 not attempted, 1 unknown." in text
    complete = render_outcomes([outcome(each) for each in one_of_each()], PLAIN)
    assert complete.startswith("Apply complete! Resources: 2 added, 7 changed, 1 destroyed.\n")
    assert "Also: 1 adopted, 1 moved, 1 forgotten, 1 recovered, 1 recorded." in complete


def test_the_table_is_aligned() -> None:
    """The table of what is not done has its columns below each other."""
    long = outcome(change(address=Address("clients.a-very-long-key")), Result.UNKNOWN, "why")
    rows = render_outcomes([*outcomes_of_each(), long], PLAIN).partition("Not done:\n")[2].partition("\n\n")[0]
    starts = {re.match(r"  \S+ +", row).end() for row in rows.splitlines()}  # type: ignore[union-attr] # every row matches
    assert starts == {len("  clients.a-very-long-key  ")}
    reasons = ("email: Must", "fields have", "no answer", "the run", "why")
    assert len({row.index(told) for row, told in zip(rows.splitlines(), reasons, strict=True)}) == 1


def test_an_empty_table_is_not_shown() -> None:
    """Where all is done there is no table."""
    assert "Not done" not in render_outcomes([outcome(change())], PLAIN)
