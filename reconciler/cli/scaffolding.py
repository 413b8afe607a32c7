"""A folder made ready: what is missing is written, what is there is kept, and each file is told with what became of it.

The order is such that nothing leads to what is not there yet; run again, it goes on where it was cut off.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from reconciler import schema_files
from reconciler.cli import git
from reconciler.cli.session import Session
from reconciler.errors import LocalDisk, ReconcilerError, UsageError
from reconciler.load import SUFFIXES, files_of
from reconciler.reports.paint import plain
from reconciler.scaffold import texts
from reconciler.scaffold.pipelines import (
    FILES,
    Forge,
    Source,
    forge_of,
    is_to_be_filled,
    pipeline,
    source_of,
)
from reconciler.settings import FILE
from reconciler.store.durable import PRIVATE, USUAL, rewrite, write_new

_LARGEST = 1024 * 1024
PIPELINES = (*(forge.value for forge in Forge), "none")
EDITORS = ("vscode", "none")


class Became(StrEnum):
    """What became of a file."""

    CREATED = "created"
    COMPLETED = "completed"
    REFRESHED = "refreshed"
    KEPT = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One file, and what became of it."""

    file: str
    became: Became
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a folder is to have."""

    account: str = ""
    ci: str = ""
    """A forge, or none; empty where the folder is to be asked."""
    editor: str = "vscode"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaffolded:
    """A folder that is ready, or was already."""

    files: tuple[Made, ...]
    missing: tuple[str, ...] = ()
    """What was left out, and why."""
    to_fill: str = ""
    """The pipeline whose placeholders are to be filled in."""
    fresh: bool = True
    """Whether the clients are still to be described."""


@contextlib.contextmanager
def within(folder: Path | None) -> Iterator[None]:
    """Work in a folder, which is made where it is not there.

    Raises:
        LocalDisk: it cannot be made or entered.
    """
    before = Path.cwd()
    if folder is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            os.chdir(folder)
        except OSError as error:
            told = f"{folder}: {error.strerror}. Name a folder that is there, or one that can be made."
            raise LocalDisk("a folder could not be made", told) from error
    try:
        yield
    finally:
        os.chdir(before)


def scaffold(session: Session, wish: Wish) -> Scaffolded:
    """Write what is missing into the working folder.

    Raises:
        LocalDisk: a file could not be written; those before it are there.
        UsageError: a pipeline is asked for where none would run.
    """
    root = session.settings.root
    there = files_of(root)
    folder = not root.endswith(SUFFIXES)
    place = schema_files.clients_place(root, folder=folder)
    forge, why = _forge(wish.ci)
    # Schemas and .gitignore first: what comes then leads to the ones, and is covered by the other.
    files = [_copied("clients", place.file), _copied("settings", schema_files.settings_place().file), _ignored()]
    files.append(_new(FILE, texts.settings_text()))
    if there:
        files.append(Made(file=root, became=Became.KEPT))
    else:
        # As private as an export leaves it: it will hold names and addresses.
        files.append(_new(f"{root}/clients.yaml" if folder else root, texts.clients_text(place, wish.account), PRIVATE))
    if wish.editor == "vscode":
        files.append(_new(".vscode/extensions.json", texts.extensions_text()))
        files.append(_new(".vscode/settings.json", texts.vscode_text(place, root, folder=folder)))
    to_fill = ""
    if forge is not None:
        files.append(_new(FILES[forge], pipeline(forge, _source())))
        to_fill = FILES[forge] if is_to_be_filled(_read(Path(FILES[forge])).decode("utf-8", "replace")) else ""
    return Scaffolded(
        files=tuple(files),
        missing=(why,) if why else (),
        to_fill=to_fill,
        fresh=all(texts.is_untouched(_read(Path(file))) for file in there),
    )


# Files.


def _new(file: str, text: str, mode: int = USUAL) -> Made:
    # A link that leads nowhere is somebody's, too.
    if os.path.lexists(file):
        return Made(file=file, became=Became.KEPT)
    write_new(Path(file), text.encode(), mode)
    return Made(file=file, became=Became.CREATED)


def _copied(name: str, file: str) -> Made:
    made = _new(file, schema_files.copy_of(name))
    if made.became is Became.CREATED:
        return made
    raw = _read(Path(file))
    found = raw.decode("utf-8", "replace")
    if schema_files.is_current(name, found):
        return made
    if schema_files.is_older_copy(found):
        rewrite(Path(file), raw, schema_files.copy_of(name).encode())
        return Made(file=file, became=Became.REFRESHED)
    note = f"edited, or of a newer version; `reconciler schema {name}` prints this version's"
    return Made(file=file, became=Became.KEPT, note=note)


def _ignored() -> Made:
    file = Path(".gitignore")
    made = _new(str(file), texts.ignoring(None))
    if made.became is Became.CREATED:
        return made
    raw = _read(file)
    try:
        whole = texts.ignoring(raw.decode()).encode()
    except UnicodeDecodeError:
        return Made(file=str(file), became=Became.KEPT, note=f"not UTF-8; add {', '.join(texts.IGNORED)}")
    if whole == raw:
        return made
    rewrite(file, raw, whole)
    return Made(file=str(file), became=Became.COMPLETED)


def _read(file: Path) -> bytes:
    """Read a file that the user has; a folder, a pipe and whatever is very large are refused."""
    try:
        if not file.is_file():
            raise ReconcilerError("a file is something else", f"{file} is not a regular file. Move it away.")
        with file.open("rb") as opened:
            raw = opened.read(_LARGEST + 1)
    except OSError as error:
        raise ReconcilerError("a file cannot be read", f"{file}: {error.strerror}.") from error
    if len(raw) > _LARGEST:
        raise ReconcilerError("a file is something else", f"{file} is larger than it can be. Move it away.")
    return raw


# Pipelines.


def _forge(wanted: str) -> tuple[Forge | None, str]:
    """Give whose pipeline to write, or why none."""
    if wanted == "none":
        return None, ""
    found = git.repository()
    if found is not None and found.parent != Path.cwd():
        above = os.path.relpath(found.parent)
        told = f"The folder is a part of the git repository at {plain(above)}, and pipelines run at the top of one only"
        if wanted:
            raise UsageError("a pipeline would not run here", f"{told}: run `reconciler init` there, or copy it.")
        return None, f"{told}: none was written. docs/how-to/ci.md tells what to copy."
    if wanted:
        return Forge(wanted), ""
    remotes = git.remotes() if found is not None else {}
    forge = forge_of(remotes)
    if forge is None and remotes:
        told = "No pipeline was written, for the remote is neither GitHub nor GitLab; docs/how-to/ci.md has others."
        return None, told
    return forge or (Forge.GITLAB if Path(FILES[Forge.GITLAB]).exists() else Forge.GITHUB), ""


def _source() -> Source | None:
    """Tell where the program was installed from, as the installer has noted it (PEP 610), if from a repository."""
    try:
        noted = json.loads(distribution("freshbooks-reconciler").read_text("direct_url.json") or "{}")
        return source_of(str(noted.get("url", "")), str(noted.get("vcs_info", {}).get("commit_id", "")))
    except (PackageNotFoundError, ValueError, AttributeError):
        return None


# Words.


def steps(done: Scaffolded, folder: Path, words: Sequence[str], *, sandbox: bool) -> list[tuple[str, str]]:
    """Give the commands that come next, each with what it is for; `words` are to be in each of them."""

    def command(name: str) -> str:
        return shlex.join(["reconciler", name, *words])

    told = []
    if folder != Path():
        told.append((f"cd {shlex.quote(str(folder))}", ""))
    if not sandbox:
        told.append((command("login"), "once; or add --sandbox to any command, to try it on this machine"))
    if done.fresh:
        told.append((command("export"), "writes the clients that the account has already; or edit clients.yaml"))
    # Offline no account is needed, a local one neither.
    told.append((command("validate").removesuffix(" --sandbox"), "checks the YAML, offline"))
    told.append((command("plan"), "shows what would change, and changes nothing"))
    return told


def told(done: Scaffolded, commands: Sequence[tuple[str, str]]) -> str:
    """Say what became of each file, and what comes next."""
    lines = [
        f"  {made.became.value:<9}  {plain(made.file)}{f' ({made.note})' if made.note else ''}" for made in done.files
    ]
    width = max(len(command) for command, _ in commands)
    lines += ["", *done.missing, *([""] if done.missing else []), "Next:"]
    lines += [f"  {plain(command):<{width}}  # {what}".removesuffix("  # ").rstrip() for command, what in commands]
    if done.to_fill:
        lines += [
            "",
            f"Before {done.to_fill} can run, put the repository and commit of the reconciler where OWNER/REPO",
        ]
        lines += ["and the zeros stand; docs/how-to/ci.md tells what it needs besides."]
    return "\n".join(lines)
