"""A conditional write whose answer was lost: tried again under the same condition, and settled by reading.

It knows no storage. The reasoning, for a write that needs version V and makes another of it:

    first try      answered yes        → done
                   answered no         → Moved: nobody of ours was there
                   no answer           → it may have arrived, may arrive yet, or may never
    tried again    answered yes        → done; V is gone, so the first can no longer arrive
                   answered no         → read: what we wrote is there → the first arrived; else → Moved
                   no answer, always   → read: what we wrote is there → done; else nobody knows → Unanswered

So the condition makes a repetition harmless, and only what is there in the end decides.
"""

from __future__ import annotations

from collections.abc import Callable

from reconciler.errors import Moved, StateUnusable, Unanswered
from reconciler.store.backend import Stored

PAUSES_S = (0.2, 1.0)
"""Before each further try. Short on purpose: whoever holds a lock of a minute must know soon."""


def settle(
    write: Callable[[], str], read: Callable[[], Stored | None], content: bytes, sleep: Callable[[float], None]
) -> str:
    """Write until it is known what became of it; give the version. `write` raises `Unanswered` where it is not.

    Raises:
        Moved: another version is there.
        Unanswered: it may or may not have been written, or may yet be.
        StateUnusable: nothing was written.
    """
    lost: Unanswered | None = None
    for pause_s in (0.0, *PAUSES_S):
        if pause_s:
            sleep(pause_s)
        try:
            return write()
        except Unanswered as error:
            lost = error
        except Moved as moved:
            if lost is None:
                raise
            return _ours(read, content, moved)
        except StateUnusable:
            # Refused or unreachable now says nothing of the try before.
            if lost is None:
                raise
    return _ours(read, content, lost or unanswered())


def _ours(read: Callable[[], Stored | None], content: bytes, otherwise: StateUnusable) -> str:
    try:
        stored = read()
    except StateUnusable:
        raise otherwise if isinstance(otherwise, Unanswered) else unanswered() from None
    if stored is not None and stored.content == content:
        return stored.version
    raise otherwise


def unanswered(why: str = "It was asked several times.") -> Unanswered:
    """Give the error for a write of which nobody knows."""
    return Unanswered(
        "shared storage did not answer a write",
        f"Nobody knows whether it was written. {why} Nothing further is sent to FreshBooks. Try again once it answers: "
        "what was done is found again.",
    )
