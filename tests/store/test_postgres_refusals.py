"""What PostgreSQL refuses, and what is refused of it: logins, rights, replicas, poolers, addresses."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.errors import StateUnusable, UsageError
from reconciler.store.postgres.sessions import server_of
from reconciler.store.postgres.storage import PostgresStorage, open_postgres
from tests.contracts.cluster import CREDENTIALS, PASSWORD, Cluster
from tests.contracts.keeper import kept
from tests.contracts.test_backend import holder
from tests.contracts.wire import wire_to
from tests.store.test_objects import said

Opened = Callable[..., PostgresStorage]


def refusal(call: Callable[[], object]) -> StateUnusable:
    """Give the error of a call, in which no password may be."""
    with pytest.raises(StateUnusable) as caught:
        call()
    assert PASSWORD not in said(caught.value)
    assert "canary" not in said(caught.value)
    return caught.value


def test_who_is_not_let_in(server: Cluster, opened: Opened) -> None:
    """A wrong password, none, and an unknown database are refused in words, without the password."""
    for environment in ({"PGPASSWORD": "canary-wrong"}, {"PGPASSFILE": "/nowhere"}):
        assert refusal(lambda: opened(server.address(), environment).read("")).code == "store-refused"  # noqa: B023
    assert refusal(lambda: opened(server.address("nowhere")).check()).code == "store-refused"


def test_nobody_listens(opened: Opened) -> None:
    """Where no connection comes about, nothing was written, and that is what it says."""
    with wire_to("127.0.0.1", 1) as wire:
        closed = wire.own_port
    storage = opened(f"postgresql://team@127.0.0.1:{closed}/books")
    for call in (lambda: storage.read(""), lambda: storage.create("", b"{}"), lambda: storage.take(holder())):
        assert refusal(call).code == "store-unreachable"


def test_who_may_not_make_the_tables(server: Cluster, opened: Opened) -> None:
    """Without the right to make tables a read finds nothing, and a write says what to run; that is enough."""
    database = server.database()
    storage = opened(server.address(database, user="reader"))
    assert storage.read("") is None
    assert storage.peek() is None
    error = refusal(lambda: storage.create("", b"{}"))
    assert error.code == "store-refused"
    statements = error.detail.partition("sequence: ")[2]
    with server.admin(database) as connection:
        connection.execute(statements.encode())
        connection.execute(
            "GRANT USAGE ON SCHEMA reconciler TO reader; GRANT USAGE ON SEQUENCE reconciler.serials TO reader;"
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA reconciler TO reader"
        )
    storage.check()
    assert storage.take(holder(1)) is None


def test_a_server_that_only_reads(server: Cluster, opened: Opened) -> None:
    """A replica is refused by the check, with the state that PostgreSQL gives and what to do."""
    database = server.database()
    with server.admin() as connection:
        connection.execute(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    error = refusal(opened(server.address(database)).check)
    assert (error.code, "25006" in error.detail) == ("store-refused", True)


def test_a_session_of_another_user(server: Cluster, opened: Opened) -> None:
    """Who may not end the holder's session still takes its row away, and is told what an administrator can do."""
    database = server.database()
    one, two = opened(server.address(database)), opened(server.address(database, user="reader"))
    one.take(holder(1))
    with server.admin(database) as connection:
        connection.execute(
            "GRANT USAGE ON SCHEMA reconciler TO reader; GRANT ALL ON ALL TABLES IN SCHEMA reconciler TO reader"
        )
    seen = two.take(holder(2))
    assert seen is not None
    assert "pg_terminate_backend(" in refusal(lambda: two.remove(seen)).detail
    assert "does not say whose it is" in refusal(lambda: two.take(holder(2))).detail
    assert not one.renew(holder(1))
    one.release(holder(1))
    two = opened(server.address(database, user="reader"))
    assert two.take(holder(2)) is None


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://team:canary@db.example/books",
        "postgresql://db.example/books?password=canary",
        "postgresql://db.example/books?sslpassword=canary",
        "postgresql://db.example/books?canary=1",
        "postgresql://db.example/books#canary",
        "postgresql://db.example/books?name=canary%20state",
        "postgresql://db.example/books?schema=canary-state",
        "postgresql://[canary/books",
    ],
)
def test_addresses_that_are_refused(address: str) -> None:
    """Passwords, unknown options and odd names are refused, and not repeated."""
    with pytest.raises(UsageError) as caught:
        open_postgres(address, {})
    assert caught.value.code == "store-address"
    assert "canary" not in said(caught.value)


def test_the_environment_completes_the_address() -> None:
    """PG* variables fill what the address leaves open, other machines are reached encrypted, no text shows a key."""

    def parameters(given: Mapping[str, str], **environment: str) -> Mapping[str, str]:
        server = server_of(given, {**environment, **CREDENTIALS}, schema="s", shown="postgresql://db/books", tables=())
        assert PASSWORD not in repr(server)
        return server.parameters

    assert parameters({"host": "db.example"}, PGUSER="team")["user"] == "team"
    assert parameters({"host": "db.example"})["sslmode"] == "require"
    assert parameters({"host": "127.0.0.1,db.example"})["sslmode"] == "require"
    assert parameters({"host": "db.example"}, PGSSLMODE="verify-full")["sslmode"] == "verify-full"
    assert parameters({"host": "db.example", "sslmode": "disable"}, PGSSLMODE="require")["sslmode"] == "disable"
    for local in ({"host": "localhost"}, {"host": "/run/postgresql"}, {}):
        assert "sslmode" not in parameters(local)


@contextmanager
def pooler(server: Cluster, mode: str) -> Iterator[int]:
    """Start PgBouncer before the server; give its port."""
    program = shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin") or shutil.which("pgbouncer")
    if program is None:
        pytest.skip("POOLERS ARE NOT TESTED: pgbouncer is not installed")
    folder = tempfile.mkdtemp(prefix="pool-")
    # Like the server, it does not run as root.
    user = "postgres" if os.geteuid() == 0 else ""
    if user:
        shutil.chown(folder, user)
    with wire_to("127.0.0.1", 1) as wire:
        port = wire.own_port
    users = Path(folder) / "users.txt"
    users.write_text(f'"team" "{PASSWORD}"\n')
    users.chmod(0o644)
    (Path(folder) / "pool.ini").write_text(
        f"[databases]\n* = host=127.0.0.1 port={server.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
        f"listen_port = {port}\nauth_type = plain\nauth_file = {users}\npool_mode = {mode}\nunix_socket_dir =\n"
        f"ignore_startup_parameters = extra_float_digits\n"
    )
    kept(folder, user, [program, "pool.ini"], ready="process up")
    yield port


@pytest.mark.parametrize(("mode", "refuses"), [("transaction", True), ("session", False)])
def test_poolers(server: Cluster, opened: Opened, mode: str, *, refuses: bool) -> None:
    """A pooler that takes sessions apart is refused before a lock is lost in it; one that keeps them is used."""
    with pooler(server, mode) as port:
        storage = opened(server.address(port=port))
        if refuses:
            assert refusal(lambda: storage.take(holder(1))).code == "store-pooled"
        else:
            assert storage.take(holder(1)) is None
            assert storage.renew(holder(1))
            storage.release(holder(1))


def test_without_the_library(tmp_path: Path) -> None:
    """Without psycopg the error names the extra to install."""
    (tmp_path / "psycopg.py").write_text("raise ImportError")
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from reconciler.store.postgres.storage import open_postgres\n"
        "try: open_postgres('postgresql://db/books', {})\n"
        "except Exception as error: print(error.code, error.detail)\n"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.startswith("store-not-installed ")
    assert "pip install 'freshbooks-reconciler[postgres]'" in told.stdout
