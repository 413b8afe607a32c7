"""A login in a file whose access token has run out, an account that counts who asks for tokens, and an oracle."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reconciler.core.login import App, Login, Secret
from reconciler.sandbox.faults import Faults
from reconciler.sandbox.oauth import REDIRECT_URI, SCOPES
from reconciler.sandbox.quirks import Quirks
from reconciler.sandbox.server import Options, Sandbox, running
from reconciler.store.safes.file import FileSafe
from tests.faults.world import ROOT, Ended

PROGRAM = "import sys\nfrom reconciler.cli.main import main\nmain(sys.argv[1:])"
TOKEN = "/auth/oauth/token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A user's folder and an account."""

    folder: Path
    sandbox: Sandbox

    @property
    def safe(self) -> FileSafe:
        """Give the safe that the program uses here."""
        return FileSafe(self.folder / "config" / "reconciler" / "logins")

    @property
    def login(self) -> Login:
        """Give what is kept."""
        found = self.safe.read("default")
        assert found is not None
        return found

    def keep(self, *, left_s: float = -1.0) -> None:
        """Keep a login of the account whose access token has so long to live."""
        app = App(
            id=self.sandbox.grants.client_id,
            secret=Secret(self.sandbox.grants.client_secret),
            redirect_uri=REDIRECT_URI,
        )
        self.sandbox.books.drop_tokens("access")
        access, refresh = self.sandbox.grants.ready_tokens()
        if left_s <= 0:
            self.sandbox.books.drop_tokens("access", access)
        ends = time.time() + left_s
        self.safe.write(
            "default",
            Login(
                app=app,
                origin="http://localhost",
                access=Secret(access),
                refresh=Secret(refresh),
                issued_at=ends - 43_200,
                expires_at=ends,
                scopes=tuple(SCOPES.split()),
            ),
        )

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Give what the program finds: no token."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("FRESHBOOKS_", "RECONCILER_"))
        }
        kept.pop("CI", None)
        return {
            **kept,
            "FRESHBOOKS_API_URL": self.sandbox.url,
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "COLUMNS": "160",
            "PYTHONPATH": str(ROOT),
            **(more or {}),
        }

    def away(
        self, *words: str, before: Sequence[str] = (), more: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start the program; `before` is what runs it, `more` what else its environment has."""
        return subprocess.Popen(
            [*before, sys.executable, "-c", PROGRAM, *words],
            cwd=self.folder,
            env=self.environment(more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *words: str) -> Ended:
        """Run the program."""
        return ended(self.away(*words))

    def asked(self) -> list[dict[str, str]]:
        """Give the requests for tokens that the account saw."""
        return [entry["body"] for entry in self.sandbox.log.entries if entry["path"] == TOKEN]  # type: ignore[misc] # JSON


def ended(process: subprocess.Popen[bytes]) -> Ended:
    """Wait for a program."""
    out, err = process.communicate(timeout=120)
    return Ended(code=process.returncode, out=out.decode(), err=err.decode())


def twice(here: Kept) -> list[str]:
    """Give the refresh tokens that were sent more than once."""
    sent = Counter(body["refresh_token"] for body in here.asked() if body["grant_type"] == "refresh_token")
    return [token for token, count in sent.items() if count > 1]


def burnt_or_usable(here: Kept) -> list[str]:
    """Give what is wrong: the login works and goes on working, or everybody is told in one sentence why it does not."""
    here.sandbox.wrapper.faults = Faults()
    found = []
    runs = [here.run("whoami") for _ in range(2)]
    for run in runs:
        told = " ".join(run.err.replace("|", " ").split())
        if "Traceback" in told or "should not have happened" in told:
            found.append(f"a traceback: {run.err[-1500:]}")
        if run.code not in {0, 8}:
            found.append(f"exit code {run.code}: {run.err[-800:]}")
        if run.code == 8 and not ("The renewal of the login default was cut off at" in told and "Log in again" in told):
            found.append(f"no sentence: {run.err[-800:]}")
    if len({run.code for run in runs}) > 1:
        found.append("two runs end differently")
    if runs[0].code == 8 and here.login.pending is None:
        found.append("a login that is not usable has no mark")
    return found + [f"{token} was sent more than once" for token in twice(here)]


@contextmanager
def kept(folder: Path, *, left_s: float = -1.0, quirks: Quirks | None = None) -> Iterator[Kept]:
    """Begin with an account and a login."""
    folder.mkdir(parents=True, exist_ok=True)
    options = Options(account="Ab12Cd", calls_per_minute=0, creates_per_minute=0, quirks=quirks or Quirks())
    with running(options) as sandbox:
        made = Kept(folder=folder, sandbox=sandbox)
        made.keep(left_s=left_s)
        yield made
