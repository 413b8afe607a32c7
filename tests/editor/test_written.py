"""What the program writes is without marks in an editor that is opened on it, and is completed there."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler import schema_files
from tests.cli.program import called
from tests.editor.conftest import Opening
from tests.editor.files import documented
from tests.export.accounts import fill
from tests.golden.story import Story
from tests.scaffold.test_texts import uncommented


@pytest.fixture
def begun(folder: Path) -> Path:
    """Give a folder that `init` has made ready."""
    assert called("init").code == 0
    return folder


@pytest.mark.parametrize("name", ["clients.yaml", "reconciler.yaml"])
def test_nothing_is_marked_in_what_init_writes(begun: Path, opening: Opening, name: str) -> None:
    """Both files have no marks, as they are and without the # in front, and their keys are completed."""
    window = opening(begun)
    text = (begun / name).read_text(encoding="utf-8")
    assert window.problems(begun / name, text) == []
    assert window.problems(begun / name, uncommented(text)) == []
    found = {item.label: documented(item) for item in window.completions(begun / name, f"{text}\n|")}
    assert found["defaults"].startswith("Fields merged under every client of")


def test_files_without_a_line_are_checked(begun: Path, opening: Opening) -> None:
    """By the settings that `init` writes VS Code checks every file of the root, also without a line."""
    window = opening(begun)
    for name, told in (("clients/acme.yaml", "clinets"), ("clients.yaml", "clinets"), ("reconciler.yaml", "rot")):
        problems = window.problems(begun / name, f"version: 1\n{told}: x\n")
        assert [found.message for found in problems] == [f"Property {told} is not allowed."], name
    assert window.problems(begun / "pipeline.yaml", "anything: goes\n") == []


@pytest.mark.parametrize("words", [(), ("--split",)], ids=["file", "folder"])
def test_nothing_is_marked_in_an_export(place: Story, opening: Opening, words: tuple[str, ...]) -> None:
    """Whatever an account holds: what is exported of it has no marks, nor have the settings beside it."""
    fill(place.sandbox.books, 60)
    assert called("export", "--archived", *words).code == 0
    window = opening(Path.cwd())
    files = sorted(file for file in Path().rglob("*.yaml") if ".reconciler" not in file.parts)
    # Of many files a few: each waits for the server to have looked.
    for file in files if len(files) < 3 else [*files[:2], *files[-2:]]:
        assert window.problems(file) == [], file


def test_what_is_marked_is_what_the_copy_says(begun: Path, opening: Opening) -> None:
    """The line leads to the copy in the folder: an edited one, with a rule of one's own, is what counts."""
    copy = begun / "schemas" / "clients.schema.json"
    title = '"title": "Organization"'
    own = schema_files.copy_of("clients").replace(f"{title},", f'{title}, "pattern": "Ltd",', 1)
    copy.write_text(own, encoding="utf-8")
    text = (begun / "clients.yaml").read_text(encoding="utf-8") + "  acme: {organization: Acme}\n"
    assert len(opening(begun).problems(begun / "clients.yaml", text)) == 1
