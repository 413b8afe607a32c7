"""A hub, its runners, an account that is as main says, and a server for the state: where the flows of CI begin."""

from __future__ import annotations

import json
import subprocess
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reconciler.sandbox.oauth import REDIRECT_URI
from reconciler.sandbox.server import Sandbox, running
from tests.ci.runner import PROGRAM, ROOT, Hub, Runners
from tests.golden.story import Person
from tests.store.gitlab import GitLab
from tests.store.statehost import PASSWORD, USERNAME, Server
from tests.store.statehost import running as hosting

ACME = """\
  acme:
    organization: Acme Ltd.
    email: billing@acme.example
    fname: Ada
    bus_phone: 416-555-0100
"""
BOLT = """\
  bolt:
    organization: Bolt Bikes
    email: office@bolt.example
    language: en
"""
KEY = b64encode(b"a key of thirty-two bytes, of CI").decode()
FILE = f"version: 1\nclients:\n{ACME}{BOLT}"


def seeds(home: Path, sandbox: Sandbox, environment: Mapping[str, str]) -> None:
    """Put a login where the runners find it, as a person does once, from a machine of their own."""
    home.mkdir()
    app = {
        "FRESHBOOKS_CLIENT_ID": sandbox.grants.client_id,
        "FRESHBOOKS_CLIENT_SECRET": sandbox.grants.client_secret,
        "FRESHBOOKS_REDIRECT_URI": REDIRECT_URI,
        "FRESHBOOKS_REFRESH_TOKEN": sandbox.refresh_token,
    }
    done = subprocess.run(
        [*PROGRAM, "login", "ci", "--keep", "shared", "--with-refresh-token"],
        cwd=home, env={"PATH": "/usr/bin:/bin", "HOME": str(home), "PYTHONPATH": str(ROOT), **app, **environment},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


class Place:
    """What a test of a flow has at hand."""

    def __init__(self, folder: Path, sandbox: Sandbox, server: Server) -> None:
        self.sandbox = sandbox
        self.hub = Hub(folder)
        self.machine = {"FRESHBOOKS_API_URL": sandbox.url, "TF_HTTP_USERNAME": USERNAME, "TF_HTTP_PASSWORD": PASSWORD}
        shared = {"RECONCILER_STATE": server.url("freshbooks")}
        self.runners = Runners(self.hub, self.machine, shared, secrets := {"RECONCILER_TOKEN_KEY": KEY})
        seeds(folder / "desk-of-ada", sandbox, {**self.machine, **shared, **secrets})
        self.person = Person(sandbox)
        # Nobody reviewed the first commit of all: it is shown, and approved in the environment.
        begun = self.runners.pushed(self.hub.pushes({"clients.yaml": FILE}))
        assert (begun["apply"].outputs["stale"], begun["apply-anew"].result) == ("true", "success"), begun

    def clients(self) -> list[dict[str, Any]]:
        """Give the clients of the account."""
        return [json.loads(row.document) for row in self.sandbox.books.select("ORDER BY id")]

    def client(self, organization: str) -> dict[str, Any]:
        """Give one client of the account."""
        [found] = [client for client in self.clients() if client["organization"] == organization]
        return found

    def edits(self, organization: str, **fields: object) -> None:
        """Let a person edit a client in FreshBooks itself."""
        self.person.edits(self.client(organization)["id"], **fields)

    def proposes(self, branch: str, old: str, new: str) -> int:
        """Open a pull request from main as it began, with a text replaced; give its number."""
        self.hub.pushes({"clients.yaml": _replaced(FILE, old, new)}, branch)
        return self.hub.opens(branch)

    def pushes_on(self, branch: str, old: str, new: str) -> None:
        """Push a further commit onto a branch."""
        self.hub.pushes({"clients.yaml": _replaced(self.hub.file_on(branch, "clients.yaml"), old, new)}, branch)

    def writes(self) -> int:
        """Give how many requests so far were no reads."""
        return sum(entry["method"] != "GET" for entry in self.sandbox.log.entries)


def _replaced(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


@contextmanager
def placed(folder: Path) -> Iterator[Place]:
    """Make a place; it ends with its account."""
    server = GitLab()
    with hosting(server), running(account="Ab12Cd", calls_per_minute=0, creates_per_minute=0) as sandbox:
        place = Place(folder, sandbox, server)
        try:
            yield place
        finally:
            place.person.close()
