"""What each safe refuses, and what it makes of a disk, a keyring or storage that fails."""

from __future__ import annotations

import os
import stat
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from keyring.backend import KeyringBackend
from keyring.backends import chainer, fail, null

from reconciler.core.login import Pending, Secret, decode, encode
from reconciler.errors import Locked, Moved, NotAllowed, StateUnusable, Unanswered
from reconciler.store.safes.file import FileSafe
from reconciler.store.safes.shared import SharedSafe
from reconciler.store.safes.system import SERVICE, KeyringSafe, chosen
from reconciler.store.seal import Key
from tests.contracts.safes import KEY, MemoryKeyring, login
from tests.contracts.shelves import MemoryBackend, Server


def refused(work: Callable[[], object], code: str) -> str:
    """Run what must be refused with this code; give the detail."""
    with pytest.raises(NotAllowed) as caught:
        work()
    assert caught.value.code == code
    assert "canary" not in caught.value.detail
    return caught.value.detail


# Files.


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with a login in it."""
    FileSafe(tmp_path / "logins").write("default", login())
    return tmp_path / "logins"


def test_a_file_is_private_from_the_start(folder: Path) -> None:
    """Folder and file are the user's alone, and nothing else is left beside them."""
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "default.json").stat().st_mode) == 0o600
    assert [file.name for file in folder.iterdir()] == ["default.json"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666, 0o700 | 0o011])
def test_a_file_that_others_can_get_at(folder: Path, mode: int) -> None:
    """A file with any right for others is not used, and the message has the command that mends it."""
    file = folder / "default.json"
    file.chmod(mode)
    assert f"chmod 600 {file}" in refused(lambda: FileSafe(folder).read("default"), "login-exposed")


def test_a_folder_in_which_others_can_write(folder: Path) -> None:
    """Whoever can write into the folder could put a login of theirs there."""
    folder.chmod(0o770)
    assert f"chmod 700 {folder}" in refused(lambda: FileSafe(folder).read("default"), "login-exposed")
    refused(lambda: FileSafe(folder).write("default", login()), "login-exposed")


def test_links_are_not_followed(folder: Path, tmp_path: Path) -> None:
    """Neither the file nor the folder may be a link; what it leads to is neither read nor written."""
    file = folder / "default.json"
    file.rename(tmp_path / "elsewhere.json")
    file.symlink_to(tmp_path / "elsewhere.json")
    assert "is a link" in refused(lambda: FileSafe(folder).read("default"), "login-exposed")
    (tmp_path / "linked").symlink_to(folder)
    refused(lambda: FileSafe(tmp_path / "linked").read("other"), "login-exposed")
    FileSafe(folder).write("default", login(2))
    assert not file.is_symlink()
    assert decode((tmp_path / "elsewhere.json").read_bytes(), "there") == login(1)


@pytest.mark.skipif(os.geteuid() != 0, reason="NOT TESTED: only root can give a file away")
def test_somebody_else_s_file(folder: Path) -> None:
    """A file that another user owns is not used, whatever its mode."""
    os.chown(folder / "default.json", 12345, 12345)
    assert "belongs to user 12345" in refused(lambda: FileSafe(folder).read("default"), "login-exposed")


def test_what_is_no_file(folder: Path) -> None:
    """A pipe or folder in the file's place is refused at once, and never waited for."""
    (folder / "default.json").unlink()
    os.mkfifo(folder / "default.json", 0o600)
    refused(lambda: FileSafe(folder).read("default"), "login-exposed")
    (folder / "other.json").mkdir(mode=0o700)
    refused(lambda: FileSafe(folder).read("other"), "login-exposed")


def test_what_killed_runs_left_is_swept_up(folder: Path) -> None:
    """A half-written file, which holds secrets, goes with the next write."""
    left = folder / ".default.json.0123.tmp"
    left.write_bytes(b"half a login")
    FileSafe(folder).write("default", login(2))
    assert not left.exists()


def test_a_lock_that_is_not_given_up(folder: Path) -> None:
    """Somebody who waits for longer than a renewal can take is told where."""
    with FileSafe(folder).locked("default"), pytest.raises(Locked) as caught:
        FileSafe(folder, patience_s=0.0).locked("default").__enter__()
    assert caught.value.code == "login-locked"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": 1}', b'{"format": 2}', b"\xff" * 9, b"[" * 9999])
def test_what_is_no_login(folder: Path, content: bytes) -> None:
    """What was cut off, is of a newer version, or anything else is refused, and not quoted."""
    (folder / "default.json").write_bytes(content)
    assert "Log in again" in refused(lambda: FileSafe(folder).read("default"), "login-unreadable")


def test_secrets_are_not_shown() -> None:
    """A login shows none of its secrets, in whatever way it is printed."""
    kept = replace(login(), pending=Pending(at="now", by="me"))
    assert "canary" not in f"{kept} {kept!r} {kept.access} {kept.access!r} {[kept.app]}"
    assert Secret("a") != "a"
    assert decode(encode(kept), "here") == kept


# Keyrings.


class PlaintextKeyring(MemoryKeyring):
    """What the library would fall back to."""


PlaintextKeyring.__module__ = "keyrings.alt.file"


def test_only_a_keyring_of_the_system_counts() -> None:
    """Files in the clear, none at all and plugins are no keyring; of a chain the first real one is taken."""
    kinds: list[Callable[[], object]] = [fail.Keyring, null.Keyring, MemoryKeyring, PlaintextKeyring]
    assert [chosen(kind()) for kind in kinds] == [None] * 4
    real = _real()
    found = chosen(real)
    assert found is not None
    assert found[0] is real
    assert "keychain" in found[1]


def test_a_chain_is_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chain of a plain file and a real keyring gives the real one; a chain of others gives none."""
    real = _real()
    chained: Callable[[], object] = chainer.ChainerBackend
    chain = chained()
    for backends, expected in (([PlaintextKeyring(), real], real), ([PlaintextKeyring(), MemoryKeyring()], None)):
        monkeypatch.setattr(chainer.ChainerBackend, "backends", backends)
        found = chosen(chain)
        assert (found[0] if found is not None else None) is expected


def _real() -> KeyringBackend:
    kind = type("Keyring", (MemoryKeyring,), {"__module__": "keyring.backends.macOS"})
    made: KeyringBackend = kind()
    return made


def test_a_keyring_that_cuts(tmp_path: Path) -> None:
    """A keyring that keeps only a part is found out at once."""
    ring = MemoryKeyring()
    ring.cuts = 10
    safe = KeyringSafe(ring, "a keyring", tmp_path)
    assert "--keep file" in refused(lambda: safe.write("default", login()), "keyring")


class Shut(MemoryKeyring):
    """A keyring that stays locked, and says so with a secret in its words."""

    def get_password(self, service: str, username: str) -> str | None:
        """Fail."""
        raise RuntimeError(f"canary-access-1 of {service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        """Fail."""
        raise RuntimeError(f"{password} of {service} {username}")


def test_a_keyring_that_does_not_answer(tmp_path: Path) -> None:
    """Its failure is told by kind; its words, which may hold what was to be kept, are not."""
    safe = KeyringSafe(Shut(), "a keyring", tmp_path)
    refused(lambda: safe.read("default"), "keyring")
    refused(lambda: safe.remove("default"), "keyring")
    with pytest.raises(NotAllowed) as caught:
        safe.write("default", login())
    # As --debug would print it.
    assert "canary" not in "".join(traceback.format_exception(caught.value))
    ring = MemoryKeyring()
    ring.kept[SERVICE, "default"] = "something else"
    refused(lambda: KeyringSafe(ring, "a keyring", tmp_path).read("default"), "login-unreadable")


# Shared storage.


def shared(server: Server, key: Key = KEY) -> SharedSafe:
    """Give a safe as another runner would have it, to which waiting costs nothing."""
    return SharedSafe(MemoryBackend(server), key, sleep=lambda _: None, clock=lambda: 0.0)


def test_storage_sees_no_secret() -> None:
    """What is kept there is encrypted and bound to its name: with another key or name it is no login."""
    server = Server()
    shared(server).write("default", login())
    [(name, stored)] = server.documents.items()
    assert name == "logins/default"
    assert b"canary" not in stored.content
    refused(lambda: shared(server, Key(bytes(32))).read("default"), "login-sealed")
    server.documents["logins/other"] = stored
    refused(lambda: shared(server).read("other"), "login-sealed")


def test_lost_answers_of_storage() -> None:
    """A write whose answer is lost is looked after: it is there once, whether or not it had arrived."""
    for kind in ("lost-before", "lost-after"):
        server = Server()
        safe = shared(server)
        safe.write("default", login(1))
        server.fault = _twice(kind)
        safe.write("default", login(2))
        assert shared(server).read("default") == login(2)
        safe.write("default", login(3))
        assert shared(server).read("default") == login(3)


def _twice(kind: str) -> Callable[[str, str], str]:
    left = [kind, kind]
    return lambda verb, _: left.pop() if verb == "replace" and left else ""


def test_storage_that_stays_silent() -> None:
    """Where no try is answered it is an error, and not a login that is believed to be kept."""
    server = Server()
    safe = shared(server)
    server.fault = lambda verb, _: "lost-before" if verb == "create" else ""
    with pytest.raises(Unanswered):
        safe.write("default", login())
    server.fault = lambda *_: "refused"
    with pytest.raises(StateUnusable):
        safe.read("default")


def test_the_second_mark_is_refused() -> None:
    """Of two runners that read the same version, only one can write its mark; a young mark is waited for."""
    server = Server()
    one, two = shared(server), shared(server)
    one.write("default", login(1))
    one.read("default")
    two.read("default")
    marked = replace(login(1), pending=Pending(at="1970-01-01T00:00:00Z", by="one"))
    one.write("default", marked)
    with pytest.raises(Moved):
        two.write("default", marked)
    looks = 0

    def sleep(_: float) -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            one.write("default", login(2))

    patient = SharedSafe(MemoryBackend(server), KEY, sleep=sleep, clock=lambda: 5.0)
    with patient.locked("default"):
        assert patient.read("default") == login(2)
    assert looks == 3
    one.write("default", marked)
    # A mark of ten minutes ago is no renewal that is under way.
    with SharedSafe(MemoryBackend(server), KEY, sleep=sleep, clock=lambda: 601.0).locked("default"):
        assert looks == 3
