"""What `doctor` has learned so far, each thing by one check for those after it. It looks at nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, TypeVar

from reconciler.cli.appraising import Appraised
from reconciler.cli.session import Session
from reconciler.core.facts import Greeting, Unreached
from reconciler.core.resource import Account, Configuration
from reconciler.core.state import State
from reconciler.doctor.records import Kept
from reconciler.providers.freshbooks.provider import FreshBooks

Had = TypeVar("Had")
_NOBODY = Unreached(reason="nobody was asked")


def had(learned: Had | None) -> Had:
    """Give what an earlier check has learned; one that needs it is not made where that failed."""
    if learned is None:
        raise TypeError("a check was made before the one that it needs")
    return learned


@dataclass(slots=True, kw_only=True)
class Examination:
    """One run's look around."""

    flags: Mapping[str, Any]
    stack: ExitStack
    """What is opened for it is closed with this."""
    begun: Session | None = None
    unbegun: Exception | None = None
    """Why there is no session."""
    configuration: Configuration | None = None
    kept: Kept | None = None
    token: Appraised | None = None
    greeting: Greeting = _NOBODY
    reader: FreshBooks | None = None
    account: Account | None = None

    @property
    def session(self) -> Session:
        """Give the session, without which most checks are not made."""
        return had(self.begun)

    @property
    def state(self) -> State | None:
        """Give the state, where it could be read."""
        return self.kept.state if self.kept is not None else None

    @property
    def shared(self) -> bool:
        """Tell whether the state is not on this machine."""
        session = self.begun
        return session is not None and (session.place.storage is not None or "state" in session.lacking)

    @property
    def named(self) -> frozenset[str]:
        """Give the accounts that are named: of two neither is surely meant."""
        configured = self.configuration.account if self.configuration is not None else None
        return frozenset(filter(None, (self.session.settings.account, configured)))

    @property
    def account_id(self) -> str:
        """Give the one account that is named; empty where none is, or two are."""
        named = self.named
        return next(iter(named)) if len(named) == 1 else ""
