"""What all tests share: the options that rewrite golden files and that lengthen the campaigns, and no real keyring."""

from __future__ import annotations

import os

import pytest

# The keyring of whoever runs the tests is theirs, and tests bring keyrings that the library would choose otherwise.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--update-golden`, which writes what is, to be read in the diff, and `--full`, which takes its time."""
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files")
    parser.addoption("--full", action="store_true", help="run the campaigns at their full length")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what only `--full` runs."""
    if config.getoption("--full"):
        return
    left_out = [item for item in items if item.get_closest_marker("full") is not None]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
