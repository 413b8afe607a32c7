"""Tools that read Terraform's text read ours: the patterns are those of their sources.

tfcmt: suzuki-shunsuke/tfcmt, pkg/terraform/parser.go; Atlantis: runatlantis/atlantis, server/events/models/models.go.
"""

from __future__ import annotations

import re
from random import Random

import pytest

from reconciler.core.change import Action, PlanOptions
from reconciler.core.diagnostic import Diagnostic, Severity
from reconciler.reports.diagnostics import render_error
from reconciler.reports.options import RenderOptions
from reconciler.reports.outcomes import render_outcomes
from reconciler.reports.text import render_plan
from tests.reports.hostile import fuzzed_plan
from tests.reports.samples import attribute, change, full_plan, named, one_of_each, outcome, outcomes_of_each, plan_of

NARROW, WIDE = RenderOptions(width=60), RenderOptions(width=160)
PASS = re.compile(r"(?m)^(Plan: \d|No changes.)")
FAIL = re.compile(r"(?m)^([│|] )?(Error: )")
WARNING = re.compile(r"(?m)^([│|] )?(Warning: )")
HAS_DESTROY = re.compile(r"(?m)([1-9][0-9]* to destroy.)")
NO_CHANGES = re.compile(r"(?m)^(No changes.)")
CREATE = re.compile(r"^ *# (.*) will be created$")
UPDATE = re.compile(r"^ *# (.*) will be updated in-place$")
DELETE = re.compile(r"^ *# (.*) will be destroyed$")
APPLIED = re.compile(r"(?m)^(Apply complete!)")
ATLANTIS_SUMS = re.compile(r"Plan: (?:(\d+) to import, )?(\d+) to add, (\d+) to change, (\d+) to destroy.")
ALONE = re.compile(r"(?m)^Plan: (\d+) to add, (\d+) to change, (\d+) to destroy\.$")


def named_by(pattern: re.Pattern[str], text: str) -> list[str]:
    """Give what a pattern names, line by line, as tfcmt does."""
    return [found[1] for found in map(pattern.match, text.split("\n")) if found]


@pytest.mark.parametrize("options", [NARROW, WIDE])
def test_tfcmt_reads_a_plan(options: RenderOptions) -> None:
    """The sums stand alone on their line, and the records are found by what happens to them."""
    text = render_plan(plan_of(*one_of_each(), unmanaged={"client": 12_345}), options)
    assert PASS.search(text)
    assert not FAIL.search(text)
    [sums] = ALONE.findall(text)
    assert sums == ("2", "7", "1")
    assert HAS_DESTROY.search(text)
    assert named_by(CREATE, text) == ["clients.acme", "clients.acme.contacts.jane"]
    assert named_by(UPDATE, text)[0] == "clients.edit"
    assert named_by(DELETE, text) == ["clients.kill"]


def test_tfcmt_reads_that_nothing_changes() -> None:
    """A plan without changes is one of theirs."""
    text = render_plan(plan_of(options=PlanOptions(), unmanaged={"client": 1}), NARROW)
    assert PASS.search(text)
    assert NO_CHANGES.search(text)
    assert "No changes. Your account matches the configuration.\n" in text


def test_tfcmt_reads_errors_and_warnings() -> None:
    """A refusal is an error to it, a warning a warning, with colour and without."""
    warning = Diagnostic(code="w", summary="beware", severity=Severity.WARNING)
    assert WARNING.search(render_plan(plan_of(notes=(warning,)), WIDE))
    assert FAIL.search(render_plan(full_plan(), WIDE))
    from reconciler.errors import Locked  # noqa: PLC0415 - one of many

    assert FAIL.search(render_error(Locked("locked", "by another"), WIDE))


def test_tfcmt_reads_an_apply() -> None:
    """The end of an apply begins as Terraform's; one that is not complete does not."""
    assert APPLIED.search(render_outcomes([outcome(change())], WIDE))
    assert not APPLIED.search(render_outcomes(outcomes_of_each(), WIDE))


def test_atlantis_reads_the_sums() -> None:
    """Atlantis finds the numbers."""
    found = ATLANTIS_SUMS.search(render_plan(plan_of(*one_of_each()), NARROW))
    assert found is not None
    assert found.groups() == (None, "2", "7", "1")


def test_no_value_can_be_read_as_ours() -> None:
    """Whatever a stranger wrote, the tools find the sums and the records that are there, and no others."""
    for seed in range(300):
        text = render_plan(fuzzed_plan(Random(seed)), WIDE)
        plain = render_plan(fuzzed_plan(Random(seed), lambda: "x"), WIDE)
        for pattern in (CREATE, UPDATE, DELETE):
            assert named_by(pattern, text) == named_by(pattern, plain), seed
        assert ALONE.findall(text) == ALONE.findall(plain), seed
        assert len(NO_CHANGES.findall(text)) == len(NO_CHANGES.findall(plain)), seed


@pytest.mark.parametrize("options", [NARROW, WIDE])
def test_a_line_a_record(options: RenderOptions) -> None:
    """--summary gives each record one line, with what happens to which fields, then the same sums."""
    plan = plan_of(*one_of_each(), unmanaged={"client": 2})
    short = render_plan(plan, RenderOptions(width=options.width, summary=True))
    rows = [row for row in short.splitlines() if re.match(r"^ {1,3}\S{1,2} clients\.", row)]
    assert len(rows) == len(plan.changes)
    assert "   ~ clients.edit will be updated in-place (email, fax)" in rows
    assert [
        row for row in rows if row.startswith("   + ") and not re.search(r" will be created \(\d+ attributes?\)$", row)
    ] == []
    assert "old@acme.example" not in short
    assert ALONE.findall(short) == ALONE.findall(render_plan(plan, options))


def test_lines_of_a_note() -> None:
    """A text of several lines is shown line by line, as a patch shows one; each in quotes, so that blanks are seen."""
    before = "\n".join(["first", "second ", *(f"line {number}" for number in range(20)), "last"])
    after = before.replace("second ", "second").replace("last", "last\nand more")
    text = render_plan(
        plan_of(change(Action.UPDATE, attribute("fax", "1", "2"), attribute("note", before, after))), WIDE
    )
    body = text[text.index("~ note") : text.index("        EOT")]
    assert body.splitlines() == [
        "~ note = <<EOT",
        '            "first"',
        '          - "second "',
        '          + "second"',
        '            "line 0"',
        '            "line 1"',
        '            "line 2"',
        "            # (15 unchanged lines)",
        '            "line 18"',
        '            "line 19"',
        '            "last"',
        '          + "and more"',
    ]


@pytest.mark.parametrize(
    ("action", "before", "after", "signs"),
    [
        (Action.CREATE, None, "a\nb", "++"),
        (Action.DELETE, "a\nb", None, "--"),
        (Action.UPDATE, "a\nb", "a", " -"),
        (Action.UPDATE, "a", "a\nb", " +"),
        (Action.UPDATE, "", "a\nb", "++"),
    ],
)
def test_lines_that_come_or_go(action: Action, before: str | None, after: str | None, signs: str) -> None:
    """Where a side has no lines, all are come or gone."""
    text = render_plan(plan_of(change(action, attribute("note", before, after), address=named("a"))), WIDE)
    assert "".join(row[10] for row in text.splitlines() if row.startswith(" " * 10)) == signs


def test_one_line_of_very_many() -> None:
    """However many lines there are, those that begin and end a text on both sides are set aside first."""
    before = "\n".join(f"line {number}" for number in range(5_000))
    plan = plan_of(change(Action.UPDATE, attribute("note", before, before.replace("line 2500\n", "another\n"))))
    text = render_plan(plan, WIDE)
    assert text.count("# (2497 unchanged lines)") == 1
    assert text.count("# (2496 unchanged lines)") == 1
    assert ('          - "line 2500"' in text, '          + "another"' in text) == (True, True)


def test_very_many_lines() -> None:
    """A text of very many lines is shown as gone and come, for comparing them would take too long."""
    text = render_plan(plan_of(change(Action.UPDATE, attribute("note", "a\n" * 3_000, "b\n" * 3_000))), WIDE)
    assert text.count('          - "a"') == text.count('          + "b"') == 3_000
