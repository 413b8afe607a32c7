"""YAML as data: 1.2 meaning, positions, and hostile files that end soon and small."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.diagnostic import Diagnostic
from reconciler.documents.parse import parse
from reconciler.load import check
from reconciler.providers.freshbooks.wire import CLIENT


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
        (b"version: 1\n\x00", "not-yaml", "1:1"),
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


def test_links_out_of_the_root_are_refused(tmp_path: Path) -> None:
    """A link in the folder that leads elsewhere is an error; one that stays inside is fine."""
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "outside.yaml").write_text("version: 1\n")
    (root / "in.yaml").write_text("version: 1\nclients: {}\n")
    (root / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    assert [problem.code for problem in check([str(root)], CLIENT)[1]] == ["link-out"]


HEAD = "version: 1\nclients:\n"
HUGE = "x" * 50_000_000
BOMB = ["a: &a [x,x,x,x,x,x,x,x,x]"] + [
    f"{y}: &{y} [{','.join([f'*{x}'] * 9)}]" for x, y in zip("abcdefgh", "bcdefghi", strict=True)
]
HOSTILE: dict[str, Any] = {
    "brackets": lambda: "[" * 100_000,
    "braces": lambda: "a: " + "{b: " * 100_000,
    "indents": lambda: "".join(f"{' ' * depth}a:\n" for depth in range(3000)),
    "aliases": lambda: "\n".join(BOMB),
    "many-aliases": lambda: "a: &a x\nb: [" + "*a," * 5000 + "]",
    "scalar": lambda: f'{HEAD}  a: {{note: "{HUGE}"}}\n',
    "key": lambda: f"{HEAD}  ? {HUGE}\n  : 1\n",
    "comment": lambda: f"#{HUGE}",
    "garbage": lambda: "\x01\x02" * 500_000,
    "problems": lambda: HEAD + "".join(f"  c{n}: {{emial: x}}\n" for n in range(2000)),
    "fifo": os.mkfifo,
    "device": lambda file: file.symlink_to("/dev/zero"),
}


def hostile(folder: Path, name: str) -> Path:
    """Write one of the files that somebody could send us."""
    file = folder / "clients.yaml"
    if name in {"fifo", "device"}:
        HOSTILE[name](file)
    else:
        file.write_text(HOSTILE[name]())
    return file


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_end_in_exit_3_soon_and_small(name: str, tmp_path: Path) -> None:
    """No file makes the program crash, hang, or eat the machine: exit 3 within 200 MB, and within seconds here."""
    file = hostile(tmp_path, name)
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
    assert int(memory) < 200 * 1024
    assert time.monotonic() - began < 20, "a hang, whatever the machine"
