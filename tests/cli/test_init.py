"""`init`: a folder that is ready, whatever was in it, and nothing of that is lost."""

from __future__ import annotations

import json
import os
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from reconciler import schema_files
from reconciler.schema_files import copy_of
from tests.cli.program import Ran, called
from tests.golden.story import Story

ALL = (
    "schemas/clients.schema.json",
    "schemas/settings.schema.json",
    ".gitignore",
    "reconciler.yaml",
    "clients.yaml",
    ".vscode/extensions.json",
    ".vscode/settings.json",
    ".github/workflows/reconciler.yml",
)
"""In the order in which they are written."""


def begins(*words: str, code: int = 0) -> Ran:
    """Run `init`."""
    ran = called("init", *words)
    assert ran.code == code, ran.all
    return ran


def became(*words: str) -> dict[str, str]:
    """Run `init`, and give what became of each file."""
    event: dict[str, Any] = json.loads(begins("--json", *words).out)
    return {made["file"]: made["became"] for made in event["files"]}


def files() -> dict[str, bytes]:
    """Give every file of the working folder, but for git's and the program's own."""
    found = (file for file in Path().rglob("*") if file.is_file() and file.parts[0] not in {".git", ".reconciler"})
    return {str(file): file.read_bytes() for file in found}


def is_ready() -> None:
    """What was written is valid, and a plan of it is empty."""
    assert called("validate").out == "Valid: 0 clients, 0 contacts.\n"
    assert called("plan", "--sandbox").out.endswith("No changes. Your account matches the configuration.\n")


def test_an_empty_folder_is_ready(folder: Path) -> None:
    """All files are created, what they say is valid, and the next plan has nothing to do."""
    assert became() == dict.fromkeys(ALL, "created")
    assert sorted(files()) == sorted(ALL)
    is_ready()


def test_a_second_time_nothing_happens(folder: Path) -> None:
    """Whatever is there is kept, to the letter."""
    begins()
    before = files()
    assert became() == dict.fromkeys(ALL, "kept")
    assert files() == before


@pytest.mark.parametrize("count", range(1, len(ALL)))
def test_it_goes_on_where_it_was_cut_off(folder: Path, count: int) -> None:
    """After an end between any two files the next run writes the rest, and the folder is as if nothing had been."""
    begins()
    whole = files()
    for name in ALL[count:]:
        Path(name).unlink()
    assert became() == dict.fromkeys(ALL[:count], "kept") | dict.fromkeys(ALL[count:], "created")
    assert files() == whole


@pytest.mark.parametrize("name", ALL)
def test_nothing_is_overwritten(folder: Path, name: str) -> None:
    """A file that is there stays as it is; only .gitignore is completed, below what it has."""
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    own = b"# version: 1, of my own"
    Path(name).write_bytes(b"version: 1\n" if name.endswith(("s.yaml", "r.yaml")) else own)
    before = Path(name).read_bytes()
    assert became()[name] == ("completed" if name == ".gitignore" else "kept")
    assert Path(name).read_bytes().startswith(before)
    assert (Path(name).read_bytes() == before) is (name != ".gitignore")
    is_ready()


def test_it_says_what_comes_next(folder: Path) -> None:
    """The last lines are the commands to go on with, from the folder to the first plan."""
    told = begins("studio").out
    _, _, after = told.partition("Next:\n")
    commands = [line.partition("#")[0].strip() for line in after.splitlines() if line.startswith("  ")]
    login = ["reconciler login", "reconciler export", "reconciler validate", "reconciler plan"]
    assert commands == ["cd studio", *login]
    assert "put the repository and commit of the reconciler where OWNER/REPO" in after
    assert Path("studio/clients.yaml").exists()
    assert Path.cwd() == folder


def test_the_next_steps_fit(folder: Path) -> None:
    """In the sandbox no login is needed; where clients are described already, none are fetched."""
    Path("clients.yaml").write_text("version: 1\nclients:\n  acme: {email: a@acme.example}\n", encoding="utf-8")
    event: dict[str, Any] = json.loads(begins("--sandbox", "--json").out)
    assert event["next"] == ["reconciler validate", "reconciler plan --sandbox"]


def test_the_next_steps_work_where_this_one_did(folder: Path) -> None:
    """A profile that was chosen is chosen in each command, and `cd` leads to the folder from where one is."""
    Path("books/all").mkdir(parents=True)
    Path("books/all/reconciler.yaml").write_text("version: 1\nprofiles: {acme: {root: acme.yaml}}\n", encoding="utf-8")
    event: dict[str, Any] = json.loads(begins("--json", "--chdir", "books", "--profile", "acme", "all").out)
    assert event["next"][0] == "cd books/all"
    names = ("login", "export", "validate", "plan")
    assert event["next"][1:] == [f"reconciler {name} --profile acme" for name in names]
    os.chdir(folder)
    assert json.loads(begins("--json", "--chdir", "books").out)["next"][:2] == ["cd books", "reconciler login"]
    os.chdir(folder)


@pytest.mark.parametrize("words", [("--account", "Ab12Cd"), ()], ids=["option", "environment"])
def test_the_account_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
    """The account that is known stands in clients.yaml; that of the sandbox does not, for it is nobody's."""
    begins("--sandbox", "one")
    assert "\naccount:" not in Path("one/clients.yaml").read_text(encoding="utf-8")
    if not words:
        monkeypatch.setenv("FRESHBOOKS_ACCOUNT_ID", "Ab12Cd")
    begins("two", *words)
    assert "\naccount: Ab12Cd\n" in Path("two/clients.yaml").read_text(encoding="utf-8")


# Where the clients are.


@pytest.mark.parametrize(
    ("root", "file", "line"),
    [
        ("clients/", "clients/clients.yaml", "../schemas/clients.schema.json"),
        ("acme/all.yaml", "acme/all.yaml", "../schemas/clients.schema.json"),
    ],
)
def test_the_root_of_the_settings_is_begun(folder: Path, root: str, file: str, line: str) -> None:
    """Where the settings name a root that is missing or empty, it is begun there, and leads to the one schema."""
    Path("reconciler.yaml").write_text(f"version: 1\nroot: {root}\n", encoding="utf-8")
    assert became()[file] == "created"
    assert Path(file).read_text(encoding="utf-8").startswith(f"# yaml-language-server: $schema={line}\n")
    assert (Path(file).parent / line).exists()
    assert "clients.yaml" not in files()
    is_ready()


def test_a_folder_of_clients_is_kept(folder: Path) -> None:
    """Where clients/ holds some, no clients.yaml comes beside it, which would be read instead."""
    Path("clients").mkdir()
    Path("clients/acme.yaml").write_text("version: 1\nclients:\n  acme: {email: a@acme.example}\n", encoding="utf-8")
    assert became()["clients"] == "kept"
    assert called("validate").out == "Valid: 1 client, 0 contacts.\n"


def test_of_several_profiles_one_is_chosen(folder: Path) -> None:
    """With profiles it is asked for whose clients they are; each has its root, and all of them one schema."""
    Path("reconciler.yaml").write_text(
        "version: 1\nprofiles:\n  acme: {account: Ab12Cd, root: acme/clients.yaml}\n", encoding="utf-8"
    )
    assert "--profile" in begins(code=64).err
    assert became("--profile", "acme")["acme/clients.yaml"] == "created"
    assert "\naccount: Ab12Cd\n" in Path("acme/clients.yaml").read_text(encoding="utf-8")


def test_an_export_takes_the_place_of_what_was_begun(place: Story) -> None:
    """As long as clients.yaml is as `init` left it, an export is as into an empty folder; edited, it is added to."""
    place.person.creates(organization="Acme Ltd.", email="billing@acme.example")
    assert called("export").code == 0
    alone = Path("clients.yaml").read_bytes()
    Path("clients.yaml").unlink()
    Path(".reconciler/state.json").unlink()
    begins()
    assert called("export").out.startswith("Exported 1 client")
    assert Path("clients.yaml").read_bytes() == alone
    assert "No changes." in called("plan").out


def test_an_export_keeps_what_was_written(place: Story) -> None:
    """Once somebody has described a client there, the account's clients come beside it."""
    place.person.creates(organization="Acme Ltd.", email="billing@acme.example")
    begins()
    own = Path("clients.yaml").read_text(encoding="utf-8") + "  bolt: {email: office@bolt.example}\n"
    Path("clients.yaml").write_text(own, encoding="utf-8")
    assert called("export").out.startswith("Added 1 client")
    assert Path("clients.yaml").read_text(encoding="utf-8").startswith(own)


def test_the_account_that_was_named_is_still_asked_for(place: Story) -> None:
    """What `init` wrote of the account holds for the export that takes its place: another one is refused."""
    begins("--account", "Zz9")
    before = Path("clients.yaml").read_bytes()
    os.environ.pop("FRESHBOOKS_ACCOUNT_ID", None)
    assert called("export").code == 8
    assert Path("clients.yaml").read_bytes() == before


def test_a_spreadsheet_takes_the_place_too(folder: Path) -> None:
    """import-csv into what `init` left is as into an empty folder."""
    begins()
    Path("a.csv").write_text("Company Name,Country\nAcme Ltd.,Canada\nBolt Inc.,Canada\n", encoding="utf-8")
    assert called("import-csv", "a.csv").code == 0
    assert "acme:" not in Path("clients.yaml").read_text(encoding="utf-8").partition("clients:\n")[0]
    assert called("validate").out == "Valid: 2 clients, 0 contacts.\n"


# Schemas.


def test_an_older_schema_is_renewed(folder: Path) -> None:
    """A copy of an earlier version that nobody has edited becomes this version's; an edited one stays as it is."""
    begins()
    name, other = ALL[:2]
    old = schema_files.text("clients").replace("FreshBooks clients", "Clients")
    mark = f'{{\n  "$comment": "Copied from reconciler 0.0.1; sha256 {sha256(old.encode()).hexdigest()}",\n'
    Path(name).write_text(old.replace("{\n", mark, 1), encoding="utf-8")
    Path(other).write_text(copy_of("settings").replace("Reconciler", "Our"), encoding="utf-8")
    told = begins().out
    assert f"  refreshed  {name}\n" in told
    assert f"  kept       {other} (edited, or of a newer version; `reconciler schema settings` prints" in told
    assert Path(name).read_text(encoding="utf-8") == copy_of("clients")
    assert "Our settings" in Path(other).read_text(encoding="utf-8")
