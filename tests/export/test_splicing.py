"""Edits of YAML lead to what they say, wherever and however the keys stand."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.documents.parse import parse
from reconciler.documents.spans import spans
from reconciler.export.scalars import scalar
from reconciler.export.splicing import Add, CannotEdit, Drop, Edit, Put, edited
from reconciler.export.writing import flow, pair
from tests.export.test_scalars import HOSTILE
from tests.laws.strategies import law

Entry = dict[str, Any]
KEYS = ("a", "b", "c", "d", "e", "f")
VALUES = st.one_of(st.sampled_from(HOSTILE), st.text("ab #:\n", max_size=12), st.sampled_from([None, True, False]))
ENTRIES = st.dictionaries(st.sampled_from(KEYS), VALUES, min_size=1, max_size=5)


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, dict[str, Entry]]:
    """Give a file with records in blocks and between braces, comments and blank lines among them, and what it says."""
    content = draw(st.dictionaries(st.sampled_from(("p", "q", "r", "s")), ENTRIES, min_size=1, max_size=4))
    step, newline = draw(st.sampled_from(("  ", "    "))), draw(st.sampled_from(("\n", "\r\n")))
    lines = ["# the first line", "version: 1", "clients:  # all of them"]
    for key, fields in content.items():
        lines += draw(
            st.sampled_from(([], [""], [f"{step}# about {key}"], ["", "# at the edge", f"{step}# and {key}"]))
        )
        if draw(st.booleans()):
            lines.append(f"{step}{key}: {flow(fields)}{draw(st.sampled_from(('', '  # flat')))}")
            continue
        lines.append(f"{step}{key}:")
        for name, value in fields.items():
            told = pair(name, value, step * 2)
            lines += told if len(told) > 1 else [told[0] + draw(st.sampled_from(("", "   # why")))]
    end = draw(st.sampled_from(("\n", "", "\n\n# the last line\n", "\nremoved: [z]\n")))
    text = ("\n".join(lines) + end).replace("\n", newline)
    said: Any = parse("x.yaml", text.encode()).content
    return text, said["clients"]


@st.composite
def changes(draw: st.DrawFn, content: dict[str, Entry]) -> tuple[list[Edit], dict[str, Entry]]:
    """Give edits of these records, each place at most once, and what they lead to."""
    edits: list[Edit] = []
    wanted = deepcopy(content)
    for key in list(content):
        if draw(st.integers(0, 4)) == 0:
            edits.append(Drop(path=("clients",), name=key))
            del wanted[key]
            continue
        for name in draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=4)):
            if name in wanted[key] and len(wanted[key]) > 1 and draw(st.booleans()):
                edits.append(Drop(path=("clients", key), name=name))
                del wanted[key][name]
            else:
                wanted[key][name] = draw(VALUES)
                edits.append(Put(path=("clients", key), name=name, value=wanted[key][name], order=KEYS))
    for key in draw(st.lists(st.sampled_from(("x", "y", "z")), unique=True, max_size=2)):
        wanted[key] = draw(ENTRIES)
        lines = [f"{key}:", *(line for name, value in wanted[key].items() for line in pair(name, value, "  "))]
        edits.append(Add(path=("clients",), entries=[lines], inline=[f"{key}: {flow(wanted[key])}"]))
    return edits, wanted


@law(600)
@given(st.data())
def test_edits_lead_to_what_they_say(data: st.DataObject) -> None:
    """Whatever is put, dropped and added, the text reads as wanted, with its line ends, and other comments stay."""
    text, content = data.draw(documents())
    edits, wanted = data.draw(changes(content))
    after = edited(text, edits)
    document = parse("x.yaml", after.encode(), block="clients")
    assert document.problems == [], after
    got: Any = document.content
    assert (got["clients"] or {}) == wanted, after
    assert ("\r\n" in text) == ("\r\n" in after)
    assert after.count("\n") == after.count("\r\n") or "\r\n" not in text
    assert "# the first line" in after
    assert ("# the last line" in text) == ("# the last line" in after)


@law(300)
@given(st.data())
def test_without_edits_nothing_changes(data: st.DataObject) -> None:
    """No edit leaves the text as it is, and putting what is there already changes no more than how it is written."""
    text, content = data.draw(documents())
    assert edited(text, []) == text
    puts = [
        Put(path=("clients", key), name=name, value=value)
        for key, one in content.items()
        for name, value in one.items()
    ]
    document: Any = parse("x.yaml", edited(text, puts).encode(), block="clients").content
    assert document["clients"] == content


@pytest.mark.parametrize("text", ["a: &x {b: c}\nd: *x\n", "a: [1]\n", "a: text\n", "{}\n", ""])
def test_what_is_not_written_out_is_not_edited(text: str) -> None:
    """Where no mapping stands, nothing is put."""
    with pytest.raises(CannotEdit):
        edited(text, [Put(path=("d" if "d" in text else "a",), name="b", value="x")])


@pytest.mark.parametrize("blanks", ["", "  ", " \t "])
@pytest.mark.parametrize("end", ["", "\n", "\n# no\n", "\nc: d\n"])
def test_blanks_behind_a_value_are_no_part_of_a_block(blanks: str, end: str) -> None:
    """What an editor left at the end of a line does not come into the text that takes its place."""
    after = edited(f"a: 'x'{blanks}{end}", [Put(path=(), name="a", value="one\ntwo")])
    content: Any = parse("x.yaml", after.encode()).content
    assert content["a"] == "one\ntwo"


def test_spans_are_exact() -> None:
    """Each value's span is the very piece of text that says it."""
    text = "a: x # no\nb:\n  c: 'y'\n  d: |\n    one\n    two\n\n# no\ne: {f: \"z\", g: [1, 2]}\nh:\n"
    items = spans(text).items or {}
    inner = items["b"].value.items or {}
    told = [
        text[span.start : span.end] for span in (items["a"].value, inner["c"].value, inner["d"].value, items["e"].value)
    ]
    assert told == ["x", "'y'", "|\n    one\n    two", '{f: "z", g: [1, 2]}']
    assert scalar(5) == "5"
