"""What taking back one change comes to in values: what is put back, what somebody has edited since, what is remembered.

It decides no action; that is `undo.py` and `undo_children.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.core.aftermath import doubtful
from reconciler.core.attributes import TAKES_BACK
from reconciler.core.change import ARCHIVED, Action, AttributeChange, Change
from reconciler.core.diagnostic import Diagnostic, Position, Severity, one_line
from reconciler.core.kind import Kind
from reconciler.core.outcome import Result
from reconciler.core.remember import as_then, seen_values
from reconciler.core.resource import Account, Address, LiveResource, RemoteId, Value, Visibility
from reconciler.core.run import Deed, Run
from reconciler.core.state import Binding, State, digest, parse_digests, seal_of

_LONGEST = 60
"""Arbitrary: of a value in a note so much is enough to recognise it."""


@dataclass(slots=True, kw_only=True)
class Ground:
    """What an undo stands on, and what it has come to so far."""

    run: Run
    state: State
    account: Account
    kind: Kind
    later: Sequence[Run] = ()
    """The runs since, the oldest first."""
    hidden: frozenset[str] = frozenset()
    """Fields of which no note tells a value."""
    changes: list[Change] = field(default_factory=list)
    notes: list[Diagnostic] = field(default_factory=list)
    planned: set[Address] = field(default_factory=set)
    """The addresses of the changes."""
    addresses: Mapping[RemoteId, Address] = field(init=False)
    """Where each bound top-level record is by now."""

    def __post_init__(self) -> None:
        self.addresses = {b.id: address for address, b in self.state.bindings.items() if b.parent is None}

    def find(self, remote_id: RemoteId | None) -> LiveResource | None:
        """Give a record as it is now."""
        return self.account.find(remote_id) if remote_id is not None else None

    def add(self, *changes: Change) -> None:
        """Take changes, each of another address."""
        self.changes.extend(changes)
        self.planned.update(change.address for change in changes)

    def conflict(self, address: Address, why: str) -> None:
        """Tell what is left as it is, because it is not any more as the run had left it."""
        self._note(
            "undo-conflict", "something was changed after the run that is taken back", f"{address}: {why}", address
        )

    def edited(self, deed: Deed, address: Address, back: Reversal, end: str) -> None:
        """Tell what somebody has edited since: each attribute, as it is now and as the run had left it."""
        told = (f"{each.name} is {self._shown(each)}{self._by(deed, address, each.name)}" for each in back.kept)
        self.conflict(address, f"{'; '.join(told)}: {end}.")

    def _shown(self, kept: AttributeChange) -> str:
        if kept.name in self.hidden:
            return "not any more what the run had made it"
        return f"{_value(kept.after)} now, and the run had made it {_value(kept.before)}"

    def _by(self, deed: Deed, address: Address, name: str) -> str:
        """Name the last run since that changed an attribute."""
        for run in reversed(self.later):
            for each in run.deeds:
                same = each.change.address in {address, deed.change.address} or each.id == deed.id
                names = {attribute.name for attribute in each.change.attributes}
                if same and each.change.kind == deed.change.kind and each.result is Result.DONE and name in names:
                    return f" (run {run.run} changed it)"
        return ""

    def let_go(self, remote_id: RemoteId | None, kind: str) -> bool:
        """Tell whether it was an undo that forgot a record, which some run between had recovered: it is still ours."""
        return any(
            deed.change.action is Action.FORGET and (deed.id, deed.change.kind) == (remote_id, kind)
            for run in self.later
            if run.undoes
            for deed in run.deeds
            if deed.result is Result.DONE
        )

    def unclear(self) -> None:
        """Tell of changes of which the run itself did not know what became, and of those that it could not make."""
        unknown = [deed for deed in self.run.deeds if doubtful(deed)]
        if self.run.open:
            told = (
                f"It was killed, or could not write its end. {len(unknown)} of its {len(self.run.deeds)} changes are "
            )
            told += "not known to be done: of these, what the account shows as done is taken back."
            self._note("undo-killed", "the run that is taken back never ended", told)
            return
        for deed in self.run.deeds:
            if doubtful(deed) or deed.result is Result.CONFLICT:
                address = deed.change.address
                told = f"{address}: that run could not finish it ({deed.result}: {deed.reason}); what the account "
                told += "shows as done is taken back."
                self._note("undo-unfinished", "the run that is taken back had not done all of it", told, address)

    def nothing(self, deed: Deed, address: Address, why: str) -> None:
        """Tell that a part of the run is taken back already; of one that was perhaps never done that goes unsaid."""
        if not doubtful(deed):
            self._note("undo-done", "a part of the run is taken back already", f"{address}: {why}", address)

    def _note(self, code: str, summary: str, detail: str, address: str = "") -> None:
        note = Diagnostic(code=code, severity=Severity.NOTE, summary=summary, detail=detail, address=address)
        self.notes.append(note)

    @property
    def reason(self) -> str:
        """Say why these changes are there."""
        return f"{TAKES_BACK} {self.run.run}"


def _value(value: Value) -> str:
    if value is None or value == "":
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    told = one_line(value)
    return f'"{told[:_LONGEST]}{"..." if len(told) > _LONGEST else ""}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversal:
    """What is put back of one record's attributes, and what is not."""

    attributes: tuple[AttributeChange, ...] = ()
    kept: tuple[AttributeChange, ...] = ()
    """What somebody has edited since: as the run had left it, and as it is now."""


def reversal(deed: Deed, live: LiveResource, ground: Ground) -> Reversal:
    """Compare what a change made with what is there: only what is still as the run left it is put back."""
    attributes, kept = [], []
    seen = seen_values({a.name: None for a in deed.change.attributes}, live)
    answered = _answered(deed, ground)
    for attribute in deed.change.attributes:
        name, now = attribute.name, seen[attribute.name]
        if _same(now, attribute.before):
            continue
        left = _same(now, attribute.after) or (name in deed.seen and _same(now, deed.seen[name]))
        if left or answered.get(name) == digest(ground.state.salt, name, now):
            before = False if name == ARCHIVED and attribute.before is None else attribute.before
            attributes.append(AttributeChange(name=name, before=now, after=before))
        else:
            kept.append(AttributeChange(name=name, before=attribute.after, after=now))
    return Reversal(attributes=tuple(attributes), kept=tuple(kept))


def _answered(deed: Deed, ground: Ground) -> Mapping[str, str]:
    """Give the digests of what the account answered to just what a change sent: the run may not know its answers."""
    address = ground.addresses.get(deed.id or RemoteId(0), deed.change.address)
    bound = ground.state.bindings.get(address)
    if bound is None:
        return {}
    sent, answered = parse_digests(bound.sent), parse_digests(bound.answered)
    wished = {a.name: digest(ground.state.salt, a.name, a.after) for a in deed.change.attributes}
    return {name: told for name, told in answered.items() if sent.get(name) == wished.get(name)}


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


def as_it_was(deed: Deed, binding: Binding, live: LiveResource, back: Reversal, salt: str) -> Binding | None:
    """Give what was bound before the run where the undo leads right back to it, and no later run remembered more."""
    before, change = deed.before, deed.change
    if before is None or back.kept or (binding.seal != _seal(change, salt) and _wish(binding) != _wish(before)):
        return None
    put_back = {attribute.name: attribute.after for attribute in back.attributes}
    fields = {name: value for name, value in put_back.items() if name != ARCHIVED}
    archived = put_back.get(ARCHIVED, live.visibility is Visibility.ARCHIVED)
    then = replace(live, fields={**live.fields, **fields}, visibility=_visibility(archived))
    return _kept_so(before, binding) if as_then(before, then, salt) else None


def _wish(binding: Binding) -> tuple[str, str]:
    return binding.sent, binding.seal


def _seal(change: Change, salt: str) -> str:
    managed = {name: value for name, value in change.managed.items() if name not in change.ignored}
    return seal_of(salt, managed, change.on_remove, protected=change.protected)


def _kept_so(before: Binding, now: Binding) -> Binding:
    """Give a former binding with the protection of today's, which is the configuration's to lift."""
    if (before.protected, before.on_remove) == (now.protected, now.on_remove):
        return before
    return replace(before, protected=now.protected, on_remove=now.on_remove, seal="")


def _former(deed: Deed, live: Mapping[str, Value], salt: str) -> dict[str, Value]:
    """Give the values that a binding remembered before the run and that the record still has."""
    if deed.before is None:
        return {a.name: a.before for a in deed.change.attributes if a.name != ARCHIVED}
    sent = parse_digests(deed.before.sent)
    return {name: live.get(name) for name, known in sent.items() if digest(salt, name, live.get(name)) == known}


def rebound(deed: Deed, change: Change, live: LiveResource, salt: str) -> Change:
    """Give a change that binds again what was bound before the run, with all that was remembered of it."""
    put_back = {attribute.name: attribute.after for attribute in change.attributes}
    archived = put_back.get(ARCHIVED, live.visibility is Visibility.ARCHIVED)
    managed = _former(deed, {**live.fields, ARCHIVED: archived, **put_back}, salt)
    before = deed.before
    if before is None:
        return replace(change, managed=managed)
    then = replace(live, fields={**live.fields, **put_back}, visibility=_visibility(archived))
    return replace(
        change,
        managed=managed,
        again=before if as_then(before, then, salt) else None,
        protected=before.protected,
        on_remove=before.on_remove,
        position=change.position or place_of(before),
    )


def _visibility(archived: Value) -> Visibility:
    return Visibility.ARCHIVED if archived is True else Visibility.ACTIVE


def place_of(binding: Binding) -> Position | None:
    """Give the place in the YAML that a binding remembers."""
    file, _, line = binding.source.rpartition(":")
    return Position(file=file, line=int(line)) if file and line.isdecimal() else None
