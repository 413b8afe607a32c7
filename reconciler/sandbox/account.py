"""What the account does with a request for clients or contacts, and with which answer. It knows no sockets.

Every endpoint may raise `Invalid`, which `invalid` turns into an answer.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.sandbox.answers import AccountingError, Answer, not_found, plain, refusal, result
from reconciler.sandbox.books import Books, Row
from reconciler.sandbox.fields import (
    CONTACT_FIELDS,
    Invalid,
    completed,
    contact_written,
    new_client,
    updated_now,
    written,
)
from reconciler.sandbox.listing import Paging, filtered, includes, ordering, paging
from reconciler.sandbox.quirks import Quirks

Query = Sequence[tuple[str, str]]
_STATES = {"with-archived": "vis_state <> 1", "active-only": "vis_state = 0"}
_BALANCES = ("credit_balance", "draft_balance", "grand_total_balance", "outstanding_balance", "overdue_balance")
DELETED = 1


@dataclass(slots=True, kw_only=True)
class Account:
    """One account with its switches."""

    books: Books
    account_id: str = "Sandbx"
    quirks: Quirks = field(default_factory=Quirks)
    currency: str = "USD"
    client_limit: int = -1
    rng: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311 - uuids of a fake
    born: dict[int, float] = field(default_factory=dict)
    """When each client of this process was created, by the monotonic clock; for lists that lag."""

    # Clients.

    def list_clients(self, query: Query, lag_s: float = 0.0) -> Answer:
        """Answer one page of clients, as it was `lag_s` seconds ago as far as new ones go."""
        page = paging(query)
        wanted = filtered(
            query,
            default_states=_STATES[self.quirks["list-default"]],
            exact_case=self.quirks.on("search-case", "sensitive"),
        )
        if lag_s:
            young = [number for number, born in self.born.items() if time.monotonic() - born < lag_s]
            wanted.add(f"id NOT IN ({','.join('?' * len(young))})", *young)
        total = self.books.count(wanted.where, wanted.values)
        tail = f"{wanted.where} {ordering(query)} LIMIT ? OFFSET ?"
        rows = self.books.select(tail, [*wanted.values, page.per_page, page.offset])
        body = ",".join(self._documents(rows, includes(query)))
        told = json.dumps(self._paging(page, total))
        return Answer(body=f'{{"response":{{"result":{{"clients":[{body}],{told[1:]}}}}}'.encode())

    def get_client(self, remote_id: str, query: Query) -> Answer:
        """Answer one client, deleted or not, under the quirk `deleted-get`."""
        row = self._row(remote_id)
        if row is None or (self.quirks.on("deleted-get", "404") and json.loads(row.document)["vis_state"] == DELETED):
            return not_found("client", remote_id, self.quirks)
        return self._client(row, includes(query))

    def create_client(self, body: object, query: Query) -> Answer:
        """Create a client with its contacts."""
        sent = _wrapped(body, "client")
        if sent is None:
            raise Invalid("client", 1001, "client is required")
        if 0 <= self.client_limit <= self.books.count("WHERE vis_state = 0"):
            limit = AccountingError(errno=7005, message=f"Client limit of {self.client_limit} reached")
            return refusal(402, limit, self.quirks)
        with self.books.transaction():
            client = new_client(self.books.next_client_id(), self.account_id, self.currency, self.rng)
            written(client, sent, self.quirks)
            if not any(client[name] for name in ("organization", "fname", "lname", "email")):
                raise Invalid("organization", 1001, "one of organization, fname, lname, email is required")
            contacts = self._new_contacts([], sent.get("contacts"))
            names = f"{client['fname']}{client['lname']}".lower() or "user"
            completed(client, sent, self.quirks, self.books.usernames(names[:1]))
            self.books.put_client(client)
            remote_id = int(str(client["id"]))
            self.books.put_contacts(remote_id, contacts)
            self.born[remote_id] = time.monotonic()
            return self._written(remote_id, query)

    def update_client(self, remote_id: str, body: object, query: Query) -> Answer:
        """Change a client in phases: the first of visibility, actions, data that is present; the rest is dropped."""
        sent = _wrapped(body, "client")
        if sent is None:
            raise Invalid("client", 1001, "client is required")
        with self.books.transaction():
            row = self._row(remote_id)
            if row is None:
                return not_found("client", remote_id, self.quirks)
            client: dict[str, object] = json.loads(row.document)
            refused = self._change(client, sent)
            if refused is not None:
                return refused
            client["updated"] = updated_now()
            self.books.put_client(client)
            return self._written(row.id, query)

    def _change(self, client: dict[str, object], sent: Mapping[str, object]) -> Answer | None:
        # https://www.freshbooks.com/api/active_deleted documents the phases and the silent drop.
        for name in ("ext_vis_state", "vis_state"):
            if name in sent:
                if sent[name] not in {0, 1, 2} or isinstance(sent[name], bool):
                    raise Invalid("vis_state", 1004, "vis_state must be 0, 1 or 2")
                client["vis_state"] = sent[name]
                return None
        if "actions" in sent:
            return None
        if client["vis_state"] == DELETED and self.quirks.on("deleted-put", "refuse"):
            error = AccountingError(errno=1011, message="Client is deleted.", object="client", value=str(client["id"]))
            return refusal(422, error, self.quirks)
        frozen = self.quirks["frozen-field"]
        written(client, {name: value for name, value in sent.items() if name != frozen}, self.quirks)
        if "contacts" in sent:
            remote_id = int(str(client["id"]))
            kept = [json.loads(document) for document in self.books.contacts_of([remote_id]).get(remote_id, [])]
            self.books.put_contacts(remote_id, self._new_contacts(kept, sent["contacts"]))
        return None

    def delete_client(self, remote_id: str) -> Answer:
        """Answer HTTP DELETE, which no SDK uses for clients."""
        if self.quirks.on("client-delete", "405"):
            return plain({"message": "Method Not Allowed"}, 405, Allow="GET, PUT")
        return self.update_client(remote_id, {"client": {"vis_state": DELETED}}, [])

    # Contacts.

    def _new_contacts(self, kept: Sequence[dict[str, Any]], sent: object) -> list[dict[str, object]]:
        """Give the contacts after an array was put: the array is all there is; ids go by the quirk `contact-ids`."""
        if not sent:
            return []
        if not isinstance(sent, list) or not all(isinstance(entry, dict) for entry in sent):
            raise Invalid("contacts", 1004, "contacts must be a list of objects")
        by_id = {contact["contactid"]: contact for contact in kept}
        by_email = {contact["email"]: contact for contact in reversed(kept) if contact["email"]}
        made: list[dict[str, object]] = []
        used: set[object] = set()
        for entry in sent:
            old = None
            if self.quirks.on("contact-ids", "stable"):
                number = entry.get("contactid", entry.get("userid"))
                old = by_id.get(int(number) if isinstance(number, str) and number.isdigit() else number)
            if old is None and not self.quirks.on("contact-ids", "reissued"):
                old = by_email.get(entry.get("email"))
            if old is not None and old["contactid"] in used:
                old = None
            contact_id = old["contactid"] if old is not None else self.books.next_contact_id()
            used.add(contact_id)
            contact: dict[str, object] = {"contactid": contact_id, **dict.fromkeys(CONTACT_FIELDS, "")}
            contact_written(contact, entry, self.quirks)
            made.append(contact)
        emails = [contact["email"] for contact in made if contact["email"]]
        if self.quirks.on("contact-duplicates", "refused") and len(set(emails)) < len(emails):
            raise Invalid("email", 1029, "two contacts have the same email")
        return made

    def list_contacts(self, query: Query) -> Answer:
        """Answer one page of all contacts, whose envelope is a guess."""
        if self.quirks.on("contacts-list", "missing"):
            return plain({"message": "The requested resource was not found."}, 404)
        page = paging(query)
        total, rows = self.books.contact_page(page.per_page, page.offset)
        named = self.quirks.on("contacts-owner", "clientid")
        contacts = [{**contact, **({"clientid": client} if named else {})} for client, contact in rows]
        return result({"contacts": [self._with_ids(contact) for contact in contacts], **self._paging(page, total)})

    def get_contact(self, contact_id: str) -> Answer:
        """Answer one contact."""
        found = self._contact(contact_id)
        return result({"contact": self._with_ids(found[1])}) if found else self._no_contact(contact_id)

    def update_contact(self, contact_id: str, body: object) -> Answer:
        """Change one contact; what is not sent is kept or emptied, by the quirk `contact-put`."""
        sent = _wrapped(body, "contact")
        found = self._contact(contact_id)
        if found is None:
            return self._no_contact(contact_id)
        if sent is None:
            raise Invalid("contact", 1001, "contact is required")
        client, contact = found
        if self.quirks.on("contact-put", "replace"):
            contact.update(dict.fromkeys(CONTACT_FIELDS, ""))
        contact_written(contact, sent, self.quirks)
        with self.books.transaction():
            self.books.put_contact(contact)
            self._bump(client)
        return result({"contact": self._with_ids(contact)})

    def delete_contact(self, contact_id: str) -> Answer:
        """Delete one contact."""
        found = self._contact(contact_id)
        if found is None:
            return self._no_contact(contact_id)
        with self.books.transaction():
            self.books.drop_contact(int(contact_id))
            self._bump(found[0])
        return Answer(status=204) if self.quirks.on("contact-delete", "204") else plain({"response": {}})

    def _bump(self, client_id: int) -> None:
        row = self.books.client(client_id)
        if row is not None and self.quirks.on("contact-edit-bumps", "yes"):
            self.books.put_client({**json.loads(row.document), "updated": updated_now()})

    # What they share.

    def _row(self, remote_id: str) -> Row | None:
        return self.books.client(int(remote_id)) if _is_id(remote_id) else None

    def _contact(self, contact_id: str) -> tuple[int, dict[str, object]] | None:
        return self.books.contact(int(contact_id)) if _is_id(contact_id) else None

    def _no_contact(self, contact_id: str) -> Answer:
        return not_found("contact", contact_id, self.quirks)

    def invalid(self, invalid: Invalid, kind: str) -> Answer:
        """Answer what an endpoint raised as `Invalid`."""
        error = AccountingError(errno=invalid.errno, message=invalid.message, field=invalid.field, object=kind)
        return refusal(422, error, self.quirks)

    def _written(self, remote_id: int, query: Query) -> Answer:
        row = self.books.client(remote_id)
        assert row is not None, "just written"  # noqa: S101 - the caller holds the transaction
        asked = includes(query)
        how = self.quirks["contacts-in-writes"]
        return self._client(
            row, asked | {"contacts"} if how == "always" else asked - {"contacts"} if how == "never" else asked
        )

    def _client(self, row: Row, asked: set[str]) -> Answer:
        document = self._documents([row], asked)[0]
        return Answer(body=f'{{"response":{{"result":{{"client":{document}}}}}}}'.encode())

    def _documents(self, rows: Sequence[Row], asked: set[str]) -> list[str]:
        """Give the clients' JSON with what was asked to be included; text is joined, not parsed, for speed."""
        with_contacts = "contacts" in asked and self.quirks.on("contacts-include", "present")
        contacts = self.books.contacts_of(row.id for row in rows) if with_contacts else {}
        documents = []
        for row in rows:
            more = [f'"{name}":{self._balance(name, row)}' for name in _BALANCES if name in asked]
            more += [f'"{name}":{value}' for name, value in _GUESSED.items() if name in asked]
            if with_contacts:
                more.append(f'"contacts":[{",".join(contacts.get(row.id, ()))}]')
            documents.append(row.document[:-1] + "," + ",".join(more) + "}" if more else row.document)
        return [_text_ids(document) for document in documents] if self.quirks.on("ids", "text") else documents

    def _balance(self, name: str, row: Row) -> str:
        if not row.outstanding or name in {"credit_balance", "draft_balance"}:
            return "[]"
        amount, _, code = row.outstanding.partition(" ")
        told = amount if self.quirks.on("balances", "number") else json.dumps(amount)
        return f'[{{"amount":{{"amount":{told},"code":"{code}"}}}}]'

    def _paging(self, page: Paging, total: int) -> dict[str, int]:
        asked = self.quirks.on("page-echo", "asked")
        return {
            "page": page.asked_page if asked else page.page,
            "pages": -(-total // page.per_page),
            "per_page": page.asked_per_page if asked else page.per_page,
            "total": total,
        }

    def _with_ids(self, contact: Mapping[str, object]) -> Mapping[str, object]:
        if self.quirks.on("ids", "number"):
            return contact
        return {name: str(value) if name in {"contactid", "clientid"} else value for name, value in contact.items()}


# Shapes that no source shows: null, an empty list, null.
_GUESSED = {"late_fee": "null", "late_reminders": "[]"}


def _wrapped(body: object, name: str) -> dict[str, object] | None:
    inner = body.get(name) if isinstance(body, dict) else None
    return inner if isinstance(inner, dict) else None


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 18  # noqa: PLR2004 - what SQLite can hold


def _text_ids(document: str) -> str:
    client = json.loads(document)
    client["id"], client["userid"] = str(client["id"]), str(client["userid"])
    for contact in client.get("contacts", ()):
        contact["contactid"] = str(contact["contactid"])
    return json.dumps(client, ensure_ascii=False)
