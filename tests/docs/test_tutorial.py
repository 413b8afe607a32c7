"""The tutorial is run as it is written: every command of it, in order, with the output that it shows."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

from reconciler.cli.main import run
from tests.docs.pages import DOCS, fenced

PAGE = DOCS / "tutorial" / "first-apply.md"
FILE = Path("clients.yaml")
CONSENT = "  Enter a value: yes\n"


def _unquoted(text: str) -> str:
    return text.replace('"02134"', "02134")


def _moved(text: str) -> str:
    return text.replace("Toronto", "Ottawa").replace("lname: Doe", "lname: Roe")


def _without_acme(text: str) -> str:
    return text[: text.index("  acme:")] + text[text.index("  bolt:") :]


def _ran(command: str) -> str:
    """Give all that one command line prints, on either stream."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        run(command.split()[1:])
    return out.getvalue()


def _pattern(shown: str) -> str:
    """Give what a shown output stands for: a line of three dots is anything."""
    parts = re.split(r"^\.\.\.\n", shown.strip("\n") + "\n", flags=re.MULTILINE)
    return "(?s:.*)".join(map(re.escape, parts)) + r"\n?"


def test_the_tutorial_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command shown in the tutorial prints what the tutorial shows."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "90")
    monkeypatch.setenv("RECONCILER_PARALLELISM", "1")
    first = next(block for block in fenced(PAGE, "yaml") if block.startswith("# yaml-language-server: "))
    second = _moved(first)
    # What the reader has done to the file before the block of this number.
    files = {1: first, 2: _unquoted(first), 3: first, 6: second, 8: _without_acme(first), 9: second}
    for number, block in enumerate(fenced(PAGE, "text")):
        if number in files:
            FILE.write_text(files[number], encoding="utf-8")
        _check(block)
        if number == 8:
            _ran("reconciler apply --sandbox --auto-approve")


def _check(block: str) -> None:
    """Run every command of one block and hold its output against what is shown below it."""
    for shown in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = shown.partition("\n")
        if not command.startswith("reconciler"):
            continue
        # Nobody sits at this terminal: the consent is given on the command line, and what asks for it is not shown.
        asks = CONSENT in output
        told = _ran(f"{command} --auto-approve" if asks else command)
        wanted = "...\n" + output.partition(CONSENT)[2].lstrip("\n") if asks else output
        assert re.fullmatch(_pattern(wanted), told), f"$ {command}\n{told}"
