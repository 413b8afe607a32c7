"""A state in an object store: S3 and its likes, Azure Blob Storage, Google Cloud Storage. Fills `Backend` and `Lock`.

It knows neither the clouds' errors (`verdicts`) nor their settings (`clouds`).

    path/state.json           the state
    path/state.json.d/NAME    the documents beside it
    path/state.json.lock      who has the lock
    path/state.json.clock     written to learn the time

**Nothing is ever deleted.** Not every storage deletes under a condition, and without one a late delete would take away
what somebody else has written since. So a document is deleted, and the lock released, by replacing the version that was
read with a small mark of its own; to write there again means to replace that mark. Each step is one conditional write.
That also spares the login the right to delete.

**A version is an ETag** (a generation on GCS). On S3 it is a digest of the content, so a document that was changed and
changed back has its old version again; states have a serial in them and locks a number of their own, so none ever is.
"""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from reconciler.errors import Moved, StateUnusable
from reconciler.store.addresses import StateAddress, not_installed
from reconciler.store.backend import Holder, Stored, Trace
from reconciler.store.objects.clouds import SCHEMES, site_of
from reconciler.store.settling import settle
from reconciler.store.verdicts import moved, no_conditions

if TYPE_CHECKING:
    from reconciler.store.objects.buckets import Bucket, Found

__all__ = ["SCHEMES", "ObjectStorage", "open_objects"]

_GONE = re.compile(rb'\{"reconciler": "deleted", "mark": "[0-9a-f]{32}"\}')
_DOCUMENT_S, _LOCK_S = 120.0, 5.0
_TRIES = 5
_CLOCK_LASTS_S = 60.0


def open_objects(
    address: str,
    environment: Mapping[str, str],
    *,
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
    trace: Trace | None = None,
) -> ObjectStorage:
    """Open the storage that an address names; the first request is made when it is used.

    Raises:
        UsageError: the address is malformed, or holds credentials.
        StateUnusable: the library is not installed, or the settings of the environment do not fit together.
    """
    site, named = site_of(address, environment)
    try:
        from reconciler.store.objects.buckets import Bucket  # noqa: PLC0415 - it needs an optional dependency
    except ImportError:
        raise not_installed("objects", "A state in S3, Azure or Google Cloud Storage") from None
    # A renewal must fail in good time, a state of a hundred megabytes may take its time.
    quick, patient = (
        Bucket(site, timeout_s=timeout_s, sleep=sleep, trace=trace) for timeout_s in (_LOCK_S, _DOCUMENT_S)
    )
    return ObjectStorage(named, documents=patient, quick=quick, sleep=sleep, monotonic=monotonic)


class ObjectStorage:
    """One state's objects and lock in one bucket."""

    def __init__(
        self,
        address: StateAddress,
        *,
        documents: Bucket,
        quick: Bucket,
        sleep: Callable[[float], None],
        monotonic: Callable[[], float],
    ) -> None:
        self._key, self._shown = address.path, address.shown
        self._documents, self._quick = documents, quick
        self._sleep, self._monotonic = sleep, monotonic
        self._marks: dict[str, str] = {}
        self._ours: dict[str, str] = {}
        self._clock: tuple[float, float] | None = None

    @property
    def shown(self) -> str:
        """Give the address without options."""
        return self._shown

    @property
    def single(self) -> bool:
        """There is room beside the state."""
        return False

    def __repr__(self) -> str:
        return f"ObjectStorage({self._shown})"

    # Documents.

    def read(self, name: str) -> Stored | None:
        """Give a document."""
        return self._stored(self._documents, self._path(name))

    def create(self, name: str, content: bytes) -> str:
        """Write a document that is not there, or replace the mark of its deletion."""
        return self._created(self._documents, self._path(name), content)

    def replace(self, name: str, content: bytes, version: str) -> str:
        """Replace a version."""
        return self._settled(self._documents, self._path(name), content, version)

    def delete(self, name: str, version: str) -> None:
        """Replace a version by the mark of its deletion."""
        path = self._path(name)
        self._marks[path] = self._settled(self._documents, path, _mark(), version)

    def names(self, prefix: str) -> Sequence[str]:
        """Give the names of the objects, without those that mark a deletion: these are of one size, and no other is."""
        path, mark = self._path(""), len(_mark())
        start = f"{path}.d/"
        found = self._documents.sizes(start + prefix)
        return sorted(key.removeprefix(start) for key, size in found.items() if size != mark)

    def check(self) -> None:
        """Try what must fail on an object of its own: to create over it, and to replace what is no longer there."""
        path = self._path(f"check-{secrets.token_hex(8)}")
        bucket = self._documents
        first = self._settled(bucket, path, b'{"check": 1}', None)
        try:
            if _passes(lambda: bucket.create(path, b'{"check": 2}')):
                raise no_conditions("It let an object be created where one was (If-None-Match was ignored).")
            self._settled(bucket, path, b'{"check": 3}', first)
            if _passes(lambda: bucket.replace(path, b'{"check": 4}', first)):
                raise no_conditions("It let a version be replaced that was no longer there (If-Match was ignored).")
        finally:
            _forgiven(lambda: bucket.remove(path))

    def close(self) -> None:
        """Do nothing: the library closes idle connections by itself."""

    # The lock.

    def take(self, holder: Holder) -> Holder | None:
        """Take the lock: read it, then write it if nobody has it."""
        path = self._lock
        for _ in range(_TRIES):
            found = self._quick.get(path)
            if found is not None and not _is_mark(found.content):
                seen = _holder(found)
                if seen.id != holder.id:
                    return seen
            try:
                version = found.version if found is not None else None
                self._ours[holder.id] = self._settled(self._quick, path, _written(holder), version)
            except Moved:
                continue
            return None
        raise moved()

    def renew(self, holder: Holder) -> bool:
        """Write it again, over the version that we wrote last."""
        version = self._ours.get(holder.id)
        for _ in range(_TRIES):
            version = version or self._version_of(holder)
            if version is None:
                return False
            try:
                self._ours[holder.id] = self._settled(self._quick, self._lock, _written(holder), version)
            except Moved:
                # A renewal whose answer was lost may have arrived late: it is ours all the same.
                version = None
            else:
                return True
        return False

    def release(self, holder: Holder) -> None:
        """Replace it by a mark, if it is ours."""
        version = self._ours.pop(holder.id, None)
        for _ in range(_TRIES):
            version = version or self._version_of(holder)
            if version is None:
                return
            try:
                self._settled(self._quick, self._lock, _mark(), version)
            except Moved:
                version = None
            else:
                return

    def remove(self, seen: Holder) -> bool:
        """Replace it by a mark, if it is what was seen."""
        found = self._quick.get(self._lock)
        if found is None or _is_mark(found.content) or _holder(found) != seen:
            return False
        try:
            self._settled(self._quick, self._lock, _mark(), found.version)
        except Moved:
            return False
        return True

    @property
    def asks(self) -> bool:
        """Tell that `peek` only reads."""
        return True

    def peek(self) -> Holder | None:
        """Say who has it."""
        found = self._quick.get(self._lock)
        return None if found is None or _is_mark(found.content) else _holder(found)

    def now_s(self) -> float:
        """Give the storage's time, never ahead of it: that of an object just written, and what has passed since."""
        known = self._clock
        if known is None or self._monotonic() - known[1] > _CLOCK_LASTS_S:
            path = f"{self._key}.clock"
            self._quick.overwrite(path, b'{"clock": "%s"}' % secrets.token_hex(8).encode())
            found = self._quick.get(path)
            if found is None:
                raise moved()
            self._clock = known = (found.written_s, self._monotonic())
        return known[0] + (self._monotonic() - known[1])

    # What both stand on.

    @property
    def _lock(self) -> str:
        return f"{self._key}.lock"

    def _path(self, name: str) -> str:
        return f"{self._key}.d/{name}" if name else self._key

    def _version_of(self, holder: Holder) -> str | None:
        found = self._quick.get(self._lock)
        if found is None or _is_mark(found.content) or _holder(found).id != holder.id:
            return None
        return found.version

    def _stored(self, bucket: Bucket, path: str) -> Stored | None:
        found = bucket.get(path)
        if found is None:
            self._marks.pop(path, None)
            return None
        if _is_mark(found.content):
            self._marks[path] = found.version
            return None
        return Stored(content=found.content, version=found.version)

    def _created(self, bucket: Bucket, path: str, content: bytes) -> str:
        for _ in range(_TRIES):
            try:
                return self._settled(bucket, path, content, self._marks.pop(path, None))
            except Moved:
                if self._stored(bucket, path) is not None:
                    raise
        raise moved()

    def _settled(self, bucket: Bucket, path: str, content: bytes, version: str | None) -> str:
        def write() -> str:
            return bucket.create(path, content) if version is None else bucket.replace(path, content, version)

        def read() -> Stored | None:
            found = bucket.get(path)
            return Stored(content=found.content, version=found.version) if found is not None else None

        return settle(write, read, content, self._sleep)


def _mark() -> bytes:
    return b'{"reconciler": "deleted", "mark": "%s"}' % secrets.token_hex(16).encode()


def _is_mark(content: bytes) -> bool:
    return _GONE.fullmatch(content) is not None


def _written(holder: Holder) -> bytes:
    told = asdict(holder)
    del told["expires_at_s"]
    # Unlike any other, so that a renewal gives another version even where that is a digest of the content.
    return json.dumps(told | {"renewal": secrets.token_hex(8)}).encode()


def _holder(found: Found) -> Holder:
    """Read who has the lock; a second is added since the time was cut to one: rather too late than too early."""
    try:
        told = json.loads(found.content)
        holder = Holder(
            id=str(told["id"]),
            run=str(told["run"]),
            host=str(told["host"]),
            link=str(told["link"]),
            since=str(told["since"]),
            ttl_s=float(told["ttl_s"]),
        )
    except (ValueError, KeyError, TypeError):
        raise StateUnusable(
            "the lock of the state cannot be read",
            "What lies where the lock belongs, the state's address with .lock behind, is no lock of ours. Look what it "
            "is, and delete it when nobody is at work.",
            code="store-refused",
        ) from None
    return replace(holder, expires_at_s=found.written_s + 1.0 + holder.ttl_s)


def _passes(write: Callable[[], object]) -> bool:
    """Tell whether a write is let through that must not be."""
    try:
        write()
    except Moved:
        return False
    return True


def _forgiven(remove: Callable[[], object]) -> None:
    """Remove what a check leaves; without the right to delete it stays, and harms nobody."""
    with contextlib.suppress(StateUnusable):
        remove()
