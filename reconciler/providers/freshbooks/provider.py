"""The ports filled for FreshBooks: a `Reader` and a `Writer` of clients with their contacts.

It decides nothing about plans. A listing is given whole or not at all.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from reconciler.core.kind import Kind
from reconciler.core.outcome import Answer, Done, NotSent, Refusal, Rejected, Unknown
from reconciler.core.ports import Identity, Meter
from reconciler.core.resource import LiveResource, RemoteId, Value, Visibility
from reconciler.errors import NotAllowed, ReadIncomplete
from reconciler.providers.freshbooks import wire
from reconciler.providers.freshbooks.api import Api, Call, Lost, Reply
from reconciler.providers.freshbooks.refusals import ApiError, read_error

PER_PAGE = 100  # the vendor's cap
_ODD = "FreshBooks' answer could not be read"
LOCAL = "http://localhost"
LISTINGS = 5  # how often a listing is read before we say that it does not add up

Read = TypeVar("Read")


class FreshBooks:
    """Reads and writes one account; may be used from several threads once `use_account` has been called."""

    def __init__(self, api: Api, *, parallelism: int = 8) -> None:
        self._api = api
        self._parallelism = parallelism
        self._account = ""

    @property
    def kind(self) -> Kind:
        """Give the kind served: clients, with contacts as their children."""
        return wire.CLIENT

    @property
    def origin(self) -> str:
        """Give scheme, host and port of the API; a server on this machine has another port each time it runs."""
        return LOCAL if self._api.base.startswith("http://") else self._api.base

    def use_account(self, account_id: str) -> None:
        """Choose the account that every later call speaks to."""
        self._account = account_id

    # Reading.

    def identify(self) -> Identity:
        """Say who the login is and which accounts it reaches."""
        reply = self._read(Call(method="GET", path="/auth/api/v1/users/me"))
        return _understood(reply, wire.decode_identity)

    def listing(self, visibility: Visibility, meter: Meter) -> Sequence[LiveResource]:
        """Give every client of this visibility, unique, with its contacts; whole, or `ReadIncomplete`."""
        why = ""
        for _ in range(LISTINGS):
            records, why = self._listed(visibility, meter)
            if not why:
                return self._with_contacts(records)
        raise ReadIncomplete(
            "the account could not be listed completely",
            f"FreshBooks' list of {visibility} clients did not add up in {LISTINGS} readings: {why}. Nothing was "
            "written. Somebody may be adding or removing many clients just now; try again later.",
            code="listing-unstable",
        )

    def _listed(self, visibility: Visibility, meter: Meter) -> tuple[list[LiveResource], str]:
        """Read all pages once; give what was found, and why that cannot be all, if so."""

        def page(number: int) -> wire.Page:
            query = wire.client_query(visibility, number, PER_PAGE)
            got = _understood(self._read(Call(method="GET", path=self._path("clients"), query=query)), _page)
            meter.advance(len(got.records))
            return got

        first = page(1)
        meter.total(first.total)
        pages = [first, *self._concurrently(page, range(2, -(-first.total // PER_PAGE) + 1))]
        found = {record.id: record for got in pages for record in got.records}
        if any(record.visibility is not visibility for record in found.values()):
            raise ReadIncomplete(
                "the account's answer is not what was asked for",
                f"FreshBooks was asked for {visibility} clients and listed others too. Nothing was written.",
                code="filter-ignored",
            )
        totals = {got.total for got in pages}
        if len(totals) > 1:
            return [], f"the total changed between pages ({min(totals)} to {max(totals)})"
        if len(found) != first.total:
            return [], f"{len(found)} different clients came, {first.total} were announced"
        return list(found.values()), ""

    def _concurrently(self, read: Callable[[int], Read], numbers: range) -> list[Read]:
        """Read pages by a few workers that each take one after the other; the order of pages is kept."""
        if not numbers:
            return []
        got: dict[int, Read] = {}
        left, lock, broken = iter(numbers), threading.Lock(), threading.Event()

        def work() -> None:
            while not broken.is_set():
                with lock:
                    number = next(left, None)
                if number is None:
                    return
                try:
                    got[number] = read(number)
                except BaseException:
                    broken.set()
                    raise

        with ThreadPoolExecutor(min(self._parallelism, len(numbers))) as pool:
            for worker in [pool.submit(work) for _ in range(min(self._parallelism, len(numbers)))]:
                worker.result()
        return [got[number] for number in numbers]

    def _with_contacts(self, records: list[LiveResource]) -> list[LiveResource]:
        """Complete clients without a `contacts` key from /users/contacts, where its rows name their client."""
        if all(record.children is not None for record in records):
            return records
        owned = self._contacts_by_client()
        if owned is None:
            return records
        return [
            record if record.children is not None else replace(record, children=tuple(owned.get(record.id, ())))
            for record in records
        ]

    def _contacts_by_client(self) -> Mapping[RemoteId, list[LiveResource]] | None:
        """Give all contacts by client, or None where that list cannot tell: missing, unstable, or rows of nobody."""

        def page(number: int) -> wire.ContactPage:
            query = [("page", str(number)), ("per_page", str(PER_PAGE))]
            reply = self._read(Call(method="GET", path=self._path("contacts"), query=query))
            return _understood(reply, wire.decode_contacts)

        for _ in range(LISTINGS):
            try:
                first = page(1)
                pages = [first, *self._concurrently(page, range(2, -(-first.total // PER_PAGE) + 1))]
            except ReadIncomplete:
                return None
            rows = [row for got in pages for row in got.rows]
            if any(owner is None for owner, _ in rows):
                return None
            adds_up = len({contact.id for _, contact in rows}) == first.total and len({got.total for got in pages}) == 1
            if adds_up:
                owned: dict[RemoteId, list[LiveResource]] = {}
                for owner, contact in rows:
                    if owner is not None:
                        owned.setdefault(owner, []).append(contact)
                return owned
        return None

    def fetch(self, remote_id: RemoteId) -> LiveResource | None:
        """Give one client fresh, wherever it is; None only when FreshBooks says that it is gone."""
        call = Call(method="GET", path=self._path("clients", remote_id), query=wire.one_client_query())
        reply = self._api.send(call)
        if isinstance(reply, Reply):
            error = read_error(reply.status, reply.body)
            if error is not None and error.cause is Refusal.GONE and error.errno in {1011, 1012}:
                return None
        live = _understood(_accepted(reply), wire.decode_client)
        if live.id != remote_id:
            raise ReadIncomplete(
                "the account's answer is not what was asked for",
                f"FreshBooks was asked for client {remote_id} and gave {live.id}. Nothing was written.",
                code="other-record",
            )
        return self._with_contacts([live])[0]

    def search(self, fields: Mapping[str, Value]) -> Sequence[LiveResource]:
        """Give active and archived clients that may share the natural key of these fields."""
        found: dict[RemoteId, LiveResource] = {}
        for name, value in wire.search_queries(fields):
            for visibility in (Visibility.ACTIVE, Visibility.ARCHIVED):
                number, pages = 1, 1
                while number <= pages:
                    query = [*wire.client_query(visibility, number, PER_PAGE), (name, value)]
                    reply = self._read(Call(method="GET", path=self._path("clients"), query=query))
                    got = _understood(reply, wire.decode_clients)
                    found.update({record.id: record for record in got.records})
                    number, pages = number + 1, got.pages
        return list(found.values())

    # Writing.

    def create(self, fields: Mapping[str, Value], children: Sequence[Mapping[str, Value]]) -> Answer:
        """Create a client with its contacts in one POST, which is never repeated here."""
        body = wire.encode_create(fields, children)
        query = wire.one_client_query() if children else ()
        return self._write(Call(method="POST", path=self._path("clients"), query=query, body=body, once=True))

    def update(self, remote_id: RemoteId, fields: Mapping[str, Value]) -> Answer:
        """Change these fields of a client and no other."""
        return self._put(remote_id, wire.encode_update(fields))

    def set_visibility(self, remote_id: RemoteId, visibility: Visibility) -> Answer:
        """Delete, archive or bring back a client; alone, since FreshBooks drops what stands beside it."""
        return self._put(remote_id, wire.encode_visibility(visibility))

    def add_children(
        self, remote_id: RemoteId, current: Sequence[LiveResource], added: Sequence[Mapping[str, Value]]
    ) -> Answer:
        """Add contacts: the array replaces all there are, so it holds those too. Adding twice would create twice."""
        return self._put(remote_id, wire.encode_contacts(current, added), once=True)

    def update_child(self, child_id: RemoteId, fields: Mapping[str, Value]) -> Answer:
        """Change a contact; all five fields are sent."""
        call = Call(method="PUT", path=self._path("contacts", child_id), body=wire.encode_contact(fields))
        return self._write(call, child=True)

    def delete_child(self, child_id: RemoteId) -> Answer:
        """Delete a contact."""
        return self._write(Call(method="DELETE", path=self._path("contacts", child_id)), child=True)

    def _put(self, remote_id: RemoteId, body: bytes, *, once: bool = False) -> Answer:
        return self._write(Call(method="PUT", path=self._path("clients", remote_id), body=body, once=once), remote_id)

    def _write(self, call: Call, remote_id: RemoteId | None = None, *, child: bool = False) -> Answer:
        reply = self._api.send(call)
        if isinstance(reply, Lost):
            return Unknown(reason=reply.reason) if reply.sent else NotSent(reason=reply.reason)
        error = read_error(reply.status, reply.body)
        if reply.status == 429:  # noqa: PLR2004 - too many requests
            return NotSent(reason="FreshBooks is too busy (HTTP 429)", again_after_s=reply.retry_after_s or 0.0)
        if error is not None:
            return _refused(reply.status, error)
        if reply.status >= 300:  # noqa: PLR2004 - a redirect is never followed
            return Rejected(reason=f"FreshBooks answered with a redirect (HTTP {reply.status})")
        try:
            if child:
                # What a contact's write answers is not known; that it is JSON, or nothing at all, is.
                return Done() if not reply.body.strip() or wire.is_json(reply.body) else Unknown(reason=_ODD)
            live = wire.decode_client(reply.body)
        except wire.Malformed as malformed:
            return Unknown(reason=f"FreshBooks' answer could not be read: {malformed}")
        if remote_id is not None and live.id != remote_id:
            return Unknown(reason=f"FreshBooks answered with client {live.id}")
        return Done(live=live)

    # What all share.

    def _path(self, collection: str, remote_id: RemoteId | None = None) -> str:
        path = f"/accounting/account/{self._account}/users/{collection}"
        return path if remote_id is None else f"{path}/{remote_id}"

    def _read(self, call: Call) -> bytes:
        return _accepted(self._api.send(call))


def _page(body: bytes) -> wire.Page:
    return wire.decode_clients(body)


def _refused(status: int, error: ApiError) -> Answer:
    """Tell a refusal, after which nothing has changed, from a failure, after which anything may have."""
    if status >= 500 or status == 408:  # noqa: PLR2004 - HTTP's server errors, and its timeout
        return Unknown(reason=f"FreshBooks failed: {error}")
    return Rejected(reason=str(error), cause=error.cause)


def _accepted(reply: Reply | Lost) -> bytes:
    """Give the body of a read that was answered well; raises `NotAllowed` or `ReadIncomplete`."""
    if isinstance(reply, Lost):
        raise ReadIncomplete("the account could not be read", f"{reply.reason}. Nothing was written.")
    error = read_error(reply.status, reply.body)
    if error is not None:
        raise _unreadable(error)
    if reply.status >= 300:  # noqa: PLR2004 - a redirect is never followed
        raise ReadIncomplete(
            "the account could not be read",
            f"The API answered with a redirect (HTTP {reply.status}), which is never followed. Nothing was written.",
        )
    return reply.body


def _unreadable(error: ApiError) -> NotAllowed | ReadIncomplete:
    if error.cause is Refusal.LOGIN:
        return NotAllowed(
            "FreshBooks does not accept the access token",
            f"{error}. Access tokens live for 12 hours: get a new one and set FRESHBOOKS_ACCESS_TOKEN.",
            code="login",
        )
    if error.cause is Refusal.FORBIDDEN:
        return NotAllowed(
            "FreshBooks does not allow this",
            f"{error}. The token needs the scopes user:clients:read and user:clients:write, and its user a role that "
            "may manage clients.",
            code="forbidden",
        )
    if error.errno == 404 or (error.cause is Refusal.GONE and not error.errno):  # noqa: PLR2004 - FreshBooks' number for an unknown account
        return NotAllowed("FreshBooks does not know this account", f"{error}. Check the account id.", code="no-account")
    return ReadIncomplete("the account could not be read", f"FreshBooks failed: {error}. Nothing was written.")


def _understood(body: bytes, decode: Callable[[bytes], Read]) -> Read:
    try:
        return decode(body)
    except wire.Malformed as malformed:
        raise ReadIncomplete(
            "the account's answer could not be read", f"Of FreshBooks' answer: {malformed}. Nothing was written."
        ) from malformed
