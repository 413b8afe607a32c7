"""Each of ten mistakes that a reconciler could make is caught: a copy of the program makes it, and fails a test."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PARTS = ("reconciler", "tests", "schemas", "examples")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One mistake: where, what it replaces, and the tests of which one must fail."""

    file: str
    before: str
    after: str
    tests: tuple[str, ...]


MUTANTS = {
    "a create is blindly repeated": Mutant(
        file="reconciler/providers/freshbooks/api.py",
        before='if not got.sent or not (call.once or call.method == "POST"):',
        after="if True:",
        tests=("tests/faults/test_network.py::test_a_create_whose_answer_is_lost_is_not_sent_again",),
    ),
    "no intent is written": Mutant(
        file="reconciler/apply/create.py",
        before="        site.intend(",
        after="        list(",
        tests=("tests/faults/test_killed.py::test_what_a_killed_run_made_is_not_left_behind",),
    ),
    "no quiet period is waited out": Mutant(
        file="reconciler/cli/applying.py",
        before="    session.sleep(rest)",
        after="    session.sleep(0)",
        tests=("tests/faults/test_killed.py::test_what_arrives_late_is_waited_for",),
    ),
    "nothing is synced": Mutant(
        file="reconciler/store/journal.py",
        before="            os.fsync(descriptor)\n",
        after="            pass\n",
        tests=("tests/faults/test_disk.py::test_the_power_goes",),
    ),
    "the state is written in place": Mutant(
        file="reconciler/store/durable.py",
        before='    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(8)}.tmp")\n',
        after="    temporary = path\n    path.unlink(missing_ok=True)\n",
        tests=("tests/faults/test_disk.py::test_the_power_goes",),
    ),
    "an empty state is none": Mutant(
        file="reconciler/store/statefile.py",
        before="            raw = self.path.read_bytes()\n",
        after="            raw = self.path.read_bytes()\n            if not raw:\n                return None\n",
        tests=("tests/faults/test_documents.py::test_a_cut_state_is_never_believed",),
    ),
    "redirects are followed": Mutant(
        file="reconciler/providers/freshbooks/api.py",
        before="follow_redirects=False",
        after="follow_redirects=True",
        tests=("tests/providers/test_redirects.py",),
    ),
    "contacts stand in an update of fields": Mutant(
        file="reconciler/providers/freshbooks/wire/encode.py",
        before='return msgspec.json.encode({"client": {name: _sent(value) for name, value in fields.items()}})',
        after='return msgspec.json.encode({"client": {"contacts": [], **{n: _sent(v) for n, v in fields.items()}}})',
        tests=("tests/golden/test_golden.py::test_story[update]",),
    ),
    "errors in HTTP 200 are ignored": Mutant(
        file="reconciler/providers/freshbooks/refusals.py",
        before="    if not failed and b'\"errors\"' not in body:\n",
        after="    if not failed:\n",
        tests=("tests/providers/test_provider.py::test_bad_tokens_are_exit_8",),
    ),
    "the state is replaced whoever wrote it last": Mutant(
        file="reconciler/store/statefile.py",
        before="        if now != self._loaded:\n",
        after="        if False:\n",
        tests=("tests/store",),
    ),
}


@pytest.mark.parametrize("mistake", MUTANTS)
def test_a_mistake_is_caught(mistake: str, tmp_path: Path) -> None:
    """The tests named for a mistake fail in a copy of the program that makes it."""
    mutant = MUTANTS[mistake]
    for part in PARTS:
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    file = tmp_path / mutant.file
    text = file.read_text(encoding="utf-8")
    assert text.count(mutant.before) >= 1, "the mutant no longer fits the program: mend its `before`"
    file.write_text(text.replace(mutant.before, mutant.after), encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *mutant.tests],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 1, f"nobody noticed: {ended.stdout[-2000:]}{ended.stderr[-1000:]}"
