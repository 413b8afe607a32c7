"""Files that the user names: written where they said and nowhere else, and streams of any encoding."""

from __future__ import annotations

import json
import os
import stat
import threading
from pathlib import Path

import pytest

from tests.cli.program import ACME, called, spawned, writes
from tests.golden.story import Story


@pytest.mark.parametrize("words", [("--out", "{}"), ("--format", "json={}")])
def test_a_link_keeps_leading_where_it_leads(place: Story, words: tuple[str, str]) -> None:
    """A plan that is saved through a link replaces the file behind it, and not the link."""
    writes(ACME)
    Path("there").mkdir()
    Path("link.plan").symlink_to("there/one.plan")
    for _ in range(2):
        assert called("plan", *(word.format("link.plan") for word in words)).code == 0
    assert Path("link.plan").readlink() == Path("there/one.plan")
    assert json.loads(Path("there/one.plan").read_bytes())["format_version"] == "1.2"
    assert stat.filemode(Path("there/one.plan").stat().st_mode) == "-rw-------"
    assert [file.name for file in Path("there").iterdir()] == ["one.plan"]


@pytest.mark.parametrize("words", [("--out", "{}"), ("--format", "json={}")])
def test_a_pipe_is_written_to(place: Story, words: tuple[str, str]) -> None:
    """What is no file, a pipe or a device, is written to and stays what it is."""
    writes(ACME)
    os.mkfifo("pipe")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(Path("pipe").read_bytes()), daemon=True)
    reader.start()
    assert called("plan", *(word.format("pipe") for word in words)).code == 0
    reader.join(10)
    assert stat.S_ISFIFO(Path("pipe").stat().st_mode)
    assert json.loads(read[0])["format_version"] == "1.2"


@pytest.mark.parametrize(
    "words",
    [
        ("--format", "markdown=one", "--format", "html=./one"),
        ("--format", "json=one", "--out", "one"),
        ("--format", "json=link", "--out", "one"),
    ],
)
def test_no_report_replaces_another(place: Story, words: tuple[str, ...]) -> None:
    """Two documents for one file, however it is spelled, are a slip; nothing is read or written."""
    writes(ACME)
    Path("link").symlink_to("one")
    ran = called("plan", *words)
    assert (ran.code, "one file is named twice" in ran.err, Path("one").exists()) == (64, True, False)


def test_streams_take_several(place: Story) -> None:
    """A device takes as many documents as there are."""
    writes(ACME)
    assert called("plan", "--format", "json=/dev/null", "--format", "html=/dev/null", "--out", "/dev/null").code == 0


@pytest.mark.parametrize("words", [("--format", "html={}"), ("--out", "{}"), ("--format", "html=link.yml")])
def test_the_configuration_is_not_replaced(place: Story, words: tuple[str, ...]) -> None:
    """A report that would be written over the configuration is refused, for it is all that there is of it."""
    writes(ACME)
    Path("link.yml").symlink_to("clients.yaml")
    before = Path("clients.yaml").read_bytes()
    ran = called("plan", *(word.format("clients.yaml") for word in words))
    assert (ran.code, "would replace a YAML file" in ran.err) == (64, True)
    assert Path("clients.yaml").read_bytes() == before


def test_a_shown_plan_is_not_replaced(place: Story) -> None:
    """`show` does not write a report over the plan that it reads."""
    writes(ACME)
    assert called("plan", "--out", "one.plan").code == 0
    before = Path("one.plan").read_bytes()
    assert called("show", "one.plan", "--format", "html=one.plan").code == 64
    assert called("show", "clients.yaml").code == 9, "nothing is written, so there is nothing to refuse"
    assert Path("one.plan").read_bytes() == before


def test_a_device_stays_one(place: Story) -> None:
    """`plan --out /dev/null` throws the plan away, and not the device."""
    writes(ACME)
    assert called("plan", "--out", "/dev/null").code == 0
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    ran = called("plan", "--format", "json=/dev/full")
    assert (ran.code, "No space left on device" in ran.err) == (11, True)


@pytest.mark.parametrize("words", [("--out", "nowhere/one.plan"), ("--format", "json=nowhere/one.json")])
def test_no_folder_is_made(place: Story, words: tuple[str, str]) -> None:
    """A folder that does not exist is told, and not made."""
    writes(ACME)
    ran = called("plan", *words)
    assert (ran.code, "nowhere/one" in ran.err, "No such file or directory" in ran.err) == (11, True, True)
    assert not Path("nowhere").exists()


def test_the_way_to_apply_a_saved_plan(place: Story) -> None:
    """What is printed to apply a saved plan works as it stands: it has the state and folder that were typed."""
    writes(ACME, "there/clients.yaml")
    here = Path.cwd()
    ran = called("plan", "--chdir", "there", "--state", "my state.json", "--out", "one.plan")
    assert "reconciler apply one.plan --chdir there --state 'my state.json'" in ran.err
    os.chdir(here)
    assert called("apply", "one.plan", "--chdir", "there", "--state", "my state.json").code == 0
    assert (here / "there" / "my state.json").exists()
    os.chdir(here)
    assert "reconciler apply one.plan\n" in called("plan", "there", "--out", "one.plan").err


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_an_encoding_that_lacks_letters(folder: Path, encoding: str) -> None:
    """Letters that a stream cannot write are spelled out; nothing fails, and JSON stays JSON."""
    writes("clients:\n  acme: {organization: 漢字 🚲, nope: 1}\n")
    environment = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    ran = spawned("validate", environment=environment)
    assert (ran.code, "Traceback" in ran.all) == (3, False)
    assert "\\u6f22" in ran.err
    ran = spawned("validate", "--json", "漢🚲.yaml", environment=environment)
    told = [json.loads(line) for line in ran.out.splitlines()]
    assert (ran.code, told[0]["diagnostic"]["range"]["filename"]) == (3, "漢🚲.yaml")


def test_a_file_s_name_that_is_no_text(folder: Path) -> None:
    """A name of bytes that are no UTF-8 is told all the same, in both forms."""
    name = os.fsdecode(b"clients-\xff.yaml")
    for words in (("validate", name), ("validate", "--json", name)):
        ran = spawned(*words)
        assert (ran.code, "Traceback" in ran.all) == (3, False)
        assert "a file is missing" in ran.all


def test_private_folders(folder: Path) -> None:
    """The folders that the program makes are as private as the files in them."""
    writes(ACME)
    before = os.umask(0)
    try:
        assert called("apply", "--sandbox", "--auto-approve").code == 0
    finally:
        os.umask(before)
    found = {name: stat.filemode(Path(name).stat().st_mode) for name in (".reconciler", ".reconciler/sandbox")}
    assert set(found.values()) == {"drwx------"}
