"""The plan as a value: actions, attribute changes, changes, and the plan that holds them.

Computing one is `plan.py`, refusing one is `guard.py`, writing one down is `codec.py`, showing one is `reports/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.core.diagnostic import Diagnostic, Position
from reconciler.core.policy import Policy
from reconciler.core.resource import Address, OnRemove, RemoteId, Value, Visibility
from reconciler.core.state import Binding


class Action(StrEnum):
    """What will happen to one address. Every `match` over it ends in `assert_never`.

    ============ ================================ ==================================
    action       calls                            bindings
    ============ ================================ ==================================
    CREATE       one POST (children included)     bound
    ADOPT        none, or those of its attributes bound
    UPDATE       one PUT                          values remembered
    RESTORE      PUT visibility, then attributes  bound
    MOVE         none, or those of its attributes moved to the new address
    ARCHIVE      attributes, then PUT visibility  kept; unbound when it left the YAML
    UNARCHIVE    PUT visibility, then attributes  kept
    DELETE       PUT visibility (child: DELETE),  unbound, tombstone
                 former values before it
    FORGET       none, or those of its attributes unbound
    RECOVER      none, or those of its attributes bound, intent closed
    NO_OP        none                             lifecycle or managed fields remembered
    ============ ================================ ==================================
    """

    CREATE = "create"
    ADOPT = "adopt"
    UPDATE = "update"
    RESTORE = "restore"
    MOVE = "move"
    ARCHIVE = "archive"
    UNARCHIVE = "unarchive"
    DELETE = "delete"
    FORGET = "forget"
    RECOVER = "recover"
    NO_OP = "no-op"


class Cause(StrEnum):
    """Who made the two sides differ: the YAML, an edit outside, or both."""

    INTENT = "intent"
    DRIFT = "drift"
    BOTH = "both"


ARCHIVED = "archived"
"""The one attribute that is not a field: it is shown like one and becomes a visibility call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeChange:
    """One field before and after; `name` is a field name or `archived`."""

    name: str
    before: Value
    after: Value
    cause: Cause = Cause.INTENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happens to one address, complete enough to be shown, saved and carried out without the YAML."""

    action: Action
    address: Address
    kind: str
    """`client` or `contact`."""
    id: RemoteId | None = None
    parent_id: RemoteId | None = None
    """The id of the record this one belongs to, where that exists already."""
    attributes: tuple[AttributeChange, ...] = ()
    """What will differ afterwards, sorted by name; for a delete, what is managed now."""
    managed: Mapping[str, Value] = field(default_factory=dict)
    """Every desired field, changed or not, less `ignore_changes` unless created: what the binding will remember."""
    ignored: tuple[str, ...] = ()
    """For a create: fields that are sent once and not looked at again, so the binding does not remember them."""
    reason: str = ""
    """Plain words: `removed (was clients.yaml:14)`, `edited outside: phone`."""
    position: Position | None = None
    moved_from: Address | None = None
    visibility: Visibility | None = None
    """Where the record is now; None for a create."""
    protected: bool = False
    on_remove: OnRemove = OnRemove.DELETE
    with_parent: bool = False
    """True for a child that comes or goes with its parent's own call and needs none itself."""
    removed: bool = False
    """True when the address is no longer wanted: DELETE, FORGET, and an ARCHIVE that puts the record away."""
    known: tuple[RemoteId, ...] = ()
    """For a create: records that match already, which can therefore not be its result."""
    former: bool = False
    """True for a DELETE whose attributes are put back before: the record was deleted with those values before."""
    again: Binding | None = None
    """What was bound before the run that is taken back: remembered whole where the account is as it was then."""
    balance: str = ""
    unchanged: int = 0
    """How many managed attributes are already right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """What shaped a plan besides configuration, state and account; stored with it and used again to apply it."""

    root: str = ""
    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    creates: tuple[Address, ...] = ()
    recreate: bool = False
    destroy: bool = False
    change_root: bool = False
    sensitive: tuple[str, ...] = ()
    """The fields whose values were hidden when the plan was saved: it shows them no more."""
    undo: str = ""
    """The run that the plan takes back; then no configuration shaped it."""
    policy: Policy = field(default_factory=Policy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """How many records of one kind stand on each side; the guards' shares are taken of the largest."""

    bound: int = 0
    desired: int = 0
    live: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that one run intends, in the order in which it is shown."""

    account: str
    origin: str = ""
    changes: tuple[Change, ...] = ()
    """Every change exactly once: restores and creates, updates, deletes, the rest; then by address."""
    drift: tuple[Change, ...] = ()
    """Edits outside that `policy.drift: report` shows and does not take back."""
    notes: tuple[Diagnostic, ...] = ()
    """Worth saying, nothing to do."""
    refusals: tuple[Diagnostic, ...] = ()
    """The guards that stop this plan; empty when it may be applied."""
    unmanaged: Mapping[str, int] = field(default_factory=dict)
    """Live records by kind that no address claims."""
    unchanged: int = 0
    """Records that are already as wanted."""
    totals: Mapping[str, Totals] = field(default_factory=dict)
    options: PlanOptions = field(default_factory=PlanOptions)
    plan_id: str = ""

    @property
    def empty(self) -> bool:
        """Tell whether neither the account nor the bindings would change."""
        return not self.changes
