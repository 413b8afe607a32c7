"""A login that renews itself and cannot burn: a refresh token works once, and one lost answer would end the login.

    lock the safe → read again (another process may have done it) → durable mark "sent" → one request
      → new pair         durable before its first use; the mark goes with the old pair
      → refused, unsent  the mark goes, or says that the login is dead
      → no answer, a kill, a full disk after the answer: the mark stays, and that token is never sent again

It sends nothing itself, and knows neither where logins are kept nor how a request looks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import assert_never

from reconciler.core.login import Declined, Granted, Login, NoAnswer, NotAsked, Pending, Secret, Traded
from reconciler.core.ports import Safe
from reconciler.errors import Locked, Moved, NotAllowed, ReconcilerError, StateUnusable
from reconciler.providers.freshbooks.auth import checked
from reconciler.providers.freshbooks.clock import VendorClock

EARLY_S = 3600.0
"""Renewed when less than this is left of the twelve hours; of a shorter life when half of it is gone."""
_YOUNG_S = 60.0
"""A token refused so soon after it was given would not be helped by another."""
_AGAIN_S = 300.0
"""A renewal that failed while the token lives is not tried again before."""
_LAST_S = 4.0
_RACES = 5

Trade = Callable[[Login], Traded]


class LoginToken:
    """Fills `Token` from a login in a safe that other processes use too; may be used from several threads."""

    def __init__(
        self,
        safe: Safe,
        name: str,
        trade: Trade,
        *,
        origin: str,
        by: str,
        tell: Callable[[str], None],
        clock: VendorClock | None = None,
    ) -> None:
        self._safe, self._name, self._trade = safe, name, trade
        self._origin, self._by, self._tell = origin, by, tell
        self._clock = clock or VendorClock()
        self._lock = threading.Lock()
        self._login: Login | None = None
        self._creates = 0
        self._not_before = 0.0

    # The port.

    def value(self) -> str:
        """Give the access token; at the first call it is read, and renewed if its end is near."""
        with self._lock:
            if self._login is None:
                self._keep_alive(self._read())
            return checked(self._loaded().access.reveal(), self._safe.told)

    def ready(self) -> bool:
        """Renew the token if its end is near; False where a create is under way, which nothing may disturb."""
        with self._lock:
            login = self._login or self._read()
            if not self._due(login):
                return True
            if self._creates:
                return False
            self._keep_alive(login)
            return True

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Renew nothing for as long as the block lasts; a renewal that has begun is waited for."""
        with self._lock:
            self._creates += 1
        try:
            yield
        finally:
            with self._lock:
                self._creates -= 1

    def renewed(self, refused: str, *, writing: bool) -> str | None:
        """Give the token that another thread or process has got, else get one, unless a write is under way."""
        with self._lock:
            if self._loaded().access.reveal() == refused:
                self._login = self._read()
            login = self._loaded()
            if login.access.reveal() == refused:
                young = self._clock.now() - login.issued_at < _YOUNG_S
                if writing or self._creates or young:
                    return None
                self._renew(login.access)
            found = self._loaded().access.reveal()
            return found if found != refused else None

    def heard(self, date: str | None) -> None:
        """Take the time that FreshBooks tells."""
        self._clock.heard(date)

    # What the commands ask besides.

    @property
    def name(self) -> str:
        """Give the login's name."""
        return self._name

    def login(self) -> Login:
        """Give the login as it is now."""
        with self._lock:
            return self._login or self._read()

    def renew_now(self) -> None:
        """Renew it however long it still holds."""
        with self._lock:
            self._renew(self._read().access)

    # Behind the lock of this value.

    def _loaded(self) -> Login:
        if self._login is None:
            self._login = self._read()
        return self._login

    def _read(self) -> Login:
        found = self._safe.read(self._name)
        if found is None:
            raise NotAllowed(
                "there is no such login",
                f"{self._safe.told} holds no login {self._name}. Log in: `reconciler login {self._name}`.",
                code="no-login",
            )
        if found.origin != self._origin:
            raise NotAllowed(
                "the login is for another API",
                f"The login {self._name} is for {found.origin}, and FRESHBOOKS_API_URL leads to {self._origin}. No "
                "token was sent there.",
                code="login-of-another-api",
            )
        return found

    def _left_s(self, login: Login) -> float:
        return login.expires_at - self._clock.now()

    def _due(self, login: Login) -> bool:
        left = self._left_s(login)
        near = left < min(EARLY_S, max(login.expires_at - login.issued_at, 0.0) / 2)
        return left <= 0 or (near and self._clock.now() >= self._not_before)

    def _keep_alive(self, login: Login) -> None:
        """Renew what is due; while the token lives, a renewal that fails is told and no reason to stop."""
        self._login = login
        if not self._due(login):
            return
        try:
            self._renew(login.access)
        except (NotAllowed, Locked, StateUnusable) as error:
            left = self._left_s(self._loaded())
            if left <= 0:
                raise
            self._not_before = self._clock.now() + _AGAIN_S
            self._tell(f"{error.summary}: {error.detail} The present access token holds for {left / 60:.0f} min more.")

    def _renew(self, spent: Secret) -> None:
        """Get a pair in the place of the one with this access token, unless somebody else has."""
        for _ in range(_RACES):
            try:
                with self._safe.locked(self._name):
                    kept = self._read()
                    if kept.access != spent and self._left_s(kept) > 0:
                        self._login = kept
                        return
                    if kept.pending is not None:
                        self._login = kept
                        raise cut_off(self._name, kept.pending)
                    _to_its_end(partial(self._ask, kept))
                    return
            except Moved:
                # Somebody else's mark came first.
                continue
        raise Locked(
            "the login is in use",
            f"Others keep renewing the login {self._name} in {self._safe.told}. Try again.",
            code="login-locked",
        )

    def _ask(self, kept: Login) -> None:
        """Write the mark, send the one request, and keep what comes of it."""
        pending = Pending(at=_now(), by=self._by)
        marked = replace(kept, pending=pending)
        # Raises where it cannot be durable: then nothing is sent.
        self._safe.write(self._name, marked)
        self._login = marked
        match self._trade(marked):
            case Granted() as granted:
                self._login = renewed(kept, granted)
                self._keep_pair(self._login)
            case NotAsked(reason=reason):
                self._unmark(kept)
                raise NotAllowed(
                    "the login could not be renewed",
                    f"FreshBooks was not reached: {reason}. Nothing is lost: try again.",
                    code="login-not-renewed",
                )
            case Declined(error="invalid_grant"):
                dead = replace(pending, refused=True)
                self._login = replace(kept, pending=dead)
                self._safe.write(self._name, self._login)
                raise cut_off(self._name, dead)
            case Declined(error=error, reason=reason):
                self._unmark(kept)
                raise declined(self._name, error, reason)
            case NoAnswer(reason=reason):
                self._tell(f"FreshBooks was asked to renew the login {self._name}, and did not answer: {reason}.")
                raise cut_off(self._name, pending)
            case never:
                assert_never(never)

    def _unmark(self, kept: Login) -> None:
        self._safe.write(self._name, kept)
        self._login = kept

    def _keep_pair(self, login: Login) -> None:
        try:
            self._safe.write(self._name, login)
        except ReconcilerError as error:
            self._tell(
                f"The login {self._name} was renewed, and the new tokens could not be kept: {error.summary} "
                f"({error.detail}) This run goes on with them; no other can. Log in again afterwards: `reconciler "
                f"login {self._name}`."
            )


def renewed(login: Login, granted: Granted) -> Login:
    """Give a login with its new pair."""
    return replace(
        login,
        access=granted.access,
        refresh=granted.refresh,
        issued_at=granted.issued_at,
        expires_at=granted.expires_at,
        scopes=granted.scopes or login.scopes,
        pending=None,
    )


def cut_off(name: str, pending: Pending) -> NotAllowed:
    """Say why a refresh token is not sent (again)."""
    if pending.refused:
        return NotAllowed(
            "the login is dead",
            f"FreshBooks no longer accepts the refresh token of the login {name} (told at {pending.at} to "
            f"{pending.by}): somebody has logged in to the same app since, or revoked it. Log in again: `reconciler "
            f"login {name}`.",
            code="login-dead",
        )
    return NotAllowed(
        "the login's renewal was cut off",
        f"The renewal of the login {name} was cut off at {pending.at}, by {pending.by}; FreshBooks may have given a "
        f"new token that nobody kept, and the old one works only once. Log in again: `reconciler login {name}`.",
        code="login-cut-off",
    )


def declined(name: str, error: str, reason: str) -> NotAllowed:
    """Say what FreshBooks has against the app or the request."""
    if error == "invalid_client":
        return NotAllowed(
            "FreshBooks does not know the app",
            f"It does not accept the client id and secret of the login {name} ({reason}). Check FRESHBOOKS_CLIENT_ID "
            f"and FRESHBOOKS_CLIENT_SECRET on the app's page, and log in again: `reconciler login {name}`.",
            code="login-app",
        )
    return NotAllowed(
        "FreshBooks gives no token",
        f"Asked for the login {name} it said: {error} ({reason}).",
        code="login-refused",
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _to_its_end(work: Callable[[], None]) -> None:
    """Do this even where Ctrl-C comes in between, unless it comes twice: a renewal that is cut off ends the login."""
    faults: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as fault:  # noqa: BLE001 - raised again by the thread that waits
            faults.append(fault)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        thread.join()
    except BaseException:
        thread.join(_LAST_S)
        raise
    if faults:
        raise faults[0]
