"""FreshBooks' answers as values, read twice where needed: first typed and fast, then tolerantly.

The second way takes ids written as text, numbers where text should be, and says what is wrong with what it cannot take.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from reconciler.core.ports import Identity, Membership
from reconciler.core.resource import LiveResource, RemoteId, Value
from reconciler.providers.freshbooks.wire.kinds import CONTACT_TEXTS, FLAGS, TEXTS, VISIBILITY


class Malformed(Exception):
    """An answer is not what FreshBooks answers; `args[0]` says in what."""


# Typed answers, the fast way.


class _Contact(msgspec.Struct, gc=False):
    contactid: int
    email: str | None = None
    fname: str | None = None
    lname: str | None = None
    phone1: str | None = None
    phone2: str | None = None


class _Amount(msgspec.Struct, gc=False):
    amount: str = "0"
    code: str = ""


class _Balance(msgspec.Struct, gc=False):
    amount: _Amount


_Client = msgspec.defstruct(
    "_Client",
    [
        ("id", int),
        ("vis_state", int),
        *((name, str | None, None) for name in TEXTS),
        *((name, bool | None, None) for name in FLAGS),
        ("contacts", list[_Contact] | msgspec.UnsetType | None, msgspec.UNSET),
        ("outstanding_balance", list[_Balance] | None, None),
    ],
    gc=False,
)


class _ClientsResult(msgspec.Struct):
    clients: list[_Client]  # type: ignore[valid-type] # built from the tables above
    total: int
    pages: int


class _ClientsResponse(msgspec.Struct):
    result: _ClientsResult


class _ClientsEnvelope(msgspec.Struct):
    response: _ClientsResponse


_clients_decoder = msgspec.json.Decoder(_ClientsEnvelope)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a listing, with what the vendor says of the whole."""

    records: tuple[LiveResource, ...]
    total: int
    pages: int


def clients(body: bytes) -> Page:
    """Give one page of clients; raises `Malformed`."""
    try:
        result = _clients_decoder.decode(body).response.result
        return Page(records=tuple(map(_live, result.clients)), total=result.total, pages=result.pages)
    except (msgspec.MsgspecError, KeyError):
        # One odd row is enough to come here; the slow way says what is wrong, or takes it.
        plain = result_of(body)
        rows = plain.get("clients")
        if not isinstance(rows, list):
            raise Malformed("it has no list of clients") from None
        return Page(
            records=tuple(_client_of(row) for row in rows),
            total=_number(plain.get("total"), "total"),
            pages=_number(plain.get("pages"), "pages"),
        )


def client(body: bytes) -> LiveResource:
    """Give the one client of an answer; raises `Malformed`."""
    return _client_of(result_of(body).get("client"))


def _live(client: object) -> LiveResource:
    fields: dict[str, Value] = {name: value for name in TEXTS if (value := getattr(client, name))}
    for name in FLAGS:
        flag = getattr(client, name)
        if flag is not None:
            fields[name] = flag
    contacts = client.contacts  # type: ignore[attr-defined] # a struct built from the tables above
    owed = client.outstanding_balance  # type: ignore[attr-defined] # the same
    return LiveResource(
        id=client.id,  # type: ignore[attr-defined] # the same
        fields=fields,
        visibility=VISIBILITY[client.vis_state],  # type: ignore[attr-defined] # the same
        children=None if contacts is None or contacts is msgspec.UNSET else tuple(map(_contact, contacts)),
        balance=_owed((balance.amount.amount, balance.amount.code) for balance in owed) if owed else "",
    )


def _contact(contact: _Contact) -> LiveResource:
    fields: dict[str, Value] = {name: value for name in CONTACT_TEXTS if (value := getattr(contact, name))}
    return LiveResource(id=RemoteId(contact.contactid), fields=fields)


def _owed(amounts: object) -> str:
    told = []
    for amount, code in amounts:  # type: ignore[attr-defined] # pairs of texts, from either way of reading
        try:
            if float(amount) == 0:
                continue
        except ValueError:
            pass
        told.append(f"{amount} {code}".strip())
    return ", ".join(told)


# The slow way: plain JSON, ids as text, numbers where text should be.


def result_of(body: bytes) -> Mapping[str, object]:
    """Give `response.result` of an answer as plain JSON; raises `Malformed`."""
    try:
        plain = msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Malformed(f"it is not JSON ({str(error)[:80]})") from error
    result = plain.get("response") if isinstance(plain, dict) else None
    result = result.get("result") if isinstance(result, dict) else None
    if not isinstance(result, dict):
        raise Malformed("it has no response.result")
    return result


def is_json(body: bytes) -> bool:
    """Tell whether an answer is JSON at all."""
    try:
        msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError):
        return False
    return True


def _client_of(row: object) -> LiveResource:
    if not isinstance(row, dict):
        raise Malformed("a client is not an object")
    remote_id = _number(row.get("id", row.get("userid")), "id")
    vis_state = _number(row.get("vis_state", 0), "vis_state")
    if vis_state not in VISIBILITY:
        raise Malformed(f"client {remote_id} has the unknown vis_state {vis_state}")
    fields: dict[str, Value] = {name: text for name in TEXTS if (text := _text(row.get(name)))}
    fields.update({name: bool(row[name]) for name in FLAGS if row.get(name) is not None})
    contacts = row.get("contacts")
    return LiveResource(
        id=RemoteId(remote_id),
        fields=fields,
        visibility=VISIBILITY[vis_state],
        children=tuple(contact_of(entry) for entry in contacts) if isinstance(contacts, list) else None,
        balance=_owed(_amounts(row.get("outstanding_balance"))),
    )


def _amounts(balances: object) -> list[tuple[str, str]]:
    found = []
    for balance in balances if isinstance(balances, list) else ():
        amount = balance.get("amount") if isinstance(balance, dict) else None
        if isinstance(amount, dict):
            found.append((_text(amount.get("amount")), _text(amount.get("code"))))
    return found


def contact_of(row: object) -> LiveResource:
    """Give one contact; its id is `contactid`, or `userid` where there is no other (sources disagree)."""
    if not isinstance(row, dict):
        raise Malformed("a contact is not an object")
    number = next((row[name] for name in ("contactid", "id", "userid") if row.get(name) is not None), None)
    fields: dict[str, Value] = {name: text for name in CONTACT_TEXTS if (text := _text(row.get(name)))}
    return LiveResource(id=RemoteId(_number(number, "contactid")), fields=fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactPage:
    """One page of /users/contacts: contacts by the client that each names."""

    rows: tuple[tuple[RemoteId | None, LiveResource], ...]
    total: int
    pages: int


def contacts(body: bytes) -> ContactPage:
    """Give one page of contacts; the client is None where a row does not name it. Raises `Malformed`."""
    plain = result_of(body)
    rows = plain.get("contacts")
    if not isinstance(rows, list):
        raise Malformed("it has no list of contacts")
    return ContactPage(
        rows=tuple((_owner(row), contact_of(row)) for row in rows),
        total=_number(plain.get("total", len(rows)), "total"),
        pages=_number(plain.get("pages", 1), "pages"),
    )


def _owner(row: object) -> RemoteId | None:
    if isinstance(row, dict):
        for name in ("clientid", "client_id"):
            if row.get(name) is not None:
                return RemoteId(_number(row[name], name))
    return None


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None or isinstance(value, (dict, list)) else str(value)


def _number(value: object, name: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:  # noqa: PLR2004 - an id has at most 19 digits
        return int(value)
    raise Malformed(f"{name} is not a number")


def identity(body: bytes) -> Identity:
    """Give who the login is, from `/auth/api/v1/users/me`, which has no `result` layer. Raises `Malformed`."""
    try:
        plain = msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Malformed(f"it is not JSON ({str(error)[:80]})") from error
    me = plain.get("response") if isinstance(plain, dict) else None
    if not isinstance(me, dict):
        raise Malformed("it has no response")
    found: dict[str, Membership] = {}
    memberships = me.get("business_memberships")
    for entry in memberships if isinstance(memberships, list) else ():
        business = entry.get("business") if isinstance(entry, dict) else None
        account = business.get("account_id") if isinstance(business, dict) else None
        # An owner whose business has no accounting account has null here.
        if isinstance(account, str) and account and isinstance(business, dict):
            found[account] = Membership(
                account_id=account, business=_text(business.get("name")), role=_text(entry.get("role"))
            )
    name = f"{_text(me.get('first_name'))} {_text(me.get('last_name'))}".strip()
    return Identity(name=name, email=_text(me.get("email")), memberships=tuple(found.values()))
