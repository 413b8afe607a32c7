"""Which token a run takes, and a login in shared storage that several runners renew."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.cli.tokens import FILE, SHARED, Surroundings, holding, safes, source
from reconciler.errors import NotAllowed, UsageError
from reconciler.sandbox.faults import Faults
from reconciler.settings import Settings
from reconciler.store.safes.file import FileSafe
from reconciler.store.safes.shared import SharedSafe
from reconciler.store.seal import VARIABLE as KEY
from tests.contracts.shelves import MemoryBackend, Server
from tests.faults.kept import Kept, kept


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    """Give an account and a login in a file that has run out, and an environment that leads to both."""
    for name in [name for name in os.environ if name.startswith(("FRESHBOOKS_", "RECONCILER_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv(KEY, "ab" * 32)
    with kept(tmp_path) as made:
        yield made


def around(here: Kept, server: Server | None = None, **more: object) -> Surroundings:
    """Give the surroundings of a run, with or without shared storage."""
    chosen = replace(Settings(root="clients.yaml", state="state.json", api_url=here.sandbox.url), **more)  # type: ignore[arg-type] # fields of Settings
    return Surroundings(
        settings=chosen,
        tell=lambda _: None,
        storage=MemoryBackend(server) if server is not None else None,
        sleep=lambda _: None,
    )


def moved(here: Kept) -> Server:
    """Move the login from the file to shared storage."""
    server = Server()
    shared = dict(safes(around(here, server)))[SHARED]
    shared.write("default", here.login)
    here.safe.remove("default")
    return server


def test_the_first_that_applies(here: Kept) -> None:
    """A given token comes before a command, that before a login; where there is none, all three are named."""
    assert source(around(here, token="given", token_command=("false",))).told == "FRESHBOOKS_ACCESS_TOKEN"
    assert source(around(here, token_command=("echo", "printed"))).token.value() == "printed"
    found = source(around(here))
    assert found.login is not None
    assert found.told == here.safe.told
    assert source(around(here, token="given"), kept_only=True).login is not None
    here.safe.remove("default")
    with pytest.raises(NotAllowed) as caught:
        source(around(here))
    assert caught.value.code == "no-token"
    for way in ("reconciler login", "FRESHBOOKS_ACCESS_TOKEN", "token_command", "--sandbox"):
        assert way in caught.value.detail


def test_shared_storage_is_a_safe_with_a_key_only(here: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key no login is kept there; a key that is none is wrong usage."""
    assert SHARED in dict(safes(around(here, Server())))
    assert SHARED not in dict(safes(around(here)))
    monkeypatch.setenv(KEY, "secret-word")
    with pytest.raises(UsageError) as caught:
        dict(safes(around(here, Server())))
    assert "secret-word" not in caught.value.detail
    monkeypatch.delenv(KEY)
    assert list(dict(safes(around(here, Server())))) == [FILE]


def test_runners_share_one_login(here: Kept) -> None:
    """Eight runners with a login in shared storage that has run out make one request, and each gets the new token."""
    server = moved(here)
    got: list[str] = []
    faults: list[BaseException] = []

    def run() -> None:
        # As slow as they have to be: whoever comes second waits for the first.
        surroundings = replace(around(here, server), sleep=lambda _: time.sleep(0.01))
        try:
            got.append(source(surroundings).token.value())
        except BaseException as fault:  # noqa: BLE001 - shown below
            faults.append(fault)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(set(got)) == 1
    assert len(got) == 8
    assert len(here.asked()) == 1


def test_a_lost_answer_in_shared_storage(here: Kept) -> None:
    """A runner that died with its request leaves a mark that all others see, and none sends that token again."""
    server = moved(here)
    token = source(around(here, server)).login
    assert token is not None
    safe = holding(around(here, server), "default")
    assert isinstance(safe, SharedSafe)
    here.sandbox.wrapper.faults = Faults.parse(["POST /auth/oauth/token reset-after"])
    for _ in range(2):
        found = source(around(here, server)).token
        with pytest.raises(NotAllowed) as caught:
            found.value()
        assert caught.value.code == "login-cut-off"
    assert len(here.asked()) == 1


def test_a_file_is_found_without_asking_the_keyring(here: Kept) -> None:
    """Where a file has the login, it is the one."""
    assert isinstance(holding(around(here), "default"), FileSafe)
    assert holding(around(here), "other") is None
