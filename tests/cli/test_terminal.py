"""Colour and progress are for terminals; a reader that went away or a full disk never breaks an apply half-way."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.program import ACME, BOLT, ESCAPES, PROGRAM, at_terminal, called, spawned, strikes, writes
from tests.golden.story import Story

APPLY = ("apply", "--auto-approve", "--settle", "0")
PLAIN = [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"RECONCILER_NO_COLOR": "1"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}]


@pytest.fixture(autouse=True)
def _no_wishes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin without anybody's wishes about colour."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


def test_a_terminal_has_colour(place: Story) -> None:
    """At a terminal a plan is coloured."""
    writes(ACME)
    with at_terminal("plan", streams={"stdin": subprocess.DEVNULL}) as person:
        assert person.ends() == 0
    assert "\x1b[32m" in person.seen
    assert "Plan: 1 to add" in person.text


@pytest.mark.parametrize("environment", PLAIN, ids="+".join)
def test_a_terminal_without_colour(place: Story, environment: dict[str, str]) -> None:
    """NO_COLOR and TERM=dumb take every colour away, at a terminal too."""
    writes(ACME)
    with at_terminal("plan", streams={"stdin": subprocess.DEVNULL}, environment=environment) as person:
        assert person.ends() == 0
    assert "\x1b" not in person.seen
    assert "Plan: 1 to add" in person.seen


def test_the_flag_takes_colour_away(place: Story) -> None:
    """--no-color does the same."""
    writes(ACME)
    with at_terminal("plan", "--no-color", streams={"stdin": subprocess.DEVNULL}) as person:
        assert person.ends() == 0
    assert "\x1b" not in person.seen


def test_a_pipe_has_no_colour(place: Story) -> None:
    """In a pipe there is no escape sequence, neither in results nor in errors, and no progress."""
    writes(ACME)
    for ran in (spawned("plan"), spawned(*APPLY), spawned("plan", "--bogus")):
        assert "\x1b" not in ran.all
        assert "\r" not in ran.all
        assert "Reading the account" not in ran.all


def test_colour_can_be_forced(place: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """FORCE_COLOR colours a pipe, 0 or nothing does not, NO_COLOR and --json win over it."""
    writes(ACME)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[32m" in called("plan").out
    assert "\x1b" not in called("plan", "--json").out
    assert "\x1b" not in called("plan", "--no-color").out
    monkeypatch.setenv("FORCE_COLOR", "0")
    assert "\x1b" not in called("plan").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in called("plan").out


def test_colour_is_decided_for_each_stream(place: Story) -> None:
    """Where only stdout is a terminal, a log of stderr has no escape sequences."""
    writes("clients:\n  acme: {organisation: Acme}\n")
    with Path("log").open("wb") as log, at_terminal("validate", streams={"stderr": log.fileno()}) as person:
        assert person.ends() == 3
    assert "\x1b" not in Path("log").read_text(encoding="utf-8")


def test_progress_at_a_terminal(place: Story) -> None:
    """A person sees a bar on stderr while the account is read and the plan carried out; it goes away at the end."""
    writes(ACME + BOLT)
    strikes(place, "* * delay=0.2")
    with Path("out").open("wb") as out, at_terminal(*APPLY, streams={"stdout": out.fileno()}) as person:
        assert person.ends() == 0
    assert "Reading the account" in person.text
    assert "Applying" in person.text
    assert "0/2" in person.text
    assert "/s" in person.text
    assert person.seen.rstrip().endswith("\x1b[2K"), "the last thing is that the bar is wiped"
    told = Path("out").read_text(encoding="utf-8")
    assert "Applying" not in told
    assert "\x1b" not in told


@pytest.mark.parametrize("flag", ["--json", "--no-color"])
def test_no_progress_elsewhere(place: Story, flag: str) -> None:
    """With --json, or with stderr in a file, there is no bar, whatever the other streams are."""
    writes(ACME)
    strikes(place, "* * delay=0.1")
    with Path("log").open("wb") as log:
        streams = {} if flag == "--json" else {"stderr": log.fileno()}
        with at_terminal(*APPLY, flag, streams=streams) as person:
            assert person.ends() == 0
    assert "Applying" not in person.text + Path("log").read_text(encoding="utf-8")


def test_a_reader_that_leaves(place: Story) -> None:
    """`reconciler apply | head -1`: all is done, recorded, and the exit code is that of the apply."""
    writes("clients:\n" + "".join(f"  c{number}: {{organization: Firm {number}}}\n" for number in range(30)))
    ran = spawned(*APPLY, around='"$@" | head -1; exit "${PIPESTATUS[0]}"')
    assert (ran.code, ran.err) == (0, ""), ran.all
    assert len(ran.out.splitlines()) == 1
    assert len(place.clients()) == 30
    assert "No changes." in called("plan", "--detailed-exitcode").out


@pytest.mark.parametrize("command", [("plan",), ("schema",), ("--help",), ("--version",), ("plan", "--json")])
def test_other_readers_that_leave(place: Story, command: tuple[str, ...]) -> None:
    """A reader that leaves at once is no error."""
    writes(ACME)
    ran = spawned(*command, around='"$@" | true; exit "${PIPESTATUS[0]}"')
    assert (ran.code, ran.all) == (0, "")


def test_a_full_disk_behind_the_result(place: Story) -> None:
    """`reconciler apply > /dev/full`: all is done and recorded; 11 and a word on stderr say what was lost."""
    writes(ACME + BOLT)
    ran = spawned(*APPLY, around='"$@" > /dev/full')
    assert ran.code == 11
    assert "the result could not be written" in ran.err
    assert "No space left on device" in ran.err
    assert len(place.clients()) == 2
    assert "No changes." in called("plan", "--detailed-exitcode").out


@pytest.mark.parametrize("command", [("plan",), ("validate",), ("schema",), ("plan", "--json")])
def test_a_full_disk_is_told(place: Story, command: tuple[str, ...]) -> None:
    """Any result that is lost to a full disk ends with 11, and stderr says so."""
    writes(ACME)
    ran = spawned(*command, around='"$@" > /dev/full')
    assert (ran.code, "No space left on device" in ran.err) == (11, True)
    assert "Traceback" not in ran.all


def test_a_full_disk_behind_the_talk(place: Story) -> None:
    """What accompanies the result may be lost without harm to it."""
    writes(ACME)
    ran = spawned("plan", "--out", "one.plan", around='"$@" 2> /dev/full')
    assert (ran.code, "Plan: 1 to add" in ran.out) == (0, True)


@pytest.mark.parametrize("command", ["--help", "--version"])
def test_a_full_disk_behind_help(folder: Path, command: str) -> None:
    """Help that cannot be written is lost like any other result."""
    ran = spawned(command, around='"$@" > /dev/full')
    assert (ran.code, "No space left on device" in ran.err) == (11, True)


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-"])
@pytest.mark.parametrize("command", [("plan",), ("apply", "--auto-approve"), ("--version",)])
def test_closed_streams(place: Story, closed: str, command: tuple[str, ...]) -> None:
    """A stream that was closed, as some job runners do, is one that cannot be written: no traceback, no failure."""
    writes(ACME)
    ran = spawned(*command, around=f'"$@" {closed}')
    assert "Traceback" not in ran.all
    assert ran.code == 0


def prose(text: str) -> Iterator[str]:
    """Give the lines that are sentences: no attributes, headings of records, source lines or words to paste."""
    for line in ESCAPES.sub("", text).splitlines():
        inner = line.removeprefix("|").removeprefix("\u2502")
        pasted = inner.startswith(("    ", "   #", "  #")) or " | " in inner or " = " in inner
        if not pasted and len(inner.split()) > 3:
            yield line


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(place: Story, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prose is wrapped at the width of the terminal: results, refusals, stops, errors and help."""
    monkeypatch.setenv("COLUMNS", str(columns))
    place.person.creates(organization="Acme Limited", email="office@bolt.example")
    writes(ACME)
    told = [called("plan"), called(*APPLY), called("apply"), called("plan", "--help"), called("--help")]
    place.person.owes(700003, "12.00 USD")
    writes("clients: {}\n")
    told.append(called("plan"))
    writes(ACME + BOLT)
    told += [called("plan"), called("plan", "--account", "Other1"), called("plan", "--create", "clients.none")]
    writes("clients:\n  acme: {organisation: Acme, p_code: 02134, id: x, contacts: {a: {}}}\n  acme: {}\n")
    told.append(called("validate"))
    wide = [line for ran in told for line in prose(ran.all) if len(line) > columns]
    assert wide == []


def test_the_width_is_that_of_the_window(folder: Path) -> None:
    """Without COLUMNS the window of the terminal says how wide a line may be."""
    writes("clients:\n  acme: {p_code: 02134}\n")
    rows = []
    for columns in (70, 140):
        with at_terminal("validate", columns=columns) as person:
            assert person.ends() == 3
        rows.append(len(person.text.splitlines()))
        assert max(map(len, person.text.splitlines())) <= columns
    assert rows[0] > rows[1]


def test_lines_are_told_as_they_happen(place: Story) -> None:
    """A log has a line a record as soon as it is done, not a buffer of them at the end."""
    writes(ACME + BOLT)
    strikes(place, "POST * delay=0.3")
    process = subprocess.Popen(
        [*PROGRAM, *APPLY, "--parallelism", "1"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        assert process.stdout is not None
        first = next(line for line in process.stdout if b": created" in line)
        assert len(place.clients()) < 2, first
        process.communicate(timeout=30)
    assert process.returncode == 0
