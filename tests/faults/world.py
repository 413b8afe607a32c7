"""A small world for campaigns of faults: an account with records of ours and of others, two wishes, and an oracle.

Every client and contact has an email of its own, so that one email alive twice is a record made twice.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.cli.main import run
from reconciler.core.state import State
from reconciler.sandbox.faults import Faults
from reconciler.sandbox.quirks import Quirks
from reconciler.sandbox.server import Options, Sandbox, running
from reconciler.store.documents import Documents
from reconciler.store.shared import SharedState
from reconciler.store.statefile import StateFile
from tests.contracts.backends import Shelf

ROOT = Path(__file__).parent.parent.parent
ACCOUNT = "Ab12Cd"
STATE = Path(".reconciler/state.json")
DELETED = 1
WRITES = {"POST", "PUT", "DELETE"}

Wish = Mapping[str, Mapping[str, Any]]
"""Clients by key, as they stand in the YAML."""


def brief(seconds: float) -> None:
    """Wait no longer than it takes for other threads to get on."""
    time.sleep(min(seconds, 0.002))


# What `apply` is to do: create, update, archive, delete, restore; add, edit and delete contacts.


def client(key: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - fields
    """Give one client with an email of its own."""
    return {"organization": f"{key.capitalize()} Ltd.", "email": f"{key}@ours.example", **more}


def contact(key: str, **more: str) -> dict[str, str]:
    """Give one contact with an email of its own."""
    return {"email": f"{key}@people.example", "fname": key.capitalize(), **more}


BEFORE: Wish = {
    "ann": client("ann", p_city="Oslo", contacts={"ann1": contact("ann1"), "ann2": contact("ann2")}),
    "ben": client("ben", note="old", contacts={"ben1": contact("ben1")}),
    "cat": client("cat"),
    "dan": client("dan", contacts={"dan1": contact("dan1")}),
    "eve": client("eve", p_city="Rome"),
}
AFTER: Wish = {
    "ann": client("ann", p_city="Bergen", contacts={"ann1": contact("ann1", phone1="416-555-0101")}),
    "ben": client("ben", note="new", contacts={"ben1": contact("ben1"), "ben2": contact("ben2")}),
    "cat": client("cat", archived=True),
    "eve": client("eve", p_city="Paris"),
    "new1": client("new1", contacts={"new1a": contact("new1a"), "new1b": contact("new1b")}),
    "new2": client("new2", contacts={"new2a": contact("new2a")}),
    "new3": client("new3"),
}


def document(wish: Wish) -> str:
    """Give the file of a wish: JSON is YAML."""
    return json.dumps({"version": 1, "clients": wish}, indent=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How one command ended."""

    code: int
    out: str
    err: str


@dataclass(slots=True, kw_only=True)
class World:
    """A folder with a configuration, and an account on a socket."""

    folder: Path
    sandbox: Sandbox
    others: dict[int, str] = field(default_factory=dict)
    """Clients that are not ours, as they were: their documents with their contacts, by id."""
    shelf: Shelf | None = None
    """Where the state is shared; else it is in the folder."""
    lock_ttl_s: float = 30.0
    """How long a shared lock lives: long enough on a busy machine; the dead are cleared away by hand."""

    # What is done.

    def wish(self, wanted: Wish) -> None:
        """Write the configuration."""
        (self.folder / "clients.yaml").write_text(document(wanted), encoding="utf-8")

    def environment(self) -> dict[str, str]:
        """Give what a command's environment needs."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("FRESHBOOKS_", "RECONCILER_"))
        }
        return kept | {
            "FRESHBOOKS_API_URL": self.sandbox.url,
            "FRESHBOOKS_ACCESS_TOKEN": self.sandbox.access_token,
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "COLUMNS": "100",
            "RECONCILER_LOCK_TTL": str(self.lock_ttl_s),
            **({"RECONCILER_STATE": self.shelf.address, **self.shelf.environment} if self.shelf is not None else {}),
        }

    def fresh_runner(self) -> None:
        """Go on in an empty folder with nothing but the configuration, as the next job of a pipeline does."""
        former = self.folder
        self.folder = former.with_name(f"{former.name.partition('+')[0]}+{time.monotonic_ns()}")
        self.folder.mkdir()
        (self.folder / "clients.yaml").write_bytes((former / "clients.yaml").read_bytes())

    def here(self, *words: str) -> Ended:
        """Run a command in this process."""
        out, err = io.StringIO(), io.StringIO()
        before, environment = Path.cwd(), dict(os.environ)
        os.chdir(self.folder)
        os.environ.update(self.environment())
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = run(words, sleep=brief)
        finally:
            os.chdir(before)
            os.environ.clear()
            os.environ.update(environment)
        return Ended(code=code, out=out.getvalue(), err=err.getvalue())

    def apply(self, *flags: str, settle: float = 0.05) -> Ended:
        """Apply in this process, without being asked."""
        return self.here("apply", "--auto-approve", "--settle", str(settle), *LIMITS, *flags)

    def plan(self, *flags: str) -> Ended:
        """Plan in this process; exit code 0 means that nothing is left to do, bindings included."""
        return self.here("plan", "--detailed-exitcode", *LIMITS, *flags)

    def away(self, *words: str, before: Sequence[str] = ()) -> subprocess.Popen[bytes]:
        """Start a command as a process of its own; `before` is what runs it, such as strace."""
        program = (
            "import sys, time\nfrom reconciler.cli.main import run\n"
            "sys.exit(run(sys.argv[1:], sleep=lambda s: time.sleep(min(s, 0.002))))"
        )
        return subprocess.Popen(
            [*before, sys.executable, "-c", program, *words],
            cwd=self.folder,
            env=self.environment() | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    # What is seen.

    def state(self) -> State:
        """Give what the next run would load."""
        if self.shelf is None:
            return StateFile(self.folder / STATE).load()
        with contextlib.closing(self.shelf.opened()) as storage:
            return SharedState(Documents(storage)).load()

    def end_dead_runs(self) -> None:
        """Remove the lock of a run that was killed, as a person would who knows that it is dead."""
        if self.shelf is None:
            return
        with contextlib.closing(self.shelf.opened()) as storage:
            seen = storage.peek()
            if seen is not None:
                storage.remove(seen)

    def clients(self) -> dict[int, dict[str, Any]]:
        """Give every client that ever was, with its contacts."""
        rows = self.sandbox.books.select("ORDER BY id")
        contacts = self.sandbox.books.contacts_of([row.id for row in rows])
        return {
            row.id: {**json.loads(row.document), "contacts": [json.loads(text) for text in contacts.get(row.id, [])]}
            for row in rows
        }

    def remember_others(self) -> None:
        """Take all clients that are there now for somebody else's."""
        self.others = {number: _stable(seen) for number, seen in self.clients().items()}

    def writes(self) -> list[dict[str, Any]]:
        """Give the writes that the account saw."""
        return [entry for entry in self.sandbox.log.entries if entry["method"] in WRITES]


LIMITS = ("--max-deletes", "100", "--max-updates", "100", "--allow-empty")


def _stable(seen: Mapping[str, Any]) -> str:
    return json.dumps({name: value for name, value in seen.items() if name != "updated"}, sort_keys=True)


# The oracle.


def untouched(world: World) -> list[str]:
    """I4: nothing that is not ours has changed."""
    now = world.clients()
    return [f"client {n} of somebody else changed" for n, told in world.others.items() if _stable(now[n]) != told]


def twice(world: World) -> list[str]:
    """I1: no email of ours is alive twice, among clients or contacts."""
    alive = [seen for seen in world.clients().values() if seen["vis_state"] != DELETED]
    emails = Counter(seen["email"] for seen in alive if seen["email"].endswith("@ours.example"))
    people = Counter(c["email"] for seen in alive for c in seen["contacts"] if c["email"].endswith("@people.example"))
    return [f"{email} is alive {count} times" for email, count in (emails | people).items() if count > 1]


def unlike(world: World, wanted: Wish) -> list[str]:
    """I2, I5: the account is as wanted, and the state knows every record of ours."""
    found = []
    bindings = world.state().bindings
    ids = {binding.id for binding in bindings.values() if binding.parent is None}
    alive = {n: seen for n, seen in world.clients().items() if seen["vis_state"] != DELETED and n not in world.others}
    by_email = {seen["email"]: (n, seen) for n, seen in alive.items()}
    found += [f"client {n} ({seen['email']}) is not in the state" for n, seen in alive.items() if n not in ids]
    for key, entry in wanted.items():
        if entry["email"] not in by_email:
            found.append(f"{key} is not there")
            continue
        number, seen = by_email[entry["email"]]
        fields = {name: value for name, value in entry.items() if name not in {"contacts", "archived"}}
        found += [f"{key}.{name} is {seen[name]!r}" for name, value in fields.items() if seen[name] != value]
        if "archived" in entry and entry["archived"] is not (seen["vis_state"] == 2):
            found.append(f"{key} has vis_state {seen['vis_state']}")
        # What a person added is theirs, and stays.
        people = sorted(each["email"] for each in seen["contacts"] if each["email"].endswith("@people.example"))
        if people != sorted(each["email"] for each in entry.get("contacts", {}).values()):
            found.append(f"{key} ({number}) has the contacts {people}")
    found += [f"{seen['email']} should be gone" for seen in alive.values() if seen["email"].split("@")[0] not in wanted]
    return found


def converges(world: World, wanted: Wish, *, tries: int = 1) -> list[str]:
    """I5: without faults one more apply exits 0, and the next two plans are empty. Gives everything that is wrong."""
    world.sandbox.wrapper.faults = Faults()
    ended = world.apply()
    for _ in range(tries - 1):
        if ended.code == 0:
            break
        ended = world.apply()
    problems = traceless(ended)
    if ended.code != 0:
        problems.append(f"apply ended with {ended.code}: {ended.err[-1500:]}")
    for _ in range(2):
        empty = world.plan()
        if empty.code != 0:
            problems.append(f"plan ended with {empty.code}: {empty.out[-1500:]}{empty.err[-500:]}")
    return problems + twice(world) + untouched(world) + unlike(world, wanted)


def traceless(ended: Ended) -> list[str]:
    """I8, I9: no traceback, and an exit code that means something."""
    known = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 64, 130, 143}
    told = ended.out + ended.err
    problems = [] if ended.code in known else [f"exit code {ended.code}"]
    if "Traceback" in told or "should not have happened" in told:
        problems.append(f"a traceback: {told[-2000:]}")
    return problems


# How a world begins.


@contextmanager
def world(
    folder: Path,
    quirks: Mapping[str, str] | None = None,
    *,
    applied: Wish = BEFORE,
    shelf: Shelf | None = None,
    **more: Any,  # noqa: ANN401 - the sandbox's options
) -> Iterator[World]:
    """Begin with some clients of somebody else, and with `applied` applied."""
    options = Options(account=ACCOUNT, seed=4, quirks=Quirks(quirks), calls_per_minute=0, creates_per_minute=0, **more)
    folder.mkdir(parents=True, exist_ok=True)
    with running(options) as sandbox:
        made = World(folder=folder, sandbox=sandbox, shelf=shelf)
        made.remember_others()
        if applied:
            made.wish(applied)
            first = made.apply()
            assert first.code == 0, first.err
        yield made


def snapshot(sandbox: Sandbox) -> bytes:
    """Give the account as it is."""
    copy = sqlite3.connect(":memory:")
    with sandbox.books._lock, contextlib.closing(copy):
        sandbox.books._connection.backup(copy)
        return copy.serialize()
