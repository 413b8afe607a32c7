"""Commands over a shared state: what a person sees of its lock, its requests and its failures."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.cli.program import PATIENCE_S, PROGRAM, Ran, called, writes
from tests.golden.story import Story
from tests.store.gitlab import Gitea
from tests.store.statehost import PASSWORD, USERNAME, Asked, Fault, Record, running

BOOKS = "clients: {acme: {organization: Acme Ltd.}, bolt: {organization: Bolt Inc.}}\n"


@pytest.fixture
def server(place: Story, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gitea]:
    """Give a server of states that the environment leads to."""
    with running(Gitea()) as found:
        assert isinstance(found, Gitea)
        monkeypatch.setenv("RECONCILER_STATE", found.url())
        monkeypatch.setenv("TF_HTTP_USERNAME", USERNAME)
        monkeypatch.setenv("TF_HTTP_PASSWORD", PASSWORD)
        monkeypatch.setenv("TF_HTTP_RETRY_MAX", "0")
        writes(BOOKS)
        yield found


def flat(ran: Ran) -> str:
    """Give all that was said without the breaks of its lines."""
    return " ".join(ran.all.replace("\n|", " ").split())


def lock(wire: str, operation: str = "reconciler") -> Record:
    """Give a document that another has locked and not written."""
    return Record(
        lock={"ID": wire, "Operation": operation, "Who": "ada@laptop", "Created": "2026-01-01T00:00:00+00:00"}
    )


def test_unlock_says_who_and_how(server: Gitea) -> None:
    """Without an ID it tells who holds the lock, until when, and how to remove it; with a wrong one it does not."""
    assert "Nobody holds the lock." in called("state", "unlock").out
    wire = f"7f-1,ttl=60,run={quote('2026-1')},host=runner-7,link=https://ci.example/1"
    server.records["books"] = lock(wire)
    ran = called("state", "unlock")
    assert ran.code == 0
    assert "The lock is held by run 2026-1 on runner-7 (https://ci.example/1), since 2026-01-01" in flat(ran)
    assert "It expired" in ran.out
    assert "remove it with `reconciler state unlock 7f-1`.\n" in ran.out
    ran = called("state", "unlock", "7f-2")
    assert (ran.code, "Its ID is 7f-1" in flat(ran)) == (5, True)
    assert server.records["books"].lock is not None
    ran = called("state", "unlock", "7f-1")
    assert (ran.code, "Removed the lock that was held by run 2026-1" in ran.out) == (0, True)
    assert server.records["books"].lock is None


def test_a_stranger_holds_the_lock(server: Gitea) -> None:
    """A lock of Terraform's is none of our runs', does not expire, and is never taken over; JSON says so too."""
    server.records["books"] = lock("db3c", "OperationTypeApply")
    ran = called("apply", "--auto-approve")
    assert (ran.code, "held by Terraform (OperationTypeApply) on ada@laptop" in flat(ran)) == (10, True)
    assert "does not expire" in flat(ran)
    assert '"expires_at_s":null' in called("state", "unlock", "--json").out


def test_what_a_holder_calls_itself_only_prints(server: Gitea) -> None:
    """The name of a dead run is foreign: it moves no cursor when its lock is taken over."""
    server.records["books"] = lock(f"7f-1,ttl=1,run={quote('a' + chr(27) + '[2Jb')},host=h")
    ran = called("apply", "--auto-approve", "--settle", "0")
    assert ran.code == 0, ran.err
    assert "Taking it over" in ran.err
    assert chr(27) not in ran.all


def test_debug_shows_the_storage_too(server: Gitea) -> None:
    """With --debug each request to the storage has a line with method, address, answer and time, and no secret."""
    ran = called("apply", "--auto-approve", "--debug")
    lines = [line.partition(" in ")[0] for line in ran.err.splitlines() if server.url() in line]
    state = server.url()
    assert lines[:2] == [f"POST {state}/lock: 200", f"GET {state}: 404"]
    assert (lines[-1], f"POST {state}: 201" in lines) == (f"DELETE {state}/lock: 200", True)
    assert [secret for secret in (USERNAME, PASSWORD, "ID=") if secret in ran.all] == []


def test_storage_fails_after_the_first_write(server: Gitea) -> None:
    """Once something was written to the account the exit code is 6, and nobody is told that nothing was."""
    writes_so_far = [0]

    def fault(asked: Asked) -> Fault:
        writes_so_far[0] += asked.verb == "write"
        return Fault.LOST_BEFORE if writes_so_far[0] > 1 and asked.verb in {"read", "write"} else Fault.NONE

    server.fault = fault
    ran = called("apply", "--auto-approve")
    assert ran.code == 6, ran.all
    assert "Nothing was written" not in flat(ran)
    server.fault = lambda _: Fault.NONE
    assert called("apply", "--auto-approve", "--settle", "0").code == 0
    assert called("plan", "--detailed-exitcode").code == 0


def test_bindings_are_edited_there(server: Gitea) -> None:
    """list, show, mv, rm and import work on a shared state, each edit under its lock."""
    assert called("apply", "--auto-approve").code == 0
    assert called("state", "mv", "clients.bolt", "clients.bolder").code == 0
    bound = dict(line.split() for line in called("state", "list").out.splitlines())
    assert set(bound) == {"clients.acme", "clients.bolder"}
    assert f'"id": {bound["clients.acme"]}' in called("state", "show", "clients.acme").out
    assert called("state", "rm", "clients.bolder").code == 0
    assert called("import", "clients.bolt", bound["clients.bolder"]).code == 0
    assert called("apply", "--auto-approve").code == 0
    assert called("plan", "--detailed-exitcode").code == 0
    assert server.records["books"].lock is None


def test_interrupted_while_the_storage_hangs(server: Gitea) -> None:
    """A storage that no longer answers does not keep an interrupted run alive; nothing is lost by that."""
    hung = threading.Event()

    def fault(asked: Asked) -> Fault:
        # The intents are written; the batch with the first outcomes is not answered any more, nor is anything after it.
        if server.verbs().count("write") > 1:
            hung.set()
            return Fault.SLOW
        return Fault.NONE

    server.fault = fault
    with subprocess.Popen(
        [*PROGRAM, "apply", "--auto-approve", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert hung.wait(PATIENCE_S)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_S)
        assert time.monotonic() - began < 10
    assert process.returncode == 130, err
    told = [json.loads(line) for line in out.splitlines()]
    assert "does not answer" in told[-2]["diagnostic"]["detail"]
    assert (told[-1]["type"], told[-1]["exit_code"]) == ("change_summary", 130)
    server.released.set()
    server.fault = lambda _: Fault.NONE
    server.records["books"].lock = None
    assert called("apply", "--auto-approve", "--settle", "0").code == 0
    assert called("plan", "--detailed-exitcode").code == 0
