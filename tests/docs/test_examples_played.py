"""The examples of the catalogue are real: each mistake is made, and gives just that code and that text.

What is not played from a file stands in a golden story, or, where a file would be too large to be shown, is made here.
Codes of the network, of logins, of shared storage and of a broken disk have no examples; they are provoked elsewhere
in tests/.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.core.explanation import Explanation, Sort, entries
from reconciler.explanations import catalogue
from tests.cli.program import Ran, called, writes

PLAYED = [entry for entry in entries(catalogue()) if entry.example is not None and entry.example.command]
TOLD = [entry for entry in entries(catalogue()) if entry.example is not None and not entry.example.command]
TRANSCRIPTS = Path(__file__).resolve().parents[1] / "golden" / "transcripts"
CODE = re.compile(r"^\| (?:Error|Warning|Note): [^\[]*\[([a-z0-9-]+)\]$", re.MULTILINE)
SUMS = {"configuration-invalid"}
ACME = "clients:\n  acme: {organization: Acme Ltd.}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an empty working folder at a terminal of 80 columns."""
    for name in [name for name in os.environ if name.startswith(("FRESHBOOKS_", "RECONCILER_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def gives_only(ran: Ran, entry: Explanation | str) -> None:
    """See that a command ended with one code, beside the sum of it."""
    name = entry if isinstance(entry, str) else entry.name
    assert set(CODE.findall(ran.err)) - SUMS == {name}, ran.err
    assert ran.code == 3


@pytest.mark.parametrize("entry", PLAYED, ids=lambda entry: entry.name)
def test_an_example_gives_its_code(entry: Explanation, folder: Path) -> None:
    """The file of an example, and the command below it, print what the example shows, and no other code."""
    example = entry.example
    assert example is not None
    if example.file != "clients.yaml" and example.file:
        writes(ACME)
    if example.file:
        Path(example.file).write_text(f"{example.content}\n", encoding="utf-8")
    ran = called(*example.command.split()[1:])
    gives_only(ran, entry)
    assert example.prints in ran.err


@pytest.mark.parametrize("entry", TOLD, ids=lambda entry: entry.name)
def test_an_example_without_a_file_is_from_a_story(entry: Explanation) -> None:
    """What an example prints stands letter for letter in a golden story, where the program printed it."""
    assert entry.example is not None
    stories = [
        re.sub(r"^! ?", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE) for file in TRANSCRIPTS.glob("*.txt")
    ]
    assert f"[{entry.name}]" in entry.example.prints.split("\n")[0]
    assert [story for story in stories if entry.example.prints in story]


# Too large, or too odd, to be shown.


def _two_files() -> None:
    writes(ACME, "clients/a.yaml")
    writes(ACME, "clients/b.yaml")


def _two_accounts() -> None:
    writes("account: Ab12Cd\n", "clients/a.yaml")
    writes("account: Ef34Gh\n", "clients/b.yaml")


def _link_out() -> None:
    writes(ACME, "clients/a.yaml")
    writes(ACME, "elsewhere.yaml")
    Path("clients/b.yaml").symlink_to("../elsewhere.yaml")


def _linked_folder() -> None:
    writes(ACME, "clients/a.yaml")
    writes(ACME, "other/b.yaml")
    Path("clients/more").symlink_to("../other")


def _sparse() -> None:
    with Path("clients.yaml").open("wb") as opened:
        opened.truncate(129 * 1024 * 1024)


def _settings_folder() -> None:
    writes(ACME)
    Path("reconciler.yaml").mkdir()


MADE: dict[str, Callable[[], object]] = {
    "no-files": lambda: Path("clients").mkdir(),
    "link-out": _link_out,
    "linked-folder": _linked_folder,
    "not-a-file": lambda: os.mkfifo("clients.yaml"),
    "file-too-large": _sparse,
    "not-utf-8": lambda: Path("clients.yaml").write_bytes(f"version: 1\n{ACME}".encode() + b"# caf\xe9\n"),
    "too-many-aliases": lambda: writes(
        "clients:\n  a: &a {organization: A}\n" + "".join(f"  k{n}: *a\n" for n in range(1001))
    ),
    "too-many-values": lambda: writes("removed: [" + "a, " * 250_001 + "a]\n"),
    "too-deep": lambda: writes("clients: " + "[" * 25 + "]" * 25 + "\n"),
    "value-too-long": lambda: writes(f'clients:\n  acme: {{note: "{"x" * 2_000_000}"}}\n'),
    "key-twice": _two_files,
    "two-accounts": _two_accounts,
    "bad-settings": _settings_folder,
}
"""By code, what makes the folder such that `validate` gives it."""


@pytest.mark.parametrize("name", MADE)
def test_a_mistake_that_is_not_shown(name: str, folder: Path) -> None:
    """A mistake whose file is too large or too odd for an example gives its code, and no other."""
    MADE[name]()
    gives_only(called("validate"), name)


def test_more_problems_than_are_shown(folder: Path) -> None:
    """After two hundred problems one more says that there are more."""
    writes("clients:\n" + "".join(f"  c{number}: {{organisation: x}}\n" for number in range(201)))
    ran = called("validate")
    assert CODE.findall(ran.err)[200:] == ["more-problems", "configuration-invalid"]


def test_a_spreadsheet_of_another_encoding(folder: Path) -> None:
    """A spreadsheet that is not UTF-8 is told before any row of it."""
    Path("clients.csv").write_bytes(b"Company Name,Email Address\nCaf\xe9,a@x.example\n")
    gives_only(called("import-csv", "clients.csv"), "csv-not-utf-8")


def test_every_code_of_a_file_is_played() -> None:
    """Each code that a file can give is given by one, here or in an example."""
    made = {*MADE, "more-problems", "csv-not-utf-8", *SUMS}
    played = {entry.name for entry in PLAYED}
    of_files = {entry.name for entry in entries(catalogue()) if entry.sort is Sort.CODE and entry.exits == (3,)}
    assert made & played == set()
    assert made | played == of_files
