"""`state pull|push|restore`: the state as a whole, checked before it replaces anything."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from reconciler.core.codec import decode_state, encode_state
from reconciler.core.resource import Address
from reconciler.core.state import Intend, Intent
from reconciler.store.statefile import StateFile
from tests.cli.program import ACME, BOLT, called, spawned, writes
from tests.golden.story import Story
from tests.store.gitlab import GitLab
from tests.store.statehost import PASSWORD, USERNAME, running

STATE, BACKUP = Path(".reconciler/state.json"), Path(".reconciler/state.json.backup")
APPLY = ("apply", "--auto-approve", "--settle", "0")


@pytest.fixture
def twice(place: Story) -> Story:
    """Give an account after two runs: the state has two clients, its backup the one of the first."""
    writes(ACME)
    assert called(*APPLY).code == 0
    writes(ACME + BOLT)
    assert called(*APPLY).code == 0
    return place


def listed() -> list[str]:
    """Give the bound addresses."""
    return [line.split()[0] for line in called("state", "list").out.splitlines()]


def pulled(file: str = "kept.json") -> Path:
    """Pull into a file; give it."""
    ran = called("state", "pull")
    assert ran.code == 0
    Path(file).write_text(ran.out, encoding="utf-8")
    return Path(file)


def wants_intent(address: str) -> None:
    """Leave a create open in the state, as a run that was killed does."""
    store = StateFile(STATE)
    store.load()
    store.append([Intend(address=Address(address), intent=Intent(run="r", key="k", body="b"))])


def test_pulled_and_pushed(twice: Story) -> None:
    """What was pulled, with what the journal holds, is pushed back whole; only the serial is new."""
    wants_intent("clients.new")
    file = pulled()
    before = decode_state(file.read_bytes())
    assert "clients.new" in before.intents
    assert called("state", "push", str(file)).code == 0
    after = StateFile(STATE).load()
    assert (after.bindings, after.intents, after.lineage) == (before.bindings, before.intents, before.lineage)
    assert after.serial > before.serial
    assert stat.S_IMODE(STATE.stat().st_mode) == 0o600


def test_pushed_from_stdin_into_nothing(twice: Story) -> None:
    """Where there is no state yet, any of the account is taken; `-` is stdin."""
    pulled()
    ran = spawned("state", "push", "-", "--state", "other.json", around='"$@" <kept.json')
    assert (ran.code, "2 bindings" in ran.out) == (0, True)
    assert called("plan", "--detailed-exitcode", "--state", "other.json").code == 0


def test_nothing_to_pull(folder: Path) -> None:
    """Where there is no state nothing is made up."""
    ran = called("state", "pull")
    assert (ran.code, ran.out) == (64, "")


def test_an_altered_one(twice: Story) -> None:
    """A file that was edited, cut off, or is something else replaces nothing."""
    file, before = pulled(), STATE.read_bytes()
    text = file.read_text(encoding="utf-8")
    for other in (text.replace("clients.bolt", "clients.dune"), text[:-20], "{}", ""):
        file.write_text(other, encoding="utf-8")
        assert called("state", "push", "--force", str(file)).code == 9
    assert called("state", "push", "missing.json").code == 64
    assert STATE.read_bytes() == before


@pytest.mark.parametrize("forced", [False, True])
def test_another_account(twice: Story, forced: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """A state of another account, or of another API, is refused whatever is forced."""
    file, before = pulled(), STATE.read_bytes()
    state = decode_state(file.read_bytes())
    for field in ("account", "origin"):
        document = {name: getattr(state, name) for name in state.__slots__} | {field: "https://else.example"}
        file.write_bytes(encode_state(type(state)(**document)))
        ran = called("state", "push", str(file), *(["--force"] if forced else []))
        assert (ran.code, "belongs to another" in ran.err) == (9, True)
    assert STATE.read_bytes() == before


def test_older_foreign_or_forgetful(twice: Story) -> None:
    """An older serial, another lineage, or one without an open create needs --force, and then is taken."""
    old = Path("old.json")
    old.write_bytes(BACKUP.read_bytes())
    ran = called("state", "push", str(old))
    assert (ran.code, "which is newer" in ran.err) == (5, True)
    file = pulled()
    state = decode_state(file.read_bytes())
    document = {name: getattr(state, name) for name in state.__slots__}
    file.write_bytes(encode_state(type(state)(**(document | {"lineage": "f" * 32}))))
    assert "its lineage is another" in " ".join(called("state", "push", str(file)).err.split())
    file.write_bytes(encode_state(state))
    wants_intent("clients.new")
    assert "left open" in " ".join(called("state", "push", str(file)).err.split())
    assert called("state", "push", "--force", str(old)).code == 0
    assert listed() == ["clients.acme"]
    assert StateFile(STATE).load().serial > state.serial


def test_restored_and_back(twice: Story) -> None:
    """The version before the last is back; a second time takes that back; a plan then shows what differs."""
    ran = called("state", "restore")
    assert (ran.code, "1 binding" in ran.out) == (0, True)
    assert listed() == ["clients.acme"]
    assert "1 to adopt" in called("plan").out
    assert called("state", "restore").code == 0
    assert listed() == ["clients.acme", "clients.bolt"]
    assert called("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("broken", ["", '{"format": 1, "li', None])
def test_restored_over_one_that_cannot_be_read(twice: Story, broken: str | None) -> None:
    """A torn state is moved aside and the backup takes its place, with what the journal of an ended run still tells."""
    wants_intent("clients.new")
    if broken is None:
        STATE.unlink()
    else:
        STATE.write_text(broken, encoding="utf-8")
    assert called("plan").code == 9
    assert called("state", "restore").code == 0
    assert listed() == ["clients.acme"]
    assert "clients.new" in StateFile(STATE).load().intents
    aside = STATE.with_name("state.json.unreadable")
    assert (aside.read_text(encoding="utf-8") if aside.exists() else None) == broken
    assert called(*APPLY).code == 0


def test_a_torn_journal_is_moved_aside(twice: Story) -> None:
    """A journal that cannot be trusted does not keep the backup from being restored."""
    wants_intent("clients.new")
    journal = STATE.with_name("state.json.journal")
    journal.write_bytes(journal.read_bytes().replace(b"clients.new", b"clients.old") * 2)
    assert called("plan").code == 9
    assert called("state", "restore").code == 0
    assert journal.with_name("state.json.journal.unreadable").exists()
    assert listed() == ["clients.acme"]


def test_no_restore_of_open_creates(twice: Story) -> None:
    """A backup does not know what an interrupted run may have sent: apply looks that up first."""
    wants_intent("clients.new")
    ran = called("state", "restore")
    assert (ran.code, "`reconciler apply` first" in " ".join(ran.err.split())) == (5, True)
    assert listed() == ["clients.acme", "clients.bolt"]


def test_no_backup(place: Story) -> None:
    """Without a backup, or with one that is torn itself, nothing is changed."""
    writes(ACME)
    called(*APPLY)
    BACKUP.unlink(missing_ok=True)
    before = STATE.read_bytes()
    assert called("state", "restore").code == 9
    BACKUP.write_text("{", encoding="utf-8")
    assert called("state", "restore").code == 9
    assert STATE.read_bytes() == before


def test_shared_storage(place: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shared state is pulled and pushed alike; older versions are its storage's own business."""
    monkeypatch.setenv("TF_HTTP_USERNAME", USERNAME)
    monkeypatch.setenv("TF_HTTP_PASSWORD", PASSWORD)
    with running(GitLab()) as server:
        monkeypatch.setenv("RECONCILER_STATE", server.url())
        writes(ACME)
        assert called(*APPLY).code == 0
        file = pulled()
        assert called("state", "rm", "clients.acme").code == 0
        assert called("state", "push", str(file)).code == 5
        assert called("state", "push", "--force", str(file)).code == 0
        assert listed() == ["clients.acme"]
        assert called("history").out.count(" UTC; ") == 1
        ran = called("state", "restore")
        assert (ran.code, "state push --force" in ran.err) == (64, True)


def test_events(twice: Story) -> None:
    """With --json each tells what it did."""
    [event] = [json.loads(line) for line in called("state", "pull", "--json").out.splitlines()]
    assert sorted(event["state"]["bindings"]) == ["clients.acme", "clients.bolt"]
    file = pulled()
    [event] = [json.loads(line) for line in called("state", "push", str(file), "--json").out.splitlines()]
    assert (event["type"], event["bindings"]) == ("pushed", 2)
    [event] = [json.loads(line) for line in called("state", "restore", "--json").out.splitlines()]
    assert event["type"] == "restored"
