"""YAML as data: 1.2 meaning, positions, and hostile files that end soon and small."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.core.diagnostic import Diagnostic
from reconciler.documents.parse import parse
from reconciler.errors import ConfigurationInvalid
from reconciler.load import check
from reconciler.providers.freshbooks.wire import CLIENT
from reconciler.settings import settings


def value(text: str) -> Any:  # noqa: ANN401 - any YAML value
    """Parse one value."""
    document = parse("f.yaml", f"v: {text}\n".encode())
    assert not document.problems, document.problems
    content: Any = document.content
    return content["v"]


@pytest.mark.parametrize(
    "text", ["no", "ON", "Yes", "off", "12:30", "2026-11-24", "1_000", "0b1", "1e", "416-555-0101"]
)
def test_yaml_1_2_text(text: str) -> None:
    """What YAML 1.1 takes for a boolean, a time or a date is text."""
    assert value(text) == text


@pytest.mark.parametrize(
    "text", ["90210", "02134", "-1", "0x1F", "0o17", "1.5", ".5", "1e3", "+12", ".inf", "123456789012345678901"]
)
def test_yaml_1_2_numbers(text: str) -> None:
    """What YAML 1.2 calls a number is one, so that a text which looks like it must be quoted."""
    assert isinstance(value(text), (int, float))
    assert value(f'"{text}"') == text


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("0.9", 0.9), (".25", 0.25), ("-1.5", -1.5), ("1e-2", 0.01), ("1.0", 1), ("5.", 5), ("7e2", 700), ("0x1F", 31)],
)
def test_numbers_have_their_value(text: str, wanted: float) -> None:
    """A share such as 0.9 is read as just that, and a whole number in whatever spelling as a whole one."""
    assert (value(text), type(value(text))) == (wanted, type(wanted))


@pytest.mark.parametrize("text", [".inf", "-.Inf", ".nan", "1e999", "-1e999", "9" * 19, "9007199254740993.0"])
def test_numbers_that_nothing_can_be_are_refused(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is infinite, no number, or too large is neither a share nor an id."""
    monkeypatch.chdir(tmp_path)
    for setting in ("rate_share", "parallelism"):
        Path("reconciler.yaml").write_text(f"version: 1\n{setting}: {text}\n", encoding="utf-8")
        with pytest.raises(ConfigurationInvalid):
            settings({}, {})
    Path("clients.yaml").write_text(f"version: 1\nclients:\n  acme: {{id: {text}}}\n", encoding="utf-8")
    assert check(["clients.yaml"], CLIENT)[1] != []


@pytest.mark.parametrize(
    ("text", "wanted"), [("", None), ("~", None), ("null", None), ("true", True), ("False", False)]
)
def test_yaml_1_2_constants(text: str, wanted: object) -> None:
    """Null and booleans are those of YAML 1.2."""
    assert value(text) is wanted


def test_anchors_stand_for_their_value() -> None:
    """An alias repeats a value of the same file."""
    document = parse("f.yaml", b"a: &x {k: v}\nb: *x\n")
    assert document.content == {"a": {"k": "v"}, "b": {"k": "v"}}


def test_positions_are_those_of_keys() -> None:
    """The slow pass knows the place of every key and value, the fast one of every mapping."""
    raw = b"version: 1\nclients:\n  acme:\n    email: a@b\n"
    slow = parse("f.yaml", raw, slow=True)
    content: Any = slow.content
    assert str(slow.at(content["clients"]["acme"], "email")) == "f.yaml:4:5"
    assert str(slow.at(content["clients"]["acme"], "email", value=True)) == "f.yaml:4:12"
    fast = parse("f.yaml", raw)
    content = fast.content
    assert str(fast.at(content["clients"], "acme")) == "f.yaml:3:3"
    assert fast.content == slow.content


def problems(folder: Path, text: str | bytes) -> list[Diagnostic]:
    """Check one file."""
    file = folder / "clients.yaml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return check([str(file)], CLIENT)[1]


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("version: 1\nclients: {a: {email: [}}", "not-yaml", "2:23"),
        ("version: 1\nclients:\n\ta: 1", "not-yaml", "3:1"),
        ("version: 1\nversion: 1", "duplicate-key", "2:1"),
        ("version: 1\nclients: !!python/object:os.system {}", "tag", "2:10"),
        ("version: 1\nclients: !x {}", "tag", "2:10"),
        ("version: 1\nx: &a {}\n<<: *a", "merge-key", "3:1"),
        ("version: 1\nclients: *nothing", "unknown-alias", "2:10"),
        ("version: 1\n? [a]\n: b", "odd-key", "2:3"),
        ("version: 1\n---\nversion: 1", "several-documents", "2:1"),
        ("", "not-a-mapping", "1:1"),
        ("- a", "not-a-mapping", "1:1"),
        (b"version: 1\nclients: {a: {fname: Jos\xe9}}", "not-utf-8", "2:25"),
        (b"version: 1\n\xc3\xa9: \xc3\xa9 x\x00y", "not-yaml", "2:7"),
        (b"\xef\xbb\xbf\x00", "not-yaml", "1:1"),
        ("version: 1\nclients:\n  a:\n    note:\n      'long" + "x" * 1_200_000, "value-too-long", "5:7"),
        ("version: 1\n\n# " + "x" * 1_200_000, "value-too-long", "3:1"),
        ("%TAG ! x:\n" * 200 + "---\nversion: 1", "tag", "1:1"),
        ("clients: {}", "missing", "1:1"),
        ("version: 2", "bad-value", "1:10"),
        ("version: 1\nclients: {a: {emial: x}}", "unknown-key", "2:15"),
        ("version: 1\nclients: {a: {p_code: 02134, fname: x}}", "quote-it", "2:23"),
        ("version: 1\nclients: {a: {id: true}}", "wrong-type", "2:19"),
        ("version: 1\nclients: {Acme: {fname: x}}", "bad-key", "2:11"),
        ("version: 1\nclients: {a: {fname: x, lifecycle: {on_remove: destroy}}}", "not-a-choice", "2:48"),
        ("version: 1\nclients: {a: {}}", "no-identity", "2:11"),
        ("version: 1\nclients: {a: {id: 1}, b: {id: 1}}", "pin-twice", "2:23"),
        ("version: 1\nclients: {a: {fname: X}, b: {fname: ' x '}}", "twins", "2:26"),
        ("version: 1\nclients: {a: {fname: X}}\nremoved: [a]", "removed-and-wanted", "3:1"),
        ("version: 1\nclients: {a: {fname: X, previously: [b]}, b: {fname: Y}}", "previous-key-in-use", "2:11"),
        ("version: 1\nclients: {a: {fname: X, contacts: {j: {}}}}", "no-identity", "2:36"),
        ("version: 1\nclients: {a: {fname: X, contacts: {j: {email: e}, k: {email: e}}}}", "twins", "2:51"),
    ],
)
def test_mistakes_have_a_place(text: str | bytes, code: str, place: str, tmp_path: Path) -> None:
    """Every mistake is told with its kind and its line and column."""
    found = [(problem.code, str(problem.position).partition(".yaml:")[2]) for problem in problems(tmp_path, text)]
    assert (code, place) in found


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """Mistakes of all files come together, in the order of the files."""
    (tmp_path / "a.yaml").write_text("version: 1\nclients: {x: {emial: e}, y: {p_code: 1}}\n")
    (tmp_path / "b.yml").write_text("version: 1\nclients:\n  z: {fname: 3}\n")
    (tmp_path / ".hidden.yaml").write_text("not looked at")
    found = check([str(tmp_path)], CLIENT)[1]
    assert [(p.code, Path(p.position.file).name if p.position else "") for p in found] == [
        ("unknown-key", "a.yaml"),
        ("quote-it", "a.yaml"),
        ("quote-it", "b.yml"),
    ]


def test_key_in_two_files_names_both(tmp_path: Path) -> None:
    """One key in two files is an error that names both places."""
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text("version: 1\nclients:\n  x: {fname: X}\n")
    [problem] = check([str(tmp_path)], CLIENT)[1]
    assert problem.code == "key-twice"
    assert "a.yaml:3:3" in problem.detail
    assert problem.position is not None
    assert problem.position.file.endswith("b.yaml")
