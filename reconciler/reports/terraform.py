"""A plan in Terraform's JSON plan representation, which policy engines and review tools read, and back again.

https://developer.hashicorp.com/terraform/internals/json-format. What only we know stands under one further key,
`reconciler`: the plan id and the plan itself, from which a saved plan is applied.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import assert_never

import msgspec

from reconciler.core.change import Action, Change, Plan
from reconciler.core.codec import plan_from_builtins, plan_to_builtins
from reconciler.core.resource import Address, Value, key_of, parent_of
from reconciler.errors import PlanUnusable
from reconciler.reports.hiding import hidden
from reconciler.reports.options import RenderOptions

_encoder = msgspec.json.Encoder(order="deterministic")

FORMAT_VERSION = "1.2"
COMPATIBLE_WITH = "1.9.0"
PROVIDER = "terraform.local/freshbooks/freshbooks"

Json = dict[str, object]


def encode_plan(plan: Plan, options: RenderOptions) -> bytes:
    """Give the saved plan: one line of JSON, without the values of sensitive fields, which applying does not need."""
    plan = hidden(plan, options)
    options = replace(options, sensitive=options.sensitive.union(plan.options.sensitive))
    document = plan_document(plan, options)
    ours = {"plan_id": plan.plan_id, "plan": plan_to_builtins(plan)}
    signed = {**document, "reconciler": {**ours, "digest": _digest({**document, "reconciler": ours})}}
    return _encoder.encode(signed) + b"\n"


def render_json(plan: Plan, options: RenderOptions) -> str:
    """Give the saved plan as text."""
    return encode_plan(plan, options).decode()


def _digest(document: Json) -> str:
    """Digest everything in a document, so that no edit of a saved plan, by hand or by accident, passes unseen."""
    return sha256(_encoder.encode(document)).hexdigest()[:32]


def plan_document(plan: Plan, options: RenderOptions) -> Json:
    """Give the whole document but for our own part."""
    return {
        "format_version": FORMAT_VERSION,
        "terraform_version": COMPATIBLE_WITH,
        "variables": {},
        "planned_values": {"root_module": {"resources": _resources(plan.changes, options, after=True)}},
        "resource_changes": [resource_change(change, options) for change in plan.changes],
        "resource_drift": [_drift(change, options) for change in plan.drift],
        "prior_state": {
            "format_version": "1.0",
            "terraform_version": COMPATIBLE_WITH,
            "values": {"root_module": {"resources": _resources(plan.changes, options, after=False)}},
        },
        "configuration": {
            "provider_config": {"freshbooks": {"name": "freshbooks", "full_name": PROVIDER}},
            "root_module": {},
        },
        "applyable": not plan.empty and not plan.refusals,
        "complete": not plan.options.targets and not plan.options.excludes,
        "errored": bool(plan.refusals),
    }


def decode_plan(raw: bytes) -> Plan:
    """Give the plan of a saved document.

    Raises:
        PlanUnusable: not JSON, torn, of another format, without our part, or not as it was written.
    """
    try:
        document = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise PlanUnusable("the saved plan cannot be read", f"It is not one JSON document ({error}).") from error
    if not isinstance(document, dict) or document.get("format_version") != FORMAT_VERSION:
        raise PlanUnusable("the saved plan cannot be read", f"It is not a plan of format {FORMAT_VERSION}.")
    ours = document.get("reconciler")
    if not isinstance(ours, dict) or "plan" not in ours:
        raise PlanUnusable("the saved plan cannot be read", "It has no `reconciler` part: another program made it.")
    told = ours.pop("digest", None)
    if told != _digest(document):
        raise PlanUnusable(
            "the saved plan was altered",
            "It is not as `plan --out` wrote it: its digest does not fit its content. Plan again.",
            code="plan-altered",
        )
    return plan_from_builtins(ours["plan"])


def terraform_address(address: Address, kind: str) -> str:
    """Give `freshbooks_client.acme`, or `freshbooks_contact.acme["jane"]` for a child."""
    parent = parent_of(address)
    if parent is None:
        return f"freshbooks_{kind}.{key_of(address)}"
    return f'freshbooks_{kind}.{key_of(parent)}["{key_of(address)}"]'


def resource_of(address: Address, kind: str) -> Json:
    """Give the keys that name a record in every part of the document."""
    parent = parent_of(address)
    named: Json = {
        "address": terraform_address(address, kind),
        "mode": "managed",
        "type": f"freshbooks_{kind}",
        "name": key_of(parent or address),
        "provider_name": PROVIDER,
    }
    if parent is not None:
        named["index"] = key_of(address)
    return named


def actions(change: Change) -> list[str]:
    """Give Terraform's actions of a change."""
    match change.action:
        case Action.CREATE:
            return ["create"]
        case Action.DELETE:
            return ["delete"]
        case Action.FORGET:
            return ["update"] if change.attributes else ["forget"]
        case Action.NO_OP:
            return ["no-op"]
        case Action.ADOPT | Action.MOVE | Action.RECOVER:
            return ["update"] if change.attributes else ["no-op"]
        case Action.UPDATE | Action.RESTORE | Action.ARCHIVE | Action.UNARCHIVE:
            return ["update"]
        case _:
            assert_never(change.action)


def resource_change(change: Change, options: RenderOptions) -> Json:
    """Give one entry of `resource_changes`."""
    before, after = _before(change), _after(change)
    told: Json = {
        "actions": actions(change),
        "before": before,
        "after": after,
        "after_unknown": {"id": True} if change.action is Action.CREATE else {},
        "before_sensitive": _hidden(before, options) if before is not None else False,
        "after_sensitive": _hidden(after, options) if after is not None else False,
    }
    if change.action in {Action.ADOPT, Action.RECOVER} and change.id is not None:
        told["importing"] = {"id": str(change.id)}
    entry = {**resource_of(change.address, change.kind), "change": told}
    if change.moved_from is not None:
        entry["previous_address"] = terraform_address(change.moved_from, change.kind)
    if change.reason:
        entry["action_reason"] = change.reason
    return entry


def _hidden(values: Mapping[str, object], options: RenderOptions) -> Json:
    """Mark the sensitive ones among these values, as Terraform marks them."""
    return dict.fromkeys(sorted(options.sensitive & set(values)), True)


def _before(change: Change) -> Json | None:
    if change.action is Action.CREATE:
        return None
    values: dict[str, Value] = {} if change.removed else dict(change.managed)
    values.update({attribute.name: attribute.before for attribute in change.attributes})
    return {**({"id": str(change.id)} if change.id is not None else {}), **values}


def _after(change: Change) -> Json | None:
    if change.action is Action.DELETE or (change.action is Action.FORGET and not change.attributes):
        return None
    values: dict[str, Value] = _before(change) or {}  # type: ignore[assignment] # values and an id
    values.update(change.managed)
    values.update({attribute.name: attribute.after for attribute in change.attributes})
    return dict(values)


def _drift(change: Change, options: RenderOptions) -> Json:
    """Give one entry of `resource_drift`: Terraform shows it from the recorded values to the live ones."""
    entry = resource_change(change, options)
    told = entry["change"]
    if isinstance(told, dict):
        for was, now in (("before", "after"), ("before_sensitive", "after_sensitive")):
            told[was], told[now] = told[now], told[was]
    return entry


def _resources(changes: Iterable[Change], options: RenderOptions, *, after: bool) -> list[Json]:
    """Give the records that the plan touches, as they will be or as they are."""
    found = []
    for change in sorted(changes, key=lambda change: change.address):
        values = _after(change) if after else _before(change)
        if values is not None:
            named: Mapping[str, object] = resource_of(change.address, change.kind)
            hidden = _hidden(values, options)
            found.append({**named, "schema_version": 0, "values": values, "sensitive_values": hidden})
    return found
