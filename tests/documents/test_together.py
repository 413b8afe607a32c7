"""What all files say together, where some of it is wrong: nothing is passed over, and no mistake causes another."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.load import LoadOptions, check
from reconciler.providers.freshbooks.wire import CLIENT
from reconciler.rules.sources import inline

HEAD = "version: 1\nclients:\n"


def found(folder: Path, *texts: str, options: LoadOptions | None = None) -> list[tuple[str, str]]:
    """Check files together; give code and place of each problem."""
    for name, text in zip("ab", texts, strict=False):
        (folder / f"{name}.yaml").write_text(text)
    problems = check([str(folder)], CLIENT, options)[1]
    return [(p.code, str(p.position).rpartition("/")[2]) for p in problems]


@pytest.mark.parametrize(
    ("texts", "problems"),
    [
        (
            [f"{HEAD}  x: {{emial: e}}\n  y: {{note: n}}\n  z: {{fname: Z}}\n  w: {{fname: z}}\n"],
            [("unknown-key", "a.yaml:3:7"), ("no-identity", "a.yaml:4:3"), ("twins", "a.yaml:6:3")],
        ),
        (
            [f"{HEAD}  x: {{fname: 1}}\nremoved: [x, y]\n"],
            [("quote-it", "a.yaml:3:14"), ("removed-and-wanted", "a.yaml:4:1")],
        ),
        (
            [f"{HEAD}  x: {{fname: X}}\nremoved: [x, Y]\n"],
            [("removed-and-wanted", "a.yaml:4:1"), ("bad-value", "a.yaml:4:14")],
        ),
        (
            [f"{HEAD}  x: {{fname: 1}}\n", f"{HEAD}  x: {{fname: X}}\n"],
            [("quote-it", "a.yaml:3:14"), ("key-twice", "b.yaml:3:3")],
        ),
        (
            [f"{HEAD}  x: {{fname: X}}\n", f"{HEAD}  x: {{fname: 1}}\n"],
            [("key-twice", "b.yaml:3:3"), ("quote-it", "b.yaml:3:14")],
        ),
        (
            [f"{HEAD}  x: {{fname: 1}}\n  y: {{fname: Y, previously: [x]}}\n"],
            [("quote-it", "a.yaml:3:14"), ("previous-key-in-use", "a.yaml:4:3")],
        ),
        (
            [f"{HEAD}  x: {{fname: X, fname: Y}}\n  y: {{note: n}}\n"],
            [("duplicate-key", "a.yaml:3:17"), ("no-identity", "a.yaml:4:3")],
        ),
        (
            [f"account: A1\n{HEAD}  x: {{note: 1}}\n", f"account: B2\n{HEAD}  y: {{fname: Y}}\n"],
            [("two-accounts", "None"), ("quote-it", "a.yaml:4:13")],
        ),
    ],
)
def test_all_is_said_at_once(texts: list[str], problems: list[tuple[str, str]], tmp_path: Path) -> None:
    """What a schema refuses does not keep what else is wrong from being told."""
    assert found(tmp_path, *texts) == problems


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}  x: {{emial: e}}\n  y: {{emial: e}}\n",
        f"{HEAD}  x: {{fname: 1}}\n  y: {{fname: 1}}\n",
        f"{HEAD}  x: nothing\n",
        f"{HEAD}  Xx: {{note: n}}\n",
    ],
)
def test_a_refused_client_has_no_other_mistakes(text: str, tmp_path: Path) -> None:
    """A client that its schema refuses is not said to lack an identity, or to be the same as another."""
    assert {code for code, _ in found(tmp_path, text)} <= {"unknown-key", "quote-it", "wrong-type", "bad-key"}


def test_bad_defaults_cause_nothing_else(tmp_path: Path) -> None:
    """Where defaults are refused, nothing is said of the clients that would have had them."""
    text = f"version: 1\ndefaults: {{organizaton: O}}\n{HEAD[11:]}  x: {{note: n}}\n  y: {{note: n}}\n"
    assert found(tmp_path, text) == [("unknown-key", "a.yaml:2:12")]


def test_a_bad_account_is_no_second_account(tmp_path: Path) -> None:
    """An account that cannot be one is told as such, and not as another than the one that is named elsewhere."""
    texts = ["version: 1\naccount: A-1\n", "version: 1\naccount: A1\n"]
    assert found(tmp_path, *texts) == [("bad-value", "a.yaml:2:10")]


def test_house_rules_are_held_against_what_is_sound(tmp_path: Path) -> None:
    """House rules are told beside other mistakes, of clients that have none."""
    options = LoadOptions(rules=inline({"required": ["p_country"]}))
    text = f"{HEAD}  x: {{emial: e}}\n  y: {{fname: Y}}\n"
    assert found(tmp_path, text, options=options) == [("unknown-key", "a.yaml:3:7"), ("house-rule", "a.yaml:4:3")]


def test_content_is_not_altered(tmp_path: Path) -> None:
    """Empty text clears as null does, in fields, defaults and contacts, and other values stay what they are."""
    text = (
        "version: 1\ndefaults: {language: '', note: n}\nclients:\n"
        "  x: {fname: X, fax: '', pref_email: true, contacts: {j: {fname: J, lname: ''}}}\n"
        "  y: {fname: Y, note: null, unmanaged: [language]}\n"
    )
    (tmp_path / "a.yaml").write_text(text)
    configuration, problems = check([str(tmp_path)], CLIENT)
    assert problems == []
    x, y = configuration.resources.values()
    assert dict(x.fields) == {"language": None, "note": "n", "fname": "X", "fax": None, "pref_email": True}
    assert x.children is not None
    assert dict(x.children["j"].fields) == {"fname": "J", "lname": None}
    assert dict(y.fields) == {"note": None, "fname": "Y"}


def test_two_records_cannot_have_been_one(tmp_path: Path) -> None:
    """Two clients that both say they were called the same before are asked which of them it is."""
    text = f"{HEAD}  x: {{fname: X, previously: [old]}}\n  y: {{fname: Y, previously: [old]}}\n"
    assert found(tmp_path, text) == [("previous-key-twice", "a.yaml:4:3")]
