"""An export that is cut off, or meets what it did not expect, overwrites nothing and is done by running it again."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from reconciler.errors import LocalDisk
from reconciler.store.durable import rewrite, write_new, write_new_folder
from tests.cli.program import PROGRAM, called, spawned, until
from tests.export.accounts import fill
from tests.export.test_export import ACME, OLD, exports, is_settled
from tests.golden.story import Story


def test_files_without_bindings_are_bound_the_next_time(place: Story) -> None:
    """A run that ended between the files and the state left a configuration that the next one binds."""
    place.person.creates({"fname": "Jane"}, **ACME)
    place.person.creates(**ACME)
    exports()
    written = Path("clients.yaml").read_bytes()
    Path(".reconciler/state.json").unlink()
    exports()
    assert Path("clients.yaml").read_bytes() == written
    is_settled()


def test_what_is_there_is_never_overwritten(tmp_path: Path) -> None:
    """A file that has come, or was changed, since it was looked for stays as it is."""
    file = tmp_path / "clients" / "acme.yaml"
    write_new(file, b"one")
    with pytest.raises(LocalDisk):
        write_new(file, b"two")
    with pytest.raises(LocalDisk):
        rewrite(file, b"zero", b"two")
    assert file.read_bytes() == b"one"
    file.chmod(0o644)
    rewrite(file, b"one", b"two")
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"two", 0o644)
    assert [each.name for each in file.parent.iterdir()] == ["acme.yaml"]


def test_a_new_folder_is_there_as_a_whole(tmp_path: Path) -> None:
    """It comes into an empty place or an empty folder, with that one's mode; what others left there is swept away."""
    (tmp_path / f".team.{'0' * 16}.tmp").mkdir()
    (tmp_path / ".team.mine.tmp").mkdir()
    assert write_new_folder(tmp_path / "team", {"a.yaml": b"a", "b.yaml": b"b"})
    assert sorted(file.read_bytes() for file in (tmp_path / "team").iterdir()) == [b"a", b"b"]
    assert sorted(each.name for each in tmp_path.iterdir()) == [".team.mine.tmp", "team"]
    assert not write_new_folder(tmp_path / "team", {"c.yaml": b"c"})
    (tmp_path / "empty").mkdir(mode=0o750)
    assert write_new_folder(tmp_path / "empty", {"a.yaml": b"a"})
    assert (tmp_path / "empty").stat().st_mode & 0o777 == 0o750
    (tmp_path / "none").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "none")
    assert not write_new_folder(tmp_path / "link", {"a.yaml": b"a"})


def killed(place: Story, *words: str, when: str) -> None:
    """Export in a process of its own, which is killed as soon as a file or folder of that name is there."""
    quiet = subprocess.DEVNULL
    with subprocess.Popen([*PROGRAM, "export", *words], stdout=quiet, stderr=quiet) as process:
        until(lambda: list(Path().glob(when)) or process.poll() is not None)
        process.kill()


@pytest.mark.parametrize("when", ["reconciler.yaml", ".clients.*.tmp", "clients", ".reconciler/.state.json.*.tmp"])
def test_a_killed_export_leaves_nothing_that_is_half(place: Story, when: str) -> None:
    """Whenever a power cut comes, the folder is there as a whole or not at all, and the next export ends it."""
    fill(place.sandbox.books, 120)
    killed(place, "--split", "--archived", when=when)
    written = len(list(Path("clients").glob("*.yaml")))
    assert written in {0, 108}
    exports("--split", "--archived")
    assert len(list(Path("clients").glob("*.yaml"))) == 108
    assert not list(Path().glob(".clients.*"))
    is_settled()


@pytest.mark.parametrize("blocks", [4, 20, 40])
@pytest.mark.parametrize("words", [[], ["--split"]], ids=["file", "folder"])
def test_a_full_disk_is_told(place: Story, words: list[str], blocks: int) -> None:
    """Where a file, a folder or the state cannot be written, exit code 11 says which; with room it goes on."""
    fill(place.sandbox.books, 120)
    done = spawned("export", *words, around=f'ulimit -f {blocks}; "$@"')
    assert (done.code, "File too large" in done.err) == (11, True), done.all
    assert not list(Path().rglob(".clients*"))
    exports(*words)
    is_settled()


def test_a_folder_that_is_not_empty_is_filled(place: Story) -> None:
    """What lies there stays: only a folder without anything in it can come as a whole."""
    Path("clients").mkdir()
    Path("clients/README.md").write_text("Ours.\n", encoding="utf-8")
    place.person.creates(**ACME)
    exports("--split")
    assert sorted(file.name for file in Path("clients").iterdir()) == ["README.md", "acme.yaml"]
    is_settled()


def test_a_file_that_is_edited_meanwhile_wins(place: Story) -> None:
    """An edit that somebody saves while the account is read is not overwritten, and nothing is recorded."""
    place.person.creates(**ACME)
    exports()
    place.person.edits(700001, p_code="1")
    before = Path(".reconciler/state.json").read_bytes()
    mine = Path("clients.yaml").read_text(encoding="utf-8") + "# mine\n"

    def saves(moment: str, method: str, path: str) -> None:
        if (moment, method) == ("received", "GET") and path.endswith("/clients"):
            Path("clients.yaml").write_text(mine, encoding="utf-8")

    place.sandbox.wrapper.watch = saves
    done = exports(code=11)
    assert "it was changed by somebody else meanwhile" in " ".join(done.err.replace("|", " ").split())
    assert Path("clients.yaml").read_text(encoding="utf-8") == mine
    assert Path(".reconciler/state.json").read_bytes() == before


def test_a_read_only_file_is_left_alone(place: Story) -> None:
    """Who takes the right to write away does not want an edit."""
    place.person.creates(**ACME)
    exports()
    before = Path("clients.yaml").read_bytes()
    Path("clients.yaml").chmod(0o444)
    place.person.creates(**OLD)
    assert "it is read-only" in exports(code=11).err
    assert Path("clients.yaml").read_bytes() == before
    Path("clients.yaml").chmod(0o644)
    exports()
    is_settled()


def test_two_exports_at_once(place: Story) -> None:
    """The second one is told who holds the state, and has written nothing."""
    fill(place.sandbox.books, 120)
    with subprocess.Popen([*PROGRAM, "export", "--split"], stdout=subprocess.DEVNULL) as first:
        until(lambda: list(Path().glob(".clients.*.tmp")) or first.poll() is not None)
        first.send_signal(signal.SIGSTOP)
        done = called("export", "--split")
        assert called("export", "--split", "--lock-timeout", "0.1").code == 10
        first.send_signal(signal.SIGCONT)
        assert first.wait(20) == 0
    assert (done.code, "the state is in use" in done.err) == (10, True), done.all
    is_settled()


def test_a_link_keeps_leading_where_it_leads(place: Story) -> None:
    """What is edited is the file itself."""
    place.person.creates(**ACME)
    exports()
    Path("clients.yaml").rename("real.yaml")
    Path("clients.yaml").symlink_to("real.yaml")
    place.person.creates(**OLD)
    exports()
    assert Path("clients.yaml").is_symlink()
    assert "old:" in Path("real.yaml").read_text(encoding="utf-8")


def test_wrong_yaml_is_told_and_left(place: Story) -> None:
    """What cannot be read is not edited."""
    Path("clients.yaml").write_text("version: 1\nclients: [a]\n", encoding="utf-8")
    exports(code=3)
    assert Path("clients.yaml").read_text(encoding="utf-8") == "version: 1\nclients: [a]\n"
