"""What a provider says about its kinds of record: fields, identity, near match, child.

The core learns everything vendor-specific from a `Kind` value; no field name is written in the core itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class FieldType(StrEnum):
    """What a field's value may be; text is never guessed from a number."""

    TEXT = "text"
    FLAG = "flag"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One writable field of a kind, under the vendor's own name."""

    name: str
    type: FieldType = FieldType.TEXT
    label: str = ""
    """What a person calls it: `Billing city`; empty where the name must do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of record: what can be written, and by what two of them are told apart."""

    name: str
    """Singular, as in messages: `client`."""
    collection: str
    """The block in the YAML and the first part of an address: `clients`."""
    fields: tuple[Field, ...]
    unique_key: tuple[str, ...]
    """Compared first, where both sides have all of it (`email`)."""
    naming: tuple[str, ...]
    """Otherwise: of these, the mentioned ones must all be equal (`organization`, `fname`, `lname`)."""
    deciders: tuple[tuple[str, ...], ...]
    """In order; the first group that is non-empty on both sides decides whether two records contradict each other."""
    near: tuple[tuple[str, ...], ...]
    """Groups that make two records look alike when all of a group is equal and non-empty."""
    hints: tuple[str, ...] = ()
    """Fields (phones) whose equality across records is worth a note and nothing more."""
    echoes: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    """A field that merely repeats one of these groups, joined by a space, counts as empty in matching."""
    summary: tuple[str, ...] = ()
    """The fields that let a person recognise a record in a list of candidates."""
    called: tuple[tuple[str, ...], ...] = ()
    """In order; the first group of which a record has anything, joined by a space, is what people call it."""
    usual: tuple[str, ...] = ()
    """Fields in which the records of an account are mostly alike, so that an export may say them once for all."""
    child: Kind | None = None
    identity: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """The identity fields: one of them must be mentioned unless a record is pinned."""
    looked_at: frozenset[str] = field(init=False, repr=False, compare=False)
    """Every field that matching looks at: the identity, and what makes records look alike."""

    def __post_init__(self) -> None:
        identity = self.unique_key + tuple(n for n in self.naming if n not in self.unique_key)
        # Both are asked for with every record; a frozen value is completed this way.
        object.__setattr__(self, "identity", identity)
        object.__setattr__(self, "looked_at", frozenset(identity).union(*self.near))

    @property
    def field_names(self) -> tuple[str, ...]:
        """The names of all writable fields, in the provider's order."""
        return tuple(f.name for f in self.fields)
