"""Azure Blob Storage as Microsoft's own emulator has it: azurite, from npm, kept in the user's cache."""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path

import filelock
import httpx
import platformdirs
import pytest

from tests.contracts.keeper import kept

VERSION = "3.35.0"
ACCOUNT = "devstoreaccount1"
# The emulator's own key, the same everywhere and written in its manual.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
CREDENTIALS = {"AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT, "AZURE_STORAGE_ACCOUNT_KEY": KEY}


@dataclass(slots=True, kw_only=True)
class Azurite:
    """The emulator, while this process lives."""

    port: int
    containers: int = 0

    @property
    def url(self) -> str:
        """Give the endpoint."""
        return f"http://127.0.0.1:{self.port}/{ACCOUNT}"

    def container(self) -> str:
        """Make a container of its own; obstore cannot, so the request is signed here."""
        self.containers += 1
        name, now, version = f"container-{self.containers}", formatdate(usegmt=True), "2021-08-06"
        lines = ["PUT", *[""] * 11, f"x-ms-date:{now}", f"x-ms-version:{version}", f"/{ACCOUNT}/{ACCOUNT}/{name}"]
        text = "\n".join([*lines, "restype:container"]).encode()
        signature = base64.b64encode(hmac.new(base64.b64decode(KEY), text, hashlib.sha256).digest()).decode()
        headers = {
            "x-ms-date": now,
            "x-ms-version": version,
            "Authorization": f"SharedKey {ACCOUNT}:{signature}",
        }
        answer = httpx.put(f"{self.url}/{name}?restype=container", headers=headers, trust_env=False)
        answer.raise_for_status()
        return name


@functools.cache
def azurite() -> Azurite:
    """Start the emulator of this process, once."""
    program = _installed()
    folder = tempfile.mkdtemp(prefix="azurite-")
    options = ["--blobHost", "127.0.0.1", "--blobPort", "0", "--inMemoryPersistence", "--silent", "--disableTelemetry"]
    command = ["node", str(program), *options, "--skipApiVersionCheck"]
    line = kept(folder, "", command, ready="successfully listens")
    return Azurite(port=int(line.rpartition(":")[2]))


def _installed() -> Path:
    """Give the emulator's program, fetched if need be; without npm the tests are left out, but not in CI."""
    home = Path(platformdirs.user_cache_dir("freshbooks-reconciler-tests")) / f"azurite-{VERSION}"
    program = home / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
    if not (shutil.which("node") and shutil.which("npm")):
        return _missing("node and npm are not installed")
    home.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(home.with_suffix(".lock")):
        if not (home / "whole").exists():
            command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", f"azurite@{VERSION}"]
            done = subprocess.run(command, cwd=home, capture_output=True, text=True, timeout=300, check=False)
            if done.returncode != 0:
                return _missing(f"npm could not install azurite: {done.stderr[-300:]}")
            (home / "whole").touch()
    return program


def _missing(why: str) -> Path:
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(f"AZURE IS NOT TESTED: {why}")
