"""What pure matching must know of the account that one listing did not say; `read.py` answers it."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.core.resource import RemoteId


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """What to ask before anything may be concluded from an absence."""

    ids: tuple[RemoteId, ...] = ()
    """Records to ask for one by one, sorted: no listing so far has them."""
    deleted: bool = False
    """Whether the deleted records are to be listed."""

    @property
    def open(self) -> bool:
        """Tell whether anything is to be asked."""
        return self.deleted or bool(self.ids)
