"""Who is who: find for every wanted record the live one that it means (step 4).

It reads nothing: where an answer depends on more of the account than was read, `Matching.questions` says what to
ask, and the caller matches again with the answers. Each rule runs over all wanted records before the next; a live
record that is taken is out.

    1 pin          `id:` in the YAML → that very record
    2 binding      bound by an earlier run → that id
    3 intent       an interrupted create → the one new record that carries the intended identity
    4 previously   the old key was bound → its record moves to the new key
      tombstone    we put a record of this key away → that one, if it still looks like it
    5 key          same natural key, active before archived → adopt (or move, where a leaving address holds it)
    6 deleted      the same among deleted records → restore
    7 near         only looks like one → stop, unless told apart
    8 create       nothing of the above
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from reconciler.core import stops
from reconciler.core.diagnostic import Diagnostic
from reconciler.core.diff import equal
from reconciler.core.identity import Likeness, Pool, alike, likeness, same
from reconciler.core.kind import Kind
from reconciler.core.matching import Match, Matching, MatchOptions, Rule
from reconciler.core.questions import Questions
from reconciler.core.resource import (
    Account,
    Address,
    Configuration,
    LiveResource,
    RemoteId,
    Resource,
    Visibility,
    address_of,
    parent_of,
)
from reconciler.core.state import Binding, Intent, State


def match(configuration: Configuration, state: State, account: Account, kind: Kind, options: MatchOptions) -> Matching:
    """Run all rules in order; where `questions` is not empty, answer them and match again."""
    assignment = _Assignment(configuration, state, account, kind, options)
    assignment.pins()
    assignment.bindings()
    assignment.leavings()
    assignment.intents()
    assignment.previously()
    assignment.tombstones()
    assignment.keys(Visibility.ACTIVE, Rule.KEY)
    assignment.keys(Visibility.ARCHIVED, Rule.KEY)
    assignment.deleted()
    assignment.near_or_create()
    return assignment.matching()


class _Assignment:
    """The work in progress of one `match`: which address has which record so far."""

    def __init__(
        self, configuration: Configuration, state: State, account: Account, kind: Kind, options: MatchOptions
    ) -> None:
        self._wanted = configuration.resources
        self._state = state
        self._account = account
        self._kind = kind
        self._options = options
        self._matches: dict[Address, Match] = {}
        self._taken: dict[RemoteId, Address] = {}
        self._reserved: set[RemoteId] = set()
        self._stops: dict[Address, Diagnostic] = {}
        self._displaced: dict[Address, RemoteId] = {}
        self._orphans: dict[Address, LiveResource | None] = {}
        self._ask_ids: set[RemoteId] = set()
        self._ask_deleted = False
        self._open: dict[Address, Resource] = {}
        self._leaving_ids: dict[RemoteId, Address] = {
            binding.id: address
            for address, binding in state.bindings.items()
            if address not in self._wanted and binding.parent is None
        }
        self._likenesses: dict[Address, Likeness] = {}
        self._pools: dict[bool, Pool] = {}

    # Rules 1 and 2: what is said outright.

    def pins(self) -> None:
        for address, resource in self._wanted.items():
            if resource.id is None:
                continue
            live = self._find(resource.id)
            bound = self._state.bindings.get(address)
            if live is not None and live.id in self._taken:
                self._stops[address] = stops.pin_taken(self._kind, resource, self._taken[live.id])
            elif live is not None:
                self._take(resource, live, Rule.PIN)
                if bound is not None and bound.id != live.id:
                    self._displaced[address] = bound.id
            elif resource.id in self._account.checked:
                self._stops[address] = stops.pin_not_found(self._kind, resource)

    def bindings(self) -> None:
        records, bindings, taken = self._account.records, self._state.bindings, self._taken
        for address, resource in self._wanted.items():
            if address in self._matches or resource.id is not None:
                continue
            binding = bindings.get(address)
            if binding is None or binding.id in taken:
                self._open[address] = resource
                continue
            live = records.get(binding.id) or self._find(binding.id)
            if live is not None:
                taken[live.id] = address
                self._matches[address] = Match(resource=resource, rule=Rule.BINDING, live=live, binding=binding)
            elif binding.id in self._account.checked:
                self._bound_to_nothing(resource, binding)

    def _bound_to_nothing(self, resource: Resource, binding: Binding) -> None:
        if self._options.recreate:
            self._open[resource.address] = resource
        else:
            self._reserved.add(binding.id)
            self._stops[resource.address] = stops.gone(self._kind, resource, binding.id)

    def leavings(self) -> None:
        """Make sure that what is known of records about to leave is known, and not just missing from a listing."""
        for remote_id in self._leaving_ids:
            self._find(remote_id)

    # Rules 3 and 4, and tombstones: what earlier runs and the YAML remember.

    def intents(self) -> None:
        for address, intent in self._state.intents.items():
            if parent_of(address) is not None:
                continue
            self._ask_deleted = self._ask_deleted or self._account.deleted is None
            resource = self._open.get(address)
            if resource is None and address in self._wanted:
                continue
            found = self._made_by(intent)
            if resource is None:
                if len(found) > 1:
                    lost = Resource(address=address, fields={})
                    self._stops[address] = stops.several_recovered(self._kind, lost, found)
                else:
                    self._orphans[address] = found[0] if found else None
                    self._reserved.update(live.id for live in found)
            elif len(found) > 1:
                self._stop(resource, stops.several_recovered(self._kind, resource, found))
            elif found:
                self._take(resource, found[0], Rule.INTENT)

    def _made_by(self, intent: Intent) -> list[LiveResource]:
        pools = [self._pool(deleted=False)] + ([self._pool(deleted=True)] if self._account.deleted is not None else [])
        return [
            live
            for pool in pools
            for live in pool.with_digest(intent.key, self._state.salt)
            if live.id not in intent.known and self._free(live.id) and live.id not in self._leaving_ids
        ]

    def previously(self) -> None:
        for resource in list(self._open.values()):
            for key in resource.previously:
                old = address_of(self._kind.collection, key)
                binding = self._state.bindings.get(old)
                if binding is None or old in self._wanted or not self._free(binding.id):
                    continue
                live = self._find(binding.id)
                if live is not None:
                    self._take(resource, live, Rule.PREVIOUSLY)
                    break

    def tombstones(self) -> None:
        for resource in list(self._open.values()):
            tombstone = self._state.tombstones.get(resource.address)
            if tombstone is None or not self._free(tombstone.id) or tombstone.id in resource.distinct_from:
                continue
            live = self._find(tombstone.id)
            if live is None:
                continue
            wanted = self._likeness(resource)
            seen = likeness(self._kind, live.fields, self._options.alternatives)
            if same(self._kind, wanted, seen, self._options.alternatives) or alike(self._kind, wanted, seen):
                self._take(resource, live, Rule.TOMBSTONE)

    # Rules 5 and 6: the natural key.

    def keys(self, visibility: Visibility, rule: Rule) -> None:
        """Join by natural key what is unambiguous; equality in every mentioned field decides the rest, or nobody."""
        if not self._open:
            return
        pool = self._pool(deleted=visibility is Visibility.DELETED)
        hits = {
            address: found
            for address, resource in self._open.items()
            if (found := [live for live in pool.same(self._likeness(resource)) if live.visibility is visibility])
        }
        while self._join_single(hits, rule, _anything) or self._join_single(hits, rule, _equal_in_all):
            pass
        claims = _claims(hits)
        for address, found in hits.items():
            resource = self._open[address]
            rivals = sorted({rival for live in found for rival in claims[live.id]} - {address})
            if len(found) > 1 or not rivals:
                self._stop(resource, stops.several_live(self._kind, resource, found))
            else:
                self._stop(resource, stops.several_desired(self._kind, resource, found, rivals))

    def _join_single(
        self,
        hits: dict[Address, list[LiveResource]],
        rule: Rule,
        counts: Callable[[Resource, LiveResource], bool],
    ) -> bool:
        """Take every pair in which each side has only the other; tell whether there was one."""
        for address in list(hits):
            distinct = self._open[address].distinct_from
            hits[address] = [live for live in hits[address] if self._free(live.id) and live.id not in distinct]
            if not hits[address]:
                del hits[address]
        counted = {
            address: [live for live in found if counts(self._open[address], live)] for address, found in hits.items()
        }
        claimed = Counter(live.id for found in counted.values() for live in found)
        pairs = [
            (address, found[0]) for address, found in counted.items() if len(found) == 1 and claimed[found[0].id] == 1
        ]
        for address, live in pairs:
            self._take(self._open[address], live, rule)
            del hits[address]
        return bool(pairs)

    def deleted(self) -> None:
        if self._open and self._account.deleted is None:
            self._ask_deleted = True
        elif self._open:
            self.keys(Visibility.DELETED, Rule.DELETED)

    # Rules 7 and 8: ask, or create.

    def near_or_create(self) -> None:
        for address, resource in list(self._open.items()):
            wanted = self._likeness(resource)
            pool = self._pool(deleted=False)
            near = [
                (live, fields, self._leaving_ids.get(live.id))
                for live, fields in pool.alike(wanted)
                if self._free(live.id) and live.id not in resource.distinct_from
            ]
            if near and address not in self._options.creates:
                self._stop(resource, stops.near_match(self._kind, resource, near))
                continue
            known = pool.known(wanted)
            if self._account.deleted is not None:
                known += self._pool(deleted=True).known(wanted)
            self._matches[address] = Match(resource=resource, rule=Rule.CREATE, known=tuple(sorted(known)))

    def matching(self) -> Matching:
        return Matching(
            matches={address: self._matches[address] for address in self._wanted if address in self._matches},
            displaced=self._displaced,
            orphans=self._orphans,
            taken=frozenset(self._taken),
            stops=tuple(self._stops[address] for address in sorted(self._stops)),
            questions=Questions(ids=tuple(sorted(self._ask_ids)), deleted=self._ask_deleted),
        )

    # What the rules share.

    def _find(self, remote_id: RemoteId) -> LiveResource | None:
        """Give a record wherever it is; where no answer so far can tell, note the question and give None."""
        live = self._account.find(remote_id)
        if live is None and self._account.deleted is None:
            self._ask_deleted = True
        elif live is None and remote_id not in self._account.checked:
            self._ask_ids.add(remote_id)
        return live

    def _free(self, remote_id: RemoteId) -> bool:
        return remote_id not in self._taken and remote_id not in self._reserved

    def _take(self, resource: Resource, live: LiveResource, rule: Rule) -> None:
        address = resource.address
        self._taken[live.id] = address
        self._open.pop(address, None)
        old = self._leaving_ids.get(live.id)
        binding = self._state.bindings.get(old if old is not None else address)
        tombstone = self._state.tombstones.get(address)
        self._matches[address] = Match(
            resource=resource,
            rule=rule,
            live=live,
            binding=binding if binding is not None and binding.id == live.id else None,
            moved_from=old,
            put_away=tombstone.how if tombstone is not None and tombstone.id == live.id else None,
        )

    def _stop(self, resource: Resource, stop: Diagnostic) -> None:
        self._open.pop(resource.address, None)
        self._stops[resource.address] = stop

    def _likeness(self, resource: Resource) -> Likeness:
        known = self._likenesses.get(resource.address)
        if known is None:
            known = likeness(self._kind, resource.fields, self._options.alternatives)
            self._likenesses[resource.address] = known
        return known

    def _pool(self, *, deleted: bool) -> Pool:
        pool = self._pools.get(deleted)
        if pool is None:
            records = (self._account.deleted or {}) if deleted else self._account.records
            pool = Pool(self._kind, records.values(), self._options.alternatives)
            self._pools[deleted] = pool
        return pool


def _claims(hits: Mapping[Address, list[LiveResource]]) -> dict[RemoteId, list[Address]]:
    claims: dict[RemoteId, list[Address]] = {}
    for address, found in hits.items():
        for live in found:
            claims.setdefault(live.id, []).append(address)
    return claims


def _anything(_: Resource, __: LiveResource) -> bool:
    return True


def _equal_in_all(resource: Resource, live: LiveResource) -> bool:
    return equal(resource.fields, live.fields)
