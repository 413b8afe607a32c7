"""`login`, `logout`, `whoami` over the account's real socket: who gets in, what is said where not, what is left."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from reconciler.sandbox.oauth import REDIRECT_URI
from tests.cli.program import PROGRAM, Ran, at_terminal, spawned, strikes
from tests.golden.story import Story, telling

APP = {
    "FRESHBOOKS_CLIENT_ID": "client_id",
    "FRESHBOOKS_CLIENT_SECRET": "client_secret",
}


@pytest.fixture
def user(tmp_path: Path) -> Iterator[Story]:
    """Give somebody with an app and no token."""
    with telling(tmp_path) as story:
        yield without_token(story)


def without_token(story: Story) -> Story:
    """Leave the app's words in the environment, and nothing else."""
    for name in ("FRESHBOOKS_ACCESS_TOKEN", "CI"):
        os.environ.pop(name, None)
    for name, key in APP.items():
        os.environ[name] = getattr(story.sandbox.grants, key)
    os.environ["FRESHBOOKS_REDIRECT_URI"] = REDIRECT_URI
    return story


def consents(address: str) -> str:
    """Be the browser: open the address, and give the one that it is sent to."""
    answer = httpx.get(address)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def logs_in(*words: str, brings: Callable[[str], str] = consents, before: Sequence[str] = ()) -> Ran:
    """Run `login`, and write to it what comes of its address."""
    with subprocess.Popen(
        [*before, *PROGRAM, "login", "--redirected", "-", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stderr
        assert process.stdout
        told, stream = "", process.stdout if "--json" in words else process.stderr
        while not (found := re.search(r"https?://\S+?(?=[\"\s])", told)):
            line = stream.readline()
            assert line, f"it ended without an address: {told}"
            told += line
        out, err = process.communicate(brings(found[0]) + "\n", timeout=60)
        first = {"out": told, "err": ""} if "--json" in words else {"out": "", "err": told}
        return Ran(code=process.returncode, out=first["out"] + out, err=first["err"] + err)


def kept(name: str = "default") -> Path:
    """Give the file of a login."""
    return Path(os.environ["XDG_CONFIG_HOME"]) / "reconciler" / "logins" / f"{name}.json"


def flat(ran: Ran) -> str:
    """Give what was told on stderr as one line."""
    return re.sub(r"\n\|? +", " ", ran.err)


def test_a_login(user: Story) -> None:
    """The address asks for the least that apply needs, with state and PKCE; afterwards everything works."""
    seen: list[str] = []

    def browser(address: str) -> str:
        seen.append(address)
        return consents(address)

    ran = logs_in(brings=browser)
    assert ran.code == 0, ran.err
    query = parse_qs(urlsplit(seen[0]).query)
    assert query["scope"] == ["user:profile:read user:clients:read user:clients:write"]
    assert query["code_challenge_method"] == ["S256"]
    assert len(query["state"][0]) >= 32
    assert "Sandy Box <owner@sandbox.example>" in ran.out
    assert "Ab12Cd  Sandbox Ltd.  (owner)" in ran.out
    assert stat.S_IMODE(kept().stat().st_mode) == 0o600
    user.writes("clients:\n  acme: {organization: Acme Ltd., email: billing@acme.example}\n")
    assert spawned("apply", "--auto-approve", "--settle", "0").code == 0
    assert len(user.clients()) == 1


def test_a_login_that_may_only_read(user: Story) -> None:
    """`--read-only` asks for no right to write; a plan works, and an apply is refused by FreshBooks (exit 8)."""
    assert logs_in("--read-only").code == 0
    user.writes("clients:\n  acme: {organization: Acme Ltd., email: billing@acme.example}\n")
    assert spawned("plan").code == 0
    assert spawned("apply", "--auto-approve", "--settle", "0").code == 8
    assert user.clients() == {}
    told = json.loads(spawned("whoami", "--json").out)
    assert told["scopes"] == ["user:profile:read", "user:clients:read"]


def test_several_logins(user: Story) -> None:
    """Each name has a login of its own; the settings, the environment or the argument say which one is used."""
    assert logs_in().code == 0
    assert logs_in("acme-books", "--read-only").code == 0
    assert kept("acme-books").exists()
    assert "user:clients:write" not in spawned("whoami", "acme-books").out
    assert "user:clients:write" in spawned("whoami").out
    assert "user:clients:write" not in spawned("whoami", environment={"RECONCILER_LOGIN": "acme-books"}).out
    user.settings("login: acme-books")
    assert "user:clients:write" not in spawned("whoami").out
    assert spawned("whoami", "Acme Books").code == 64
    assert spawned("whoami", "nobody").code == 8


def test_a_login_as_events(user: Story) -> None:
    """With --json the address and the result are events on stdout, and nothing else is there."""
    ran = logs_in("--json")
    events = [json.loads(line) for line in ran.out.splitlines()]
    assert [event["type"] for event in events] == ["login_address", "login"]
    assert events[1]["accounts"] == [{"account_id": "Ab12Cd", "business": "Sandbox Ltd.", "role": "owner"}]
    assert events[1]["renews_itself"] is True


def test_at_a_terminal(user: Story) -> None:
    """Without variables the app's words are asked for, the secret unshown; then the address, anew if it was none."""
    grants = user.sandbox.grants
    words = {name: os.environ.pop(name) for name in (*APP, "FRESHBOOKS_REDIRECT_URI")}
    with at_terminal("login", columns=400) as person:
        person.shows("Client id of your FreshBooks app: ")
        person.types(f"{words['FRESHBOOKS_CLIENT_ID']}\n")
        person.shows("Client secret: ")
        time.sleep(0.05)  # the terminal falls silent after it has asked
        person.types(f"{grants.client_secret}\n")
        person.shows("Redirect address of the app (https): ")
        person.types(f"{REDIRECT_URI}\n")
        person.shows("Redirected address: ")
        person.types("reconciler login\n")
        person.shows("This is not the redirected address.")
        person.shows("Redirected address: ")
        found = re.search(r"http://127\S+", person.text)
        assert found
        person.types(f"{consents(found[0])}\n")
        assert person.ends() == 0
        assert grants.client_secret not in person.text
        assert "Sandy Box" in person.text
    # The app is known by now: nothing is asked a second time.
    assert logs_in().code == 0


def refused(ran: Ran, told: str, code: int = 8) -> None:
    """See that nobody got in, and that the reason is told."""
    assert ran.code == code, ran.err
    assert told in flat(ran)
    assert not kept().exists()
    assert "Traceback" not in ran.all


def test_what_is_pasted_says_no(user: Story) -> None:
    """A refusal in the browser, another attempt's address, another redirect and no address: each has its sentence."""
    state = "another-state"
    refused(logs_in(brings=lambda a: f"{REDIRECT_URI}?error=access_denied&state={state_of(a)}"), "chose not to let the")
    refused(logs_in(brings=lambda _: f"{REDIRECT_URI}?error=access_denied"), "chose not to let the app in")
    refused(logs_in(brings=lambda _: f"{REDIRECT_URI}?code=canary-code&state={state}"), "is not the one of the address")
    refused(logs_in(brings=lambda _: f"{REDIRECT_URI}?code=canary-code"), "from an earlier attempt")
    other = "https://evil.example/callback"
    refused(logs_in(brings=lambda a: f"{other}?code=canary-code&state={state_of(a)}"), "does not begin with")
    for nothing in ("", "canary-code", "https://[::1?code=a", "http://127.0.0.1/callback?code=canary-code"):
        refused(logs_in(brings=partial(instead, nothing)), "Paste the whole address", code=64)
    assert asked(user) == 0


def instead(text: str, _: str) -> str:
    """Bring something else than what the browser shows."""
    return text


def asked(user: Story) -> int:
    """Count the requests for tokens."""
    return sum(str(entry["path"]).endswith("/token") for entry in user.sandbox.log.entries)


def state_of(address: str) -> str:
    """Give the state of an address."""
    return parse_qs(urlsplit(address).query)["state"][0]


def test_a_code_that_is_spent_or_too_old(user: Story) -> None:
    """A code that was used, is older than five minutes, or belongs to another redirect is told as such."""

    def late(address: str) -> str:
        brought = consents(address)
        user.sandbox.grants.clock = lambda: time.time() + 301
        return brought

    refused(logs_in(brings=late), "is older than five minutes")
    user.sandbox.grants.clock = time.time

    def used(address: str) -> str:
        brought = consents(address)
        user.sandbox.books.drop_tokens("code")
        return brought

    refused(logs_in(brings=used), "It was used already")


def test_the_app_is_checked(user: Story) -> None:
    """A redirect that is not https, a secret with blanks and one that FreshBooks does not know are told by name."""
    for address in ("http://localhost:8000", "https://app.example/?a=b", "app.example", "https://"):
        ran = spawned("login", "--redirected", "-", environment={"FRESHBOOKS_REDIRECT_URI": address})
        refused(ran, "FRESHBOOKS_REDIRECT_URI must be https://", code=64)
    ran = spawned("login", environment={"FRESHBOOKS_CLIENT_SECRET": "canary secret"})
    refused(ran, "FRESHBOOKS_CLIENT_SECRET must be", code=64)
    assert "canary" not in ran.all
    os.environ["FRESHBOOKS_CLIENT_SECRET"] = "canary-wrong"
    ran = logs_in()
    refused(ran, "Check FRESHBOOKS_CLIENT_ID and FRESHBOOKS_CLIENT_SECRET")
    assert "canary" not in ran.all


def test_nobody_is_there_to_paste(user: Story) -> None:
    """Without a terminal `login` names the option for scripts; without the app's words, the variable."""
    refused(spawned("login"), "--redirected -", code=64)
    del os.environ["FRESHBOOKS_CLIENT_ID"]
    refused(spawned("login"), "Set FRESHBOOKS_CLIENT_ID", code=64)
    refused(spawned("login", "--sandbox"), "Leave one of the two out", code=64)
    refused(spawned("login", "--keep", "shared"), "--keep shared", code=64)
    refused(spawned("login", "--keep", "keyring"), "no keyring of its own", code=64)


@pytest.mark.parametrize(
    ("pkce", "words", "code"), [("ignored", (), 0), ("refused", ("--no-pkce",), 0), ("refused", (), 8)]
)
def test_pkce_where_it_is_accepted(tmp_path: Path, pkce: str, words: Sequence[str], code: int) -> None:
    """A FreshBooks that does not look at PKCE changes nothing; where it refuses it, --no-pkce is named, and works."""
    with telling(tmp_path, {"pkce": pkce}) as story:
        without_token(story)
        ran = logs_in(*words)
        assert ran.code == code, ran.err
        assert ("--no-pkce" in flat(ran)) is (code == 8)


def test_scopes_that_the_app_lacks(tmp_path: Path) -> None:
    """One scope that is not enabled makes the consent fail; the way out is told."""
    with telling(tmp_path, scopes="user:profile:read user:clients:read") as story:
        without_token(story)
        ran = logs_in()
        assert (ran.code, "must be enabled on your app's page; --read-only" in flat(ran)) == (8, True)
        assert logs_in("--read-only").code == 0


def test_logout(user: Story) -> None:
    """`logout` has FreshBooks end both tokens, and removes the file; a second one has nothing to end."""
    assert logs_in().code == 0
    login = json.loads(kept().read_text())
    assert spawned("logout").code == 0
    assert not kept().exists()
    grants = user.sandbox.grants
    assert grants.scope_of(login["access_token"]) is None
    assert user.sandbox.books.token(login["refresh_token"], "refresh") is None
    assert (spawned("logout").code, spawned("whoami").code) == (8, 8)


def test_a_logout_that_freshbooks_does_not_hear(user: Story) -> None:
    """Where FreshBooks does not end the login it is kept, unless --force says otherwise."""
    assert logs_in().code == 0
    strikes(user, "POST /auth/oauth/revoke 500-before")
    ran = spawned("logout")
    assert (ran.code, kept().exists()) == (8, True)
    assert "--force" in flat(ran)
    ran = spawned("logout", "--force")
    assert (ran.code, kept().exists()) == (0, False)
    assert "removed here only" in ran.err


def test_whoami_of_a_token_from_the_environment(user: Story) -> None:
    """Without a login it is the token of the environment, of which scopes and end are not known."""
    ran = spawned("whoami", "--json", environment={"FRESHBOOKS_ACCESS_TOKEN": user.sandbox.access_token})
    told = json.loads(ran.out)
    assert (told["source"], told["login"], told["scopes"]) == ("FRESHBOOKS_ACCESS_TOKEN", None, None)
    assert told["accounts"][0]["account_id"] == "Ab12Cd"


def test_seeding_sends_the_token_once(user: Story) -> None:
    """A refresh token from elsewhere becomes a login by one request, however often the job is run."""
    os.environ["FRESHBOOKS_REFRESH_TOKEN"] = user.sandbox.refresh_token
    for _ in range(3):
        assert spawned("login", "--with-refresh-token").code == 0
    assert asked(user) == 1
    assert spawned("plan", "nothing.yaml").code == 3
    assert [file.name for file in kept().parent.glob("*.json")] == ["default.json"]


def test_a_dead_seed_leaves_the_login_alone(user: Story) -> None:
    """A seed that FreshBooks does not accept replaces nothing, and is not sent a second time either."""
    assert logs_in().code == 0
    before = kept().read_bytes()
    os.environ["FRESHBOOKS_REFRESH_TOKEN"] = user.sandbox.refresh_token
    for _ in range(2):
        ran = spawned("login", "--with-refresh-token")
        assert (ran.code, "no longer accepts the refresh token" in flat(ran)) == (8, True)
    assert kept().read_bytes() == before
    assert spawned("whoami").code == 0
    assert asked(user) == 2


def test_a_file_that_others_can_read_is_not_used(user: Story) -> None:
    """A login whose file anybody could have read ends in 8, and the message has the chmod."""
    assert logs_in().code == 0
    kept().chmod(0o644)
    ran = spawned("whoami")
    assert (ran.code, f"chmod 600 {kept()}" in flat(ran)) == (8, True)
    # A new login replaces it.
    assert logs_in().code == 0
    assert stat.S_IMODE(kept().stat().st_mode) == 0o600
