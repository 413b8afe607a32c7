"""Every value that FreshBooks may hold reads back from the YAML as it was."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.documents.parse import parse
from reconciler.export.scalars import scalar
from reconciler.export.writing import flow, pair
from tests.laws.strategies import law

HOSTILE = (
    "no", "NO", "On", "y", "null", "~", "true", "False", "1e3", "02134", "90210", "0x1F", "0o17", "0b11", "1_000",
    "12:30", "190:20:30", "2026-11-25", "2026-11-25 10:00", "2026-1-2", ".5", "5.", "-1", "+1", ".inf", ".NaN", "-.INF",
    "1,000", " leading", "trailing ", "\ttab", "a\tb", "tab\t", "\x85", "a\x85b", "a\u2028b", "a\u2029b", "\ufeff",
    "a\ufeffb", "🙂", "👩‍👩‍👧", "❤️", "\u202eabc", "a\u00a0b", "\u200b", "a\nb", "a\n", "\na", "a\n\n", "a\n\nb",
    "a \nb", "a\n b", "a\r\nb", "a\rb", "\n", " ", "\x00", "\x07", "\x1b[31m", "\x7f", "\x9f", "key: value", "a:",
    ": b", "a:b", "# no", "a #b", "a#b", "- x", "-", "--", "---", "...", "--- a", "? x", "?", "[a]", "{a: b}", "a, b",
    "a]", "}b", "&anchor", "*alias", "!tag", "!!str x", "| x", "> x", "%TAG", "@x", "`x`", "'", "''", '"', 'a"b',
    "it's", "\\", "\\n", "a\\", "<<", "=", "$x", "(416) 555-0100", "+1 416 555", "416-555-0100", "É", "東京",
    "\U0001f600x", "\U000e0001", "\ue000", "\uffff", "a\ud7ffb",
    "word " * 60 + "end", "x" * 400, "two  blanks " * 30 + "end",
    "# begins like a comment " * 20 + "end", "- begins like a list " * 20 + "end", "line one\nline two: x # y\n- z",
    "many words " * 30 + "\nand a line", "key: value " * 30 + "end", "--- " * 40 + "end", "long " * 40 + "\n",
)  # fmt: skip


def read(text: str) -> Any:  # noqa: ANN401 - whatever the YAML says
    """Read as the program does."""
    document = parse("x.yaml", text.encode())
    assert document.problems == []
    return document.content


def check(value: str) -> None:
    """See that a value reads back, here and by YAML 1.1, at the top, nested, and between braces."""
    wanted: dict[str, Any] = {"first": 1, "name": value, "last": 2}
    cases = [
        ("\n".join(["first: 1", *pair("name", value, ""), "last: 2"]), wanted),
        ("\n".join(["top:", "  first: 1", *pair("name", value, "  "), "  last: 2"]), {"top": wanted}),
        (f"x: {flow({'a': value, 'b': 'c'})}", {"x": {"a": value, "b": "c"}}),
    ]
    for text, meant in cases:
        assert read(text + "\n") == meant
        assert yaml.safe_load(text + "\n") == meant


@pytest.mark.parametrize("value", HOSTILE, ids=ascii)
def test_hostile_texts_read_back(value: str) -> None:
    """Words, numbers, dates, blanks, breaks and signs are text, for us and for readers of YAML 1.1."""
    check(value)


@law(1500)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_text_reads_back(value: str) -> None:
    """There is no text that YAML changes."""
    check(value)


@law(1500)
@given(st.text("aZ09 \n\t#:-?,[]{}'\"\\&*!|>%@~.+_=eo\u00e9", max_size=30))
def test_any_text_of_signs_reads_back(value: str) -> None:
    """What is made of YAML's own signs is no YAML."""
    check(value)


@law(500)
@given(st.lists(st.text("ab #:-|>.\u00e9", min_size=1, max_size=30), min_size=5, max_size=60))
def test_any_long_text_reads_back(words: list[str]) -> None:
    """Folded and literal blocks give back what was put in."""
    check(" ".join(words))
    check("\n".join(words))
    check("\n".join(words) + "\n")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("Acme Ltd.", "Acme Ltd."), ("Garcia & Levy LLP", "Garcia & Levy LLP"), ("416-555-0100", "416-555-0100"),
        ("02134", '"02134"'), ("no", '"no"'), ("jane@acme.example", "jane@acme.example"), (True, "true"),
        (None, "null"), ("", '""'), ("Zoë's", "Zoë's"), ("(416) 555", "(416) 555"), ("M5V 2T6", "M5V 2T6"),
        ("a: b", '"a: b"'), ("\u202e", '"\\u202e"'), ("20 Main St #4", '"20 Main St #4"'),
    ],
)  # fmt: skip
def test_values_look_as_a_person_writes_them(value: str | bool | None, told: str) -> None:  # noqa: FBT001 - a case
    """Quotes stand only where they are needed, and what cannot be seen is spelt out."""
    assert scalar(value) == told
