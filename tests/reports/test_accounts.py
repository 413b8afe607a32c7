"""The table of several accounts, and the one exit code for all."""

from __future__ import annotations

import re

import pytest

from reconciler.cli.main import EPILOG
from reconciler.reports.accounts import (
    MEANINGS,
    AccountRow,
    accounts_event,
    render_accounts,
    render_heading,
    summary,
    worst,
)
from reconciler.reports.options import RenderOptions

ROWS = (
    AccountRow(name="acme", account="Aa1", exit_code=2, found={"add": 2, "destroy": 10}, plan_id="f00"),
    AccountRow(name="b\x1b[2Jolt\u202e", account="Bb2", exit_code=0, found={"change": 1}, applied=True),
    AccountRow(name="a\u4e2d", exit_code=10, told="the state is in use"),
    AccountRow(name="coral", exit_code=0, found={}, account="Cc3"),
    AccountRow(name="last"),
)


def test_the_table() -> None:
    """One row an account under its column, whatever is in its name; then the sums, and what they mean."""
    assert render_accounts(ROWS, RenderOptions()) == (
        "Accounts:\n"
        "  name                 account  add  change  destroy  exit  result\n"
        "  acme                 Aa1        2       0       10     2  changes pending\n"
        "  b\\u001b[2Jolt\\u202e  Bb2        0       1        0     0  applied\n"
        "  a\u4e2d" + " " * 51 + "10  locked: the state is in use\n"
        "  coral                Cc3        0       0        0     0  no changes\n"
        "  last                                                      not reached\n"
        "  total                           2       1       10\n"
        "\n"
        "5 accounts (done: 2, changes pending: 1, locked: 1, not reached: 1). Exit code 10: locked.\n"
    )


def test_colour_is_only_colour() -> None:
    """In colour the table says the same."""
    coloured = render_accounts(ROWS, RenderOptions(colour=True))
    assert coloured != render_accounts(ROWS, RenderOptions())
    assert re.sub("\x1b\\[[0-9;]*m", "", coloured) == render_accounts(ROWS, RenderOptions())
    assert render_heading("b\x1b[2J", 2, 3, RenderOptions()) == "Account b\\u001b[2J (2 of 3)"


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ([], 0),
        ([0, 0], 0),
        ([0, 2], 2),
        ([2, 1], 1),
        ([1, 3, 2], 3),
        ([3, 10, 5], 10),
        ([10, 64], 64),
        ([6, 10, 64], 6),
        ([6, 11, 9], 11),
        ([11, 130], 130),
        ([0, 143], 143),
    ],
)
def test_one_code_for_all(codes: list[int], code: int) -> None:
    """The highest code stands for all, but: a signal, then 11, then 6 come first, and pending changes after errors."""
    assert worst(codes) == code
    assert worst(reversed(codes)) == code


def test_meanings_are_those_of_the_help() -> None:
    """What an exit code means is told in the words of `--help`."""
    told = dict.fromkeys(MEANINGS, "")
    for part in re.split(r"[;.]\s", EPILOG.partition("Exit codes: ")[2]):
        for code in re.findall(r"\d+", part.partition(" ")[0]):
            told[int(code)] = " ".join(part.partition(" ")[2].split()).partition(" (")[0].rstrip(".")
    assert told == dict(MEANINGS)


def test_the_event() -> None:
    """The same as an event: a row has what is known of it, and the event the exit code."""
    event = accounts_event(ROWS)
    assert (event["type"], event["exit_code"], event["@level"]) == ("accounts_summary", 10, "error")
    assert event["@message"] == summary(ROWS)
    rows = event["accounts"]
    assert isinstance(rows, list)
    assert rows[0] == {
        "name": "acme",
        "account": "Aa1",
        "exit_code": 2,
        "changes": {"add": 2, "change": 0, "import": 0, "remove": 10, "operation": "plan"},
        "plan_id": "f00",
        "result": "changes pending",
    }
    assert rows[4] == {"name": "last", "account": None, "exit_code": None, "result": "not reached"}
    assert accounts_event(ROWS[:2])["@level"] == "info"
