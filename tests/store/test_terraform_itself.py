"""Terraform itself on the same servers: it works there, our lock and our document keep it out, and it keeps us out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.errors import StateUnusable
from tests.store.connecting import KINDS, Place, holder, place
from tests.store.statehost import PASSWORD, USERNAME, Asked, Fault

TERRAFORM = shutil.which("terraform")
pytestmark = pytest.mark.skipif(TERRAFORM is None, reason="NO TERRAFORM on this machine: it was not tried against it")
CONFIGURATION = """
terraform {
  backend "http" {}
}
resource "terraform_data" "books" {
  input = "VALUE"
}
"""


@pytest.fixture(params=KINDS)
def there(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Give each kind of server, with the time of day: Terraform has no other."""
    with place(request.param()) as found:
        yield found


class Terraform:
    """A folder with a configuration whose state is on a server."""

    def __init__(self, folder: Path, there: Place) -> None:
        self.folder = folder
        url = there.server.url()
        at = url if "/states/" in url else f"{url}/lock"
        methods = ("LOCK", "UNLOCK") if at == url else ("POST", "DELETE")
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "CHECKPOINT_DISABLE": "1",
            "TF_IN_AUTOMATION": "1",
            "TF_HTTP_ADDRESS": url,
            "TF_HTTP_LOCK_ADDRESS": at,
            "TF_HTTP_UNLOCK_ADDRESS": at,
            "TF_HTTP_LOCK_METHOD": methods[0],
            "TF_HTTP_UNLOCK_METHOD": methods[1],
            "TF_HTTP_USERNAME": USERNAME,
            "TF_HTTP_PASSWORD": PASSWORD,
            "TF_HTTP_RETRY_MAX": "0",
        }
        self.write("one")

    def write(self, value: str) -> None:
        """Want this."""
        (self.folder / "main.tf").write_text(CONFIGURATION.replace("VALUE", value), encoding="utf-8")

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run it."""
        return subprocess.run(
            [TERRAFORM or "", *words, "-no-color"],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def apply(self) -> subprocess.CompletedProcess[str]:
        """Apply, without a question."""
        return self.run("apply", "-auto-approve")


def test_terraform_and_we_keep_each_other_out(there: Place, tmp_path: Path) -> None:
    """Its state is foreign to us, its lock tells us who has it, and our lock stops it and shows our run."""
    terraform, storage = Terraform(tmp_path, there), there.open()
    assert terraform.run("init", "-input=false").returncode == 0
    done = terraform.apply()
    assert done.returncode == 0, done.stderr
    theirs = there.server.records["books"].latest

    # Our lock.
    assert storage.take(holder()) is None
    terraform.write("two")
    refused = terraform.apply()
    assert refused.returncode != 0
    assert "Error acquiring the state lock" in refused.stderr
    assert "run=run-1,host=host-1" in "".join(refused.stderr.split()).replace("│", "")
    assert there.server.records["books"].latest == theirs
    storage.release(holder())

    # Its state.
    with pytest.raises(StateUnusable) as caught:
        storage.create("", b"ours")
    assert caught.value.code == "state-foreign"
    assert there.server.records["books"].latest == theirs

    # Its lock.
    seen = []
    looked = threading.Event()

    def fault(asked: Asked) -> Fault:
        if asked.verb == "write" and not looked.is_set():
            looked.set()
            watcher.start()
            watcher.join()
        return Fault.NONE

    watcher = threading.Thread(target=lambda: seen.append(there.open().take(holder(2))))
    there.server.fault = fault
    assert terraform.apply().returncode == 0
    [other] = seen
    assert other is not None
    assert other.run.startswith("Terraform") or there.server.path.startswith("/api/v4")
    assert other.expires_at_s == float("inf")
    assert other.id


def test_terraform_does_not_overwrite_our_state(there: Place, tmp_path: Path) -> None:
    """It refuses to read our document, says whose it is, and leaves it and its lock as they are."""
    storage = there.open()
    version = storage.create("", b'{"ours": true}')
    terraform = Terraform(tmp_path, there)
    terraform.run("init", "-input=false")
    refused = terraform.apply()
    assert refused.returncode != 0
    assert "a state of freshbooks-reconciler, not of Terraform" in " ".join(refused.stderr.replace("│", "").split())
    assert json.loads(there.server.document()["reconciler"]) == {"ours": True}
    storage.replace("", b'{"ours": 1}', version)
