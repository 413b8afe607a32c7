"""Live records that may be one and the same: those of which a configuration of one would also fit the other.

It is rule 5 of matching (`identity.same`), asked of the account alone: records are joined where either would be taken
for the other, and what is joined to the same is one group. So a bookkeeper's email in two companies makes no group, and
one record with that email and nothing else joins all of them: a client written like it could be any.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, product

from reconciler.core.identity import Alternatives, Index, Likeness, indexed, likeness, naming_of, same
from reconciler.core.kind import Kind
from reconciler.core.resource import Account, Address, Configuration, LiveResource, RemoteId
from reconciler.core.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Double:
    """One record of a group."""

    live: LiveResource
    address: Address | None = None
    """The address that is bound to it, or pinned to it."""
    apart: tuple[RemoteId, ...] = ()
    """What the configuration tells that address apart from already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Records that may be one and the same."""

    doubles: tuple[Double, ...]
    """In the order of ids; at least two."""
    shared: tuple[str, ...]
    """The fields that make them so, which all of them have alike; may be empty where one joins two others."""
    settled: bool = False
    """Whether it is decided that they are several: each is bound, pinned, or named in a `distinct_from`."""


def duplicates(
    kind: Kind,
    account: Account,
    alternatives: Alternatives = (),
    *,
    state: State | None = None,
    configuration: Configuration | None = None,
) -> tuple[Group, ...]:
    """Give every group among the active and archived records, in the order of their first ids."""
    seen = {live.id: likeness(kind, live.fields, alternatives) for live in account.records.values()}
    owners, apart = _owners(kind, state, configuration), _told_apart(configuration)
    groups = []
    for ids in _joined(kind, seen, alternatives):
        doubles = tuple(_double(account.records[each], owners.get(each), configuration) for each in ids)
        settled = all(each in owners or each in apart for each in ids)
        shared = _shared(kind, [seen[each] for each in ids], alternatives)
        groups.append(Group(doubles=doubles, shared=shared, settled=settled))
    return tuple(groups)


def _owners(kind: Kind, state: State | None, configuration: Configuration | None) -> dict[RemoteId, Address]:
    """Give whose a record is: by the state, or by a pin."""
    owners: dict[RemoteId, Address] = {}
    for address, resource in configuration.resources.items() if configuration is not None else ():
        if resource.id is not None:
            owners[resource.id] = address
    for address, binding in state.bindings.items() if state is not None else ():
        # Ids of children are a sequence of their own.
        if binding.parent is None and address.startswith(f"{kind.collection}."):
            owners.setdefault(binding.id, address)
    return owners


def _double(live: LiveResource, address: Address | None, configuration: Configuration | None) -> Double:
    resource = configuration.resources.get(address) if configuration is not None and address is not None else None
    return Double(live=live, address=address, apart=resource.distinct_from if resource is not None else ())


def _told_apart(configuration: Configuration | None) -> frozenset[RemoteId]:
    resources = configuration.resources.values() if configuration is not None else ()
    return frozenset(other for resource in resources for other in resource.distinct_from)


def _joined(kind: Kind, seen: Mapping[RemoteId, Likeness], alternatives: Alternatives) -> list[list[RemoteId]]:
    """Join what is the same, directly or through others; give what has more than one member."""
    families = _Families()
    first: dict[frozenset[tuple[str, str | None, bool]], RemoteId] = {}
    telling = {*kind.unique_key, *kind.naming, *chain(*kind.deciders, *alternatives)}
    for one, each in seen.items():
        # What is alike in all that decides is compared once.
        twin = first.setdefault(frozenset((name, each.values.get(name), name in each.echoed) for name in telling), one)
        if twin != one and same(kind, each, each, alternatives):
            families.join(one, twin)
    distinct = {one: seen[one] for one in first.values()}
    index = _Index(kind, distinct, alternatives)
    for one, wanted in distinct.items():
        for other in index.candidates(wanted):
            if not families.joined(one, other) and same(kind, wanted, seen[other], alternatives):
                families.join(one, other)
    groups: dict[RemoteId, list[RemoteId]] = {}
    for one in sorted(seen):
        groups.setdefault(families.first_of(one), []).append(one)
    return [ids for ids in groups.values() if len(ids) > 1]


class _Families:
    """Sets that grow together, each known by its first member."""

    def __init__(self) -> None:
        self._above: dict[RemoteId, RemoteId] = {}

    def first_of(self, one: RemoteId) -> RemoteId:
        first = one
        while (above := self._above.get(first)) is not None:
            first = above
        while one != first:
            # The next one that asks has a shorter way.
            self._above[one], one = first, self._above[one]
        return first

    def joined(self, one: RemoteId, other: RemoteId) -> bool:
        return one == other or self.first_of(one) == self.first_of(other)

    def join(self, one: RemoteId, other: RemoteId) -> None:
        """Make one family of two; they must not be one already."""
        ours, theirs = self.first_of(one), self.first_of(other)
        self._above[max(ours, theirs)] = min(ours, theirs)


_Said = tuple[str | None, ...]
"""What a record says of each decider, empty where nothing; None stands for whatever it says."""
_MANY = 16
"""Arbitrary: so few are compared one by one."""


class _Index:
    """Finds the records that share the key of one, but for those that the first two deciders rule out at once.

    Half an account may have the email of one bookkeeper: comparing each with each would take the square of that.
    """

    def __init__(self, kind: Kind, seen: Mapping[RemoteId, Likeness], alternatives: Alternatives) -> None:
        self._kind, self._seen, self._alternatives = kind, seen, alternatives
        self._tables: dict[tuple[str, ...], Index] = {}
        self._parted: dict[tuple[tuple[str, ...], tuple[str, ...]], Mapping[_Said, Sequence[RemoteId]]] = {}

    def candidates(self, wanted: Likeness) -> Iterator[RemoteId]:
        """Give ids of records that could be the same as the wanted one."""
        groups = self._alternatives or (self._kind.unique_key, naming_of(self._kind, wanted))
        for names in groups:
            if names and wanted.has(names):
                found = self._table(names).get(wanted.at(names), ())
                yield from found if len(found) < _MANY else self._left(names, found, wanted)

    def _table(self, names: tuple[str, ...]) -> Index:
        table = self._tables.get(names)
        if table is None:
            table = self._tables[names] = indexed(self._seen.items(), names)
        return table

    def _left(self, names: tuple[str, ...], found: Sequence[RemoteId], wanted: Likeness) -> Iterator[RemoteId]:
        """Give those of many with one key that the deciders leave."""
        key = (names, wanted.at(names))
        parted = self._parted.get(key)
        if parted is None:
            parted = self._parted[key] = self._part(found)
        for asked in self._asked(wanted):
            yield from parted.get(asked, ())

    def _part(self, found: Iterable[RemoteId]) -> Mapping[_Said, Sequence[RemoteId]]:
        parted: dict[_Said, list[RemoteId]] = defaultdict(list)
        for remote_id in found:
            first, second = self._said(self._seen[remote_id])
            for said in product(*((word, None) for word in first + second)):
                parted[said].append(remote_id)
        return parted

    def _asked(self, wanted: Likeness) -> Iterator[_Said]:
        """Give what those can say that do not contradict; what a side leaves unsaid rules nothing out."""
        first, second = self._said(wanted)
        for one in _agreeing(first):
            # The first decider that both speak of decides.
            yield from ((*one, *two) for two in ([(None,) * len(second)] if any(one) else _agreeing(second)))

    def _said(self, seen: Likeness) -> list[tuple[str, ...]]:
        first, second, *_ = (*self._kind.deciders, (), ())
        return [tuple(seen.values[name] if seen.telling(name) else "" for name in names) for names in (first, second)]


def _agreeing(said: tuple[str, ...]) -> Iterator[_Said]:
    return product(*((word, "") if word else (None,) for word in said))


def _shared(kind: Kind, seen: Sequence[Likeness], alternatives: Alternatives) -> tuple[str, ...]:
    """Give the fields of a key, and the identity, that all have alike."""
    names = dict.fromkeys((*(name for group in alternatives for name in group), *kind.identity))
    return tuple(name for name in names if _alike(name, seen))


def _alike(name: str, seen: Iterable[Likeness]) -> bool:
    found = {each.values.get(name, "") for each in seen}
    return len(found) == 1 and "" not in found
