"""The JSON Schemas and the examples that ship with the program: beside the source tree, or inside the wheel.

An editor needs a copy of a schema within reach of the YAML. This says where it stands and how a file names it, and
tells a copy that nobody has edited from others; it writes none.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from reconciler import __version__

SCHEMAS = {
    "clients": "clients.yaml, and every file of a folder of clients",
    "settings": "reconciler.yaml",
    "user": "your own settings, with the command that prints a token",
    "plan": "what `plan --out` and `plan --format json` write",
    "state": "what `state pull` prints and `state push` takes",
    "events": "one line of what --json prints",
}
NAMES = tuple(SCHEMAS)
FOLDER = "schemas"

_HERE = Path(__file__).resolve().parent
_MARK = re.compile(
    r'\A\{\n  "\$comment": "Copied from reconciler (?P<version>[^;"]*); sha256 (?P<digest>[0-9a-f]{64})",\n'
)


@cache
def text(name: str) -> str:
    """Give the text of one schema."""
    return _shipped("schemas", f"{name}.schema.json")


@cache
def schema(name: str) -> Mapping[str, object]:
    """Give one schema as JSON values; not to be changed."""
    read: Mapping[str, object] = json.loads(text(name))
    return read


def example(name: str = "clients.yaml") -> str:
    """Give one of the examples; by itself the quick start, examples/clients.yaml."""
    return _shipped("examples", name)


def _shipped(folder: str, name: str) -> str:
    inside = _HERE / folder / name
    return (inside if inside.exists() else _HERE.parent / folder / name).read_text(encoding="utf-8")


# Copies.


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a copy of a schema stands."""

    file: str
    named: str
    """How the files that it describes name it in their editor line."""

    @property
    def line(self) -> str:
        """Give the editor line, which is the first of a file."""
        return f"# yaml-language-server: $schema={self.named}"


def settings_place() -> Place:
    """Give where the schema of reconciler.yaml stands, which is in the working folder."""
    file = f"{FOLDER}/settings.schema.json"
    return Place(file=file, named=file)


def clients_place(root: str, *, folder: bool) -> Place:
    """Give where the schema of a root stands: one for all roots below the working folder, else one beside the root."""
    file = f"{FOLDER}/clients.schema.json"
    within = root if folder else posixpath.dirname(root)
    if root.startswith(("/", "../")) or root == "..":
        return Place(file=posixpath.join(posixpath.dirname(root), file), named=f"../{file}" if folder else file)
    depth = 0 if within in {"", "."} else within.count("/") + 1
    return Place(file=file, named="../" * depth + file)


def copy_of(name: str) -> str:
    """Give the text of a schema with a mark, by which it is known again as long as nobody edits it."""
    whole = text(name)
    digest = hashlib.sha256(whole.encode()).hexdigest()
    return whole.replace("{\n", f'{{\n  "$comment": "Copied from reconciler {__version__}; sha256 {digest}",\n', 1)


def is_current(name: str, found: str) -> bool:
    """Tell whether a file says what this program's schema says; the mark does not matter."""
    return _MARK.sub("{\n", _unix(found)) == text(name)


def is_older_copy(found: str) -> bool:
    """Tell whether a file is a copy that nobody has edited, made by no newer version than this one."""
    unix = _unix(found)
    mark = _MARK.match(unix)
    if mark is None or hashlib.sha256(_MARK.sub("{\n", unix).encode()).hexdigest() != mark["digest"]:
        return False
    return _numbers(mark["version"]) <= _numbers(__version__)


def _unix(found: str) -> str:
    # git may have given it the line ends of Windows.
    return found.replace("\r\n", "\n")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
