"""Files that somebody could send us, by malice or by mistake: they end soon, small, and with something to read."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.diagnostic import Diagnostic
from reconciler.load import MOST_SHOWN, check
from reconciler.providers.freshbooks.wire import CLIENT

HEAD = "version: 1\nclients:\n"
HUGE = "x" * 50_000_000
BOMB = ["a: &a [x,x,x,x,x,x,x,x,x]"] + [
    f"{y}: &{y} [{','.join([f'*{x}'] * 9)}]" for x, y in zip("abcdefgh", "bcdefghi", strict=True)
]


def clients(number: int, entry: str) -> str:
    """Describe so many clients alike."""
    return HEAD + "".join(f"  c{n}: {entry}\n" for n in range(number))


def listed(number: int, entry: str = "[]") -> str:
    """Write a list in one line."""
    return f"[{','.join([entry] * number)}]"


HOSTILE: dict[str, Any] = {
    "brackets": lambda: "[" * 100_000,
    "braces": lambda: "a: " + "{b: " * 100_000,
    "indents": lambda: "".join(f"{' ' * depth}a:\n" for depth in range(3000)),
    "aliases": lambda: "\n".join(BOMB),
    "many-aliases": lambda: "a: &a x\nb: [" + "*a," * 5000 + "]",
    "many-anchors": lambda: "a:\n" + "".join(f"- &a{n} x\n" for n in range(300_000)),
    "directives": lambda: "".join(f"%TAG !{n}! x:\n" for n in range(60_000)) + "---\na: 1\n",
    "scalar": lambda: f'{HEAD}  a: {{note: "{HUGE}"}}\n',
    "key": lambda: f"{HEAD}  ? {HUGE}\n  : 1\n",
    "comment": lambda: f"#{HUGE}",
    "comments": lambda: "# c\n" * 20_000_000,
    "garbage": lambda: "\x01\x02" * 500_000,
    "unknown-keys": lambda: f"{HEAD}  a:\n    fname: x\n" + "".join(f"    k{n}: x\n" for n in range(100_000)),
    "long-list": lambda: f"{HEAD}  a: {{fname: x, previously: {listed(1_000_000, 'k')}}}\n",
    "mixed-lists": lambda: clients(50, f"{{previously: {listed(1000, '1,a')}}}"),
    "good-lists": lambda: clients(9, f"{{emial: x, previously: [{', '.join(f'a{n}' for n in range(9999))}]}}"),
    "empty-lists": lambda: f"x: {listed(5_000_000)}",
    "lists-of-lists": lambda: "x:\n" + f"- {listed(9000)}\n" * 500,
    "keys-at-the-top": lambda: "".join(f"k{n}: 1\n" for n in range(1_000_000)),
    "empty-clients": lambda: clients(300_000, "{}"),
    "bad-contacts": lambda: f"{HEAD}  a: {{contacts: {{{','.join(f'B{n}: {{}}' for n in range(10_000))}}}}}\n",
    "problems": lambda: clients(4000, "{emial: x}"),
    "one-identity": lambda: clients(8000, "{fname: x}"),
    "no-identity": lambda: clients(8000, "{note: x}"),
    "one-key": lambda: HEAD + "  a: {fname: x}\n" * 50_000,
    "fifo": os.mkfifo,
    "device": lambda file: file.symlink_to("/dev/zero"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_end_in_exit_3_soon_and_small(name: str, tmp_path: Path) -> None:
    """No file makes the program crash, hang, eat the machine or talk without end: exit 3 within 200 MB."""
    file = tmp_path / "clients.yaml"
    if name in {"fifo", "device"}:
        HOSTILE[name](file)
    else:
        file.write_text(HOSTILE[name]())
    program = (
        "import sys\n"
        "from reconciler.cli.main import run\n"
        "code = run(['validate', sys.argv[1]])\n"
        # Not ru_maxrss: a new process inherits its parent's.
        "print(next(l.split()[1] for l in open('/proc/self/status') if l.startswith('VmHWM')), file=sys.stderr)\n"
        "sys.exit(code)\n"
    )
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program, str(file)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 3, done.stderr[-2000:]
    told, _, memory = done.stderr.strip().rpartition("\n")
    assert "Traceback" not in told
    assert "Error" in told
    assert len(told) < 200_000
    assert int(memory) < 200 * 1024
    assert time.monotonic() - began < 20, "a hang, whatever the machine"


def test_too_large_files_are_not_read(tmp_path: Path) -> None:
    """A file of more than 128 MiB is refused by its size."""
    file = tmp_path / "clients.yaml"
    with file.open("wb") as opened:
        opened.truncate(128 * 1024 * 1024 + 1)
    [problem] = check([str(file)], CLIENT)[1]
    assert problem.code == "file-too-large"


def problems(folder: Path, text: str, name: str = "clients.yaml") -> list[Diagnostic]:
    """Check a folder after adding one file."""
    (folder / name).write_text(text)
    return check([str(folder)], CLIENT)[1]


def lines(found: list[Diagnostic]) -> Iterator[tuple[str, int]]:
    """Give where the problems are."""
    for problem in found:
        if problem.position is not None:
            yield Path(problem.position.file).name, problem.position.line


@pytest.mark.parametrize("entry", ["{emial: x}", "{fname: x}", "{note: x}", "{id: 7}", "{p_code: 1, fname: x}"])
def test_the_first_problems_are_shown_and_the_rest_counted(entry: str, tmp_path: Path) -> None:
    """Of many problems the first 200 are shown, in the order of the file; a last one says how many more there are."""
    *shown, last = problems(tmp_path, clients(500, entry))
    first = 4 if entry in {"{fname: x}", "{id: 7}"} else 3
    assert [line for _, line in lines(shown)] == list(range(first, first + MOST_SHOWN))
    assert last.code == "more-problems"
    assert last.position is None
    assert last.detail == f"{500 - (first - 3) - MOST_SHOWN} more; correct these first."


def test_a_number_that_nobody_counted_is_the_least_known(tmp_path: Path) -> None:
    """Where there are so many problems that looking for them was ended, the last one says so."""
    last = problems(tmp_path, clients(20_000, "{fname: x}"))[-1]
    assert re.fullmatch(r"At least [0-9,]+ more; correct these first\.", last.detail)


def test_one_limit_holds_for_all_files_and_sorts(tmp_path: Path) -> None:
    """Problems of all sorts and files share one limit, and the first files come first."""
    problems(tmp_path, clients(150, "{emial: x}"), "a.yaml")
    problems(tmp_path, clients(150, "{fname: x}").replace("  c", "  b"), "b.yaml")
    found = problems(tmp_path, clients(150, "{note: x}").replace("  c", "  d"), "c.yaml")
    assert len(found) == MOST_SHOWN + 1
    assert list(lines(found)) == [
        *(("a.yaml", line) for line in range(3, 153)),
        *(("b.yaml", line) for line in range(4, 54)),
    ]


def test_unknown_keys_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    """Many unknown keys of one client are told in the order in which they stand, among its other mistakes."""
    keys = [f"k{n * 7919 % 1000}" for n in range(1000)]
    text = f"{HEAD}  a:\n    p_code: 1\n" + "".join(f"    {key}: x\n" for key in keys)
    *shown, last = problems(tmp_path, text)
    assert [problem.code for problem in shown[:2]] == ["quote-it", "unknown-key"]
    assert [line for _, line in lines(shown)] == list(range(4, 4 + MOST_SHOWN))
    assert last.code == "more-problems"


def test_what_was_not_looked_at_is_not_taken_for_good(tmp_path: Path) -> None:
    """A record with too many values to look at each is a problem even where the mistake was not come to."""
    keys = ", ".join(f"k{n}" for n in range(9_999))
    text = HEAD + "".join(f"  c{n}: {{distinct_from: [], previously: [{keys}], emial: x}}\n" for n in range(12))
    found = problems(tmp_path, text)
    assert "too many values to say" in found[0].detail


def test_a_large_good_file_is_taken(tmp_path: Path) -> None:
    """Thousands of small clients with everything in them are no flood."""
    entry = (
        "{email: a@b.example, fname: F, lname: L, organization: O, p_code: '1', note: '', previously: [old-@], "
        "lifecycle: {ignore_changes: [note, fax, language]}, contacts: {j: {email: j@b.example}, k: {fname: K}}}"
    )
    text = HEAD + "".join(f"  c{n}: {entry.replace('@b', f'@b{n}').replace('-@', f'-{n}')}\n" for n in range(20_000))
    (tmp_path / "clients.yaml").write_text(text)
    configuration, found = check([str(tmp_path)], CLIENT)
    assert found == []
    assert len(configuration.resources) == 20_000


FORGED = "x`.\\n    id: 666\\n::error::forged\\r\\n`"


@pytest.mark.parametrize(
    "text",
    [
        f'clients:\n  a: {{organization: A, "{FORGED}": 1}}\n',
        f'clients:\n  "{FORGED}": {{organization: A}}\n',
        f'clients:\n  "{FORGED}": {{organization: A}}\n  "{FORGED}": {{organization: A}}\n',
        f'clients:\n  a: {{organization: A, lifecycle: {{on_remove: "{FORGED}"}}}}\n',
        f'account: "{FORGED}"\n',
    ],
)
def test_no_key_or_value_adds_a_line(text: str, tmp_path: Path) -> None:
    """What is said of a file is one line, whatever it quotes: nobody who wrote it adds a line of their own."""
    (tmp_path / "clients.yaml").write_text(f"version: 1\n{text}", "utf-8")
    _, found = check([str(tmp_path)], CLIENT)
    assert found
    assert [problem for problem in found if "\n" in problem.detail or "\r" in problem.detail] == []


def test_no_name_of_a_file_adds_a_line(tmp_path: Path) -> None:
    """Nor does the name of a file in which a key stands twice."""
    for name in ("a\n    id: 666.yaml", "b\n    id: 666.yaml"):
        (tmp_path / name).write_text(f"{HEAD}  twice: {{organization: A}}\n", "utf-8")
    _, found = check([str(tmp_path)], CLIENT)
    assert {problem.code for problem in found} == {"key-twice"}
    assert [problem for problem in found if "\n" in problem.detail] == []
