"""A PostgreSQL server of this process's own, in a folder of its own; where none is installed, tests are left out."""

from __future__ import annotations

import functools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.contracts.keeper import kept

PASSWORD = "canary-password"
CREDENTIALS = {"PGPASSWORD": PASSWORD}


@dataclass(slots=True, kw_only=True)
class Cluster:
    """The server, while this process lives: users `team` (owns what it makes) and `reader` (may make nothing)."""

    port: int
    folder: str
    databases: int = 0

    def admin(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        """Connect as the superuser, over the socket."""
        return psycopg.connect(host=self.folder, port=self.port, user="postgres", dbname=database, autocommit=True)

    def database(self) -> str:
        """Make a database of its own."""
        self.databases += 1
        name = f"books{self.databases}"
        with self.admin() as connection:
            connection.execute(f"CREATE DATABASE {name} OWNER team")
        return name

    def address(self, database: str = "", *, port: int = 0, user: str = "team", more: str = "") -> str:
        """Give what `--state` takes."""
        return f"postgresql://{user}@127.0.0.1:{port or self.port}/{database or self.database()}{more}"


@functools.cache
def cluster() -> Cluster:
    """Start the server of this process, once."""
    programs = _programs()
    root = os.geteuid() == 0
    user = "postgres" if root else ""
    folder = tempfile.mkdtemp(prefix="pg-")
    if root:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    place = f"{folder}/files"
    made = [str(programs / "initdb"), "-D", place, "-U", "postgres", "-A", "scram-sha-256", "--auth-local=trust", "-N"]
    subprocess.run([*made, "-E", "UTF8", "--locale=C"], user=user or None, cwd=folder, check=True, capture_output=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "listen_addresses": "127.0.0.1", "unix_socket_directories": folder, "fsync": "off", "max_connections": "100",
        "logging_collector": "off", "log_min_messages": "log",
    }  # fmt: skip
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    command = [str(programs / "postgres"), "-D", place, "-p", str(port), *options]
    kept(folder, user, command, ready="ready to accept connections")
    started = Cluster(port=port, folder=folder)
    with started.admin() as connection:
        connection.execute(f"CREATE ROLE team LOGIN PASSWORD '{PASSWORD}'")
        connection.execute(f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'")
    return started


def _programs() -> Path:
    """Give the folder of the server's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if found or on_path:
        return found[-1].parent if found else Path(str(on_path)).parent
    if os.environ.get("CI"):
        pytest.fail("PostgreSQL's server is not installed: apt-get install postgresql")
    pytest.skip("POSTGRESQL IS NOT TESTED: its server is not installed")
