"""Read the live account, completely or not at all (step 3).

It sees a `Reader`, never an implementation, and concludes nothing: `core/match.py` says what else must be asked, and
`complete` asks just that.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from reconciler.core.ports import Identity, Meter, Reader
from reconciler.core.questions import Questions
from reconciler.core.resource import Account, LiveResource, RemoteId, Visibility
from reconciler.errors import NotAllowed

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """An account being read by threads of its own, while the YAML is parsed."""

    identity: Future[Identity]
    records: Future[Account | None]
    """None where the login alone could not tell which account is meant."""
    reader: Reader
    meter: Meter
    account_id: str
    clock: Callable[[], float]

    def abandon(self, seconds: float = 0.2) -> None:
        """Wait a little for the threads to end, once nothing can be asked any more, and forget what they found."""
        with suppress(TimeoutError):
            # It ends after the identity, on which it waits.
            self.records.exception(seconds)

    def result(self, configured: str | None) -> Account:
        """Wait for the account; `configured` is the account that the YAML or settings name, if they do.

        Raises:
            NotAllowed: the login does not reach that account, or several and none was named.
            ReadIncomplete: a listing could not be completed.
        """
        identity = self.identity.result()
        account_id = chosen(identity, self.account_id or configured or "")
        if self.account_id and configured and configured != self.account_id:
            raise _other_account(configured, self.account_id)
        read = self.records.result()
        if read is not None and read.account_id == account_id:
            return read
        return _listed(self.reader, account_id, self.meter, self.clock)


def begin(reader: Reader, account_id: str, meter: Meter, *, clock: Callable[[], float] = time.monotonic) -> Reading:
    """Start to read; where no account is named here, the login's only one is read as soon as it is known."""
    identity: Future[Identity] = _started(reader.identify)

    def read() -> Account | None:
        known = identity.result()
        if not account_id and len(known.memberships) != 1:
            return None
        return _listed(reader, chosen(known, account_id), meter, clock)

    return Reading(
        identity=identity,
        records=_started(read),
        reader=reader,
        meter=meter,
        account_id=account_id,
        clock=clock,
    )


def chosen(identity: Identity, wanted: str) -> str:
    """Give the account to work on: the wanted one if the login reaches it, else its only one."""
    reached = [membership.account_id for membership in identity.memberships]
    told = ", ".join(f"{m.account_id} ({m.business})" if m.business else m.account_id for m in identity.memberships)
    if wanted and wanted not in reached:
        raise NotAllowed(
            "the login does not reach this account",
            f"The configuration or command line names account {wanted}; the token reaches {told or 'none'}. Use a "
            "token of that account, or correct `account:`.",
            code="other-account",
        )
    if wanted:
        return wanted
    if len(reached) != 1:
        raise NotAllowed(
            "it is not clear which account is meant" if reached else "the login reaches no accounting account",
            f"The token reaches {told}. Name one: `account:` in the YAML, --account, or FRESHBOOKS_ACCOUNT_ID."
            if reached
            else "The token's user has no business with an accounting account.",
            code="which-account",
        )
    return reached[0]


def complete(reader: Reader, account: Account, questions: Questions, meter: Meter) -> Account:
    """Answer what matching must know of the account besides what was listed."""
    deleted, checked = account.deleted, dict(account.checked)
    if questions.deleted and deleted is None:
        deleted = _by_id(reader.listing(Visibility.DELETED, meter))
    with ThreadPoolExecutor(8) as pool:
        checked.update(zip(questions.ids, pool.map(reader.fetch, questions.ids), strict=True))
    return replace(account, deleted=deleted, checked=checked)


def _listed(reader: Reader, account_id: str, meter: Meter, clock: Callable[[], float]) -> Account:
    began = clock()
    reader.use_account(account_id)
    listings = [
        _started(partial(reader.listing, visibility, meter)) for visibility in (Visibility.ACTIVE, Visibility.ARCHIVED)
    ]
    # Where one fails the other is waited for all the same: no thread is left behind with a connection.
    wait(listings)
    active, archived = (listing.result() for listing in listings)
    return Account(account_id=account_id, records=_by_id(active) | _by_id(archived), read_at_s=began)


def _by_id(records: Iterable[LiveResource]) -> dict[RemoteId, LiveResource]:
    return {record.id: record for record in records}


def _other_account(configured: str, given: str) -> NotAllowed:
    return NotAllowed(
        "two accounts are named",
        f"The configuration says account {configured}; the command line, environment or settings say {given}.",
        code="other-account",
    )


def _started(work: Callable[[], Result]) -> Future[Result]:
    """Run work in a thread that does not keep the program alive when a person gives up."""
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits for the result
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future
