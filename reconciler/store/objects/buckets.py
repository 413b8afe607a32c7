"""One bucket or container through obstore: read an object, write it under a condition.

It does not know what an object says, and gives no meaning to answers (`verdicts`). It is the only file that knows
obstore, an optional dependency, so nothing imports it before an address asks for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar, cast

import obstore
from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore, S3Store

from reconciler.errors import Unanswered
from reconciler.store.backend import Trace
from reconciler.store.objects.clouds import Site
from reconciler.store.settling import PAUSES_S
from reconciler.store.verdicts import answer, misfit, moved, no_conditions, silent, verdict

if TYPE_CHECKING:
    from obstore import PutMode
    from obstore.store import ClientConfig, RetryConfig

_T = TypeVar("_T")
_ONCE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An object as it was read."""

    content: bytes
    version: str
    written_s: float
    """When it was written, by the storage's clock, cut to a whole second."""


class Bucket:
    """A connection to a bucket; may be used from several threads.

    No write is repeated here, nor by the library: it would hide whether the first one arrived. `settle` does it.
    """

    def __init__(
        self, site: Site, *, timeout_s: float, sleep: Callable[[float], None], trace: Trace | None = None
    ) -> None:
        self.site = site
        self._trace = trace
        self._sleep = sleep
        self._store = _opened(site, timeout_s)

    def get(self, key: str) -> Found | None:
        """Give an object, None where the storage says that there is none."""
        for pause_s in (0.0, *PAUSES_S):
            if pause_s:
                self._sleep(pause_s)
            try:
                return self._get(key)
            except Unanswered:
                continue
        raise silent(self.site.shown)

    def create(self, key: str, content: bytes) -> str:
        """Write an object that is not there; give its version. Raises `Moved`, `Unanswered`."""
        return self._put(key, content, "create")

    def replace(self, key: str, content: bytes, version: str) -> str:
        """Replace a version; give the new one. Raises `Moved`, `Unanswered`."""
        # The types want both; a generation is what GCS compares, an ETag what the others do.
        by = "version" if self.site.scheme == "gs" else "e_tag"
        return self._put(key, content, cast("PutMode", {by: version}))

    def overwrite(self, key: str, content: bytes) -> None:
        """Write an object, whatever is there. Raises `Unanswered`."""
        self._put(key, content, "overwrite")

    def remove(self, key: str) -> None:
        """Delete an object, whatever it says by now. Raises `Unanswered`."""
        self._call("DELETE", key, lambda: obstore.delete(self._store, key))

    def sizes(self, prefix: str) -> Mapping[str, int]:
        """Give the sizes of the objects whose keys begin so, by key."""
        for pause_s in (0.0, *PAUSES_S):
            if pause_s:
                self._sleep(pause_s)
            try:
                return self._sizes(prefix)
            except Unanswered:
                continue
        raise silent(self.site.shown)

    def _sizes(self, prefix: str) -> Mapping[str, int]:
        # The library takes a prefix for a folder, and gives only what lies within it.
        folder = prefix.rpartition("/")[0]

        def listed() -> Mapping[str, int]:
            found = {}
            for page in obstore.list(self._store, prefix=folder, return_arrow=False):
                found.update({each["path"]: each["size"] for each in page if each["path"].startswith(prefix)})
            return found

        return self._call("GET", f"{folder}/", listed) or {}

    def _get(self, key: str) -> Found | None:
        def read() -> Found:
            got = obstore.get(self._store, key)
            return Found(
                content=bytes(got.bytes()),
                version=self._version(got.meta),
                written_s=float(int(got.meta["last_modified"].timestamp())),
            )

        return self._call("GET", key, read)

    def _put(self, key: str, content: bytes, mode: PutMode) -> str:
        # In parts it would be no single write, and some storages check no condition on those.
        written = self._call("PUT", key, lambda: obstore.put(self._store, key, content, mode=mode, use_multipart=False))
        if written is None:
            raise moved()
        return self._version(written)

    def _version(self, of: Mapping[str, Any]) -> str:
        given = of["version"] if self.site.scheme == "gs" else of["e_tag"]
        if not given:
            raise no_conditions("It gives its objects no version (ETag).")
        return str(given)

    def _call(self, method: str, key: str, call: Callable[[], _T]) -> _T | None:
        began = time.monotonic()
        try:
            got = interruptible(call)
        except (BaseError, OSError, ValueError) as error:
            said = answer(error)
        else:
            self._told(method, key, "done", began)
            return got
        self._told(method, key, said.told, began)
        # Outside of the `except`, so that no trace has the library's text: it quotes addresses with their signatures.
        problem = verdict(said, bucket=self.site.shown, remedy=self.site.remedy)
        if problem is None:
            return None
        raise problem

    def _told(self, method: str, key: str, told: str, began: float) -> None:
        if self._trace is not None:
            self._trace(method, f"{self.site.scheme}://{self.site.bucket}/{key}", told, time.monotonic() - began)


def interruptible(call: Callable[[], _T]) -> _T:
    """Call what would keep signals waiting until it is done, as the library does; the main thread stays awake."""
    if threading.current_thread() is not threading.main_thread():
        return call()
    ended: list[_T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            ended.append(call())
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
            failed.append(error)

    # A daemon: whoever was interrupted does not wait for it at the end either.
    thread = threading.Thread(target=run, daemon=True, name="shared-storage")
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return ended[0]


def _opened(site: Site, timeout_s: float) -> S3Store | AzureStore | GCSStore:
    retries: RetryConfig = {"max_retries": 0, "retry_timeout": _ONCE}
    client: ClientConfig = {
        "timeout": timedelta(seconds=timeout_s),
        "connect_timeout": timedelta(seconds=min(10.0, timeout_s)),
        "allow_http": site.plain_http,
        "user_agent": "freshbooks-reconciler",
    }
    kind: Any = {"s3": S3Store, "az": AzureStore, "gs": GCSStore}[site.scheme]
    try:
        return cast(
            "S3Store | AzureStore | GCSStore",
            kind(site.bucket, config=dict(site.settings), client_options=client, retry_config=retries),
        )
    except (BaseError, OSError, ValueError):
        pass
    raise misfit(site.shown, site.remedy)
