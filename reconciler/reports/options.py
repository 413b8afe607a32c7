"""How a report is to be rendered."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderOptions:
    """What the reader's side allows."""

    width: int = 100
    colour: bool = False
    sensitive: frozenset[str] = frozenset()
    """Fields whose values are not shown."""
