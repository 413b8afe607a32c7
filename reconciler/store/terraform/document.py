"""One document over the Terraform protocol: read, written under its lock, deleted, its lease renewed.

What guards a write, outermost first:

    the lock              every write is made under it: the run's, or one for just this write
    the edition           the version that callers know; read under the lock, right before the write
    the lock's ID         GitLab (always) and Gitea (where another has it) refuse a write with another
    the serial            GitLab and Gitea refuse one that was there before
    If-Match              for servers that give an ETag

The read is left out where a run has the lock, the server is known to count serials, and this connection wrote last.
What remains, on a server that guards nothing but the lock: a run that stood still between its read and its write for
longer than its lock lasts, and whose lock was taken over meanwhile.

An unanswered write is looked up: if it is there it is done; if what was there before is, it is sent once more, since
both tries are the same write; else somebody else has written.
"""

from __future__ import annotations

import threading
import uuid
from dataclasses import replace
from enum import Enum
from typing import assert_never

from reconciler.errors import Moved, StateUnusable, Unanswered
from reconciler.store.backend import Holder, Stored
from reconciler.store.terraform.address import Address
from reconciler.store.terraform.calls import Answer, Call, Calls, Lost, refused, unreachable
from reconciler.store.terraform.padlock import Padlock
from reconciler.store.terraform.words import Lease, Page, page_bytes, read_page

_TRIES = 2
_FRESH_SHARE = 1 / 6
"""Of its life: a write so short ago counts as a renewal, and leaves more of it than a holder counts on (`lease`)."""
_SERVER_ERRORS = range(500, 600)
_NO_SUCH_METHOD = 405


class _Verdict(Enum):
    DONE = "done"
    UNSENT = "it never arrived"
    CONFLICT = "refused for what is there, or for who has the lock"
    UNKNOWN = "nobody knows"


class Document:
    """One document and its lock; may be used from several threads."""

    def __init__(self, address: Address, calls: Calls) -> None:
        self._address = address
        self._calls = calls
        self.lock = Padlock(address, calls)
        self._guard = threading.RLock()
        self._known: Page | None = None
        self._doubtful: tuple[Page, str] | None = None
        self._leased = Lease(id="", renewed=0.0)

    def read(self) -> Stored | None:
        """Give the content with its version."""
        with self._guard:
            page = self._fetch()
            return Stored(content=page.content, version=page.edition) if page.content is not None else None

    def forget(self) -> None:
        """Forget what was read before the lock was taken: it may be old."""
        with self._guard:
            self._known = None

    def lease(self) -> Lease | None:
        """Give the lease that the document tells of."""
        try:
            return self._fetch(remember=False).lease
        except StateUnusable as error:
            if error.code in {"store-unreachable", "store-refused"}:
                raise
            return None  # another program's document tells of no lease

    def write(self, content: bytes, version: str) -> str:
        """Replace this version, or what is not there yet (""); gives the new version."""
        with self._guard, self.lock.moment() as wire:
            page = self._current(version)
            if page.edition != version:
                return self._earlier(page, content, version)
            new = replace(
                page,
                serial=page.serial + 1,
                lineage=page.lineage or str(uuid.uuid4()),
                edition=uuid.uuid4().hex,
                content=content,
                lease=self._lease(),
                etag="",
            )
            try:
                self._post(new, page, wire)
            except Unanswered:
                self._doubtful = new, version
                raise
            self._doubtful = None
            return new.edition

    def renew(self, holder: Holder) -> bool:
        """Move the lease on, unless a write did so lately; False where the lock is this holder's no longer."""
        with self._guard:
            wire = self.lock.id_of(holder)
            if self._leased.id == wire == self.lock.held and not self.lock.lost and self._lately(holder.ttl_s):
                return True
            if not self._address.proves_lock and not self.lock.still(wire):
                return self._gone(wire)
            page = self._known if self._known is not None and self._address.counts_serials else self._fetch()
            lease = Lease(id=wire, renewed=self._calls.clock.now_s())
            lineage = page.lineage or str(uuid.uuid4())
            new = replace(page, serial=page.serial + 1, lineage=lineage, lease=lease, etag="")
            try:
                self._post(new, page, wire)
            except Moved:
                return self.lock.still(wire) or self._gone(wire)
            return True

    def delete(self, version: str) -> None:
        """Delete this version."""
        with self._guard:
            with self.lock.moment() as wire:
                page = self._fetch()
                if page.edition != version:
                    raise _moved(self._address.shown)
                self._known = None
                # GitLab and Gitea delete nothing that is locked; elsewhere the lock is what guards the delete.
                if not self._address.counts_serials and self._deleted(page, wire):
                    return
            if not self._deleted(page, ""):
                raise refused(
                    "the state's server does not delete",
                    f"{self._address.shown} still has what was to be deleted. Perhaps it is locked.",
                )

    # What they share.

    def _lately(self, ttl_s: float) -> bool:
        return self._calls.clock.now_s() - self._leased.renewed < ttl_s * _FRESH_SHARE

    def _gone(self, wire: str) -> bool:
        if wire == self.lock.held:
            self.lock.lose()
        return False

    def _lease(self) -> Lease | None:
        held = self.lock.held
        return Lease(id=held, renewed=self._calls.clock.now_s()) if held else None

    def _current(self, version: str) -> Page:
        """Give what is there; what this connection knows will do where the server would refuse if it were otherwise."""
        known = self._known
        if known is not None and self.lock.held and self._address.counts_serials and known.edition == version:
            return known
        return self._fetch()

    def _earlier(self, page: Page, content: bytes, version: str) -> str:
        """Give the version that an earlier, unanswered try of the same write made; else it is somebody else's."""
        if self._doubtful is not None:
            ours, before = self._doubtful
            if (page.edition, content, version) == (ours.edition, ours.content, before):
                return page.edition
        raise _moved(self._address.shown)

    def _fetch(self, *, remember: bool = True) -> Page:
        got = self._calls.send(Call(does="read", method="GET", url=self._address.url))
        match got:
            case Answer(status=204 | 404):
                page = Page()
            case Answer(status=200):
                page = read_page(got.body, got.etag, self._address.shown) if got.body else Page()
            case Answer(status=422):
                raise refused("the state is just being removed", f"{self._address.shown}. Try again in a minute.")
            case _:
                raise unreachable(self._address.shown, got)
        if remember:
            self._known = page
        return page

    def _post(self, new: Page, old: Page, wire: str) -> None:
        """Write a page over the one that is there."""
        body = page_bytes(new)
        self._known = None
        sent = False
        for _ in range(_TRIES):
            call = Call(
                does="write",
                method=self._address.update_method,
                url=self._address.url,
                lock=wire,
                body=body,
                etag=old.etag,
            )
            got = self._calls.send(call)
            match self._verdict(got, sent=sent):
                case _Verdict.DONE:
                    return self._keep(new, got)
                case _Verdict.UNSENT:
                    raise unreachable(self._address.shown, got)
                case _Verdict.CONFLICT:
                    if self._there(new, old):
                        return self._keep(new, got)
                    raise self._conflict(wire, got)
                case _Verdict.UNKNOWN:
                    if self._there(new, old):
                        return self._keep(new, got)
                case never:
                    assert_never(never)
            sent = True
        raise self._unanswered(wire)

    def _verdict(self, got: Answer | Lost, *, sent: bool) -> _Verdict:
        """Say what became of a write; `sent` tells of an earlier try that may have arrived."""
        match got:
            case Answer(done=True):
                return _Verdict.DONE
            case Answer(status=409 | 412 | 422 | 423):
                return _Verdict.CONFLICT
            case Answer(status=413):
                raise refused("the state is larger than its server takes", f"{self._address.shown} answers 413.")
            case Answer(status=400):
                raise refused("the state's server did not accept the state", f"{self._address.shown} answers 400.")
            case Answer(status=status) if status not in _SERVER_ERRORS and not sent:
                return _Verdict.UNSENT
            case Lost(sent=False) if not sent:
                return _Verdict.UNSENT
            case _:
                return _Verdict.UNKNOWN

    def _there(self, new: Page, old: Page) -> bool:
        """Tell whether our write is there, rather than what was before; raises where neither is, or nobody can say."""
        try:
            now = self._fetch(remember=False)
        except StateUnusable as error:
            if error.code == "state-foreign":
                raise _moved(self._address.shown) from error
            raise Unanswered(
                "the state's server did not say whether it wrote",
                f"{error.detail} Run the same again once it answers: what was done is found again.",
            ) from error
        if now.same(new):
            return True
        if now.same(old):
            return False
        raise _moved(self._address.shown)

    def _keep(self, new: Page, got: Answer | Lost) -> None:
        self._known = replace(new, etag=got.etag if isinstance(got, Answer) and got.done else "")
        if new.lease is not None:
            self._leased = new.lease

    def _conflict(self, wire: str, got: Answer | Lost) -> StateUnusable:
        """Say why a write was refused although what was there is there still."""
        if not self._has_lock(wire):
            return self._locked_out(wire)
        status = got.status if isinstance(got, Answer) else 0
        return refused("the state's server did not accept the state", f"{self._address.shown} answers {status}.")

    def _has_lock(self, wire: str) -> bool | None:
        """Tell whether the lock is held under this ID; None where nobody can say."""
        try:
            return self.lock.still(wire)
        except StateUnusable:
            return None

    def _locked_out(self, wire: str) -> Moved:
        self._gone(wire)
        return Moved(
            "the lock of the state was lost",
            f"{self._address.shown} is not locked by this run any more. Nothing was written.",
        )

    def _unanswered(self, wire: str) -> StateUnusable:
        """Say what is known after every try was lost; GitLab answers 500 to the ID of a lock that is gone."""
        if self._has_lock(wire) is False:
            return self._locked_out(wire)
        return Unanswered(
            "the state's server did not say whether it wrote",
            f"{self._address.shown} still has the version before. Run the same again once it answers.",
        )

    def _deleted(self, page: Page, wire: str) -> bool:
        """Delete, and look; False where it is there as before."""
        got = self._calls.send(Call(does="delete", method="DELETE", url=self._address.url, lock=wire, etag=page.etag))
        if isinstance(got, Answer) and got.status == _NO_SUCH_METHOD:
            raise refused("the state's server does not delete", f"{self._address.shown} answers 405.")
        left = self._calls.send(Call(does="delete", method="GET", url=self._address.url))
        match left:
            case Answer(status=204 | 404 | 422):
                return True
            case Answer(status=200):
                now = read_page(left.body, left.etag, self._address.shown) if left.body else Page()
                if now.edition == page.edition:
                    return False
                if not now.edition:
                    return True
                raise _moved(self._address.shown)
            case _:
                raise Unanswered("the state's server did not say whether it deleted", f"{self._address.shown}.")


def _moved(shown: str) -> Moved:
    return Moved(
        "another run has written the state", f"{shown} is not the version that was read. Nothing was overwritten."
    )
