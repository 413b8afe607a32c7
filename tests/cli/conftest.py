"""An empty folder, an account on a socket, and an environment that leads there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.agency import Agency, working
from tests.golden.story import Story, telling


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Story]:
    """Give a working folder with an account of its own; the environment has its address and a token."""
    with telling(tmp_path) as story:
        yield story


@pytest.fixture
def agency(tmp_path: Path) -> Iterator[Agency]:
    """Give a login with three empty accounts."""
    with working(tmp_path) as found:
        yield found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a working folder without an account."""
    for name in [name for name in os.environ if name.startswith(("FRESHBOOKS_", "RECONCILER_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)
    return tmp_path
