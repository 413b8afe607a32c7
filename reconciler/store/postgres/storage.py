"""A state in PostgreSQL: documents in one table, the lock in another. Fills `Backend` and `Lock`.

It opens no connection by itself (`sessions`). The tables are made at the first write.

**The lock is a row and a session.** The row says who has it and until when by the server's clock; who finds another's
row does not have the lock. The session holds an advisory lock, so that no row can be written while the session of a
former holder lives: to remove a lock is to delete its row and to end that session. A holder that was killed leaves its
row, which is respected until it has expired: what the holder had sent may be on its way.

A session that broke is opened anew by the next renewal, which counts only if the row is still there and still ours.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast
from urllib.parse import quote, urlencode

from reconciler.errors import StateUnusable, Unanswered, UsageError
from reconciler.store.addresses import StateAddress, not_installed, parse_address
from reconciler.store.backend import Holder, Stored, Trace
from reconciler.store.postgres import tables
from reconciler.store.settling import PAUSES_S, settle, unanswered
from reconciler.store.verdicts import moved, no_conditions, silent

if TYPE_CHECKING:
    from reconciler.store.postgres.sessions import Kept, Row, Session

SCHEMES = ("postgresql", "postgres")
_OPTIONS = (
    "name", "schema", "host", "port", "sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "channel_binding",
    "gssencmode", "krbsrvname", "target_session_attrs", "connect_timeout", "service", "application_name",
)  # fmt: skip
_LOGIN = "The password belongs into PGPASSWORD or ~/.pgpass."
_ANSWERS, _TRIES, _PAUSE_S = 3, 60, 0.05


def open_postgres(
    address: str,
    environment: Mapping[str, str],
    *,
    sleep: Callable[[float], None] = time.sleep,
    trace: Trace | None = None,
) -> PostgresStorage:
    """Open the storage that an address names; the first connection is made when it is used.

    Raises:
        UsageError: the address is malformed, or has a password.
        StateUnusable: the library is not installed.
    """
    named = parse_address(address, schemes=SCHEMES, options=_OPTIONS, secrets_by=_LOGIN)
    state, schema = named.options.get("name", "default"), named.options.get("schema", "reconciler")
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", schema) or not re.fullmatch(r"[\w./-]{1,200}", state):
        raise _bad("name is letters, digits and . / - _, schema lower-case letters, digits and _.")
    try:
        from reconciler.store.postgres import sessions  # noqa: PLC0415 - it needs an optional dependency
    except ImportError:
        raise not_installed("postgres", "A state in PostgreSQL") from None
    given = sessions.parsed(_for_libpq(named))
    if given is None:
        raise _bad(
            "PostgreSQL's library does not understand it: postgresql://USER@HOST:PORT/DATABASE?sslmode=verify-full"
        )
    shown = named.shown if state == "default" else f"{named.shown} ({state})"
    server = sessions.server_of(given, environment, schema=schema, shown=shown, tables=tables.TABLES)
    server = replace(server, trace=trace)
    return PostgresStorage(
        sessions.Kept(server), lambda: sessions.Session(server, lasting=True), state=state, shown=shown, sleep=sleep
    )


class PostgresStorage:
    """One state's rows and lock in one database."""

    def __init__(
        self,
        kept: Kept,
        lasting: Callable[[], Session],
        *,
        state: str,
        shown: str,
        sleep: Callable[[float], None],
    ) -> None:
        self._kept, self._lasting, self._sleep = kept, lasting, sleep
        self._state, self._shown = state, shown
        named = f"freshbooks-reconciler {kept.server.schema} {state}".encode()
        self._key = int.from_bytes(hashlib.sha256(named).digest()[:8], signed=True)
        self._guard = threading.Lock()
        self._holding: Session | None = None
        self._held = ""

    @property
    def shown(self) -> str:
        """Give the address without user and options."""
        return self._shown

    @property
    def single(self) -> bool:
        """There is room beside the state."""
        return False

    def __repr__(self) -> str:
        return f"PostgresStorage({self._shown})"

    # Documents.

    def read(self, name: str) -> Stored | None:
        """Give a document."""
        rows = self._read(tables.READ, self._state, name)
        return Stored(content=cast("bytes", rows[0][0]), version=str(rows[0][1])) if rows else None

    def create(self, name: str, content: bytes) -> str:
        """Insert a row."""
        return settle(
            lambda: self._one(tables.CREATE, self._state, name, content), lambda: self.read(name), content, self._sleep
        )

    def replace(self, name: str, content: bytes, version: str) -> str:
        """Update the row of a serial."""
        return settle(
            lambda: self._one(tables.REPLACE, content, self._state, name, int(version)),
            lambda: self.read(name),
            content,
            self._sleep,
        )

    def delete(self, name: str, version: str) -> None:
        """Delete the row of a serial."""
        gone = Stored(content=b"", version="")
        settle(
            lambda: self._one(tables.DELETE, self._state, name, int(version)),
            lambda: gone if self.read(name) is None else None,
            gone.content,
            self._sleep,
        )

    def names(self, prefix: str) -> Sequence[str]:
        """Give the names of rows."""
        return [cast("str", row[0]) for row in self._read(tables.NAMES, self._state, prefix)]

    def check(self) -> None:
        """Try a row of its own, with all that is done to others; a server that only reads is found here."""
        name = f"check-{secrets.token_hex(8)}"
        first = self.create(name, b"1")
        second = self.replace(name, b"2", first)
        if self._kept.write(tables.REPLACE, b"3", self._state, name, int(first)):
            raise no_conditions("It let a version be replaced that was no longer there.")
        self.delete(name, second)

    def close(self) -> None:
        """End the sessions; a lock that was not released stays until it expires."""
        with self._guard:
            self._drop()
        self._kept.close()

    # The lock.

    def take(self, holder: Holder) -> Holder | None:
        """Write the row under the advisory lock, if there is none."""
        with self._guard:
            self._drop()
        for _ in range(_ANSWERS):
            try:
                return self._asked(holder)
            except Unanswered:
                # If it arrived, the row is ours by now, and its session is ended first.
                continue
        raise unanswered()

    def _asked(self, holder: Holder) -> Holder | None:
        session: Session | None = None
        try:
            for _ in range(_TRIES):
                row = self._row()
                if row is not None and row[0].id != holder.id:
                    return row[0]
                if row is not None:
                    self._end(row[1])
                session = session or self._lasting()
                if self._claimed(session, holder):
                    session = None
                    return None
                # Another session has just taken it and not yet said whose it is, or is about to end.
                self._sleep(_PAUSE_S)
        finally:
            if session is not None:
                session.close()
        raise StateUnusable(
            "shared storage refused the request",
            f"A session of {self._shown} holds the lock and does not say whose it is. It is found in pg_locks with "
            "locktype 'advisory'; end it with pg_terminate_backend, or wait until it ends.",
            code="store-refused",
        )

    def renew(self, holder: Holder) -> bool:
        """Move the row's time on from the session that holds it, or from a new one where that broke."""
        with self._guard:
            if self._holding is not None and self._held == holder.id:
                try:
                    return bool(self._holding.read(tables.RENEW, holder.ttl_s, self._state, holder.id))
                except Unanswered:
                    self._drop()
            return self._reclaimed(holder)

    def release(self, holder: Holder) -> None:
        """Delete the row, if it is ours, and end the session."""
        try:
            self._read(tables.RELEASE, self._state, holder.id)
        finally:
            with self._guard:
                if self._held == holder.id:
                    self._drop()

    def remove(self, seen: Holder) -> bool:
        """Delete the row that was seen, and end its session."""
        gone = self._kept.read(tables.REMOVE, self._state, seen.id, seen.expires_at_s)
        if gone:
            self._end(cast("int", gone[0][0]))
        return bool(gone)

    @property
    def asks(self) -> bool:
        """Tell that `peek` only reads."""
        return True

    def peek(self) -> Holder | None:
        """Say who has it."""
        row = self._row()
        return row[0] if row is not None else None

    def now_s(self) -> float:
        """Give the server's time."""
        return cast("float", self._read("SELECT extract(epoch FROM clock_timestamp())::float8")[0][0])

    # What both stand on.

    def _row(self) -> tuple[Holder, int] | None:
        """Give who has the lock, and the number of the server's process that has it for them."""
        rows = self._read(tables.PEEK, self._state)
        if not rows:
            return None
        told = rows[0]
        holder = Holder(
            id=str(told[0]),
            run=str(told[1]),
            host=str(told[2]),
            link=str(told[3]),
            since=str(told[4]),
            ttl_s=cast("float", told[5]),
            expires_at_s=cast("float", told[6]),
        )
        return holder, cast("int", told[7])

    def _claimed(self, session: Session, holder: Holder) -> bool:
        told = (holder.id, holder.run, holder.host, holder.link, holder.since, holder.ttl_s)
        if not session.write(tables.CLAIM, self._key, self._state, *told):
            # The advisory lock may have been free, and the row another's.
            session.read(tables.UNLOCK)
            return False
        with self._guard:
            self._holding, self._held = session, holder.id
        return True

    def _reclaimed(self, holder: Holder) -> bool:
        """Have a new session take the place of one that broke, if nobody has removed the row meanwhile."""
        row = self._row()
        if row is None or row[0].id != holder.id:
            return False
        # The server may not have noticed yet that it is dead.
        self._end(row[1])
        session = self._lasting()
        try:
            ours = session.read(tables.RECLAIM, self._key, holder.ttl_s, self._state, holder.id)
        except StateUnusable:
            session.close()
            raise
        if not ours:
            session.close()
            raise unanswered("The connection that held the lock broke.")
        self._holding, self._held = session, holder.id
        return True

    def _drop(self) -> None:
        if self._holding is not None:
            self._holding.close()
        self._holding = None

    def _end(self, pid: int) -> None:
        """End the session that has our advisory lock, if it is this one."""
        try:
            self._kept.read(tables.END, pid, self._key)
        except Unanswered:
            raise
        except StateUnusable as error:
            raise StateUnusable(
                "shared storage refused the request",
                f"The session of the former holder belongs to another user of {self._shown}. End it as that user or as "
                f"an administrator: SELECT pg_terminate_backend({pid}).",
                code="store-refused",
            ) from error

    def _read(self, query: str, *values: object) -> Sequence[Row]:
        for pause_s in (0.0, *PAUSES_S):
            if pause_s:
                self._sleep(pause_s)
            try:
                return self._kept.read(query, *values)
            except Unanswered:
                continue
        raise silent(self._shown)

    def _one(self, query: str, *values: object) -> str:
        rows = self._kept.write(query, *values)
        if not rows:
            raise moved()
        return str(rows[0][0])


def _for_libpq(named: StateAddress) -> str:
    """Give what is left for libpq when our own options are taken out."""
    options = urlencode({name: value for name, value in named.options.items() if name not in {"name", "schema"}})
    user = f"{quote(named.user, safe='')}@" if named.user else ""
    return f"postgresql://{user}{named.host}/{quote(named.path, safe='')}" + (f"?{options}" if options else "")


def _bad(why: str) -> UsageError:
    return UsageError("the address of the state cannot be used", why, code="store-address")
