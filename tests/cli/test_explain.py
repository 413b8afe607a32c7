"""`reconciler explain`: what a code, an exit code or a word means, on any screen, for people and for programs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.core.explanation import Sort, entries
from reconciler.explanations import by_code, catalogue
from tests.cli.program import ESCAPES, at_terminal, called, spawned, writes
from tests.cli.test_start import completions

EVERY = list(entries(catalogue()))


def test_a_code(folder: Path) -> None:
    """A code is told with its summary, its group and exit code, what to do, an example, and where to read on."""
    ran = called("explain", "quote-it")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[:2] == ["quote-it: a text must be quoted", "(The configuration, exit code 3)"]
    assert lines.index("What to do") < lines.index("Example") < lines.index("  $ reconciler validate")
    assert '    p_code: "02134"' in lines
    assert lines[-1] == "More: docs/reference/configuration.md#yaml-precisely"


def test_an_exit_code(folder: Path) -> None:
    """A number is told with the codes that lead to it, a line each."""
    out = called("explain", "7").out
    assert out.startswith("exit code 7: a person must say which record is meant\n")
    listed = out.partition("Codes that lead to it\n")[2].partition("\n\n")[0]
    assert [line.split()[0] for line in listed.splitlines()] == [
        name for name, entry in by_code().items() if 7 in entry.exits
    ]


def test_a_word_of_a_plan(folder: Path) -> None:
    """A word of a plan is told as a code is; one that is both is told twice."""
    assert called("explain", "adopt").out.startswith("adopt: bind a record that exists already\n(Actions of a plan)\n")
    both = called("explain", "unmanaged").out
    assert both.index("(Notes)") < both.index("(Words)")


@pytest.mark.parametrize(
    "words",
    [
        ("a key is not known",),
        ("a", "key", "is", "not", "known"),
        ("| Error: A key is not known [unknown-key]",),
        ("UNKNOWN-KEY",),
    ],
)
def test_what_was_printed_will_do(words: tuple[str, ...], folder: Path) -> None:
    """A summary or a whole message leads to its code, in quotes or not, whatever its capitals."""
    assert called("explain", *words).out == called("explain", "unknown-key").out


def test_of_many_summaries_the_pasted_one(folder: Path) -> None:
    """Of a code with many summaries only the one is told that was pasted."""
    whole, one = called("explain", "usage").out, called("explain", "Nobody can approve").out
    assert one.startswith("usage: nobody can approve\n")
    assert "no profile is chosen" in whole
    assert "no profile is chosen" not in one
    assert "`--auto-approve` approves" in " ".join(one.split())


def test_several_at_once(folder: Path) -> None:
    """Several names are told one after the other, in their order, each once."""
    out = called("explain", "near-match", "5", "near-match", "adopt").out
    heads = [out.index(head) for head in ("near-match: a client", "exit code 5: ", "adopt: bind")]
    assert heads == sorted(heads)
    assert out.count("near-match: a client") == 1


@pytest.mark.parametrize("entry", EVERY, ids=lambda entry: f"{entry.sort}-{entry.name}")
def test_every_entry_can_be_shown(entry: object, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each entry is told by its name, without colour, and no sentence is wider than the screen."""
    monkeypatch.setenv("COLUMNS", "72")
    name = str(getattr(entry, "name", ""))
    ran = called("explain", name)
    assert (ran.code, ran.err) == (0, "")
    assert "\x1b" not in ran.out
    told = ran.out.partition("\nExample\n")[0].splitlines()
    assert [line for line in told if len(line) > 72 and not line.startswith("    ") and "docs/" not in line] == []


def test_the_list(folder: Path) -> None:
    """Without a name all are listed, a line each within the width, under the titles of their groups."""
    out = called("explain").out
    listed = [line for line in out.splitlines() if line.startswith("  ")]
    assert [re.split(" {2,}", line.strip())[0] for line in listed] == [entry.name for entry in EVERY]
    assert max(map(len, out.splitlines())) <= 100
    assert [group.title for group in catalogue() if f"\n{group.title}" in f"\n{out}"] == [
        group.title for group in catalogue()
    ]


def test_for_programs(folder: Path) -> None:
    """With --json each entry is an event with all that is known of it; without a name, all of them are."""
    [event] = [json.loads(line) for line in called("explain", "quote-it", "--json").out.splitlines()]
    assert (event["type"], event["name"], event["sort"], event["exit_codes"]) == (
        "explanation",
        "quote-it",
        "code",
        [3],
    )
    assert event["summaries"] == ["a text must be quoted"]
    assert event["example"]["command"] == "reconciler validate"
    every = [json.loads(line) for line in called("--json", "explain").out.splitlines()]
    assert [each["name"] for each in every] == [entry.name for entry in EVERY]


def test_a_name_that_is_none(folder: Path) -> None:
    """What is not known is wrong usage, with a guess at what was meant, and is shown harmlessly."""
    ran = called("explain", "near-mach")
    assert (ran.code, ran.out) == (64, "")
    assert "near-mach: Did you mean near-match?" in ran.err
    assert "`reconciler explain` lists all codes and words." in called("explain", "zzzz").err
    assert "\x1b[2J" not in called("explain", "\x1b[2J").err
    assert called("explain", "near-match", "zzzz").out == ""


def test_it_needs_nothing_that_may_be_broken(folder: Path) -> None:
    """Settings that cannot be read, a profile that is none and a state out of reach do not keep it from telling."""
    writes("nonsense: [\n", "reconciler.yaml")
    for more in ((), ("--profile", "none"), ("--state", "s3://nowhere/x"), ("--sandbox",)):
        assert called("explain", "bad-settings", *more).code == 0
    assert sorted(Path().iterdir()) == [Path("reconciler.yaml")]


def test_a_screen_of_colours(folder: Path) -> None:
    """At a terminal headings are bold; what is to be typed is not."""
    with at_terminal("explain", "quote-it") as person:
        assert person.ends() == 0
    assert "\x1b[1mWhat to do\x1b[0m" in person.seen
    assert ESCAPES.sub("", person.seen).replace("\r", "") == called("explain", "quote-it").out


def test_a_reader_that_leaves(folder: Path) -> None:
    """A reader that has seen enough of the list is no error."""
    ran = spawned("explain", around='"$@" | head -1; exit ${PIPESTATUS[0]}')
    assert (ran.code, ran.err) == (0, "")


# The command is named where a person reads an error.


def test_an_error_at_a_terminal_names_it(folder: Path) -> None:
    """At a terminal an error ends with the command that explains it; a log has the code alone."""
    writes("clients:\n  acme: {organization: Acme, p_code: 02134, nope: 1}\n")
    with at_terminal("validate") as person:
        assert person.ends() == 3
    assert person.text.replace("\r", "").endswith("\n\n`reconciler explain quote-it unknown-key` says more.\n")
    logged = called("validate")
    assert "[quote-it]" in logged.err
    assert "reconciler explain" not in logged.all


def test_doctor_shows_the_code(folder: Path) -> None:
    """A failure that doctor finds ends with the code of the error with which a run would stop."""
    assert "There is no access token. [no-token]" in called("doctor", "--offline").out


# Completion, and what it costs.


def test_completion(folder: Path) -> None:
    """Codes, exit codes and words are completed, but for those of two words."""
    assert completions("bash", "reconciler", "explain", "near") == {"near-match"}
    assert completions("fish", "reconciler", "explain", "ad") == {"adopt", "address"}
    assert completions("zsh", "reconciler", "explain", "13") == {"130"}
    assert completions("bash", "reconciler", "explain", "not") >= {"not-yaml", "not-allowed"}
    assert not [name for name in completions("bash", "reconciler", "explain", "not") if "attempted" in name]


READING = """
import sys
from reconciler.cli.main import run
run(sys.argv[1:])
print("reconciler.explanations" in sys.modules, file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("words", "read"),
    [
        (("--help",), "False"),
        (("validate",), "False"),
        (("validate", "--format", "json"), "False"),
        (("nonsense",), "False"),
        (("validate", "--format", "sarif"), "True"),
        (("explain", "5"), "True"),
    ],
)
def test_the_catalogue_is_read_only_to_explain(words: tuple[str, ...], read: str, folder: Path) -> None:
    """No command reads the catalogue but `explain`, and `validate` for SARIF; an error does not."""
    writes("clients:\n  acme: {nope: 1}\n")
    done = subprocess.run(
        [sys.executable, "-P", "-c", READING, *words], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stderr.splitlines()[-1] == read


def test_sarif_brings_it_along(folder: Path) -> None:
    """In SARIF a rule has what its code means, what to do, and the command that tells more."""
    writes("clients:\n  acme: {organization: Acme, p_code: 02134}\n")
    log = json.loads(called("validate", "--format", "sarif").out)
    [rule] = log["runs"][0]["tool"]["driver"]["rules"]
    entry = by_code()["quote-it"]
    assert rule["fullDescription"]["text"].split() == entry.meaning.split()
    assert '```text\np_code: "02134"\n```' in rule["help"]["markdown"]
    assert rule["help"]["text"].endswith("`reconciler explain quote-it` says more.")
    assert all(found.sort is Sort.CODE for found in by_code().values())
