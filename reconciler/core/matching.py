"""The result of matching as a value: which wanted record is which live one, by which rule, and what is still open.

Finding it is `match.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.core.diagnostic import Diagnostic
from reconciler.core.identity import Alternatives
from reconciler.core.questions import Questions
from reconciler.core.resource import Address, LiveResource, OnRemove, RemoteId, Resource
from reconciler.core.state import Binding


class Rule(StrEnum):
    """The rule that found the record; also the order in which they run."""

    PIN = "pin"
    BINDING = "binding"
    INTENT = "intent"
    PREVIOUSLY = "previously"
    TOMBSTONE = "tombstone"
    KEY = "key"
    DELETED = "deleted"
    CREATE = "create"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One wanted record and the live one that it means; `live` is None only for CREATE."""

    resource: Resource
    rule: Rule
    live: LiveResource | None = None
    binding: Binding | None = None
    """What an earlier run recorded of this very record, under whatever address."""
    moved_from: Address | None = None
    put_away: OnRemove | None = None
    """How an earlier run of ours put the record away; None where it did not."""
    known: tuple[RemoteId, ...] = ()
    """For CREATE: records that already could be taken for its result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """Every wanted record with its live one, and what is left over."""

    matches: Mapping[Address, Match]
    displaced: Mapping[Address, RemoteId] = field(default_factory=dict)
    """Wanted addresses whose old binding is given up because a pin names another record."""
    orphans: Mapping[Address, LiveResource | None] = field(default_factory=dict)
    """Intents of addresses that are no longer wanted, with the record that the interrupted run made, if any."""
    taken: frozenset[RemoteId] = frozenset()
    stops: tuple[Diagnostic, ...] = ()
    questions: Questions = field(default_factory=Questions)


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchOptions:
    """What shapes matching besides the three sides."""

    alternatives: Alternatives = ()
    creates: frozenset[Address] = frozenset()
    recreate: bool = False
