"""What earlier runs recorded: bindings, tombstones, intents. Values only; `store/` keeps them.

The state is a binding, not the truth: losing it loses no record, and it holds no name, email or note of one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import assert_never

import msgspec

from reconciler.core.resource import Address, OnRemove, RemoteId, Value

STATE_FORMAT = 1
_SEAL = msgspec.json.Encoder(order="sorted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """Address → id, with what is needed to tell an edit outside from a new wish."""

    id: RemoteId
    parent: RemoteId | None = None
    sent: str = ""
    """Digests of the values last sent, `name=digest` sorted, parted by spaces: a dict would cost ten times as much."""
    answered: str = ""
    """The same for the values the vendor answered; empty where it answered just what was sent."""
    seal: str = ""
    """Digest over all that the last apply remembered (`seal_of`): while it is the same, nothing is to be remembered."""
    protected: bool = False
    on_remove: OnRemove = OnRemove.DELETE
    source: str = ""
    """`clients.yaml:14`, for the reason shown when the record leaves the YAML."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """A record that we put away, so that its address coming back restores it."""

    id: RemoteId
    how: OnRemove


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A create that may have been sent; durable before its first byte, closed by its outcome."""

    run: str
    key: str
    """Digest of the natural key as sent (`match.natural_key_digest`)."""
    body: str
    """Digest of the whole body as sent."""
    known: tuple[RemoteId, ...] = ()
    """Records that matched already before the send, so they cannot be its result."""
    sent_at: str = ""
    """UTC, ISO 8601, of the moment from which it may have been sent; only ever shown."""
    ended: str = ""
    """Uptime (`store/uptime.py`) when its run had ended and sent nothing any more; empty where it was killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One complete version of everything recorded."""

    lineage: str
    serial: int = 0
    account: str = ""
    origin: str = ""
    root: str = ""
    salt: str = ""
    bindings: Mapping[Address, Binding] = field(default_factory=dict)
    tombstones: Mapping[Address, Tombstone] = field(default_factory=dict)
    intents: Mapping[Address, Intent] = field(default_factory=dict)
    fresh: bool = False
    """True when there was no state at all, which a plan says in its first line; never stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bind:
    """Record that this address is that record; closes its intent and its tombstone."""

    address: Address
    binding: Binding


@dataclass(frozen=True, slots=True, kw_only=True)
class Unbind:
    """Record that this address is no longer ours; a tombstone stays where we put the record away."""

    address: Address
    tombstone: Tombstone | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Intend:
    """Record that a create of this address may be sent from now on."""

    address: Address
    intent: Intent


@dataclass(frozen=True, slots=True, kw_only=True)
class Desist:
    """Record that the intended create is known not to have happened."""

    address: Address


StateEdit = Bind | Unbind | Intend | Desist


def edited(state: State, edits: tuple[StateEdit, ...]) -> State:
    """Give the state after these edits, in order; the serial is the store's business."""
    bindings, tombstones, intents = dict(state.bindings), dict(state.tombstones), dict(state.intents)
    for edit in edits:
        match edit:
            case Bind():
                bindings[edit.address] = edit.binding
                tombstones.pop(edit.address, None)
                intents.pop(edit.address, None)
            case Unbind():
                bindings.pop(edit.address, None)
                intents.pop(edit.address, None)
                if edit.tombstone is not None:
                    tombstones[edit.address] = edit.tombstone
            case Intend():
                intents[edit.address] = edit.intent
            case Desist():
                intents.pop(edit.address, None)
            case _:
                assert_never(edit)
    return replace(state, bindings=bindings, tombstones=tombstones, intents=intents, fresh=False)


def digest(salt: str, name: str, value: Value) -> str:
    """Give the salted digest of one field's value; null and empty text have the same one.

    48 bits keep the state small; an accidental equality (1 in 10^14 a field) would only hide one edit from `drift`.
    """
    text = f"{name}\0{int(value)}" if isinstance(value, bool) else f"{name}\0{value or ''}\0t"
    return blake2b(text.encode(), digest_size=6, key=salt.encode()[:64]).hexdigest()


def digests_of(salt: str, fields: Mapping[str, Value]) -> str:
    """Give the compact digests of these fields, sorted by name."""
    return " ".join(f"{name}={digest(salt, name, fields[name])}" for name in sorted(fields))


def seal_of(salt: str, managed: Mapping[str, Value], on_remove: OnRemove, *, protected: bool) -> str:
    """Give one digest over everything that a binding remembers of a wish; cheap, for every record of every plan."""
    body = _SEAL.encode((managed, protected, on_remove))
    return blake2b(body, digest_size=6, key=salt.encode()[:64]).hexdigest()


def parse_digests(compact: str) -> dict[str, str]:
    """Give {field: digest} of what `digests_of` wrote."""
    return dict(item.split("=", 1) for item in compact.split()) if compact else {}
