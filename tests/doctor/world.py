"""A healthy place to work in, and the doctor's report on it as a program reads it."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from reconciler.cli.main import run
from reconciler.core.login import App, Login, Pending, Secret
from reconciler.store.safes.file import FileSafe
from reconciler.store.statefile import StateFile
from tests.cli.program import Ran, called, spawned, writes
from tests.golden.story import Story, telling

CLIENTS = (
    "account: Ab12Cd\nclients:\n"
    "  acme: {organization: Acme Ltd., email: billing@acme.example}\n"
    "  bolt: {organization: Bolt Bikes, email: office@bolt.example}\n"
)
STATE = Path(".reconciler/state.json")
CHECKS = (
    "settings", "program", "token", "configuration", "state", "lock", "intents", "connection", "tls", "clock",
    "scopes", "account", "bindings", "duplicates", "disk", "runs", "git", "secrets",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the doctor found."""

    code: int
    findings: Mapping[str, Mapping[str, Any]]
    sums: Mapping[str, Any]

    def verdict(self, check: str) -> str:
        """Give the verdict of a check."""
        return str(self.findings[check]["verdict"])

    def having(self, *verdicts: str) -> set[str]:
        """Give the checks with these verdicts."""
        return {name for name in self.findings if self.verdict(name) in verdicts}


@dataclass(slots=True, kw_only=True)
class World:
    """An account, its configuration and its state, all as they should be until somebody spoils something."""

    story: Story
    outputs: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def stays(self, server: contextlib.AbstractContextManager[str]) -> str:
        """Let a server run to the end of the test; give its address."""
        return self.stack.enter_context(server)

    @property
    def store(self) -> StateFile:
        """Give the store of the state."""
        return StateFile(STATE)

    def id_of(self, key: str) -> int:
        """Give the id that a client is bound to."""
        return dict(self.store.load().bindings)[f"clients.{key}"].id  # type: ignore[index] # an address is a text

    def doctor(self, *words: str, apart: bool = False, environment: Mapping[str, str] | None = None,
               around: str = "") -> Report:  # fmt: skip
        """Have everything checked; nothing is written meanwhile, neither to the account nor to a file."""
        before, requests = files(), len(self.story.sandbox.log.entries)
        if apart or environment or around:
            ran = spawned("doctor", "--json", *words, environment=environment, around=around)
        else:
            ran = patiently("doctor", "--json", *words)
        self.outputs.append(ran.all)
        assert files() == before
        if "--renew" not in words:
            assert {entry["method"] for entry in self.story.sandbox.log.entries[requests:]} <= {"GET"}
        return report(ran)

    def logs_in(self, name: str = "default", **more: Any) -> FileSafe:  # noqa: ANN401 - the fields of a login
        """Keep a login in a file instead of a token in the environment."""
        sandbox = self.story.sandbox
        grants = sandbox.grants
        token = os.environ.pop("FRESHBOOKS_ACCESS_TOKEN", sandbox.access_token)
        app = App(id=grants.client_id, secret=Secret(grants.client_secret), redirect_uri="https://127.0.0.1/callback")
        login = Login(
            app=app,
            origin="http://localhost",
            access=Secret(token),
            refresh=Secret(sandbox.refresh_token),
            expires_at=4e9,
            scopes=("user:clients:read", "user:clients:write"),
        )
        safe = FileSafe(Path(os.environ["XDG_CONFIG_HOME"]) / "reconciler" / "logins")
        safe.write(name, replace(login, **more))
        self.secrets += [token, sandbox.refresh_token, grants.client_secret]
        return safe


PENDING = Pending(at="2026-01-01T00:00:00Z", by="process 7 on vm")


def report(ran: Ran) -> Report:
    """Read the events of a report."""
    assert "Traceback" not in ran.all, ran.all
    events = [json.loads(line) for line in ran.out.splitlines()]
    checks = {event["check"]["name"]: event["check"] for event in events if event["type"] == "check"}
    assert events[-1]["type"] == "check_summary", ran.all
    assert events[-1]["exit_code"] == ran.code
    return Report(code=ran.code, findings=checks, sums=events[-1]["checks"])


def patiently(*words: str) -> Ran:
    """Run a command in this process, which waits for nothing between its tries."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(list(words), sleep=lambda _: None)
    return Ran(code=code, out=out.getvalue(), err=err.getvalue())


def files() -> dict[str, tuple[str, int]]:
    """Give every file in the working folder with a digest and its mode."""
    return {
        str(path): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mode)
        for path in Path().rglob("*")
        if path.is_file() and ".git" not in path.parts
    }


@contextlib.contextmanager
def healthy(folder: Path, **options: Any) -> Iterator[World]:  # noqa: ANN401 - the sandbox's options
    """Begin with two clients that were applied, in a repository that ignores what it should."""
    with telling(folder, **options) as story:
        subprocess.run(["git", "init", "-q"], check=True)
        Path(".gitignore").write_text(".reconciler/\n*.plan\nconfig/\n", encoding="utf-8")
        writes(CLIENTS)
        ran = called("apply", "--auto-approve", "--settle", "0")
        assert ran.code == 0, ran.all
        world = World(story=story, secrets=[story.sandbox.access_token])
        with world.stack:
            yield world
        seen = "".join(world.outputs)
        assert [secret for secret in world.secrets if secret in seen] == []
