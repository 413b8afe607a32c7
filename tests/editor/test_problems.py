"""What is marked as wrong, where, and in which words; and where `validate` sees more than an editor."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lsprotocol import types as lsp

from reconciler.load import check
from reconciler.providers.freshbooks.wire import CLIENT
from tests.docs.pages import text as page
from tests.editor.conftest import ROOT
from tests.editor.editor import Editor
from tests.editor.files import CLIENTS, HEAD, SETTINGS, clients, settings

ACME = "clients:\n  acme:\n    "
A_TEXT = 'A text is wanted here. Quote what YAML takes for something else: "02134"; null or "" clears the field.'
A_KEY = "A key begins with a lower-case letter; up to 62 lower-case letters, digits, `_` or `-` may follow."
A_SHARE = "A whole number of records, or a share of them such as 10%."


def marked(problems: list[lsp.Diagnostic], text: str) -> list[tuple[str, str]]:
    """Give what is marked, to the letter, and what is said of it."""
    lines = text.splitlines()
    return [
        (lines[found.range.start.line][found.range.start.character : found.range.end.character], found.message)
        for found in problems
    ]


def test_nothing_is_marked_in_the_example(editor: Editor) -> None:
    """The example that ships with the program has no marks."""
    assert editor.problems(CLIENTS) == []


@pytest.mark.parametrize(
    ("text", "what", "told"),
    [
        (f"{ACME}emial: a@b.example", "emial", "Property emial is not allowed."),
        (f"{ACME}p_code: 02134", "02134", A_TEXT),
        (f"{ACME}note: true", "true", A_TEXT),
        (f"{ACME}contacts: {{jane: {{phone1: 4165550101}}}}", "4165550101", A_TEXT),
        (f"{ACME}archived: maybe", "maybe", 'Incorrect type. Expected "boolean".'),
        (f"{ACME}id: 0", "0", "Value is below the minimum of 1."),
        (f"{ACME}contacts: []", "[]", 'Incorrect type. Expected "Contacts".'),
        (
            f"{ACME}lifecycle: {{on_remove: destroy}}",
            "destroy",
            'Value is not accepted. Valid values: "delete", "archive", "keep".',
        ),
        ("clients:\n  Acme Ltd:\n    email: a@b.example", "Acme Ltd", A_KEY),
        ("clinets: {}", "clinets", "Property clinets is not allowed."),
        ("removed: [Old]", "Old", A_KEY),
        ("account: a b", "a b", "An account id has letters and digits only, such as Ab12Cd."),
    ],
)
def test_mistakes_are_marked_at_their_place(editor: Editor, text: str, what: str, told: str) -> None:
    """What is wrong in a file of clients is marked to the letter, in words that say what is wanted."""
    whole = clients(text)
    found = editor.problems(CLIENTS, whole)
    assert marked(found, whole) == [(what, told)]
    assert found[0].severity == lsp.DiagnosticSeverity.Error


@pytest.mark.parametrize(
    ("text", "what", "told"),
    [
        ("polcy: {}", "polcy", "Property polcy is not allowed."),
        ("policy: {max_deletes: many}", "many", A_SHARE),
        ("policy: {max_deletes: -1}", "-1", "Value is below the minimum of 0."),
        ("policy: {drift: keep}", "keep", 'Value is not accepted. Valid values: "revert", "report".'),
        ("parallelism: 100", "100", "Value is above the maximum of 64."),
        ("defaults: {curency: CAD}", "curency", "Property curency is not allowed."),
        ("profiles: {acme: {acount: Ab12Cd}}", "acount", "Property acount is not allowed."),
    ],
)
def test_mistakes_in_the_settings_are_marked(editor: Editor, text: str, what: str, told: str) -> None:
    """What is wrong in the settings is marked just so, within defaults and profiles too."""
    whole = settings(text)
    assert marked(editor.problems(SETTINGS, whole), whole) == [(what, told)]


def test_texts_that_look_like_something_else_are_texts(editor: Editor) -> None:
    """`no`, `ON`, times and dates are texts in the editor as they are in `validate`: both read YAML 1.2."""
    text = clients(f"{ACME}organization: no\n    p_province: ON\n    note: 12:30\n    fname: 2024-01-01")
    assert editor.problems(CLIENTS, text) == []


SPELLINGS = (
    *(
        "0",
        "-1",
        "+12",
        "02134",
        "0x1F",
        "0o17",
        "1.5",
        ".5",
        "1e3",
        "1_000",
        "12e",
        "1.2.3",
        "0b1",
        "08",
        "~",
        "=",
        "no",
    ),
    *(
        "true",
        "True",
        "TRUE",
        "yes",
        "Null",
        ".inf",
        ".NaN",
        "1:30",
        "2024-01-01",
        "2024-01-01T10:00:00Z",
        "0.",
        "1E-3",
    ),
)
# Both verdicts on one text: what `validate` refuses, and whether an editor marks it.
VERDICTS = {
    "an unknown key": (f"{ACME}emial: a@b.example\n    fname: Ada", True, True),
    "a number where a text is wanted": (f"{ACME}fname: Ada\n    p_code: 02134", True, True),
    "a key twice in one mapping": (f"{ACME}fname: Ada\n    fname: Bo", True, True),
    "a tag": (f"{ACME}fname: !ours Ada", True, True),
    "a merge key (`<<`)": ("clients:\n  acme: &a {fname: Ada}\n  bolt: {<<: *a, lname: Lee}", True, False),
    "an anchor that nothing uses": (f"{ACME}fname: &a Ada", False, True),
    "a client without any identity field": (f"{ACME}note: hello", True, False),
    "two clients that are the same": ("clients:\n  acme: {fname: Ada}\n  bolt: {fname: Ada}", True, False),
    "the same `id` twice": ("clients:\n  acme: {id: 7}\n  bolt: {id: 7}", True, False),
    "a key in both `clients` and `removed`": (f"{ACME}fname: Ada\nremoved: [acme]", True, False),
}


@pytest.mark.parametrize("what", VERDICTS)
def test_where_editor_and_validate_differ(
    editor: Editor, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The verdicts of `validate` and of an editor are the known ones: no other difference has come about."""
    text, refused, seen = VERDICTS[what]
    monkeypatch.chdir(tmp_path)
    Path("clients.yaml").write_text(clients(text), encoding="utf-8")
    _, problems = check(["clients.yaml"], CLIENT)
    assert (bool(problems), bool(editor.problems(CLIENTS, clients(text)))) == (refused, seen), problems


def test_the_differences_are_told() -> None:
    """The page on editors lists each of these verdicts, and no other."""
    rows = re.findall(r"^\| (.+?) \| (yes|no) \| (yes|no) \|", page("how-to/editor.md"), re.MULTILINE)
    word = {True: "yes", False: "no"}
    assert rows == [(what, word[refused], word[seen]) for what, (_, refused, seen) in VERDICTS.items()]


def test_a_number_is_one_in_both(editor: Editor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What YAML 1.2 takes for a number or for true is marked in the editor and refused by `validate`; else neither."""
    text = clients("clients:\n" + "".join(f"  c{n}: {{lname: Lee{n}, note: {s}}}\n" for n, s in enumerate(SPELLINGS)))
    monkeypatch.chdir(tmp_path)
    Path("clients.yaml").write_text(text, encoding="utf-8")
    _, problems = check(["clients.yaml"], CLIENT)
    refused = {problem.position.line - 1 for problem in problems if problem.position is not None}
    assert {found.range.start.line for found in editor.problems(CLIENTS, text)} == refused
    assert len(refused) > 10


def test_this_repository_maps_its_schemas(editor: Editor) -> None:
    """In this repository a file below clients/ is checked without an editor line."""
    file = ROOT / "examples" / "clients" / "acme.yaml"
    assert [found.message for found in editor.problems(file, "version: 1\nclinets: {}\n")] == [
        "Property clinets is not allowed."
    ]
    assert clients("").count("\n") == HEAD
