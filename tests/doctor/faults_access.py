"""Faults on the way to the account, each prepared for real: token, connection, certificate, clock, scopes, records."""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.cli.program import strikes, writes
from tests.doctor.relay import certificate, relaying
from tests.doctor.world import CLIENTS, PENDING, STATE, World

READ_ONLY = ("user:profile:read", "user:clients:read")


def jwt(**claims: object) -> str:
    """Make a token of FreshBooks' form; nobody has signed it."""
    parts = (json.dumps(part).encode() for part in ({"alg": "HS256"}, claims))
    return ".".join([*(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts), "c2lnbmVk"])


def no_token(_: World) -> None:
    """Have no token at all."""
    del os.environ["FRESHBOOKS_ACCESS_TOKEN"]


def token_unusable(world: World) -> None:
    """Have a token that cannot be one."""
    os.environ["FRESHBOOKS_ACCESS_TOKEN"] = "canary 12345"
    world.secrets.append("canary")


def token_ended(world: World) -> None:
    """Have a token that says itself that it has ended."""
    token = os.environ["FRESHBOOKS_ACCESS_TOKEN"] = jwt(scope="user:clients:read", exp=time.time() - 7_200)
    world.secrets.append(token)


def token_refused(world: World) -> None:
    """Have a token that FreshBooks does not know."""
    os.environ["FRESHBOOKS_ACCESS_TOKEN"] = "canary-of-no-use"
    world.secrets.append("canary")


def token_soon(world: World) -> None:
    """Have a command that prints a token with five minutes to live."""
    told = json.dumps({"access_token": os.environ.pop("FRESHBOOKS_ACCESS_TOKEN"), "expires_in": 300})
    Path("config").mkdir(exist_ok=True)
    Path("config/token.json").write_text(told, encoding="utf-8")
    file = Path(os.environ["XDG_CONFIG_HOME"]) / "reconciler" / "settings.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text('token_command: ["cat", "config/token.json"]\n', encoding="utf-8")


def token_command_fails(_: World) -> None:
    """Have a command that prints no token."""
    del os.environ["FRESHBOOKS_ACCESS_TOKEN"]
    file = Path(os.environ["XDG_CONFIG_HOME"]) / "reconciler" / "settings.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text('token_command: ["false"]\n', encoding="utf-8")


def login_ended(world: World) -> None:
    """Have a login whose token has ended; it could be renewed."""
    world.logs_in(expires_at=time.time() - 3_600)


def login_cut_off(world: World) -> None:
    """Have a login whose renewal was cut off, while its token lives."""
    world.logs_in(pending=PENDING)


def login_dead(world: World) -> None:
    """Have one whose token has ended besides."""
    world.logs_in(pending=PENDING, expires_at=time.time() - 3_600)


def login_exposed(world: World) -> None:
    """Let everybody read the login."""
    world.logs_in()
    (Path(os.environ["XDG_CONFIG_HOME"]) / "reconciler" / "logins" / "default.json").chmod(0o644)


def read_only(world: World) -> None:
    """Have a login that asked for reading alone."""
    world.logs_in(scopes=READ_ONLY)


def no_clients(world: World) -> None:
    """Have a login that may not even read clients."""
    world.logs_in(scopes=("user:profile:read",))


def only_a_client(world: World) -> None:
    """Be no more than a client of the business."""
    world.story.sandbox.grants.role = "client"


def nobody_answers(_: World) -> None:
    """Lead to a port where nobody is."""
    os.environ["FRESHBOOKS_API_URL"] = "http://127.0.0.1:9"


def address_unusable(_: World) -> None:
    """Lead to where no token may go."""
    os.environ["FRESHBOOKS_API_URL"] = "http://api.example"


def server_fails(world: World) -> None:
    """Let FreshBooks have a trouble of its own."""
    strikes(world.story, "GET * 502-html")


def account_half_read(world: World) -> None:
    """Let the list of clients be something else."""
    strikes(world.story, "GET /users/clients wrong-json")


def another_account(_: World) -> None:
    """Name an account that the login does not reach, and have no state of it."""
    writes(CLIENTS.replace("Ab12Cd", "Other1"))
    for path in STATE.parent.glob("state.json*"):
        path.unlink()


def deleted_outside(world: World) -> None:
    """Delete a bound client in FreshBooks."""
    world.story.person.deletes(world.id_of("bolt"))


def gone(world: World) -> None:
    """Let a bound client vanish."""
    world.story.sandbox.books.purge(world.id_of("bolt"))


def duplicate(world: World) -> None:
    """Enter a client a second time."""
    world.story.person.creates(organization="Acme Ltd.", email="Billing@Acme.example")


# What lies in between stays there to the end of the test.


def behind_tls(world: World, *, trusted: bool = True, **how: Any) -> None:  # noqa: ANN401 - a certificate's words
    """Put a server that speaks TLS before the account, and trust its authority, or nobody."""
    Path("config").mkdir(exist_ok=True)
    shown = certificate(Path("config"), **how)
    os.environ["FRESHBOOKS_API_URL"] = world.stays(relaying(world.story.sandbox.url, shown=shown))
    if trusted:
        os.environ["SSL_CERT_FILE"] = str(shown.authority.resolve())
    # A state of another address is another's.
    store = world.store
    store.save(replace(store.load(), origin=os.environ["FRESHBOOKS_API_URL"]))


def with_clock(world: World, ahead_s: float) -> None:
    """Let the account's clock be ahead."""
    os.environ["FRESHBOOKS_API_URL"] = world.stays(relaying(world.story.sandbox.url, ahead_s=ahead_s))


def tls(**how: Any) -> Callable[[World], None]:  # noqa: ANN401 - a certificate's words
    """Give what puts such a certificate before the account."""

    def prepare(world: World) -> None:
        behind_tls(world, **how)

    return prepare


def clock(ahead_s: float) -> Callable[[World], None]:
    """Give what puts the account's clock ahead."""

    def prepare(world: World) -> None:
        with_clock(world, ahead_s)

    return prepare


def authorities_missing(world: World) -> None:
    """Name a list of authorities that is not there."""
    behind_tls(world)
    os.environ["SSL_CERT_FILE"] = "nowhere.pem"
