"""Which token a run uses, and which safe keeps which login: the first that applies.

    FRESHBOOKS_ACCESS_TOKEN → token_command → the system's keyring, a private file, shared storage: whichever has it

`login` leaves a login in one safe only, so the order of the last three is never felt; the file is looked at before the
keyring, whose library takes a fifth of a second to say that there is none.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_config_path

from reconciler.core.login import Login, Traded
from reconciler.core.ports import Safe
from reconciler.errors import NotAllowed
from reconciler.providers.freshbooks.api import Api, Trace, checked_url
from reconciler.providers.freshbooks.auth import CommandToken, GivenToken, Token
from reconciler.providers.freshbooks.clock import VendorClock
from reconciler.providers.freshbooks.pace import Pace
from reconciler.providers.freshbooks.provider import FreshBooks, origin_of
from reconciler.providers.freshbooks.rotation import LoginToken
from reconciler.proxies import proxy_of
from reconciler.settings import Settings
from reconciler.store.backend import Backend
from reconciler.store.safes.file import FileSafe
from reconciler.store.safes.shared import SharedSafe
from reconciler.store.seal import VARIABLE as KEY
from reconciler.store.seal import read_key

KEYRING, FILE, SHARED = "keyring", "file", "shared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a run's token comes from."""

    token: Token
    told: str
    login: LoginToken | None = None
    """The token again, where it is a login's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the choice of a token depends on."""

    settings: Settings
    tell: Callable[[str], None]
    storage: Backend | None = None
    """Shared storage, where the state is in one."""
    trace: Trace | None = None
    sleep: Callable[[float], None]

    @property
    def origin(self) -> str:
        """Give the API that logins are for."""
        return origin_of(checked_url(self.settings.api_url))


def source(here: Surroundings, *, kept_only: bool = False) -> Source:
    """Give the first token that applies; `kept_only` leaves out what is not a login. Raises `NotAllowed`."""
    chosen = here.settings
    if chosen.token is not None and not kept_only:
        return Source(token=GivenToken(chosen.token), told="FRESHBOOKS_ACCESS_TOKEN")
    if chosen.token_command and not kept_only:
        return Source(token=CommandToken(chosen.token_command), told=f"token_command ({chosen.token_command[0]})")
    safe = holding(here, chosen.login)
    if safe is None:
        unseen = f" ({KEY} is not set, without which no login in shared storage is seen)" if _keyless(here) else ""
        raise NotAllowed(
            "there is no access token",
            f"Nobody is logged in as {chosen.login}{unseen}: run `reconciler login`, set FRESHBOOKS_ACCESS_TOKEN, or "
            f"`token_command` in {user_folder() / 'settings.yaml'}. Without an account, try --sandbox, or "
            "`reconciler demo`.",
            code="no-token",
        )
    token = login_token(here, safe)
    return Source(token=token, told=safe.told, login=token)


def reach(here: Surroundings, token: Token) -> FreshBooks:
    """Give the account, reached with this token; it is to be closed."""
    chosen = here.settings
    api = Api(
        chosen.api_url,
        token,
        parallelism=chosen.parallelism,
        pace=Pace(chosen.rate_share, sleep=here.sleep),
        sleep=here.sleep,
        trace=here.trace,
        proxy=proxy_of(chosen.api_url, os.environ),
    )
    return FreshBooks(api, parallelism=chosen.parallelism)


def login_token(here: Surroundings, safe: Safe, name: str = "") -> LoginToken:
    """Give a login, by default the one that the settings name, as a token that renews itself in this safe."""
    clock = VendorClock()
    url = here.settings.api_url

    def trade(login: Login) -> Traded:
        from reconciler.providers.freshbooks.oauth import OAuth  # noqa: PLC0415 - most runs renew nothing

        return OAuth(url, proxy=proxy_of(url, os.environ), clock=clock, trace=here.trace).refresh(login)

    return LoginToken(
        safe,
        name or here.settings.login,
        trade,
        origin=here.origin,
        by=f"process {os.getpid()} on {socket.gethostname()}",
        tell=here.tell,
        clock=clock,
    )


def holding(here: Surroundings, name: str) -> Safe | None:
    """Give the safe that has a login of this name; one that cannot be asked counts only where no other has it."""
    silent: NotAllowed | None = None
    for _, safe in safes(here):
        try:
            if safe.read(name) is not None:
                return safe
        except NotAllowed as error:
            if error.code != "keyring":
                raise
            silent = error
    if silent is not None:
        raise silent
    return None


def safes(here: Surroundings) -> Iterator[tuple[str, Safe]]:
    """Give the safes that there are, by the name that --keep has for them."""
    folder = user_folder() / "logins"
    yield FILE, FileSafe(folder)
    if (ring := _keyring_safe(folder)) is not None:
        yield KEYRING, ring
    if (shared := _shared_safe(here)) is not None:
        yield SHARED, shared


def _keyring_safe(folder: Path) -> Safe | None:
    from reconciler.store.safes.system import KeyringSafe, chosen  # noqa: PLC0415 - slow, and not asked in most runs

    found = chosen()
    return KeyringSafe(*found, folder) if found is not None else None


def _keyless(here: Surroundings) -> bool:
    """Tell whether there may be a login in shared storage that nobody can read here."""
    return here.storage is not None and not os.environ.get(KEY)


def _shared_safe(here: Surroundings) -> Safe | None:
    text = os.environ.get(KEY)
    if here.storage is None or not text:
        return None
    return SharedSafe(here.storage, read_key(text), sleep=here.sleep)


def user_folder() -> Path:
    """Give the folder of the user's own settings and logins."""
    return user_config_path("reconciler")
