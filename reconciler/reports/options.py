"""How a report is to be rendered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.core.explanation import Explanation
from reconciler.core.kind import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderOptions:
    """What the reader's side allows, and what may be shown there. A format uses what applies to it."""

    width: int = 100
    colour: bool = False
    sensitive: frozenset[str] = frozenset()
    """Fields whose values are not shown; they are hidden in the plan before a format sees it (`hiding.py`)."""
    redact: bool = False
    """Whether no value at all is to be shown: then `sensitive` has every field."""
    summary: bool = False
    """Whether a line per record is enough."""
    max_size: int = 65_000
    """The most characters of a report that is posted as a comment: GitHub takes 65,536."""
    link: str = ""
    """The address of the CI run that made the report, for readers who want its log."""
    kind: Kind | None = None
    """What people call the fields and the records; without it, names and keys must do."""
    explained: Mapping[str, Explanation] = field(default_factory=dict)
    """What each code means, for the formats that bring it along."""
