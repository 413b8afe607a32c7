"""A place where all is well, and several accounts behind one login, as the tests of commands have them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import agency
from tests.doctor.world import World, healthy

__all__ = ["agency", "world"]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Give a place where all is well."""
    with healthy(tmp_path) as found:
        yield found
