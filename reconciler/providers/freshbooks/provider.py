"""The ports filled for FreshBooks: a `Reader` and a `Writer` of clients with their contacts.

It decides nothing about plans. A listing is given whole or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

from reconciler.core.kind import Kind
from reconciler.core.outcome import Answer, Done, NotSent, Refusal, Rejected, Unknown
from reconciler.core.ports import Identity, Meter
from reconciler.core.resource import LiveResource, RemoteId, Value, Visibility
from reconciler.errors import ReadIncomplete
from reconciler.providers.freshbooks.api import Api, Call, Lost, Reply
from reconciler.providers.freshbooks.listing import PER_PAGE, Listings
from reconciler.providers.freshbooks.meaning import accepted, refused, understood
from reconciler.providers.freshbooks.refusals import read_error
from reconciler.providers.freshbooks.wire import CLIENT, decode, encode

_ODD = "FreshBooks' answer could not be read"
LOCAL = "http://localhost"


def origin_of(base: str) -> str:
    """Give scheme, host and port of an API, as states and logins remember it."""
    return LOCAL if base.startswith("http://") else base


class FreshBooks:
    """Reads and writes one account; may be used from several threads once `use_account` has been called."""

    def __init__(self, api: Api, *, parallelism: int = 8) -> None:
        self._api = api
        self._account = ""
        self._listings = Listings(self._read, self._path, parallelism)

    @property
    def kind(self) -> Kind:
        """Give the kind served: clients, with contacts as their children."""
        return CLIENT

    @property
    def origin(self) -> str:
        """Give scheme, host and port of the API; a server on this machine has another port each time it runs."""
        return origin_of(self._api.base)

    def use_account(self, account_id: str) -> None:
        """Choose the account that every later call speaks to."""
        self._account = account_id

    def close(self, grace_s: float = 1.0) -> None:
        """Send nothing from now on; calls in flight have so long to end."""
        self._api.close(grace_s)

    # Reading.

    def identify(self) -> Identity:
        """Say who the login is and which accounts it reaches."""
        reply = self._read(Call(method="GET", path="/auth/api/v1/users/me"))
        return understood(reply, decode.identity)

    def listing(self, visibility: Visibility, meter: Meter) -> Sequence[LiveResource]:
        """Give every client of this visibility, unique, with its contacts; whole, or `ReadIncomplete`."""
        return self._listings.with_contacts(self._listings.clients(visibility, meter))

    def fetch(self, remote_id: RemoteId) -> LiveResource | None:
        """Give one client fresh, wherever it is; None only when FreshBooks says that it is gone."""
        call = Call(method="GET", path=self._path("clients", remote_id), query=encode.one_client_query())
        reply = self._api.send(call)
        if isinstance(reply, Reply):
            error = read_error(reply.status, reply.body)
            if error is not None and error.cause is Refusal.GONE and error.errno in {1011, 1012}:
                return None
        live = understood(accepted(reply), decode.client)
        if live.id != remote_id:
            raise ReadIncomplete(
                "the account's answer is not what was asked for",
                f"FreshBooks was asked for client {remote_id} and gave {live.id}. Nothing was written.",
                code="other-record",
            )
        return self._listings.with_contacts([live])[0]

    def search(self, fields: Mapping[str, Value]) -> Sequence[LiveResource]:
        """Give active and archived clients that may share the natural key of these fields."""
        found: dict[RemoteId, LiveResource] = {}
        for name, value in encode.search_queries(fields):
            for visibility in (Visibility.ACTIVE, Visibility.ARCHIVED):
                number, pages = 1, 1
                while number <= pages:
                    query = [*encode.client_query(visibility, number, PER_PAGE), (name, value)]
                    reply = self._read(Call(method="GET", path=self._path("clients"), query=query))
                    got = understood(reply, decode.clients)
                    found.update({record.id: record for record in got.records})
                    number, pages = number + 1, got.pages
        return list(found.values())

    # Writing.

    def ready(self) -> bool:
        """See to it that the token holds for a while."""
        return self._api.token.ready()

    def undisturbed(self) -> AbstractContextManager[None]:
        """Leave the token as it is for as long as the block lasts."""
        return self._api.token.undisturbed()

    def create(self, fields: Mapping[str, Value], children: Sequence[Mapping[str, Value]]) -> Answer:
        """Create a client with its contacts in one POST, which is never repeated here."""
        body = encode.create(fields, children)
        query = encode.one_client_query() if children else ()
        return self._write(Call(method="POST", path=self._path("clients"), query=query, body=body, once=True))

    def update(self, remote_id: RemoteId, fields: Mapping[str, Value]) -> Answer:
        """Change these fields of a client and no other."""
        return self._put(remote_id, encode.update(fields))

    def set_visibility(self, remote_id: RemoteId, visibility: Visibility) -> Answer:
        """Delete, archive or bring back a client; alone, since FreshBooks drops what stands beside it."""
        return self._put(remote_id, encode.visibility(visibility))

    def add_children(
        self, remote_id: RemoteId, current: Sequence[LiveResource], added: Sequence[Mapping[str, Value]]
    ) -> Answer:
        """Add contacts: the array replaces all there are, so it holds those too. Adding twice would create twice."""
        return self._put(remote_id, encode.contacts(current, added), once=True)

    def update_child(self, child_id: RemoteId, fields: Mapping[str, Value]) -> Answer:
        """Change a contact; all five fields are sent."""
        call = Call(method="PUT", path=self._path("contacts", child_id), body=encode.contact(fields))
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
            return refused(reply.status, error)
        if reply.status >= 300:  # noqa: PLR2004 - a redirect is never followed
            return Rejected(reason=f"FreshBooks answered with a redirect (HTTP {reply.status})")
        try:
            if child:
                # What a contact's write answers is not known; that it is JSON, or nothing at all, is.
                return Done() if not reply.body.strip() or decode.is_json(reply.body) else Unknown(reason=_ODD)
            live = decode.client(reply.body)
        except decode.Malformed as malformed:
            return Unknown(reason=f"FreshBooks' answer could not be read: {malformed}")
        if remote_id is not None and live.id != remote_id:
            return Unknown(reason=f"FreshBooks answered with client {live.id}")
        return Done(live=live)

    # What all share.

    def _path(self, collection: str, remote_id: RemoteId | None = None) -> str:
        path = f"/accounting/account/{self._account}/users/{collection}"
        return path if remote_id is None else f"{path}/{remote_id}"

    def _read(self, call: Call) -> bytes:
        return accepted(self._api.send(call))
