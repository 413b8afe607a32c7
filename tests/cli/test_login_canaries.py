"""No secret of a login is in any output, argument list or file but the safe, whatever goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from reconciler.sandbox.faults import Faults
from tests.cli.program import Ran, spawned, strikes, until
from tests.cli.test_login import consents, instead, kept, logs_in, without_token
from tests.golden.story import Story, telling


@pytest.fixture
def user(tmp_path: Path) -> Iterator[Story]:
    """Give somebody with an app, and an account that logs into a file."""
    with telling(tmp_path, log=tmp_path / "requests.log") as story:
        yield without_token(story)


class Eyes:
    """Sees everything that was written, but for the safe's own file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.secrets: set[str] = {os.environ["FRESHBOOKS_CLIENT_SECRET"]}
        self.ran: list[Ran] = []

    def learns(self) -> None:
        """Remember the tokens that are kept now."""
        found = json.loads(kept().read_text())
        self.secrets |= {found["access_token"], found["refresh_token"]}

    def sees(self) -> list[str]:
        """Give where a secret is that should not be there."""
        told = "".join(ran.all for ran in self.ran)
        found = ["an output" for secret in self.secrets if secret in told]
        for file in self._folder.rglob("*"):
            if file.is_file() and file != kept():
                content = file.read_bytes()
                found += [str(file) for secret in self.secrets if secret.encode() in content]
        return found


def test_no_secret_is_anywhere(user: Story, tmp_path: Path) -> None:
    """Log in, look, plan, apply, renew, fail to renew, log out, with --debug and --json: nothing shows."""
    eyes = Eyes(tmp_path)

    def browser(address: str) -> str:
        brought = consents(address)
        eyes.secrets.add(parse_qs(urlsplit(brought).query)["code"][0])
        return brought

    eyes.ran.append(logs_in("--debug", brings=browser))
    eyes.learns()
    eyes.ran.append(logs_in("--json", "--debug", brings=browser))
    eyes.learns()
    user.writes("clients:\n  acme: {organization: Acme Ltd., email: billing@acme.example}\n")
    eyes.ran += [spawned("apply", "--auto-approve", "--settle", "0", "--debug"), spawned("whoami", "--json", "--debug")]
    assert [ran.code for ran in eyes.ran] == [0] * 4
    expired()
    eyes.ran.append(spawned("plan", "--debug"))
    eyes.learns()
    for fault in ("wrong-json", "truncated", "reset-after"):
        expired()
        strikes(user, f"POST /auth/oauth/token {fault}#1")
        eyes.ran.append(spawned("plan", "--debug"))
        assert eyes.ran[-1].code == 8
        user.sandbox.wrapper.faults = Faults()
        eyes.ran.append(logs_in("--debug", brings=browser))
        eyes.learns()
    strikes(user, "POST /auth/oauth/revoke 500-before#2")
    eyes.ran += [spawned("logout", "--debug"), spawned("logout", "--debug", "--json")]
    assert not kept().exists()
    assert len(eyes.secrets) > 10
    assert eyes.sees() == []


def test_no_secret_of_a_failed_login(user: Story, tmp_path: Path) -> None:
    """Nor where the login does not come about: the pasted address is never repeated."""
    eyes = Eyes(tmp_path)
    eyes.secrets.add("canary-code")
    for brought in (
        "canary-code",
        "https://127.0.0.1/callback?code=canary-code&state=x",
        "https://evil.example?code=canary-code",
    ):
        eyes.ran.append(logs_in("--debug", brings=partial(instead, brought)))
        assert eyes.ran[-1].code in {8, 64}
    assert eyes.sees() == []


def test_no_secret_is_in_an_argument_list(user: Story) -> None:
    """While a login is under way its arguments, which every user of the machine sees, are those that were typed."""
    seen: list[bytes] = []

    def browser(address: str) -> str:
        seen.extend(file.read_bytes() for file in Path("/proc").glob("[0-9]*/cmdline") if _is_ours(file))
        return consents(address)

    assert logs_in(brings=browser).code == 0
    until(lambda: seen)
    assert seen
    assert not any(os.environ["FRESHBOOKS_CLIENT_SECRET"].encode() in arguments for arguments in seen)


def _is_ours(file: Path) -> bool:
    try:
        return b"--redirected" in file.read_bytes()
    except OSError:
        return False


def expired() -> None:
    """Let the access token that is kept have run out."""
    found = json.loads(kept().read_text())
    kept().write_text(json.dumps({**found, "expires_at": 1.0, "issued_at": 0.0}))
