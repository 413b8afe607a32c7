"""The language server that editors use for YAML, in the version that the lock file pins, installed once per machine."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

HERE = Path(__file__).parent
_FILES = ("package.json", "package-lock.json", ".npmrc")


class Missing(Exception):
    """The server cannot be had on this machine."""


def command() -> tuple[str, ...]:
    """Give the words that start the server, which is installed first where it is not there yet.

    Raises:
        Missing: there is no node or npm, or npm could not install it.
    """
    node = shutil.which("node")
    if node is None:
        raise Missing("there is no node")
    # The lock file's digest is in the name: another version is another folder.
    digest = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in _FILES)).hexdigest()[:12]
    folder = user_cache_path("reconciler-tests") / f"editor-{digest}"
    program = folder / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not program.exists():
            _install(folder)
    return node, str(program), "--stdio"


def _install(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise Missing("there is no npm")
    # Moved to its place when it is whole.
    begun = folder.with_suffix(".begun")
    shutil.rmtree(begun, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
    begun.mkdir()
    for name in _FILES:
        shutil.copy(HERE / name, begun / name)
    words = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    environment = {**os.environ, "NO_UPDATE_NOTIFIER": "1"}
    done = subprocess.run(words, cwd=begun, env=environment, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        raise Missing(f"npm could not install it: {done.stdout}{done.stderr}")
    begun.rename(folder)
