"""What all tests share: the option that rewrites golden files."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--update-golden`: write what is, to be read in the diff, instead of comparing."""
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files")
