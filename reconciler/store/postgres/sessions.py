"""Sessions of a PostgreSQL server: open one, ask it, and what its errors mean.

It knows no table. It is the only file that knows psycopg, an optional dependency, so nothing imports it before an
address asks for it. Texts of the server and of the library go nowhere: only SQLSTATE codes do.

    what happens                                means
    no connection                               store-unreachable: nothing was done
    the server does not let us in               store-refused
    the connection breaks during a statement    Unanswered: it may have been done
    a conflict, a timeout, too many clients     Unanswered: it was not done, and may be tried again
    any other error of the server               store-refused
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import conninfo, errors, pq, sql

from reconciler.errors import StateUnusable, Unanswered
from reconciler.store.addresses import is_loopback
from reconciler.store.backend import Trace
from reconciler.store.settling import unanswered

Row = tuple[object, ...]

# Whoever waits for a dead line waits for a quarter of a minute, well within the life of a lock.
_CLIENT = {
    "connect_timeout": "10", "keepalives": "1", "keepalives_idle": "15", "keepalives_interval": "5",
    "keepalives_count": "3", "tcp_user_timeout": "15000", "application_name": "freshbooks-reconciler",
}  # fmt: skip
# What was answered must be on disk; a server that already waits for its replicas goes on doing so.
_SETTINGS = """
SELECT set_config('synchronous_commit', CASE WHEN current_setting('synchronous_commit') IN ('off', 'local')
                                             THEN 'on' ELSE current_setting('synchronous_commit') END, false),
       set_config('default_transaction_isolation', 'read committed', false),
       set_config('statement_timeout', '60s', false), set_config('lock_timeout', '10s', false)
"""
# The server notices within half a minute that the machine of a holder is gone, and never ends one for being idle.
_LASTING = """
SELECT set_config(name, value, false)
FROM (VALUES ('tcp_keepalives_idle', '15'), ('tcp_keepalives_interval', '5'), ('tcp_keepalives_count', '3'),
             ('tcp_user_timeout', '30000'), ('idle_session_timeout', '0')) AS wanted (name, value)
WHERE name IN (SELECT s.name FROM pg_settings s)
"""
_AGAIN = {"40001", "40P01", "55P03", "57014", "57P01", "57P02", "57P03", "53300"}
_NOT_LET_IN = ("authentication failed", "no password", "pg_hba.conf", "does not exist", "SSL", "permission denied")


class _MissingError(Exception):
    """The tables are not there yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Which server, and how to be let in."""

    parameters: Mapping[str, str]
    """A password may be among them, which is why a server has a text of its own."""
    schema: str
    shown: str
    tables: Sequence[str]
    """The statements that make them, each of which does nothing where it is done."""
    trace: Trace | None = None

    def __repr__(self) -> str:
        return f"Server({self.shown})"


def server_of(
    given: Mapping[str, str], environment: Mapping[str, str], *, schema: str, shown: str, tables: Sequence[str]
) -> Server:
    """Complete what an address says by the PG* variables of an environment, which libpq would else look up by itself.

    A connection to another machine is encrypted, unless the address or PGSSLMODE says otherwise.
    """
    parameters = dict(given)
    for option in pq.Conninfo.get_defaults():
        keyword, variable = option.keyword.decode(), (option.envvar or b"").decode()
        if keyword not in parameters and environment.get(variable):
            parameters[keyword] = environment[variable]
    hosts = [host for host in parameters.get("host", "").split(",") if host and not host.startswith("/")]
    if not all(map(is_loopback, hosts)):
        parameters.setdefault("sslmode", "require")
    return Server(parameters=_CLIENT | parameters, schema=schema, shown=shown, tables=tables)


class Session:
    """One connection; whoever uses it sees to it that nobody else does at the same time."""

    def __init__(self, server: Server, *, lasting: bool = False) -> None:
        self._server = server
        self._connection = _connected(server)
        try:
            self.read(_SETTINGS)
            if lasting:
                self.read(_LASTING)
                self._require_own_backend()
        except BaseException:
            self.close()
            raise

    def read(self, query: str, *values: object) -> Sequence[Row]:
        """Run one statement, a transaction of its own; nothing where the tables are missing. Raises `Unanswered`."""
        try:
            return self._rows(query, values)
        except _MissingError:
            return ()

    def write(self, query: str, *values: object) -> Sequence[Row]:
        """Run one statement, a transaction of its own; make the tables where they are missing. Raises `Unanswered`."""
        try:
            return self._rows(query, values)
        except _MissingError:
            self._make_tables()
        return self._rows(query, values)

    def _rows(self, query: str, values: Sequence[object]) -> Sequence[Row]:
        """Run a statement, in which `{s}` is the schema."""
        problem: Exception
        began = time.monotonic()
        try:
            with self._connection.cursor(binary=True) as cursor:
                cursor.execute(self._written(query), values or None)
                rows, count = cursor.fetchall() if cursor.description else [], cursor.rowcount
        except (errors.UndefinedTable, errors.InvalidSchemaName):
            problem, told = _MissingError(), "the tables are not there"
        except psycopg.Error as error:
            problem, told = self._meaning(error), error.sqlstate or "no answer"
        else:
            self._told(query, f"{count} row{'' if count == 1 else 's'}", began)
            return rows
        self._told(query, told, began)
        # Outside of the `except`, so that no trace has the texts of library and server.
        raise problem

    def _told(self, query: str, told: str, began: float) -> None:
        if self._server.trace is not None:
            table = re.search(r"\{s\}\.(\w+)", query)
            word = f"{query.split(maxsplit=1)[0]} {table[1] if table else ''}".strip()
            self._server.trace(word, self._server.shown, told, time.monotonic() - began)

    def _make_tables(self) -> None:
        problem: StateUnusable
        try:
            with self._connection.transaction():
                # Two that make them at once would trip over each other, in spite of IF NOT EXISTS.
                self._connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (self._server.schema,))
                for statement in self._server.tables:
                    self._connection.execute(self._written(statement))
                return
        except errors.InsufficientPrivilege:
            made = "; ".join(self._written(statement).as_string() for statement in self._server.tables)
            problem = StateUnusable(
                "shared storage refused the request",
                f"The tables are not there, and this user of {self._server.shown} may not make them. Run this as one "
                "who may, and grant SELECT, INSERT, UPDATE, DELETE on both and USAGE on schema and sequence: "
                f"{made};",
                code="store-refused",
            )
        except psycopg.Error as error:
            problem = self._meaning(error)
        raise problem

    def _written(self, query: str) -> sql.Composed:
        return sql.SQL(query).format(s=sql.Identifier(self._server.schema))

    def close(self) -> None:
        """End it, and with it the locks that it holds."""
        self._connection.close()

    def _meaning(self, error: psycopg.Error) -> StateUnusable:
        if self._connection.closed or self._connection.broken or error.sqlstate is None or error.sqlstate in _AGAIN:
            return unanswered()
        return refused(self._server.shown, error.sqlstate)

    def _require_own_backend(self) -> None:
        """Refuse a pooler that gives each transaction another server session: a lock would stay with a stranger.

        Such a pooler tells another process number than the server does. Some that keep sessions together do so too, so
        a mark is left in the session, another connection is made busy, and the mark is looked for.
        """
        if self._asked("SELECT pg_backend_pid()") == self._connection.info.backend_pid:
            return
        mark = self._asked("SELECT set_config('reconciler.mark', pg_backend_pid() || '-' || random(), false)")
        with _connected(self._server) as other, other.transaction():
            other.execute("SELECT 1")
            found = self._asked("SELECT current_setting('reconciler.mark', true)")
        if found != mark:
            raise StateUnusable(
                "there is a connection pooler before PostgreSQL that cannot hold locks",
                f"{self._server.shown} gives each transaction another session (as PgBouncer does with pool_mode = "
                "transaction), so a lock would be left with a stranger. Name the server's own port, or a pool with "
                "pool_mode = session.",
                code="store-pooled",
            )

    def _asked(self, query: str) -> object:
        return self.read(query)[0][0]


class Kept:
    """A session that is opened when it is needed, and anew when it broke; may be used from several threads."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._session: Session | None = None
        self._guard = threading.Lock()

    def read(self, query: str, *values: object) -> Sequence[Row]:
        """Do as `Session.read`. Raises `Unanswered`."""
        return self._with(lambda session: session.read(query, *values))

    def write(self, query: str, *values: object) -> Sequence[Row]:
        """Do as `Session.write`. Raises `Unanswered`."""
        return self._with(lambda session: session.write(query, *values))

    def _with(self, call: Callable[[Session], Sequence[Row]]) -> Sequence[Row]:
        with self._guard:
            if self._session is None:
                self._session = Session(self.server)
            try:
                return call(self._session)
            except Unanswered:
                # A new one costs little, and this one may be broken in a way that does not show.
                self._session.close()
                self._session = None
                raise

    def close(self) -> None:
        """End it."""
        with self._guard:
            if self._session is not None:
                self._session.close()
            self._session = None


def refused(shown: str, sqlstate: str) -> StateUnusable:
    """Give the error for what the server does not do."""
    return StateUnusable(
        "shared storage refused the request",
        f"{shown} refused a statement (SQLSTATE {sqlstate}). 42501 is a missing right, 25006 a server that only reads "
        "(name the primary, or add target_session_attrs=read-write), class 53 a full disk or memory.",
        code="store-refused",
    )


def _connected(server: Server) -> psycopg.Connection[Row]:
    try:
        # Prepared statements are one more thing that poolers lose, and nothing here is asked often.
        return psycopg.connect(
            conninfo.make_conninfo(**dict(server.parameters)), autocommit=True, prepare_threshold=None
        )
    except psycopg.Error as error:
        text = str(error)
    if any(words in text for words in _NOT_LET_IN):
        raise StateUnusable(
            "shared storage refused the request",
            f"{server.shown} does not let this login in. Check user, database and TLS (sslmode, sslrootcert); the "
            "password belongs into PGPASSWORD or ~/.pgpass.",
            code="store-refused",
        )
    raise StateUnusable(
        "shared storage cannot be reached",
        f"No connection to {server.shown} came about, so nothing was written. Check host, port and network.",
        code="store-unreachable",
    )


def parsed(address: str) -> dict[str, str] | None:
    """Take libpq's form of an address apart; None where it is none."""
    try:
        return {name: str(value) for name, value in conninfo.conninfo_to_dict(address).items()}
    except psycopg.Error:
        return None
