"""See to it that an interrupted run ends in good time, even where the storage of its state does not answer any more.

It closes nothing: what was not closed in time is what a kill leaves, and the next run goes on from there.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass

from reconciler.apply.run import LAST_CALLS_S
from reconciler.errors import Interrupted

_CLOSING_S = 1.0


@dataclass(slots=True, kw_only=True)
class Ending:
    """Ends the program some time after the first signal, unless it has ended by itself."""

    after_s: float = LAST_CALLS_S + _CLOSING_S
    leave: Callable[[int], object] = os._exit
    _timer: threading.Timer | None = None

    def begin(self, number: int, tell: Callable[[Interrupted, int], object]) -> None:
        """Begin to count; `tell` is called with what to say and the exit code, should time run out."""

        def late() -> None:
            code = 128 + number
            error = Interrupted(
                "interrupted",
                "The storage of the state does not answer, so that the state was not closed and its lock not given "
                "back. The next apply takes the lock over once it has expired, and finds what was done.",
                signal_number=number,
            )
            try:
                tell(error, code)
            finally:
                self.leave(code)

        self._timer = threading.Timer(self.after_s, late)
        self._timer.daemon = True
        self._timer.start()

    def over(self) -> None:
        """Count no longer: the run has ended."""
        if self._timer is not None:
            self._timer.cancel()
