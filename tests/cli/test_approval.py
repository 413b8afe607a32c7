"""Who may say yes: a person at a terminal, a reviewed plan, a flag. Nobody: exit 64 before anything is read."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.cli.program import ACME, BOLT, at_terminal, called, spawned, writes
from tests.golden.story import Story

QUIET = ("--settle", "0")


def test_nobody_can_approve(place: Story) -> None:
    """Without a terminal and an approval an apply ends with 64 before any request."""
    writes(ACME)
    for ran in (called("apply"), spawned("apply"), called("apply", "--json")):
        assert ran.code == 64
        assert "--auto-approve" in ran.all
    assert place.sandbox.log.entries == []
    assert not Path(".reconciler").exists()


@pytest.mark.parametrize("spoiled", ["clients.yaml", "reconciler.yaml", "FRESHBOOKS_ACCESS_TOKEN"])
def test_nobody_can_approve_before_anything_is_read(place: Story, spoiled: str) -> None:
    """It is 64 whatever else is wrong: nothing was read, so nothing else is known."""
    writes(ACME)
    if spoiled.isupper():
        del os.environ[spoiled]
    else:
        Path(spoiled).write_text("{", encoding="utf-8")
    ran = called("apply")
    assert (ran.code, "nobody can approve" in ran.err) == (64, True)


def test_nobody_can_approve_in_the_sandbox(folder: Path) -> None:
    """With --sandbox it is the same: no account is begun for it."""
    writes(ACME)
    ran = called("apply", "--sandbox")
    assert (ran.code, "nobody can approve" in ran.err) == (64, True)
    assert not Path(".reconciler").exists()


def test_yes_applies(place: Story) -> None:
    """A person sees the plan, types yes, and it is carried out."""
    writes(ACME)
    with at_terminal("apply", *QUIET) as person:
        person.shows("Only 'yes' will be accepted.")
        person.shows("Enter a value: ")
        assert "Plan: 1 to add" in person.text
        assert place.writes_seen() == []
        person.types("yes\n")
        assert person.ends() == 0
        assert "Apply complete! Resources: 1 added" in person.text
    assert len(place.clients()) == 1


@pytest.mark.parametrize("answer", ["y\n", "YES\n", "yes please\n", "\n", "no\n", "\x04"])
def test_anything_else_declines(place: Story, answer: str) -> None:
    """Only the word itself is a yes; anything else, and the end of the input, declines with 1 and writes nothing."""
    writes(ACME)
    with at_terminal("apply", *QUIET) as person:
        person.shows("Enter a value: ")
        person.types(answer)
        assert person.ends() == 1
        assert "apply was declined" in person.text
        assert "Nothing was written." in person.text
    assert place.writes_seen() == []
    assert not list(Path(".reconciler").glob("state.json"))


def test_interrupted_at_the_question(place: Story) -> None:
    """Ctrl-C at the question ends with 130, writes nothing, and frees the lock."""
    writes(ACME)
    with at_terminal("apply", *QUIET) as person:
        person.shows("Enter a value: ")
        person.process.send_signal(signal.SIGINT)
        assert person.ends() == 130
        assert "Traceback" not in person.seen
    assert place.writes_seen() == []
    assert called("apply", "--auto-approve").code == 0


def test_no_question_where_there_is_nothing_to_do(place: Story) -> None:
    """Where nothing would change, nobody is asked."""
    writes(ACME)
    called("apply", "--auto-approve")
    with at_terminal("apply", *QUIET) as person:
        assert person.ends() == 0
        assert "Enter a value" not in person.seen
        assert "No changes." in person.text


@pytest.mark.parametrize("how", ["--auto-approve", "--expect", "PLANFILE"])
def test_other_approvals_do_not_ask(place: Story, how: str) -> None:
    """At a terminal too, a flag, a met --expect and a saved plan are the approval."""
    writes(ACME)
    plan_id = called("plan", "--out", "one.plan").out.partition("Plan id: ")[2].split()[0]
    words = {"--auto-approve": ["--auto-approve"], "--expect": ["--expect", plan_id], "PLANFILE": ["one.plan"]}[how]
    with at_terminal("apply", *words, *QUIET) as person:
        assert person.ends() == 0
        assert "Enter a value" not in person.seen
    assert len(place.clients()) == 1


def test_a_redirected_result_still_asks(place: Story) -> None:
    """`reconciler apply > log` asks at the terminal that is left, on stderr; the plan is in the log."""
    writes(ACME)
    with Path("log").open("wb") as log, at_terminal("apply", *QUIET, streams={"stdout": log.fileno()}) as person:
        person.shows("Enter a value: ")
        person.types("yes\n")
        assert person.ends() == 0
    told = Path("log").read_text(encoding="utf-8")
    assert "Plan: 1 to add" in told
    assert "Apply complete!" in told
    assert "\x1b" not in told
    assert "Only 'yes'" not in told


def test_json_never_asks(place: Story) -> None:
    """With --json nobody is asked, even at a terminal: a stream of events has no place for a question."""
    writes(ACME + BOLT)
    with at_terminal("apply", "--json", *QUIET) as person:
        assert person.ends() == 64
        assert "Enter a value" not in person.seen
    assert place.sandbox.log.entries == []
