"""State, edits, plans and records of runs ↔ JSON, exactly; and the plan id.

It reads and writes no file. Whatever is not what it should be ends in `StateUnusable` or `PlanUnusable`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import assert_never

import msgspec

from reconciler.core.change import Change, Plan
from reconciler.core.resource import Address
from reconciler.core.run import RUN_FORMAT, Deed, Run, Who
from reconciler.core.state import (
    STATE_FORMAT,
    Bind,
    Binding,
    Desist,
    Intend,
    Intent,
    State,
    StateEdit,
    Tombstone,
    Unbind,
)
from reconciler.errors import PlanUnusable, StateUnusable

_encoder = msgspec.json.Encoder(order="deterministic")
_CHECKSUM = b',"checksum":"'


class StateDocument(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The state as it is stored; `checksum` is over the same document with an empty one."""

    format: int
    lineage: str
    serial: int
    account: str = ""
    origin: str = ""
    root: str = ""
    salt: str = ""
    bindings: dict[Address, Binding] = {}
    tombstones: dict[Address, Tombstone] = {}
    intents: dict[Address, Intent] = {}
    checksum: str = ""


class _RunDocument(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A run as it is stored; the first format had neither who nor what else was known."""

    format: int
    run: str
    account: str
    began: str
    who: Who = Who()
    lineage: str = ""
    plan_id: str = ""
    undoes: str = ""
    open: bool = False
    outcomes: tuple[Deed, ...] = ()


class _Format(msgspec.Struct):
    format: int


class _EditDocument(msgspec.Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One edit, with exactly the key that names it."""

    address: Address
    bind: Binding | None = None
    unbind: bool = False
    tombstone: Tombstone | None = None
    intend: Intent | None = None
    desist: bool = False


_states = msgspec.json.Decoder(StateDocument)
_formats = msgspec.json.Decoder(_Format)
_edits = msgspec.json.Decoder(_EditDocument)
_runs = msgspec.json.Decoder(_RunDocument)


def encode_state(state: State) -> bytes:
    """Give the stored form of a state, with a checksum; keys in a stable order, one line."""
    document = StateDocument(
        format=STATE_FORMAT,
        lineage=state.lineage,
        serial=state.serial,
        account=state.account,
        origin=state.origin,
        root=state.root,
        salt=state.salt,
        bindings={address: state.bindings[address] for address in sorted(state.bindings)},
        tombstones=dict(state.tombstones),
        intents=dict(state.intents),
    )
    body = _encoder.encode(document)
    return body[:-1] + _CHECKSUM + _checksum(body).encode() + b'"}\n'


def decode_state(raw: bytes) -> State:
    """Give the state that `encode_state` stored.

    Raises:
        StateUnusable: empty, torn, altered, of a newer format, or not a state at all.
    """
    if not raw or raw.isspace():
        raise StateUnusable("the state is empty", "A state is never empty: its file was truncated.", code="state-empty")
    try:
        form = _formats.decode(raw).format
    except msgspec.MsgspecError as error:
        raise _torn(f"It is not a complete JSON document of a state ({error}).") from error
    if form != STATE_FORMAT:
        raise StateUnusable(
            "the state has another format",
            f"It has format {form}, this program reads format {STATE_FORMAT}. A newer version of the program wrote it: "
            "use that one.",
            code="state-format",
        )
    end = raw.rfind(_CHECKSUM)
    # A state of 100,000 clients has 80 MB: it is looked at, not copied.
    wanted = _CHECKSUM + _checksum(memoryview(raw)[: max(end, 0)], b"}").encode() + b'"}'
    if end < 0 or raw[end:].rstrip(b"\n") != wanted:
        raise _torn("Its checksum does not fit its content.")
    try:
        document = _states.decode(raw)
    except msgspec.MsgspecError as error:
        raise _torn(f"It does not have a state's content ({error}).") from error
    return State(
        lineage=document.lineage,
        serial=document.serial,
        account=document.account,
        origin=document.origin,
        root=document.root,
        salt=document.salt,
        bindings=document.bindings,
        tombstones=document.tombstones,
        intents=document.intents,
    )


def _torn(why: str) -> StateUnusable:
    return StateUnusable("the state cannot be trusted", why, code="state-torn")


def _checksum(*parts: bytes | memoryview) -> str:
    digest = sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()[:32]


def encode_edit(edit: StateEdit) -> bytes:
    """Give one edit as one JSON document without a line break."""
    match edit:
        case Bind():
            document = _EditDocument(address=edit.address, bind=edit.binding)
        case Unbind():
            document = _EditDocument(address=edit.address, unbind=True, tombstone=edit.tombstone)
        case Intend():
            document = _EditDocument(address=edit.address, intend=edit.intent)
        case Desist():
            document = _EditDocument(address=edit.address, desist=True)
        case _:
            assert_never(edit)
    return _encoder.encode(document)


def decode_edit(raw: bytes) -> StateEdit:
    """Give the edit that `encode_edit` wrote; `StateUnusable` for anything else."""
    try:
        document = _edits.decode(raw)
    except msgspec.MsgspecError as error:
        raise _torn(f"A journal entry is not an edit ({error}).") from error
    if document.bind is not None:
        return Bind(address=document.address, binding=document.bind)
    if document.intend is not None:
        return Intend(address=document.address, intent=document.intend)
    if document.unbind:
        return Unbind(address=document.address, tombstone=document.tombstone)
    if document.desist:
        return Desist(address=document.address)
    raise _torn("A journal entry says nothing.")


def encode_run(run: Run) -> bytes:
    """Give the stored form of one run, on one line."""
    document = _RunDocument(
        format=RUN_FORMAT,
        run=run.run,
        account=run.account,
        began=run.began,
        who=run.who,
        lineage=run.lineage,
        plan_id=run.plan_id,
        undoes=run.undoes,
        open=run.open,
        outcomes=run.deeds,
    )
    return _encoder.encode(document) + b"\n"


def decode_run(raw: bytes) -> Run:
    """Give the run that `encode_run` stored; `StateUnusable` for anything else."""
    try:
        form = _formats.decode(raw).format
        document = _runs.decode(raw) if form <= RUN_FORMAT else None
    except msgspec.MsgspecError as error:
        raise StateUnusable("the record of a run cannot be read", f"{error}.", code="run-unreadable") from error
    if document is None:
        raise StateUnusable(
            "the record of a run cannot be read",
            f"It has format {form}, this program reads up to format {RUN_FORMAT}. A newer version of the program wrote "
            "it: use that one.",
            code="run-unreadable",
        )
    return Run(
        run=document.run,
        account=document.account,
        began=document.began,
        who=document.who,
        lineage=document.lineage,
        plan_id=document.plan_id,
        undoes=document.undoes,
        open=document.open,
        deeds=document.outcomes,
    )


def plan_to_builtins(plan: Plan) -> dict[str, object]:
    """Give a plan as plain JSON values, exactly."""
    encoded: dict[str, object] = msgspec.json.decode(_encoder.encode(plan))
    return encoded


def plan_from_builtins(value: object) -> Plan:
    """Give the plan that `plan_to_builtins` made plain; `PlanUnusable` with a path for anything else."""
    try:
        return msgspec.convert(value, Plan)
    except msgspec.MsgspecError as error:
        raise PlanUnusable("the saved plan is not a plan", f"It does not have a plan's content: {error}.") from error


def plan_id(account: str, changes: Iterable[Change]) -> str:
    """Digest account and sorted changes, each with all its managed fields.

    Lines, reasons, serials and unmanaged fields are not in it.

    80 bits: short enough to paste, and far from any accidental equality.
    """
    rows = sorted(
        (
            change.address,
            change.action,
            change.id or 0,
            change.moved_from or "",
            _fields(change),
        )
        for change in changes
    )
    return sha256(_encoder.encode([account, rows])).hexdigest()[:20]


def _fields(change: Change) -> list[list[str]]:
    """Give every managed field before and after; what stays is part of what was reviewed, as its record is."""
    rows = {name: [name, _plain(value), _plain(value)] for name, value in change.managed.items()}
    rows.update({a.name: [a.name, _plain(a.before), _plain(a.after)] for a in change.attributes})
    return [row for _, row in sorted(rows.items())]


def _plain(value: str | bool | None) -> str:  # noqa: FBT001 - a field's value, not a switch
    return str(value).lower() if isinstance(value, bool) else value or ""


def differing(plan: Plan, other: Plan) -> Mapping[Address, tuple[Change | None, Change | None]]:
    """Give, by address, the changes that two plans do not share: what moved between a review and an apply."""
    ours = {change.address: change for change in plan.changes}
    theirs = {change.address: change for change in other.changes}
    return {
        address: (ours.get(address), theirs.get(address))
        for address in sorted({*ours, *theirs})
        if plan_id("", [c] if (c := ours.get(address)) else [])
        != plan_id("", [c] if (c := theirs.get(address)) else [])
    }
