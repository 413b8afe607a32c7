"""The token: it appears nowhere, never crosses a network in the clear, and the user may have a command for it."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.program import ACME, BOLT, PROGRAM, Ran, at_terminal, called, spawned, strikes, until, writes
from tests.golden.story import Story, telling

APPLY = ("apply", "--auto-approve", "--settle", "0")
COMMAND = "import sys; print(open(sys.argv[1]).read())"


@pytest.fixture
def logged(tmp_path: Path) -> Iterator[Story]:
    """Give an account that logs its requests into a file."""
    with telling(tmp_path, log=tmp_path / "requests.log") as story:
        yield story


def everything_in(folder: Path) -> bytes:
    """Give the content of every file."""
    return b"\n".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


def test_the_token_is_nowhere(logged: Story, tmp_path: Path) -> None:
    """No output, log, plan, state, journal, run record or argument list holds the token, whatever went on."""
    canary = os.environ["FRESHBOOKS_ACCESS_TOKEN"]
    writes(ACME + BOLT)
    everything = [called("plan", "--debug", "--out", "one.plan", "--format", "json=plan.json")]
    everything += [called("--debug", "apply", "one.plan"), called("plan", "--json"), called("state", "list")]
    writes(ACME.replace("Acme Ltd.", "Acme Inc."))
    strikes(logged, "PUT * 401")
    strikes(logged, "POST * wrong-json")
    everything += [called("--debug", "apply", "--auto-approve", "--settle", "0", "--max-deletes", "5")]
    seen = "".join(ran.all for ran in everything)
    assert "GET " in seen, "--debug traces requests"
    assert canary not in seen
    assert canary.encode() not in everything_in(tmp_path)
    assert b'"POST"' in (tmp_path / "requests.log").read_bytes()


@pytest.mark.parametrize("fault", ["401", "wrong-json", "truncated#1", "reset-before#1", "502-html#1"])
def test_the_token_is_in_no_error(place: Story, tmp_path: Path, fault: str) -> None:
    """Nor do errors and their tracebacks hold it, the refusal of the token itself included."""
    canary = os.environ["FRESHBOOKS_ACCESS_TOKEN"]
    writes(ACME)
    strikes(place, f"GET /users/clients {fault}")
    ran = spawned("plan", "--debug")
    assert canary not in ran.all
    assert canary.encode() not in everything_in(tmp_path)


def test_a_wrong_token_is_not_quoted(place: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that cannot be one, or is not accepted, is not repeated in the message."""
    writes(ACME)
    for token in ("canary-1234567890", "canary 12345", "canary\x1b[31m", "canaryé"):
        monkeypatch.setenv("FRESHBOOKS_ACCESS_TOKEN", token)
        for ran in (called("plan"), called("plan", "--debug"), called("plan", "--json")):
            assert ran.code == 8
            assert "canary" not in ran.all


def test_the_token_is_in_no_argument_list(place: Story) -> None:
    """While a command runs, its arguments, which every user of the machine sees, do not hold the token."""
    canary = os.environ["FRESHBOOKS_ACCESS_TOKEN"]
    writes(ACME)
    strikes(place, "GET /users/clients delay=0.3")
    with at_terminal("plan") as person:
        until(lambda: place.sandbox.log.entries)
        arguments = Path(f"/proc/{person.process.pid}/cmdline").read_bytes()
        assert PROGRAM[0].encode() in arguments
        assert canary.encode() not in arguments
        assert person.ends() == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://api.freshbooks.com",
        "http://10.0.0.1:8080",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://127.0.0.1@evil.example",
        "https://user:secret@api.freshbooks.com",
        "http://0.0.0.0:1",
        "https://api.freshbooks.com/other/path",
        "https://api.freshbooks.com?query=1",
        "ftp://127.0.0.1",
        "api.freshbooks.com",
        "http://[::1",
        "//",
    ],
)
def test_an_address_that_would_give_the_token_away(folder: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """FRESHBOOKS_API_URL must be https, or http on this machine; anything else is 64 before a byte is sent."""
    writes(ACME)
    monkeypatch.setenv("FRESHBOOKS_ACCESS_TOKEN", "canary")
    monkeypatch.setenv("FRESHBOOKS_API_URL", url)
    ran = called("plan")
    assert (ran.code, "FRESHBOOKS_API_URL must be https://HOST" in ran.err) == (64, True)
    assert "secret" not in ran.all
    assert "canary" not in ran.all


def token_command(place: Story, *words: str, printed: str | None = None) -> None:
    """Let the user's own settings name a command that prints the token."""
    token = os.environ.pop("FRESHBOOKS_ACCESS_TOKEN", place.sandbox.access_token)
    Path("safe").write_text(token if printed is None else printed, encoding="utf-8")
    listed = json.dumps(words or (sys.executable, "-c", COMMAND, str(Path("safe").resolve())))
    file = Path(os.environ["XDG_CONFIG_HOME"]) / "reconciler" / "settings.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"token_command: {listed}\n", encoding="utf-8")


def test_a_token_command(place: Story) -> None:
    """The command of the user's settings file is run once, and what it prints is the token."""
    writes(ACME)
    token_command(place)
    assert called(*APPLY).code == 0
    assert len(place.clients()) == 1


@pytest.mark.parametrize(
    "shape",
    [
        '{"access_token": "TOKEN", "expires_in": 43200}',
        ' {"access_token": "TOKEN", "expires_at": "2036-01-01T00:00:00Z", "token_type": "Bearer"}',
        '{"access_token": "TOKEN", "expires_at": 1}',
        '{"kind": "ExecCredential", "status": {"token": "TOKEN", "expirationTimestamp": "2036-01-01T00:00:00Z"}}',
        '{"status": {"token": "TOKEN", "expirationTimestamp": "soon"}}',
    ],
)
def test_a_token_command_that_prints_json(place: Story, shape: str) -> None:
    """JSON with a token in it, as helpers of git and kubectl print it, does as well; an end that is near asks again."""
    writes(ACME)
    token_command(place, printed=shape.replace("TOKEN", place.sandbox.access_token))
    assert called(*APPLY).code == 0
    assert len(place.clients()) == 1


@pytest.mark.parametrize("printed", ['{"half-secret": 1}', '{"access_token": 5}', '{"status": []}', '{"half-secret'])
def test_a_token_command_whose_json_has_no_token(place: Story, printed: str) -> None:
    """JSON without a token is told with the shapes that are known, and not repeated."""
    ran = failing(place, printed=printed)
    assert "printed JSON without an `access_token`" in flat(ran)
    assert "half-secret" not in ran.all


def test_the_environment_wins_over_a_token_command(place: Story) -> None:
    """Where FRESHBOOKS_ACCESS_TOKEN is set, the command is not run."""
    writes(ACME)
    token = os.environ["FRESHBOOKS_ACCESS_TOKEN"]
    token_command(place, "/bin/false")
    os.environ["FRESHBOOKS_ACCESS_TOKEN"] = token
    assert called("plan").code == 0


def failing(place: Story, *words: str, printed: str | None = None) -> Ran:
    """Plan with a token command that does not work."""
    writes(ACME)
    token_command(place, *words, printed=printed)
    ran = spawned("plan")
    assert ran.code == 8, ran.all
    assert "Traceback" not in ran.all
    assert place.sandbox.log.entries == []
    return ran


def test_a_token_command_that_fails(place: Story) -> None:
    """Its exit code is told, and not what it wrote, for that may be half a secret."""
    ran = failing(place, sys.executable, "-c", "import sys; print('half-secret', file=sys.stderr); sys.exit(3)")
    assert "ended with exit code 3. Run it to see why." in flat(ran)
    assert "half-secret" not in ran.all


def test_a_token_command_that_does_not_exist(place: Story) -> None:
    """The command is named, with the reason."""
    assert "token_command (/no/such/command): No such file or directory." in flat(failing(place, "/no/such/command"))


@pytest.mark.parametrize(("printed", "told"), [("", "is empty"), ("\n", "is empty"), ("two words", "no token has")])
def test_a_token_command_that_prints_no_token(place: Story, printed: str, told: str) -> None:
    """What cannot be a token is not sent as one, and not repeated."""
    ran = failing(place, printed=printed)
    assert told in flat(ran)
    assert "two words" not in ran.all


def test_a_token_command_is_the_user_s_own(place: Story) -> None:
    """A repository's reconciler.yaml cannot name a command: whoever clones it would run it."""
    writes(ACME)
    writes("token_command: [touch, ran]\n", "reconciler.yaml")
    ran = called("plan")
    assert (ran.code, "reconciler.yaml:2:1" in ran.err) == (3, True)
    assert not Path("ran").exists()


def test_the_address_never_comes_from_a_file(place: Story) -> None:
    """Nor can a repository say where the token is sent."""
    writes(ACME)
    for name in ("api_url", "FRESHBOOKS_API_URL"):
        writes(f"{name}: https://evil.example\n", "reconciler.yaml")
        assert called("plan").code == 3


def test_a_wrong_user_file(place: Story) -> None:
    """A mistake in the user's settings file is told with its place."""
    writes(ACME)
    token_command(place)
    file = Path(os.environ["XDG_CONFIG_HOME"]) / "reconciler" / "settings.yaml"
    file.write_text("token_command: pass show freshbooks\n", encoding="utf-8")
    ran = called("plan")
    assert (ran.code, "settings.yaml:1" in ran.err) == (3, True)


def flat(ran: Ran) -> str:
    """Give what was told on stderr as one line."""
    return re.sub(r"\n\|? +", " ", ran.err)
