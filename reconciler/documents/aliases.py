"""What the anchors of a file stand for, and how often they may be repeated: a small file must not grow into a bomb."""

from __future__ import annotations

from typing import Any

from reconciler.documents.feed import Stop as _Stop

Event = Any
"""One of PyYAML's events; its stubs make everything optional that the C parser always fills."""

MOST_ALIASES = 1000
MOST_ANCHORS = 10_000
MOST_REPEATED = 100_000


class Aliases:
    """The anchors of one document, each with its value and the nodes in it."""

    def __init__(self) -> None:
        self._anchors: dict[str, tuple[object, int]] = {}
        self._used = self._repeated = 0

    def keep(self, event: Event, value: object, size: int) -> None:
        """Remember what the anchor of an event stands for from here on."""
        if len(self._anchors) >= MOST_ANCHORS:
            raise _Stop("too-many-aliases", "the file has too many aliases", "Write values out.", event.start_mark)
        self._anchors[event.anchor] = (value, size)

    def drop(self, event: Event) -> None:
        """Forget an anchor: inside the very value that it names it has nothing to stand for yet."""
        self._anchors.pop(event.anchor, None)

    def resolve(self, event: Event) -> tuple[object, int]:
        """Give the value of an alias, and how many nodes it repeats."""
        known = self._anchors.get(event.anchor)
        if known is None:
            detail = f"`*{event.anchor[:60]}` names nothing that stands before it."
            raise _Stop("unknown-alias", "an alias names nothing", detail, event.start_mark)
        self._used += 1
        self._repeated += known[1]
        if self._used > MOST_ALIASES or self._repeated > MOST_REPEATED:
            raise _Stop("too-many-aliases", "the file has too many aliases", "Write values out.", event.start_mark)
        return known
