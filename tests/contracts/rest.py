"""The part of an account in memory that tires: what a login that ends is for a vendor."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.errors import ReconcilerError


class Rest:
    """Fills `ready` and `undisturbed` of `Writer`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.tired = False
        """Whether the access would end soon, were it not for `ready`."""
        self.failure: ReconcilerError | None = None
        """What `ready` ends in, where it has something to do."""
        self.rested = self.put_off = self.creating = 0

    def ready(self) -> bool:
        """Rest, unless somebody creates."""
        with self._lock:
            if not self.tired:
                return True
            if self.creating:
                self.put_off += 1
                return False
            if self.failure is not None:
                raise self.failure
            self.rested += 1
            self.tired = False
            return True

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Count who creates."""
        with self._lock:
            self.creating += 1
        try:
            yield
        finally:
            with self._lock:
                self.creating -= 1
