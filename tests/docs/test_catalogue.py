"""The catalogue of explanations is that of the program: every code, summary, exit code and word, and none besides."""

from __future__ import annotations

import pytest

from reconciler import errors
from reconciler.core.change import Action
from reconciler.core.explanation import Explanation, Sort, entries
from reconciler.core.outcome import Result
from reconciler.explanations import catalogue
from tests.docs.codes import ANYTHING, codes, exits, fits, pass_through, summaries
from tests.docs.pages import DOCS, anchors

EVERY = list(entries(catalogue()))
CODES = {entry.name: entry for entry in EVERY if entry.sort is Sort.CODE}


def _of(title: str) -> list[str]:
    return [entry.name for group in catalogue() if group.title == title for entry in group.entries]


def test_every_code_is_explained_and_none_is_dead() -> None:
    """The catalogue has exactly the codes that occur in the source, each once."""
    assert sorted(entry.name for entry in EVERY if entry.sort is Sort.CODE) == sorted(codes())


def test_every_summary_stands_under_its_code() -> None:
    """What the source prints for a code is among the summaries that the catalogue gives it."""
    missing = [
        (code, summary)
        for code, summary in summaries()
        if not any(fits(printed.text, summary) for printed in CODES[code].printed)
    ]
    assert sorted(missing) == []


def test_no_summary_is_dead() -> None:
    """A summary that the catalogue gives a code is one that the source prints for it."""
    dead = [
        (code, printed.text)
        for code, entry in CODES.items()
        for printed in entry.printed
        if not any(fits(printed.text, summary) for of, summary in summaries() if of == code)
    ]
    # Put together by a function of their own, `load._sum`.
    assert dead == [
        ("configuration-invalid", "the configuration has a problem"),
        ("configuration-invalid", "the configuration has ... problems"),
    ]


def test_no_code_escapes_the_collection() -> None:
    """A problem's code is written out where it arises; the few functions that pass one on are known."""
    assert pass_through() == {
        "cli/applying.py:_verdict",
        "cli/commands/transfer.py:_read",
        "cli/importing.py:_problem",
        "core/plan.py:_note",
        "core/stops.py:_stop",
        "core/undo_values.py:_note",
        "core/validate.py:_problem",
        "documents/parse.py:problem",
        "errors.py:__init__",
        "export/csvs.py:_problem",
        "doctor/rounds.py:of_error",
        "documents/files.py:no_file",
        "reports/diagnostics.py:render_error",
        "reports/events.py:error_events",
        "reports/html.py:_notes",
        "store/history.py:_decoded",
        "store/shared.py:_decoded",
        "settings.py:_repository",
        "store/statefile.py:_stored",
    }


def test_exit_codes_are_those_of_the_classes() -> None:
    """A code that an error is raised with says the exit code of that error's class."""
    wrong = [(code, number) for code, number in exits() if number not in CODES[code].exits]
    assert sorted(wrong) == []


def test_every_exit_code_is_explained() -> None:
    """The exit codes of all errors are explained, and the two that are no errors; each has codes that lead to it."""
    known = {0, 2, 143, *(getattr(errors, name).exit_code for name in vars(errors) if _is_error(name))}
    assert {int(name) for name in _of("Exit codes")} == known
    assert {code for entry in CODES.values() for code in entry.exits} == known - {0, 2}


def _is_error(name: str) -> bool:
    found = getattr(errors, name)
    return isinstance(found, type) and issubclass(found, errors.ReconcilerError)


def test_every_word_of_a_plan_is_explained() -> None:
    """Each action of a plan and each outcome that is not done has an entry of its own."""
    assert sorted(_of("Actions of a plan")) == sorted(Action)
    assert sorted(_of("What became of a change")) == sorted(result for result in Result if result is not Result.DONE)


@pytest.mark.parametrize("entry", EVERY, ids=lambda entry: f"{entry.sort}-{entry.name}")
def test_every_entry_is_complete(entry: Explanation) -> None:
    """An entry says what it means, and of an error also what to do; its texts are sentences within a page's width."""
    assert entry.meaning.endswith((".", ":"))
    assert entry.sort is not Sort.CODE or (entry.remedy and entry.printed)
    assert ANYTHING not in entry.brief
    assert max(map(len, (entry.meaning + "\n" + entry.remedy).splitlines())) <= 118


@pytest.mark.parametrize(
    "entry", [entry for entry in EVERY if entry.see], ids=lambda entry: f"{entry.sort}-{entry.name}"
)
def test_every_link_leads_to_a_heading(entry: Explanation) -> None:
    """The page that an entry names is there, with that heading."""
    page, _, anchor = entry.see.partition("#")
    assert (DOCS / page).is_file()
    assert not anchor or anchor in anchors(DOCS / page)
