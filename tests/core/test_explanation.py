"""What was pasted is found: by name, by summary, by the whole of a message; and what was meant is guessed."""

from __future__ import annotations

import pytest

from reconciler.core.explanation import Explanation, Group, Sort, Summary, close, entries, find, leading_to, summary_of


def entry(name: str, *printed: str, sort: Sort = Sort.CODE, exits: tuple[int, ...] = ()) -> Explanation:
    """Give an entry of which only its names matter."""
    summaries = tuple(Summary(text=text) for text in printed)
    return Explanation(
        name=name, sort=sort, group="g", about="a", brief=name, exits=exits, printed=summaries, meaning="m"
    )


CODES = (
    entry("near-match", "a client to be created looks like one that exists", exits=(7,)),
    entry("duplicate-key", "a key stands twice", exits=(3,)),
    entry("key-twice", "a key stands twice", exits=(3,)),
    entry("unfinished", "... of ... changes ... not done", "Some are left.", exits=(6,)),
    entry("unmanaged", "a client is not in the configuration"),
)
WORDS = (entry("adopt", sort=Sort.WORD), entry("unmanaged", sort=Sort.WORD), entry("not attempted", sort=Sort.WORD))
CATALOGUE = (
    Group(title="codes", about="", sort=Sort.CODE, entries=CODES),
    Group(title="numbers", about="", sort=Sort.EXIT, entries=(entry("7", sort=Sort.EXIT),)),
    Group(title="words", about="", sort=Sort.WORD, entries=WORDS),
)
MESSAGE = """
! \u2502 Error: a client to be created looks like
| one that exists [near-match]
|   clients.yaml:3:3
"""


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("near-match", ["near-match"]),
        ("Near_Match", ["near-match"]),
        ("[near-match]", ["near-match"]),
        ("adopt", ["adopt"]),
        ("unmanaged", ["unmanaged", "unmanaged"]),
        ("not attempted", ["not attempted"]),
        ("7", ["7"]),
        ("exit 7", ["7"]),
        ("[exit 7]", ["7"]),
        ("Exit code 7", ["7"]),
        ("a key stands twice", ["duplicate-key", "key-twice"]),
        ("Error: A key  stands twice.", ["duplicate-key", "key-twice"]),
        ("2 of 5 changes are not done", ["unfinished"]),
        ("some are left", ["unfinished"]),
        ("a client to be created looks like one that exists [near-match]", ["near-match"]),
        ("something else entirely [near-match]", ["near-match"]),
        (MESSAGE, ["near-match"]),
        ("an odd bracket [nothing-of-ours]", []),
        ("key", []),
        ("", []),
    ],
)
def test_what_was_pasted_is_found(text: str, names: list[str]) -> None:
    """A name, a summary or a message leads to its entries, whatever its capitals, bars and brackets."""
    assert [found.name for found in find(CATALOGUE, text)] == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("near-mach", ["near-match"]),
        ("ADOPTS", ["adopt"]),
        ("a key stand twice", ["key-twice"]),
        ("zzzz", []),
    ],
)
def test_what_was_meant_is_guessed(text: str, names: list[str]) -> None:
    """A slip leads to the names that are close to it, and to none where nothing is."""
    assert close(CATALOGUE, text) == names


def test_the_summary_that_was_pasted() -> None:
    """Of several summaries of a code the one that was pasted is known."""
    found = summary_of(CODES[3], "2 of 5 changes are not done")
    assert found == Summary(text="... of ... changes ... not done")
    assert summary_of(CODES[3], "unfinished") is None


def test_the_codes_that_lead_to_an_exit_code() -> None:
    """An exit code knows its codes, in their order, and a word is none."""
    assert [found.name for found in leading_to(CATALOGUE, 3)] == ["duplicate-key", "key-twice"]
    assert leading_to(CATALOGUE, 99) == []
    assert len(list(entries(CATALOGUE))) == 9
