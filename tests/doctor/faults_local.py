"""Faults on this machine, each prepared for real: configuration, state, lock, disk, files."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

from reconciler.core.resource import Address, RemoteId
from reconciler.core.state import Bind, Binding, Intend, Intent, edited
from tests.cli.program import writes
from tests.doctor.world import CLIENTS, STATE, World

OPEN = Intend(
    address=Address("clients.coral"),
    intent=Intent(run="20260101T000000Z-00000001", key="email=0", body="0", sent_at="2026-01-01T00:00:00Z"),
)


def settings_invalid(_: World) -> None:
    """Misspell a key of the settings."""
    writes("paralelism: 4\n", "reconciler.yaml")


def settings_without_profile(_: World) -> None:
    """Leave open which of several profiles is meant."""
    writes("profiles: {acme: {account: Ab12Cd}, bolt: {account: Cd34Ef}}\n", "reconciler.yaml")


def yaml_torn(_: World) -> None:
    """Break the YAML."""
    Path("clients.yaml").write_text("version: 1\nclients: [", encoding="utf-8")


def configuration_invalid(_: World) -> None:
    """Misspell two fields."""
    writes("account: Ab12Cd\nclients:\n  acme: {organisation: Acme}\n  bolt: {emial: x}\n")


def root_missing(_: World) -> None:
    """Take the configuration away."""
    Path("clients.yaml").unlink()


def rule_broken(_: World) -> None:
    """Ask for what no client has."""
    writes("rules: {required: [vat_number]}\n", "reconciler.yaml")


def accounts_disagree(_: World) -> None:
    """Name another account in the environment."""
    os.environ["FRESHBOOKS_ACCOUNT_ID"] = "Other1"


def state_torn(_: World) -> None:
    """Cut the state off in its middle."""
    STATE.write_bytes(STATE.read_bytes()[:200])


def state_foreign(world: World) -> None:
    """Keep a state of another account."""
    store = world.store
    store.save(replace(store.load(), account="Other1"))


def state_missing(_: World) -> None:
    """Lose the state, and not its backup."""
    STATE.unlink()


def state_exposed(_: World) -> None:
    """Let everybody read the state."""
    STATE.chmod(0o644)


def state_of_another_root(world: World) -> None:
    """Let the state be made from another root, some of which is not here."""
    store = world.store
    known = edited(store.load(), (Bind(address=Address("clients.coral"), binding=Binding(id=RemoteId(1))),))
    store.save(replace(known, root="books"))


def backup_torn(_: World) -> None:
    """Cut the backup off."""
    Path(f"{STATE}.backup").write_bytes(b"{")


def journal_left(world: World) -> None:
    """Leave what a killed run wrote down."""
    store = world.store
    binding = store.load().bindings[Address("clients.acme")]
    store.append([Bind(address=Address("clients.acme"), binding=binding)])


def intent_open(world: World) -> None:
    """Leave a create of which nobody knows what became."""
    store = world.store
    store.save(edited(store.load(), (OPEN,)))


def holder(pid: int, host: str) -> None:
    """Leave the note of a lock's holder."""
    told = {"run": "20260101T000000Z-00000001", "host": host, "pid": pid, "since": "2026-01-01T00:00:00+00:00"}
    Path(f"{STATE}.holder").write_text(json.dumps(told), encoding="utf-8")


def lock_elsewhere(_: World) -> None:
    """Let another machine hold the lock, on a disk that both use."""
    holder(7, "another-machine.example")


def runs_exposed(_: World) -> None:
    """Let everybody read the record of a run."""
    next(Path(".reconciler/runs").glob("*.json")).chmod(0o640)


def runs_old(_: World) -> None:
    """Keep the record of a run of years ago."""
    [record] = Path(".reconciler/runs").glob("*.json")
    record.rename(record.with_name("20200101T000000Z-00000001.json"))


def git_tracks_the_state(_: World) -> None:
    """Add the state to the repository."""
    subprocess.run(["git", "add", "-f", str(STATE)], check=True)


def git_ignores_nothing(_: World) -> None:
    """Ignore no more than the login's folder."""
    Path(".gitignore").write_text("config/\n", encoding="utf-8")


def plan_loose(_: World) -> None:
    """Save a plan that is not ignored."""
    Path(".gitignore").write_text(".reconciler/\nconfig/\n", encoding="utf-8")
    Path("first.plan").write_text("{}", encoding="utf-8")


def secret_in_yaml(_: World) -> None:
    """Write the token into a comment."""
    token = os.environ["FRESHBOOKS_ACCESS_TOKEN"]
    Path("clients.yaml").write_text(f"version: 1\n# {token}\n{CLIENTS}", encoding="utf-8")


def secret_in_settings(_: World) -> None:
    """Write something that looks like a token into the settings."""
    jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzY29wZSI6InVzZXIifQ.c2lnbmF0dXJlc2lnbmF0dXJl"
    Path("reconciler.yaml").write_text(f"version: 1\naccount: Ab12Cd\n# was: {jwt}\n", encoding="utf-8")
