"""The records: `Resource` is what the YAML wants, `LiveResource` what the account has.

Nothing here compares or matches the two; that is `match.py` and `diff.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

from reconciler.core.diagnostic import Position

Address = NewType("Address", str)
"""A record's path in the YAML: `clients.acme`, `clients.acme.contacts.jane`."""

RemoteId = NewType("RemoteId", int)
"""The integer that the vendor assigned."""

Value = str | bool | None
"""What a field can hold; `None` and `""` both mean empty and are equal in a comparison."""


def address_of(collection: str, key: str) -> Address:
    """Name a top-level record."""
    return Address(f"{collection}.{key}")


def child_address(parent: Address, collection: str, key: str) -> Address:
    """Name a record that belongs to another."""
    return Address(f"{parent}.{collection}.{key}")


def parent_of(address: Address) -> Address | None:
    """Give the address of the record that this one belongs to, or None at the top."""
    parts = address.split(".")
    return Address(".".join(parts[:2])) if len(parts) > 2 else None  # noqa: PLR2004 - collection.key is two parts


def key_of(address: Address) -> str:
    """Give the last part of an address, the key in the YAML."""
    return address.rpartition(".")[2]


class Visibility(StrEnum):
    """Where a live record is: deleting hides it, and it can be brought back."""

    ACTIVE = "active"
    ARCHIVED = "archived"
    DELETED = "deleted"


class OnRemove(StrEnum):
    """What happens to a bound record that leaves the YAML; KEEP forgets it and touches nothing."""

    DELETE = "delete"
    ARCHIVE = "archive"
    KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """How a record may end and what is left alone; None means not mentioned."""

    prevent_destroy: bool | None = None
    ignore_changes: tuple[str, ...] = ()
    on_remove: OnRemove | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One desired record: what is mentioned is managed, what is absent is left alone."""

    address: Address
    fields: Mapping[str, Value]
    """Mentioned fields only, defaults merged in; an empty value asks for the field to be cleared."""
    children: Mapping[str, Resource] | None = None
    """By key; None means that children are not managed here, an empty mapping that none of ours may stay."""
    id: RemoteId | None = None
    previously: tuple[str, ...] = ()
    distinct_from: tuple[RemoteId, ...] = ()
    archived: bool | None = None
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    position: Position | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Everything that one root wants."""

    root: str
    """The file or folder as given, normalised; the state remembers it."""
    account: str | None = None
    resources: Mapping[Address, Resource] = field(default_factory=dict)
    """Top-level records by address, in the order of the files."""
    removed: Mapping[Address, Position] = field(default_factory=dict)
    """Addresses to forget without deleting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveResource:
    """One record as the account has it."""

    id: RemoteId
    fields: Mapping[str, Value]
    """Writable fields that are not empty; a field that is absent here is empty in the account."""
    visibility: Visibility = Visibility.ACTIVE
    children: tuple[LiveResource, ...] | None = ()
    """None means that the answer did not say, which is not the same as having none."""
    balance: str = ""
    """What is outstanding, as the vendor writes it (`100.00 USD, 5.00 EUR`); empty where nothing is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The live account as one read found it, complete for the questions that were asked."""

    account_id: str
    records: Mapping[RemoteId, LiveResource]
    """Every active and archived record."""
    deleted: Mapping[RemoteId, LiveResource] | None = None
    """Every deleted record; None when nothing depended on them and they were not read."""
    checked: Mapping[RemoteId, LiveResource | None] = field(default_factory=dict)
    """Records asked for one by one because the listings lacked them; None means that it is gone."""
    read_at_s: float = 0.0
    """Monotonic clock when the reading began."""

    def find(self, remote_id: RemoteId) -> LiveResource | None:
        """Give the record with this id, wherever it is; None when no answer so far has it."""
        found = self.records.get(remote_id)
        if found is None and self.deleted is not None:
            found = self.deleted.get(remote_id)
        return found if found is not None else self.checked.get(remote_id)
