"""Valid things of a kind of its own, so that a test shows only what matters; no vendor's field is among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.core.change import Plan, PlanOptions
from reconciler.core.diagnostic import Position
from reconciler.core.kind import Field, FieldType, Kind
from reconciler.core.match import match
from reconciler.core.matching import Matching, MatchOptions
from reconciler.core.plan import Sides, plan
from reconciler.core.resource import (
    Account,
    Address,
    Configuration,
    LiveResource,
    OnRemove,
    RemoteId,
    Resource,
    Value,
    Visibility,
)
from reconciler.core.state import Binding, State, digests_of, seal_of

SALT = "salt"
CHILD = Kind(
    name="part",
    collection="parts",
    fields=(Field(name="mail"), Field(name="first"), Field(name="phone")),
    unique_key=("mail",),
    naming=("first", "phone"),
    deciders=(),
    near=(),
)
KIND = Kind(
    name="thing",
    collection="things",
    fields=(
        Field(name="mail"),
        Field(name="firm"),
        Field(name="first"),
        Field(name="last"),
        Field(name="phone"),
        Field(name="tax"),
        Field(name="loud", type=FieldType.FLAG),
    ),
    unique_key=("mail",),
    naming=("firm", "first", "last"),
    deciders=(("firm",), ("first", "last")),
    near=(("mail",), ("firm",), ("tax",), ("first", "last")),
    hints=("phone",),
    echoes={"firm": (("first", "last"), ("mail",))},
    summary=("firm", "first", "last", "mail"),
    child=CHILD,
)


def thing(key: str, parts: Mapping[str, Mapping[str, Value]] | None = None, **more: Any) -> Resource:  # noqa: ANN401 - fields and options alike
    """Build a wanted thing; `parts` by key, everything unknown to Resource is a field."""
    options = {name: more.pop(name) for name in list(more) if name in Resource.__slots__}
    address = Address(f"things.{key}")
    children = None
    if parts is not None:
        children = {
            name: Resource(address=Address(f"{address}.parts.{name}"), fields=dict(fields))
            for name, fields in parts.items()
        }
    return Resource(
        address=address, fields=more, children=children, position=Position(file="f.yaml", line=7), **options
    )


def live(remote_id: int, visibility: Visibility = Visibility.ACTIVE, **fields: Any) -> LiveResource:  # noqa: ANN401 - fields and options alike
    """Build a live thing; `children` and `balance` as LiveResource takes them."""
    options = {name: fields.pop(name) for name in ("children", "balance") if name in fields}
    return LiveResource(id=RemoteId(remote_id), fields=fields, visibility=visibility, **options)


def part(remote_id: int, **fields: Any) -> LiveResource:  # noqa: ANN401 - field values
    """Build a live part."""
    return LiveResource(id=RemoteId(remote_id), fields=fields)


def binding(remote_id: int, sent: Mapping[str, Value] | None = None, **more: Any) -> Binding:  # noqa: ANN401 - options of Binding
    """Build what an apply of these values would have recorded."""
    sent = sent or {}
    kept: dict[str, Any] = {"on_remove": OnRemove.DELETE, "protected": False} | more
    return Binding(
        id=RemoteId(remote_id),
        sent=digests_of(SALT, sent),
        seal=seal_of(SALT, sent, kept["on_remove"], protected=kept["protected"]),
        **kept,
    )


def state(bindings: Mapping[str, Binding] | None = None, **more: Any) -> State:  # noqa: ANN401 - options of State
    """Build a state with these bindings by address."""
    return State(
        lineage="l", salt=SALT, bindings={Address(name): kept for name, kept in (bindings or {}).items()}, **more
    )


def account(*records: LiveResource, deleted: Sequence[LiveResource] = (), gone: Sequence[int] = ()) -> Account:
    """Build an account read completely."""
    return Account(
        account_id="A1",
        records={record.id: record for record in records},
        deleted={record.id: record for record in deleted},
        checked={RemoteId(number): None for number in gone},
    )


def configuration(*wanted: Resource, **more: Any) -> Configuration:  # noqa: ANN401 - options of Configuration
    """Build a configuration of these things."""
    return Configuration(
        **{"root": "clients.yaml", **more}, resources={resource.address: resource for resource in wanted}
    )


def matched(
    wanted: Sequence[Resource], recorded: State, seen: Account, options: MatchOptions | None = None
) -> Matching:
    """Match without planning."""
    return match(configuration(*wanted), recorded, seen, KIND, options or MatchOptions())


def planned(
    wanted: Sequence[Resource] | Configuration,
    recorded: State | None = None,
    seen: Account | None = None,
    options: PlanOptions | None = None,
    matching: MatchOptions | None = None,
) -> Plan:
    """Match and plan; the matching must be settled."""
    recorded, seen = recorded or state(), seen or account()
    config = wanted if isinstance(wanted, Configuration) else configuration(*wanted)
    found = match(config, recorded, seen, KIND, matching or MatchOptions())
    assert not found.stops, found.stops
    assert not found.questions.open
    sides = Sides(configuration=config, state=recorded, account=seen, matching=found)
    return plan(sides, KIND, options or PlanOptions(root="clients.yaml"))


def actions(made: Plan) -> dict[str, str]:
    """Give {address: action} of a plan."""
    assert len({change.address for change in made.changes}) == len(made.changes)
    return {change.address: change.action.value for change in made.changes}
