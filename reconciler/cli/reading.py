"""The account read for as long as a block lasts, with its progress: what ends the block early ends the reading."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler import read
from reconciler.cli.terminal import Terminal

if TYPE_CHECKING:
    from reconciler.providers.freshbooks.provider import FreshBooks


@contextmanager
def reading(reader: FreshBooks, account_id: str, terminal: Terminal) -> Iterator[read.Reading]:
    """Begin to read; the account may be named later, to the reading's `result`."""
    with terminal.meter("Reading the account") as meter:
        begun = read.begin(reader, account_id, meter)
        try:
            yield begun
        except BaseException:
            # What runs in its threads ends at once where nothing can be asked any more.
            reader.close()
            begun.abandon()
            raise
