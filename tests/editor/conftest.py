"""One language server per worker, in the folder of this repository and with the settings that it recommends."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import folder, place
from tests.editor.editor import Editor
from tests.editor.server import Missing, command

__all__ = ["folder", "place"]

ROOT = Path(__file__).resolve().parents[2]
Opening = Callable[[Path], Editor]


@pytest.fixture(scope="session")
def server() -> tuple[str, ...]:
    """Give what starts the server; without it a person is told that these tests did not run, and CI fails."""
    try:
        return command()
    except Missing as error:
        told = f"{error}: completion, hints and marks were NOT tested in a language server"
        if os.environ.get("CI"):
            pytest.fail(told)
        pytest.skip(told)


@pytest.fixture(scope="session")
def editor(server: tuple[str, ...]) -> Iterator[Editor]:
    """Open this repository."""
    opened = Editor(server, ROOT, settings_of(ROOT))
    yield opened
    opened.close()


@pytest.fixture
def opening(server: tuple[str, ...]) -> Iterator[Opening]:
    """Open another folder, with the settings that stand in it."""
    windows: list[Editor] = []

    def opens(folder: Path) -> Editor:
        windows.append(Editor(server, folder, settings_of(folder)))
        return windows[-1]

    yield opens
    for window in windows:
        window.close()


def settings_of(folder: Path) -> dict[str, object]:
    """Give the settings of VS Code that stand in a folder; none where there are none."""
    file = folder / ".vscode" / "settings.json"
    read: dict[str, object] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return read
