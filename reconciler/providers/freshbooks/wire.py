"""FreshBooks' own words: its fields, its JSON in and out. Pure; the only file where they are written.

It sends nothing and decides nothing. Answers are read twice where needed: first typed and fast, then, where FreshBooks
wrote an id as a string or a number as text, tolerantly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from reconciler.core.kind import Field, FieldType, Kind
from reconciler.core.ports import Identity, Membership
from reconciler.core.resource import LiveResource, RemoteId, Value, Visibility

# What can be written: the rows marked `w` of the vendor's field table, and four preferences that its SDKs send.
TEXTS = (
    "organization",
    "fname",
    "lname",
    "email",
    "bus_phone",
    "mob_phone",
    "home_phone",
    "fax",
    "p_street",
    "p_street2",
    "p_city",
    "p_province",
    "p_code",
    "p_country",
    "s_street",
    "s_street2",
    "s_city",
    "s_province",
    "s_code",
    "s_country",
    "currency_code",
    "language",
    "vat_name",
    "vat_number",
    "company_industry",
    "company_size",
    "note",
)
FLAGS = ("pref_email", "pref_gmail", "allow_late_fees", "allow_late_notifications")
CONTACT_TEXTS = ("email", "fname", "lname", "phone1", "phone2")

CONTACT = Kind(
    name="contact",
    collection="contacts",
    fields=tuple(Field(name=name) for name in CONTACT_TEXTS),
    unique_key=("email",),
    naming=("fname", "lname", "phone1"),
    deciders=(),
    near=(),
    summary=("fname", "lname", "email"),
)
CLIENT = Kind(
    name="client",
    collection="clients",
    fields=(
        *(Field(name=name) for name in TEXTS),
        *(Field(name=name, type=FieldType.FLAG) for name in FLAGS),
    ),
    unique_key=("email",),
    naming=("organization", "fname", "lname"),
    deciders=(("organization",), ("fname", "lname")),
    near=(("email",), ("organization",), ("vat_number",), ("fname", "lname")),
    hints=("bus_phone", "mob_phone", "home_phone"),
    # FreshBooks may fill an empty organization with the names or the email.
    echoes={"organization": (("fname", "lname"), ("email",))},
    summary=("organization", "fname", "lname", "email", "p_city"),
    child=CONTACT,
)

# https://www.freshbooks.com/api/active_deleted: 0 active, 1 deleted, 2 archived.
VIS_STATE = {Visibility.ACTIVE: 0, Visibility.DELETED: 1, Visibility.ARCHIVED: 2}
_VISIBILITY = {number: visibility for visibility, number in VIS_STATE.items()}

_INCLUDES = [("include[]", "contacts"), ("include[]", "outstanding_balance")]


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


def decode_clients(body: bytes) -> Page:
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


def decode_client(body: bytes) -> LiveResource:
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
        visibility=_VISIBILITY[client.vis_state],  # type: ignore[attr-defined] # the same
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
    if vis_state not in _VISIBILITY:
        raise Malformed(f"client {remote_id} has the unknown vis_state {vis_state}")
    fields: dict[str, Value] = {name: text for name in TEXTS if (text := _text(row.get(name)))}
    fields.update({name: bool(row[name]) for name in FLAGS if row.get(name) is not None})
    contacts = row.get("contacts")
    return LiveResource(
        id=RemoteId(remote_id),
        fields=fields,
        visibility=_VISIBILITY[vis_state],
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


def decode_contacts(body: bytes) -> ContactPage:
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


def decode_identity(body: bytes) -> Identity:
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


# What is sent.


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


def encode_create(fields: Mapping[str, Value], children: Sequence[Mapping[str, Value]]) -> bytes:
    """Give the body of a POST that creates a client with its contacts."""
    client: dict[str, object] = {name: _sent(value) for name, value in fields.items()}
    if children:
        client["contacts"] = [_new_contact(child) for child in children]
    return msgspec.json.encode({"client": client})


def encode_update(fields: Mapping[str, Value]) -> bytes:
    """Give the body of a PUT with these fields and no other."""
    return msgspec.json.encode({"client": {name: _sent(value) for name, value in fields.items()}})


def encode_visibility(visibility: Visibility) -> bytes:
    """Give the body of the PUT that deletes, archives or restores; FreshBooks drops all else that stands with it."""
    return msgspec.json.encode({"client": {"vis_state": VIS_STATE[visibility]}})


def encode_contacts(current: Sequence[LiveResource], added: Sequence[Mapping[str, Value]]) -> bytes:
    """Give the body of the PUT that replaces the contacts: all that are there, with their ids, then the new ones."""
    kept = [{**_contact_sent(contact.fields), "contactid": contact.id} for contact in current]
    return msgspec.json.encode({"client": {"contacts": [*kept, *map(_new_contact, added)]}})


def encode_contact(fields: Mapping[str, Value]) -> bytes:
    """Give the body of the PUT of one contact, with all five fields: nobody says whether absent ones are kept."""
    return msgspec.json.encode({"contact": _contact_sent(fields)})


def _new_contact(fields: Mapping[str, Value]) -> dict[str, object]:
    """Give a contact that does not exist yet: only what is mentioned."""
    return {name: _sent(value) for name, value in fields.items()}


def _contact_sent(fields: Mapping[str, Value]) -> dict[str, object]:
    return {name: _sent(fields.get(name)) for name in CONTACT_TEXTS}


def _sent(value: Value) -> str | bool:
    return "" if value is None else value
