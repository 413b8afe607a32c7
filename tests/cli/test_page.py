"""`--format html` of `plan` and `show`: the page is written where it was asked for, in people's words."""

from __future__ import annotations

from pathlib import Path

from tests.cli.program import ACME, BOLT, called, writes
from tests.golden.story import Story
from tests.reports.pages import read


def test_plan_and_show_write_the_page(place: Story) -> None:
    """The page of a plan, to a file, to stdout, or from the saved plan later, is the same."""
    writes(ACME + BOLT)
    ran = called("plan", "--out", "saved.plan", "--format", "html=page.html", "--format", "text")
    assert ran.code == 0
    assert "Plan: 2 to add" in ran.out
    page = Path("page.html").read_text(encoding="utf-8")
    assert called("show", "saved.plan", "--format", "html").out.strip() == page.strip()
    assert list(read(page).cards) == ["clients.acme", "clients.bolt"]
    assert "Add Acme Ltd. clients.acme" in read(page).text


def test_fields_have_the_labels_of_the_schema(place: Story) -> None:
    """Fields stand there as the schema calls them."""
    writes("clients:\n  acme: {organization: Acme Ltd., p_city: Oslo}\n")
    page = called("plan", "--format", "html").out
    assert "Billing city p_city Oslo" in read(page).text


def test_a_refused_plan_is_written_too(place: Story) -> None:
    """A plan that a guard refuses is on the page, with the refusal on top, and the command says so."""
    writes(ACME + BOLT)
    assert called("apply", "--auto-approve").code == 0
    Path("clients.yaml").write_text("version: 1\nclients: {}\n", encoding="utf-8")
    assert called("plan", "--format", "html=page.html").code == 5
    text = read(Path("page.html").read_text(encoding="utf-8")).text
    assert text.index("This plan is refused") < text.index("2 records will be deleted Acme Ltd. , Bolt Bikes .")


def test_sensitive_fields_stay_out(place: Story) -> None:
    """What the settings call sensitive is not on the page."""
    Path("reconciler.yaml").write_text("version: 1\nsensitive: [organization]\n", encoding="utf-8")
    writes(ACME)
    page = called("plan", "--format", "html").out
    assert "Acme Ltd." not in page
    assert "(sensitive value)" in page


def test_a_redacted_page_has_no_value(place: Story) -> None:
    """With --redact the page tells which fields change, and neither a value nor the name of a client."""
    writes("clients:\n  acme: {organization: Acme Ltd., note: 'one\n\n    two'}\n")
    page = called("plan", "--redact", "--format", "html").out
    assert not [word for word in ("Acme", "one two", "Ltd") if word in read(page).text]
    assert "Add acme clients.acme" in read(page).text
    assert "Organization (sensitive value) Note (sensitive value)" in read(page).text
