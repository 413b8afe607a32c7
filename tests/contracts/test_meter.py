"""The contract of `Meter`: it may be told anything, by several threads, and never stops the work."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext

import pytest
from rich.console import Console
from rich.progress import Progress

from reconciler.cli.terminal import Bar, Silent
from reconciler.core.ports import Meter
from tests.contracts.accounts import Counted


@contextmanager
def _bar() -> Iterator[Meter]:
    console = Console(file=io.StringIO(), force_terminal=True)
    with Progress(console=console) as progress:
        yield Bar(progress, progress.add_task("Reading", total=None))


METERS: Mapping[str, Callable[[], AbstractContextManager[Meter]]] = {
    "counted": lambda: nullcontext(Counted()),
    "silent": lambda: nullcontext(Silent()),
    "bar": _bar,
}


@pytest.mark.parametrize("name", METERS)
def test_meters_take_everything(name: str) -> None:
    """Totals may grow, advances may run ahead of them, threads may come in any order."""
    with METERS[name]() as meter:
        meter.advance()
        meter.total(0)
        with ThreadPoolExecutor(4) as pool:
            for _ in range(20):
                pool.submit(meter.total, 5)
                pool.submit(meter.advance, 5)
        meter.advance(1000)
