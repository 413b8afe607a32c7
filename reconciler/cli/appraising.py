"""What is known of the token that a run would use, without having it renewed: nothing is sent, and nothing is written.

A login whose token has ended is not used either, unless it is to be renewed for this.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

from reconciler.cli.tokens import Source
from reconciler.core.facts import TokenFacts
from reconciler.core.login import Pending
from reconciler.errors import NotAllowed
from reconciler.providers.freshbooks.auth import CommandToken, GivenToken, Token
from reconciler.providers.freshbooks.claims import claims
from reconciler.providers.freshbooks.rotation import LoginToken, cut_off

_UNDER_WAY_S = 60.0
"""A request for tokens takes 35 s at most; a younger mark may be that of another process, which is at it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appraised:
    """A token, and what is known of it."""

    facts: TokenFacts
    token: Token | None = None
    """None where there is none to be used."""
    broken: NotAllowed | None = None
    """Why a login renews itself no more."""
    secrets: tuple[str, ...] = ()
    """All that must stand in no file of the user's."""


def appraised(found: Source, *, renew: bool, offline: bool) -> Appraised:
    """Look at a token; raises `NotAllowed` where it cannot be used at all.

    With `offline` no command of the user's is run for it, for that may ask somebody.
    """
    if found.login is not None:
        return _login(found, found.login, renew=renew)
    if isinstance(found.token, CommandToken) and offline:
        return Appraised(facts=TokenFacts(source=f"{found.told}, which was not run"))
    token = found.token.value()
    told = claims(token)
    ends = told.expires_at
    if isinstance(found.token, CommandToken):
        ends = found.token.expires_at or ends
    left_s = ends - time.time() if ends is not None else None
    facts = TokenFacts(source=found.told, left_s=left_s, scopes=told.scopes)
    usable = left_s is None or left_s > 0
    return Appraised(facts=facts, token=found.token if usable else None, secrets=(token,))


def _login(found: Source, kept: LoginToken, *, renew: bool) -> Appraised:
    if renew:
        kept.ready()
    login = kept.login()
    left_s = login.expires_at - time.time()
    access = login.access.reveal()
    told = claims(access)
    facts = TokenFacts(source=found.told, login=kept.name, left_s=left_s, scopes=login.scopes or told.scopes or None)
    return Appraised(
        facts=facts,
        token=GivenToken(access, found.told) if left_s > 0 else None,
        broken=cut_off(kept.name, login.pending) if login.pending is not None and _over(login.pending) else None,
        secrets=tuple(filter(None, (access, login.refresh.reveal(), login.app.secret.reveal()))),
    )


def _over(pending: Pending) -> bool:
    """Tell a renewal that was cut off from one that is under way."""
    try:
        age_s = time.time() - datetime.fromisoformat(pending.at).timestamp()
    except ValueError:
        return True
    return pending.refused or not 0 <= age_s < _UNDER_WAY_S
