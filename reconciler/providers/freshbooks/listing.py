"""Lists that are whole or not given at all: full pages, side by side, read again until they add up.

Paging is by offset over live data, so that a record that comes or goes meanwhile shifts the pages. A list counts only
where as many different ids came as its total says, and every page said the same total.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from reconciler.core.ports import Meter
from reconciler.core.resource import LiveResource, RemoteId, Visibility
from reconciler.errors import NotAllowed, ReadIncomplete
from reconciler.providers.freshbooks.api import Call
from reconciler.providers.freshbooks.meaning import understood
from reconciler.providers.freshbooks.wire import decode, encode

PER_PAGE = 100  # the vendor's cap
READINGS = 5
"""How often a list is read before we say that it does not add up."""

Read = TypeVar("Read")


class Listings:
    """Lists the clients and contacts of one account."""

    def __init__(self, read: Callable[[Call], bytes], path: Callable[[str], str], parallelism: int) -> None:
        self._read = read
        self._path = path
        self._parallelism = parallelism

    def clients(self, visibility: Visibility, meter: Meter) -> list[LiveResource]:
        """Give every client of this visibility, unique; whole, or `ReadIncomplete`."""
        why = ""
        for _ in range(READINGS):
            records, why = self._listed(visibility, meter)
            if not why:
                return records
        raise ReadIncomplete(
            "the account could not be listed completely",
            f"FreshBooks' list of {visibility} clients did not add up in {READINGS} readings: {why}. Nothing was "
            "written. Somebody may be adding or removing many clients just now; try again later.",
            code="listing-unstable",
        )

    def _listed(self, visibility: Visibility, meter: Meter) -> tuple[list[LiveResource], str]:
        """Read all pages once; give what was found, and why that cannot be all, if so."""

        def page(number: int) -> decode.Page:
            query = encode.client_query(visibility, number, PER_PAGE)
            got = understood(self._read(Call(method="GET", path=self._path("clients"), query=query)), decode.clients)
            meter.advance(len(got.records))
            return got

        first = page(1)
        meter.total(first.total)
        pages = [first, *concurrently(page, range(2, -(-first.total // PER_PAGE) + 1), self._parallelism)]
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

    def with_contacts(self, records: list[LiveResource]) -> list[LiveResource]:
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

        def page(number: int) -> decode.ContactPage:
            query = [("page", str(number)), ("per_page", str(PER_PAGE))]
            reply = self._read(Call(method="GET", path=self._path("contacts"), query=query))
            return understood(reply, decode.contacts)

        for _ in range(READINGS):
            try:
                first = page(1)
                pages = [first, *concurrently(page, range(2, -(-first.total // PER_PAGE) + 1), self._parallelism)]
            except ReadIncomplete:
                return None
            except NotAllowed as error:
                # A token that is refused now is refused everywhere; anything else only says that there is no such list.
                if error.code == "login":
                    raise
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


def concurrently(read: Callable[[int], Read], numbers: range, workers: int) -> list[Read]:
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

    with ThreadPoolExecutor(min(workers, len(numbers))) as pool:
        for worker in [pool.submit(work) for _ in range(min(workers, len(numbers)))]:
            worker.result()
    return [got[number] for number in numbers]
