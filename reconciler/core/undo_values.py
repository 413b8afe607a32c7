"""What taking back one change comes to in values: what is put back, what somebody has edited since, what is remembered.

It decides no action; that is `undo.py` and `undo_children.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from reconciler.core.attributes import TAKES_BACK
from reconciler.core.change import ARCHIVED, AttributeChange, Change
from reconciler.core.diagnostic import Diagnostic, Position, Severity
from reconciler.core.kind import Kind
from reconciler.core.remember import seen_values
from reconciler.core.resource import Account, Address, LiveResource, RemoteId, Value, Visibility
from reconciler.core.run import Deed, Run
from reconciler.core.state import Binding, State, digest, parse_digests


@dataclass(slots=True, kw_only=True)
class Ground:
    """What an undo stands on, and what it has come to so far."""

    run: Run
    state: State
    account: Account
    kind: Kind
    changes: list[Change] = field(default_factory=list)
    notes: list[Diagnostic] = field(default_factory=list)
    planned: set[Address] = field(default_factory=set)
    """The addresses of the changes."""
    addresses: Mapping[RemoteId, Address] = field(init=False)
    """Where each bound top-level record is by now."""

    def __post_init__(self) -> None:
        self.addresses = {b.id: address for address, b in self.state.bindings.items() if b.parent is None}

    def add(self, *changes: Change) -> None:
        """Take changes, each of another address."""
        self.changes.extend(changes)
        self.planned.update(change.address for change in changes)

    def conflict(self, address: Address, why: str) -> None:
        """Tell what is left as it is, because it is not any more as the run had left it."""
        self._note(
            "undo-conflict", "something was changed after the run that is taken back", f"{address}: {why}", address
        )

    def unclear(self, deed: Deed) -> None:
        """Tell of a change of which the run itself did not know what became."""
        address = deed.change.address
        told = f"{address}: that run could not finish it ({deed.result}: {deed.reason}), so it is not taken back."
        self._note("undo-unfinished", "the run that is taken back had not done all of it", told, address)

    def nothing(self, address: Address, why: str) -> None:
        """Tell that a part of the run is taken back already."""
        self._note("undo-done", "a part of the run is taken back already", f"{address}: {why}", address)

    def _note(self, code: str, summary: str, detail: str, address: Address) -> None:
        note = Diagnostic(code=code, severity=Severity.NOTE, summary=summary, detail=detail, address=address)
        self.notes.append(note)

    @property
    def reason(self) -> str:
        """Say why these changes are there."""
        return f"{TAKES_BACK} {self.run.run}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversal:
    """What is put back of one record's attributes, and what is not."""

    attributes: tuple[AttributeChange, ...] = ()
    kept: tuple[str, ...] = ()
    """Attributes that somebody has edited since."""


def reversal(deed: Deed, live: LiveResource) -> Reversal:
    """Compare what a change made with what is there: only what is still as the run left it is put back."""
    attributes, kept = [], []
    seen = seen_values({a.name: None for a in deed.change.attributes}, live)
    for attribute in deed.change.attributes:
        name, now = attribute.name, seen[attribute.name]
        if _same(now, attribute.before):
            continue
        if _same(now, attribute.after) or (name in deed.seen and _same(now, deed.seen[name])):
            before = False if name == ARCHIVED and attribute.before is None else attribute.before
            attributes.append(AttributeChange(name=name, before=now, after=before))
        else:
            kept.append(name)
    return Reversal(attributes=tuple(attributes), kept=tuple(kept))


def _same(one: Value, other: Value) -> bool:
    """Tell whether two values are equal; nothing, empty text and not archived are."""
    return (one or None) == (other or None)


def remembered(deed: Deed, binding: Binding, live: LiveResource, back: Reversal, salt: str) -> dict[str, Value]:
    """Give the values that the binding remembers once these attributes are put back.

    Of what else it remembers only digests are known: a value is the one that was meant where it has that digest, and
    what cannot be told is left out, so that the next plan takes it for a new wish.
    """
    managed: dict[str, Value] = {}
    names = parse_digests(binding.sent)
    former = parse_digests(deed.before.sent) if deed.before is not None else names
    put_back = {attribute.name: attribute.after for attribute in back.attributes}
    seen = seen_values(dict.fromkeys(names), live)
    for name, sent in names.items():
        if name in put_back:
            if name in former:
                managed[name] = put_back[name]
            continue
        for value in (deed.change.managed.get(name), seen[name]):
            if digest(salt, name, value) == sent:
                managed[name] = value
                break
    return managed


def former(deed: Deed, live: Mapping[str, Value], salt: str) -> dict[str, Value]:
    """Give the values that a binding remembered before the run and that the record still has."""
    if deed.before is None:
        return {a.name: a.before for a in deed.change.attributes if a.name != ARCHIVED}
    sent = parse_digests(deed.before.sent)
    return {name: live.get(name) for name, known in sent.items() if digest(salt, name, live.get(name)) == known}


def rebound(deed: Deed, change: Change, live: LiveResource, salt: str) -> Change:
    """Give a change that binds again what was bound before the run, with all that was remembered of it."""
    put_back = {attribute.name: attribute.after for attribute in change.attributes}
    archived = put_back.get(ARCHIVED, live.visibility is Visibility.ARCHIVED)
    managed = former(deed, {**live.fields, ARCHIVED: archived, **put_back}, salt)
    before = deed.before
    if before is None:
        return replace(change, managed=managed)
    return replace(
        change,
        managed=managed,
        protected=before.protected,
        on_remove=before.on_remove,
        position=change.position or place_of(before),
    )


def place_of(binding: Binding) -> Position | None:
    """Give the place in the YAML that a binding remembers."""
    file, _, line = binding.source.rpartition(":")
    return Position(file=file, line=int(line)) if file and line.isdecimal() else None
