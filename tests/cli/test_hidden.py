"""Sensitive fields end to end: a canary is nowhere that it does not belong, and plans apply all the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.reports.formats import PLANS, PROBLEMS
from tests.cli.program import ACME, Ran, called, spawned, writes
from tests.golden.story import Story, telling

CANARY = "Canary.Person@nest.example"
NOTE = "sings at night"
SETTINGS = "sensitive: [email, note, phone1]\n"
CLIENT = (
    f"clients:\n  acme:\n    organization: Acme Ltd.\n    email: {CANARY}\n    note: |\n      pays late\n      {NOTE}\n"
    f"    contacts: {{jane: {{email: jane.{CANARY}, fname: Jane, phone1: 555-0199-canary}}}}\n"
)
APPLY = ("apply", "--auto-approve", "--settle", "0", "--parallelism", "1")
EVERY_FORMAT = [word for name in PLANS for word in ("--format", f"{name}=plan.{name}")]


@pytest.fixture(autouse=True)
def _sensitive(place: Story) -> Iterator[None]:
    """Name what is sensitive."""
    writes(SETTINGS.removeprefix("version: 1\n"), "reconciler.yaml")
    yield
    # What may hold values: what the user wrote, the record of a run from which it is undone.
    kept = {"clients.yaml", "reconciler.yaml"}
    for file in Path().rglob("*"):
        if file.is_file() and file.name not in kept and "runs" not in file.parts:
            assert told_in(file.read_text(encoding="utf-8")) == [], file


def told_in(text: str) -> list[str]:
    """Give what a text tells of the canary."""
    low = text.lower()
    return [word for word in (CANARY, NOTE, "0199-canary") if word.lower() in low]


def silent(ran: Ran) -> Ran:
    """See that a run has told nothing."""
    assert told_in(ran.all) == []
    return ran


def test_a_plan_in_every_format(place: Story) -> None:
    """A plan says what changes and shows nothing of it: in files, on the terminal, as events, summed up."""
    writes(CLIENT)
    ran = silent(called("plan", "--debug", "--out", "one.plan", *EVERY_FORMAT, "--format", "text"))
    assert ran.code == 0
    assert "+ email        = (sensitive value)" in ran.out
    assert silent(called("plan", "--json")).code == 0
    assert "will be created (3 attributes)" in silent(called("plan", "--summary")).out
    for name in PLANS:
        silent(called("show", "one.plan", "--format", name))


def test_a_saved_plan_is_applied(place: Story) -> None:
    """The plan that is saved without values is applied with them: its id is that of the plan with all of them."""
    writes(CLIENT)
    writes("policy: {}\n", "reconciler.yaml")
    plain = json.loads(called("plan", "--format", "json").out)["reconciler"]["plan_id"]
    writes(SETTINGS, "reconciler.yaml")
    silent(called("plan", "--out", "one.plan"))
    assert json.loads(Path("one.plan").read_bytes())["reconciler"]["plan_id"] == plain
    ran = silent(called("apply", "one.plan", "--settle", "0"))
    assert (ran.code, "clients.acme: created" in ran.out) == (0, True), ran.all
    [client] = place.clients().values()
    assert (client["email"], client["note"]) == (CANARY, f"pays late\n{NOTE}\n")
    assert silent(called("plan", "--detailed-exitcode")).code == 0


def test_a_stale_plan(place: Story) -> None:
    """What moved is told without what it was, where only a hidden value moved too."""
    writes(CLIENT)
    silent(called("plan", "--out", "one.plan"))
    writes(CLIENT.replace(NOTE, f"{NOTE} and by day"))
    ran = silent(called("apply", "one.plan", "--settle", "0"))
    assert (ran.code, "values that are not shown" in ran.err) == (5, True), ran.err


def test_changes_drift_and_removal(place: Story) -> None:
    """Before and after, an edit outside, what is removed: nothing is told."""
    writes(CLIENT)
    silent(called(*APPLY))
    writes(CLIENT.replace("pays late", "pays on time").replace("jane.", "j."))
    place.person.edits(700001, email=f"new.{CANARY}")
    for words in (("plan",), ("plan", "--json"), APPLY):
        assert silent(called(*words, *([] if words == APPLY else EVERY_FORMAT))).code == 0
    writes("clients: {}\n")
    assert silent(called("plan", "--allow-empty", *EVERY_FORMAT, "--format", "text")).code == 0
    writes(SETTINGS + "policy: {drift: report}\n", "reconciler.yaml")
    writes(CLIENT)
    place.person.edits(700001, note=f"{NOTE}!")
    silent(called("plan", *EVERY_FORMAT, "--format", "text"))


def test_a_question(place: Story) -> None:
    """A stop lists candidates by what may be shown, though another field has the same words."""
    place.person.creates(organization=f"Bird of {CANARY}", email=CANARY, fname="Cara")
    writes(CLIENT)
    for words in (("plan",), ("plan", "--json")):
        ran = silent(called(*words))
        assert (ran.code, "700001" in ran.all) == (7, True)
    assert "Bird of (sensitive value)" in called("plan").err


def test_a_note(place: Story) -> None:
    """So does a note on a client that does not change."""
    writes(SETTINGS + "policy: {unmanaged: report}\n", "reconciler.yaml")
    place.person.creates(organization=f"Bird of {CANARY}", email=CANARY, phone1="1")
    writes(ACME)
    ran = silent(called("plan", *EVERY_FORMAT, "--format", "text"))
    assert "Bird of (sensitive value)" in ran.out


def test_a_refusal_of_the_vendor(tmp_path: Path) -> None:
    """What FreshBooks refuses is told without what it was."""
    (tmp_path / "strict").mkdir()
    with telling(tmp_path / "strict", {"validation": "strict"}):
        writes(SETTINGS, "reconciler.yaml")
        writes(CLIENT.replace("@", " at "))
        for words in (APPLY, (*APPLY, "--json")):
            ran = called(*words)
            assert (ran.code, "canary" in ran.all.lower()) == (1, False), ran.all


@pytest.mark.parametrize("name", PROBLEMS)
def test_problems(name: str, place: Story) -> None:
    """A problem shows its line up to the value, and tells it nowhere; in any format, on any stream."""
    bolt = f"  bolt: {{email: {CANARY}, note: {NOTE}, nope: 1}}\n"
    writes(f"clients:\n  acme: {{organization: Acme, email: [{CANARY}]}}\n{bolt}")
    for words in (("--format", name), ("--format", f"{name}=problems.{name}"), ("--json",)):
        assert silent(called("validate", *words)).code == 3
    if name == "json":
        assert silent(spawned("plan")).code == 3
        assert silent(spawned("plan", "--json")).code == 3


def test_redacted(place: Story) -> None:
    """--redact shows no value of any field, sensitive or not, of a plan, a saved one, and of an apply."""
    writes("policy: {}\n", "reconciler.yaml")
    writes(CLIENT)
    for words in (
        ("plan", "--redact", "--out", "one.plan", *EVERY_FORMAT, "--format", "text"),
        ("plan", "--redact", "--json"),
        ("show", "one.plan"),
        ("show", "--redact", "one.plan", "--format", "markdown"),
        ("apply", "one.plan", "--redact", "--settle", "0"),
    ):
        ran = silent(called(*words))
        assert (ran.code, "Acme Ltd." in ran.all) == (0, False), words
    assert len(place.clients()) == 1
    place.person.creates(organization="Acme Limited", email=CANARY)
    place.person.creates(organization="Acme Limited", email=CANARY)
    writes("clients:\n  other: {organization: Other, email: " + CANARY + "}\n")
    ran = silent(called("plan", "--redact", "--target", "clients.other"))
    assert (ran.code, "Acme" in ran.all) == (7, False), ran.all
