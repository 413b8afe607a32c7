"""An empty folder, and an account on a socket that an environment leads to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import folder
from tests.golden.story import Story, telling

__all__ = ["folder", "place"]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Story]:
    """Give a working folder with an account of its own."""
    with telling(tmp_path) as story:
        yield story
