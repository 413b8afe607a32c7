"""Queries and bodies as FreshBooks takes them. Nothing is in them that was not handed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from reconciler.core.resource import LiveResource, Value, Visibility
from reconciler.providers.freshbooks.wire.kinds import CONTACT_TEXTS, VIS_STATE

_INCLUDES = [("include[]", "contacts"), ("include[]", "outstanding_balance")]


def client_query(visibility: Visibility, page: int, per_page: int) -> list[tuple[str, str]]:
    """Give the query of one page; the state is always explicit, because sources disagree on the default."""
    return [
        *_INCLUDES,
        ("search[vis_state]", str(VIS_STATE[visibility])),
        ("page", str(page)),
        ("per_page", str(per_page)),
    ]


def one_client_query() -> list[tuple[str, str]]:
    """Give the query of a single client: with its contacts and what it owes."""
    return list(_INCLUDES)


def search_queries(fields: Mapping[str, Value]) -> list[tuple[str, str]]:
    """Give the filters, one search each, that together find every record of this natural key.

    `search[email]` is exact and nobody says whether it minds case, so each way of writing is asked for.
    """
    email = fields.get("email")
    if isinstance(email, str) and email.strip():
        ways = dict.fromkeys((email, email.strip(), email.strip().lower()))
        return [("search[email]", way) for way in ways]
    for name in ("organization", "lname", "fname"):
        value = fields.get(name)
        if isinstance(value, str) and value.strip():
            return [(f"search[{name}_like]", value.strip())]
    return []


def create(fields: Mapping[str, Value], children: Sequence[Mapping[str, Value]]) -> bytes:
    """Give the body of a POST that creates a client with its contacts."""
    client: dict[str, object] = {name: _sent(value) for name, value in fields.items()}
    if children:
        client["contacts"] = [_new_contact(child) for child in children]
    return msgspec.json.encode({"client": client})


def update(fields: Mapping[str, Value]) -> bytes:
    """Give the body of a PUT with these fields and no other."""
    return msgspec.json.encode({"client": {name: _sent(value) for name, value in fields.items()}})


def visibility(state: Visibility) -> bytes:
    """Give the body of the PUT that deletes, archives or restores; FreshBooks drops all else that stands with it."""
    return msgspec.json.encode({"client": {"vis_state": VIS_STATE[state]}})


def contacts(current: Sequence[LiveResource], added: Sequence[Mapping[str, Value]]) -> bytes:
    """Give the body of the PUT that replaces the contacts: all that are there, with their ids, then the new ones."""
    kept = [{**_contact_sent(contact.fields), "contactid": contact.id} for contact in current]
    return msgspec.json.encode({"client": {"contacts": [*kept, *map(_new_contact, added)]}})


def contact(fields: Mapping[str, Value]) -> bytes:
    """Give the body of the PUT of one contact, with all five fields: nobody says whether absent ones are kept."""
    return msgspec.json.encode({"contact": _contact_sent(fields)})


def _new_contact(fields: Mapping[str, Value]) -> dict[str, object]:
    """Give a contact that does not exist yet: only what is mentioned."""
    return {name: _sent(value) for name, value in fields.items()}


def _contact_sent(fields: Mapping[str, Value]) -> dict[str, object]:
    return {name: _sent(fields.get(name)) for name in CONTACT_TEXTS}


def _sent(value: Value) -> str | bool:
    return "" if value is None else value
