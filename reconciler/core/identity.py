"""When two records are the same one, contradict each other, or only look alike.

Nothing here decides what happens then; that is `match.py`. Values are compared trimmed, in NFC and case-folded.

The tests, for a wanted record W and a live record L:

    shares_key     the first alternative that both sides have is equal: the unique key (email), else every naming
                   field (organization, fname, lname) that W mentions. Nothing mentioned matches nothing.
    contradicts    the first decider group (organization, else the names) that is filled on both sides differs.
    same           shares_key and not contradicts                    → may be adopted
    alike          any near group (email, organization, VAT, names) is filled and equal → a person is asked

An echo is a field that merely repeats others (FreshBooks may fill an empty organization with the names or the email);
it says nothing of its own, so it neither contradicts nor names, but being equal to it is still being alike.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from reconciler.core.kind import Kind
from reconciler.core.resource import LiveResource, RemoteId, Value

Alternatives = tuple[tuple[str, ...], ...]


def normal(value: Value) -> str:
    """Give the form of a value in which identities are compared; empty for null and for blanks."""
    if not isinstance(value, str):
        return ""
    if value.isascii():
        return value.strip().lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", value.strip()).casefold())


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """What a record is recognised by."""

    values: Mapping[str, str]
    """Normal forms of the filled fields that matching looks at."""
    echoed: frozenset[str]
    """Fields among them that merely repeat others."""

    def has(self, names: Iterable[str]) -> bool:
        """Tell whether every one of these fields is filled."""
        return all(name in self.values for name in names)

    def at(self, names: Iterable[str]) -> tuple[str, ...]:
        """Give the normal forms of these fields, all of which must be filled."""
        return tuple(self.values[name] for name in names)

    def telling(self, name: str) -> bool:
        """Tell whether this field is filled and says something of its own."""
        return name in self.values and name not in self.echoed


def likeness(kind: Kind, fields: Mapping[str, Value], extra: Alternatives = ()) -> Likeness:
    """Read off a record's fields what it is recognised by; `extra` names further fields that settings match by."""
    names = kind.looked_at.union(*extra) if extra else kind.looked_at
    values = {name: text for name in names if (text := normal(fields.get(name)))}
    echoed = {
        name
        for name, groups in kind.echoes.items()
        if name in values and any(_joined(values, group) == values[name] for group in groups)
    }
    return Likeness(values=values, echoed=frozenset(echoed))


def _joined(values: Mapping[str, str], names: Sequence[str]) -> str:
    return " ".join(values[name] for name in names if name in values)


def naming_of(kind: Kind, wanted: Likeness) -> tuple[str, ...]:
    """Give the naming fields by which this record can be found where the unique key does not help."""
    return tuple(name for name in kind.naming if wanted.telling(name))


def shares_key(kind: Kind, wanted: Likeness, live: Likeness, alternatives: Alternatives = ()) -> bool:
    """Tell whether both have the same natural key; `alternatives` replace the kind's own."""
    for names in alternatives or (kind.unique_key,):
        if wanted.has(names) and live.has(names):
            return wanted.at(names) == live.at(names)
    if alternatives:
        return False
    mentioned = naming_of(kind, wanted)
    return bool(mentioned) and live.has(mentioned) and wanted.at(mentioned) == live.at(mentioned)


def contradicts(kind: Kind, wanted: Likeness, live: Likeness) -> bool:
    """Tell whether a filled identity field says that these are two different records."""
    for group in kind.deciders:
        both = [name for name in group if wanted.telling(name) and live.telling(name)]
        if both:
            return any(wanted.values[name] != live.values[name] for name in both)
    return False


def same(kind: Kind, wanted: Likeness, live: Likeness, alternatives: Alternatives = ()) -> bool:
    """Tell whether the live record may be taken for the wanted one without asking."""
    return shares_key(kind, wanted, live, alternatives) and not contradicts(kind, wanted, live)


def alike(kind: Kind, wanted: Likeness, live: Likeness) -> tuple[str, ...]:
    """Give the first near group that is filled and equal on both sides, or nothing."""
    for group in kind.near:
        if wanted.has(group) and live.has(group) and wanted.at(group) == live.at(group):
            return group
    return ()


def key_digest(salt: str, kind: Kind, fields: Mapping[str, Value]) -> str:
    """Give `names=digest` over every identity field that tells something, as an intent remembers it."""
    seen = likeness(kind, fields)
    names = tuple(name for name in kind.identity if seen.telling(name))
    return f"{','.join(names)}={_digest(salt, names, seen)}"


def names_in(digest: str) -> tuple[str, ...]:
    """Give the fields that a `key_digest` was taken of."""
    return tuple(filter(None, digest.partition("=")[0].split(",")))


def _digest(salt: str, names: Sequence[str], seen: Likeness) -> str:
    text = "\0".join(seen.at(names))
    return blake2b(text.encode(), digest_size=12, key=salt.encode()[:64]).hexdigest()


Index = Mapping[tuple[str, ...], Sequence[RemoteId]]


def indexed(seen: Iterable[tuple[RemoteId, Likeness]], names: tuple[str, ...]) -> Index:
    """Find records by what they have in these fields; what lacks one of them is not found."""
    index: dict[tuple[str, ...], list[RemoteId]] = {}
    for remote_id, each in seen:
        if each.has(names):
            index.setdefault(each.at(names), []).append(remote_id)
    return index


class Pool:
    """Live records that may still be claimed, found by the fields they are recognised by, without a scan per record.

    Indexes are built on first use, one per combination of fields that some wanted record asks by.
    """

    def __init__(self, kind: Kind, records: Iterable[LiveResource], extra: Alternatives = ()) -> None:
        self._kind = kind
        self._extra = extra
        self._seen = {live.id: (live, likeness(kind, live.fields, extra)) for live in records}
        self._indexes: dict[tuple[str, ...], Index] = {}
        self._digests: dict[tuple[str, ...], dict[str, list[RemoteId]]] = {}

    def same(self, wanted: Likeness) -> list[LiveResource]:
        """Give every record that may be taken for the wanted one, in the order of ids."""
        groups = self._extra or (self._kind.unique_key, naming_of(self._kind, wanted))
        return [live for live, seen in self._candidates(wanted, groups) if same(self._kind, wanted, seen, self._extra)]

    def alike(self, wanted: Likeness) -> list[tuple[LiveResource, tuple[str, ...]]]:
        """Give every record that looks like the wanted one, with the fields that make it so."""
        return [
            (live, group)
            for live, seen in self._candidates(wanted, self._kind.near)
            if (group := alike(self._kind, wanted, seen))
        ]

    def known(self, wanted: Likeness) -> tuple[RemoteId, ...]:
        """Give the ids of all records that could be taken for the result of creating the wanted one."""
        groups = (*self._kind.near, *self._extra, naming_of(self._kind, wanted))
        return tuple(live.id for live, _ in self._candidates(wanted, groups))

    def with_digest(self, digest: str, salt: str) -> list[LiveResource]:
        """Give every record that carries the identity of which `key_digest` was taken."""
        names = names_in(digest)
        index = self._digests.get(names)
        if index is None:
            index = {}
            for remote_id, (_, seen) in self._seen.items():
                if names and seen.has(names):
                    index.setdefault(_digest(salt, names, seen), []).append(remote_id)
            self._digests[names] = index
        return [self._seen[remote_id][0] for remote_id in sorted(index.get(digest.partition("=")[2], ()))]

    def _candidates(self, wanted: Likeness, groups: Alternatives) -> list[tuple[LiveResource, Likeness]]:
        found: set[RemoteId] = set()
        for names in groups:
            if names and wanted.has(names):
                found.update(self._index(names).get(wanted.at(names), ()))
        return [self._seen[remote_id] for remote_id in sorted(found)]

    def _index(self, names: tuple[str, ...]) -> Index:
        index = self._indexes.get(names)
        if index is None:
            index = self._indexes[names] = indexed(((at, seen) for at, (_, seen) in self._seen.items()), names)
        return index
