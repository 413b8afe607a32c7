"""The account's records in SQLite: clients as the JSON that is answered, their contacts, tokens.

It knows no HTTP and no quirk. One connection under one lock: every call is one transaction.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import stat
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

FIRST_CLIENT, FIRST_CONTACT, STEP = 700001, 900001, 2

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS clients (
    id INTEGER PRIMARY KEY, vis_state INTEGER NOT NULL, document TEXT NOT NULL, outstanding TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS clients_by_state ON clients (vis_state, id);
CREATE INDEX IF NOT EXISTS clients_by_email ON clients (json_extract(document, '$.email') COLLATE NOCASE);
CREATE INDEX IF NOT EXISTS clients_by_username ON clients (json_extract(document, '$.username'));
CREATE TABLE IF NOT EXISTS contacts (
    id INTEGER PRIMARY KEY, client INTEGER NOT NULL, place INTEGER NOT NULL, document TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS contacts_by_client ON contacts (client, place);
CREATE TABLE IF NOT EXISTS tokens (
    value TEXT PRIMARY KEY, use TEXT NOT NULL, scope TEXT NOT NULL, expires REAL NOT NULL, bound TEXT NOT NULL);
"""


_MEMORY, _PRIVATE = ":memory:", 0o600
_BESIDE = ("", "-wal", "-shm")


def _opened(path: str) -> sqlite3.Connection:
    """Open a database of ours, or begin one; private, since it holds people's addresses, and tokens."""
    if path != _MEMORY:
        _begin(path)
    connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    try:
        tables = {str(name) for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if tables and "meta" not in tables:
            raise sqlite3.DatabaseError("it is another program's")  # noqa: TRY301 - closed below like any other
        for file in (Path(path + suffix) for suffix in _BESIDE if path != _MEMORY):
            if file.exists():
                file.chmod(_PRIVATE)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.executescript(_SCHEMA)
    except BaseException:
        connection.close()
        raise
    return connection


def _begin(path: str) -> None:
    """Make the file where there is none: SQLite gives the files that it keeps beside it the same mode."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, _PRIVATE)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("it is not a regular file")
    finally:
        os.close(descriptor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One client as stored: its JSON text, and what it owes (`100.00 USD`)."""

    id: int
    document: str
    outstanding: str


class Books:
    """The records of one account; may be used from several threads."""

    def __init__(self, path: str = ":memory:") -> None:
        self._lock = threading.RLock()
        try:
            self._connection = _opened(path)
        except (sqlite3.DatabaseError, OSError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else error
            raise ValueError(f"{path} cannot be used as a database ({why})") from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make several calls one: all of them, or none."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """Run one SQL query."""
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    def _run(self, query: str, values: Sequence[object] = ()) -> int:
        with self._lock:
            return self._connection.execute(query, values).rowcount

    # What the account remembers of itself.

    def remember(self, name: str, value: str) -> str:
        """Keep a value under a name unless there is one already; give the one that is kept."""
        self._run("INSERT OR IGNORE INTO meta VALUES (?, ?)", (name, value))
        return str(self.rows("SELECT value FROM meta WHERE name = ?", (name,))[0][0])

    def remembered(self, prefix: str) -> list[str]:
        """Give the values of all names that begin so, the oldest first."""
        rows = self.rows("SELECT value FROM meta WHERE substr(name, 1, ?) = ? ORDER BY rowid", (len(prefix), prefix))
        return [str(row[0]) for row in rows]

    def secret(self, name: str) -> str:
        """Give the random value of this name, made at its first use."""
        return self.remember(name, secrets.token_hex(32))

    # Clients.

    def next_client_id(self) -> int:
        """Give the next id; they grow by two and start nowhere in particular, as FreshBooks' do."""
        return self._next("clients", FIRST_CLIENT)

    def _next(self, table: str, first: int) -> int:
        self.remember(f"next {table}", str(first))
        number = int(str(self.rows("SELECT value FROM meta WHERE name = ?", (f"next {table}",))[0][0]))
        self._run("UPDATE meta SET value = ? WHERE name = ?", (str(number + STEP), f"next {table}"))
        return number

    def put_client(self, client: dict[str, object], outstanding: str | None = None) -> None:
        """Store a client, new or known; what it owes stays unless given."""
        document = json.dumps(client, ensure_ascii=False)
        self._run(
            "INSERT INTO clients VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
            "vis_state = excluded.vis_state, document = excluded.document",
            (client["id"], client["vis_state"], document, outstanding or ""),
        )
        if outstanding is not None:
            self._run("UPDATE clients SET outstanding = ? WHERE id = ?", (outstanding, client["id"]))

    def client(self, remote_id: int) -> Row | None:
        """Give one client."""
        found = self.select("WHERE id = ?", (remote_id,))
        return found[0] if found else None

    def select(self, tail: str, values: Sequence[object] = ()) -> list[Row]:
        """Give the clients that an SQL tail (WHERE, ORDER, LIMIT) chooses."""
        rows = self.rows(f"SELECT id, document, outstanding FROM clients {tail}", values)  # noqa: S608 - tails are built by `listing` from fixed parts
        return [Row(id=int(str(row[0])), document=str(row[1]), outstanding=str(row[2])) for row in rows]

    def count(self, where: str = "", values: Sequence[object] = ()) -> int:
        """Count the clients that an SQL condition chooses."""
        return int(str(self.rows(f"SELECT count(*) FROM clients {where}", values)[0][0]))  # noqa: S608 - the same

    def purge(self, remote_id: int) -> None:
        """Remove a client for good, which FreshBooks itself never does; for trying out what then happens."""
        with self.transaction():
            self._run("DELETE FROM clients WHERE id = ?", (remote_id,))
            self._run("DELETE FROM contacts WHERE client = ?", (remote_id,))

    def usernames(self, like: str) -> set[str]:
        """Give the user names that begin so."""
        name = "json_extract(document, '$.username')"
        rows = self.rows(f"SELECT {name} FROM clients WHERE {name} >= ? AND {name} < ?", (like, like + "\uffff"))  # noqa: S608 - a constant expression
        return {str(row[0]) for row in rows}

    # Contacts.

    def contacts_of(self, clients: Iterable[int]) -> dict[int, list[str]]:
        """Give the contacts' JSON texts by client, in their order."""
        wanted = list(clients)
        marks = ",".join("?" * len(wanted))
        rows = self.rows(
            f"SELECT client, document FROM contacts WHERE client IN ({marks}) ORDER BY client, place",  # noqa: S608 - question marks only
            wanted,
        )
        found: dict[int, list[str]] = {}
        for client, document in rows:
            found.setdefault(int(str(client)), []).append(str(document))
        return found

    def contact(self, contact_id: int) -> tuple[int, dict[str, object]] | None:
        """Give (client, contact)."""
        rows = self.rows("SELECT client, document FROM contacts WHERE id = ?", (contact_id,))
        return (int(str(rows[0][0])), json.loads(str(rows[0][1]))) if rows else None

    def next_contact_id(self) -> int:
        """Give the next contact id."""
        return self._next("contacts", FIRST_CONTACT)

    def put_contacts(self, client: int, contacts: Sequence[dict[str, object]]) -> None:
        """Make these the contacts of a client, all there are."""
        with self.transaction():
            self._run("DELETE FROM contacts WHERE client = ?", (client,))
            for place, contact in enumerate(contacts):
                self._run(
                    "INSERT INTO contacts VALUES (?, ?, ?, ?)",
                    (contact["contactid"], client, place, json.dumps(contact, ensure_ascii=False)),
                )

    def put_contact(self, contact: dict[str, object]) -> None:
        """Store a contact that exists."""
        document = json.dumps(contact, ensure_ascii=False)
        self._run("UPDATE contacts SET document = ? WHERE id = ?", (document, contact["contactid"]))

    def drop_contact(self, contact_id: int) -> bool:
        """Delete a contact; tell whether there was one."""
        return self._run("DELETE FROM contacts WHERE id = ?", (contact_id,)) > 0

    def contact_page(self, limit: int, offset: int) -> tuple[int, list[tuple[int, dict[str, object]]]]:
        """Give how many contacts of clients that are not deleted there are, and one page of them, newest first."""
        tail = "FROM contacts JOIN clients ON clients.id = contacts.client WHERE clients.vis_state <> 1"
        total = int(str(self.rows(f"SELECT count(*) {tail}")[0][0]))
        rows = self.rows(
            f"SELECT contacts.client, contacts.document {tail} ORDER BY contacts.id DESC LIMIT ? OFFSET ?",
            (limit, offset),
        )
        return total, [(int(str(client)), json.loads(str(document))) for client, document in rows]

    # Tokens.

    def put_token(self, value: str, use: str, scope: str, expires: float, bound: str = "") -> None:
        """Keep a token, code or the like; `bound` is what it may be used with."""
        self._run("INSERT OR REPLACE INTO tokens VALUES (?, ?, ?, ?, ?)", (value, use, scope, expires, bound))

    def token(self, value: str, use: str) -> tuple[str, float, str] | None:
        """Give (scope, expires, bound) of a token of this use."""
        rows = self.rows("SELECT scope, expires, bound FROM tokens WHERE value = ? AND use = ?", (value, use))
        return (str(rows[0][0]), float(str(rows[0][1])), str(rows[0][2])) if rows else None

    def drop_tokens(self, use: str, value: str | None = None) -> int:
        """Drop one token of a use, or all of them; give how many there were."""
        if value is None:
            return self._run("DELETE FROM tokens WHERE use = ?", (use,))
        return self._run("DELETE FROM tokens WHERE use = ? AND value = ?", (use, value))

    def drop_pair(self, bound: str) -> int:
        """Drop all tokens that were given together."""
        return self._run("DELETE FROM tokens WHERE bound = ? AND use IN ('access', 'refresh')", (bound,))
