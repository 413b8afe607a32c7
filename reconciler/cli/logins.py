"""Log in, seed, log out: from what the user has to a login in a safe, and back.

It decides where a login goes; how it is kept is the safes' business, how it renews itself the provider's.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from reconciler.cli.asking import asked
from reconciler.cli.session import Session
from reconciler.cli.showing import tell
from reconciler.cli.tokens import (
    FILE,
    KEYRING,
    SHARED,
    Source,
    Surroundings,
    holding,
    login_token,
    reach,
    safes,
    source,
)
from reconciler.core.login import (
    READ_SCOPES,
    WRITE_SCOPES,
    App,
    Declined,
    Granted,
    Login,
    NoAnswer,
    NotAsked,
    Secret,
    Traded,
)
from reconciler.core.ports import Safe
from reconciler.errors import NotAllowed, UsageError
from reconciler.providers.freshbooks.oauth import Attempt, OAuth, checked_app, code_of
from reconciler.providers.freshbooks.rotation import declined, renewed
from reconciler.proxies import proxy_of
from reconciler.reports.identity import Standing, heading, identity_fields, render_identity
from reconciler.store.seal import VARIABLE as KEY

SEED = "FRESHBOOKS_REFRESH_TOKEN"
_PASTES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where logging in goes on."""

    session: Session
    here: Surroundings
    flags: Mapping[str, str | bool | None]

    @property
    def name(self) -> str:
        """Give the login's name."""
        return self.session.settings.login

    @property
    def oauth(self) -> OAuth:
        """Give FreshBooks' side."""
        url = self.session.settings.api_url
        return OAuth(url, proxy=proxy_of(url, os.environ), trace=self.here.trace)

    def log_in(self) -> Source:
        """Have the user consent in a browser, and keep what FreshBooks gives for it."""
        return _log_in(self)

    def seed(self) -> Source:
        """Keep a login that begins with a refresh token from elsewhere."""
        return _seed(self)

    def log_out(self, *, force: bool) -> str:
        """Have FreshBooks end the login, and remove it; gives where it was kept."""
        return _log_out(self, force=force)

    def source(self, *, kept_only: bool) -> Source:
        """Give the token that a run would use."""
        return source(self.here, kept_only=kept_only)

    def show(self, found: Source, kind: str) -> None:
        """Show whose a token is."""
        _show_identity(self, found, kind)

    def say(self, text: str) -> None:
        """Say what accompanies the result."""
        self.session.terminal.talk(text)


def _log_in(desk: Desk) -> Source:
    safe = _safe(desk)
    known = _known(desk, safe)
    app = _app(desk, known)
    scopes = READ_SCOPES if desk.flags.get("read_only") else WRITE_SCOPES
    attempt = Attempt(app=app, scopes=scopes)
    if desk.flags.get("no_pkce"):
        attempt = replace(attempt, verifier=None)
    oauth = desk.oauth
    _show(desk, oauth.address(attempt))
    code = _code(desk, attempt)
    with safe.locked(desk.name):
        _known(desk, safe)
        granted = _granted(desk, oauth.exchange(attempt, code))
        empty = Login(app=app, origin=desk.here.origin, access=granted.access, refresh=granted.refresh)
        safe.write(desk.name, renewed(empty, granted))
    _only(desk, safe)
    return _source(desk, safe)


def _seed(desk: Desk) -> Source:
    """Send the refresh token once, however often this is run.

    It is renewed beside the login that is there, which is replaced only by one that works.
    """
    given = Secret(os.environ.get(SEED) or sys.stdin.readline().strip())
    if not given or not given.reveal().isascii() or not given.reveal().isprintable():
        raise UsageError("there is no refresh token", f"Set {SEED}, or write the token to standard input.")
    digest = hashlib.sha256(given.reveal().encode()).hexdigest()
    safe, beside = _safe(desk), f"{desk.name}.seed"
    known = _known(desk, safe)
    if known is not None and digest in {known.seed, _digest(known)}:
        desk.say(f"The login {desk.name} was begun with this refresh token already; it is not sent again.")
        return _source(desk, safe)
    app = _app(desk, known)
    with safe.locked(beside):
        begun = safe.read(beside)
        if begun is None or digest not in {begun.seed, _digest(begun)}:
            begun = Login(app=app, origin=desk.here.origin, access=Secret(""), refresh=given, seed=digest)
        safe.write(beside, replace(begun, app=app))
    token = login_token(desk.here, safe, beside)
    if not token.login().access:
        token.renew_now()
    with safe.locked(desk.name):
        _known(desk, safe)
        safe.write(desk.name, token.login())
    safe.remove(beside)
    _only(desk, safe)
    return _source(desk, safe)


def _log_out(desk: Desk, *, force: bool) -> str:
    safe = holding(desk.here, desk.name)
    if safe is None:
        raise NotAllowed(
            "there is no such login",
            f"Nobody is logged in as {desk.name}, so there is nothing to end.",
            code="no-login",
        )
    with safe.locked(desk.name):
        login = login_token(desk.here, safe).login()
        oauth = desk.oauth
        failed = [why for token in (login.refresh, login.access) if token and (why := oauth.revoke(login.app, token))]
        dead = login.pending is not None and login.pending.refused
        if failed and not dead and not force:
            raise NotAllowed(
                "the login could not be ended",
                f"FreshBooks did not revoke its tokens: {failed[0]}. It is kept. Try again; or remove it all the same "
                "with --force, and end it on the page of your FreshBooks account where apps are listed.",
                code="login-not-revoked",
            )
        if failed:
            desk.say(f"FreshBooks did not revoke the tokens: {failed[0]}. They are removed here only.")
        safe.remove(desk.name)
    return safe.told


def _show_identity(desk: Desk, found: Source, kind: str) -> None:
    """Ask FreshBooks whose the token is, and show that with what else is known of it."""
    account = reach(desk.here, found.token)
    try:
        identity = account.identify()
    finally:
        account.close()
    standing = Standing(told=found.told)
    if found.login is not None:
        login = found.login.login()
        ended = "" if login.pending is None else "no longer: log in again before it expires"
        standing = Standing(
            told=found.told,
            login=desk.name,
            scopes=login.scopes,
            expires_at=datetime.fromtimestamp(login.expires_at, UTC).isoformat(timespec="seconds"),
            renewal=ended,
        )
    if desk.session.terminal.as_json:
        tell(desk.session, heading(identity), kind, **identity_fields(identity, standing))
    else:
        desk.session.terminal.result(render_identity(identity, standing))


# Where a login goes.


def _source(desk: Desk, safe: Safe) -> Source:
    if desk.session.settings.token is not None:
        desk.say("FRESHBOOKS_ACCESS_TOKEN is set, and is used before this login.")
    token = login_token(desk.here, safe)
    return Source(token=token, told=safe.told, login=token)


def _safe(desk: Desk) -> Safe:
    there = dict(safes(desk.here))
    keep = str(desk.flags.get("keep") or "")
    if not keep:
        keep = SHARED if os.environ.get("CI") and SHARED in there else KEYRING if KEYRING in there else FILE
    if keep not in there:
        needs = {
            KEYRING: "this system has no keyring of its own that could be used; files in the clear are none",
            SHARED: f"that needs {KEY} and a state in shared storage",
        }
        raise UsageError(f"--keep {keep} cannot be had", f"Here {needs[keep]}. There is: {', '.join(sorted(there))}.")
    if keep == SHARED and desk.here.storage is not None:
        # This may be its first use: where two renewals could overwrite each other, no login is kept.
        desk.here.storage.check()
    return there[keep]


def _known(desk: Desk, safe: Safe) -> Login | None:
    """Give the login that is replaced; one that cannot be read is replaced as well."""
    try:
        return safe.read(desk.name)
    except NotAllowed as error:
        if error.code == "keyring":
            raise
        desk.say(f"The login that was there is replaced: {error.summary}.")
        return None


def _only(desk: Desk, kept: Safe) -> None:
    """Remove the same login elsewhere, which FreshBooks has ended by giving the new one."""
    for _, safe in safes(desk.here):
        if safe.told != kept.told:
            with suppress(NotAllowed), safe.locked(desk.name):
                if safe.remove(desk.name):
                    desk.say(f"The earlier login {desk.name} in {safe.told} is removed.")


# What is asked for.


def _app(desk: Desk, known: Login | None) -> App:
    """Give the app, from the environment, the login before, or the person at the terminal."""

    def word(name: str, before: str, question: str, *, hidden: bool = False) -> str:
        given = os.environ.get(name) or before
        if given:
            return given
        if not desk.session.terminal.interactive:
            raise UsageError("the app is not known", f"Set {name}, or run this at a terminal to be asked.")
        return asked(desk.session.terminal, question, hidden=hidden)

    app = known.app if known is not None else App(id="", secret=Secret(""), redirect_uri="")
    return checked_app(
        App(
            id=word("FRESHBOOKS_CLIENT_ID", app.id, "Client id of your FreshBooks app"),
            secret=Secret(word("FRESHBOOKS_CLIENT_SECRET", app.secret.reveal(), "Client secret", hidden=True)),
            redirect_uri=word("FRESHBOOKS_REDIRECT_URI", app.redirect_uri, "Redirect address of the app (https)"),
        )
    )


def _show(desk: Desk, address: str) -> None:
    told = "Open this address in a browser and let the app in. Then paste the address that the browser shows."
    if desk.session.terminal.as_json:
        tell(desk.session, told, "login_address", address=address)
    else:
        desk.say(
            f"{told}\nThat no page opens there does not matter; the address holds for five minutes.\n\n{address}\n"
        )


def _code(desk: Desk, attempt: Attempt) -> Secret:
    """Read the code from what is pasted; whoever sits there may paste anew what was no address."""
    for left in reversed(range(_PASTES)):
        pasted = _redirected(desk)
        try:
            return code_of(attempt, pasted)
        except UsageError as error:
            if not left or not pasted or desk.flags.get("redirected"):
                raise
            desk.say(f"  This is not the redirected address. {error.detail}")
    raise AssertionError("the last one raises")


def _redirected(desk: Desk) -> str:
    if desk.flags.get("redirected"):
        return sys.stdin.readline()
    if not desk.session.terminal.interactive:
        raise UsageError(
            "nobody can paste the redirected address",
            "Run this at a terminal, or with --redirected - and the address on standard input.",
        )
    return asked(desk.session.terminal, "Redirected address")


def _granted(desk: Desk, answer: Traded) -> Granted:
    match answer:
        case Granted():
            return answer
        case Declined(error="invalid_grant"):
            raise NotAllowed(
                "FreshBooks does not take the code",
                "It was used already, or is older than five minutes, or FRESHBOOKS_REDIRECT_URI is not, letter for "
                "letter, an address of the app. Begin again, and paste the address at once.",
                code="login-code",
            )
        case Declined(error=error, reason=reason):
            raise declined(desk.name, error, reason)
        case NotAsked(reason=reason) | NoAnswer(reason=reason):
            raise NotAllowed(
                "the login did not come about",
                f"FreshBooks gave no token: {reason}. The code may be spent: begin again.",
                code="login-not-renewed",
            )


def _digest(login: Login) -> str:
    return hashlib.sha256(login.refresh.reveal().encode()).hexdigest()
