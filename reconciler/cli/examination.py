"""What `doctor` has learned so far, each thing by one check for those after it. It looks at nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, TypeVar

from reconciler.cli.appraising import Appraised
from reconciler.cli.session import Session
from reconciler.core.facts import Greeting
from reconciler.core.resource import Account, Configuration
from reconciler.core.state import State
from reconciler.providers.freshbooks.provider import FreshBooks

Had = TypeVar("Had")


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
    wrong: bool = False
    """Whether the configuration cannot be read."""
    torn: bool = False
    """Whether two accounts are named, so that neither is surely meant."""
    configuration: Configuration | None = None
    state: State | None = None
    token: Appraised | None = None
    greeting: Greeting | None = None
    reader: FreshBooks | None = None
    account: Account | None = None

    @property
    def session(self) -> Session:
        """Give the session, without which most checks are not made."""
        return had(self.begun)

    @property
    def greeted(self) -> Greeting:
        """Give what came of the first request."""
        if self.greeting is None:
            raise TypeError("nobody was greeted")
        return self.greeting

    @property
    def shared(self) -> bool:
        """Tell whether the state is not on this machine."""
        session = self.begun
        return session is not None and (session.place.storage is not None or "state" in session.lacking)

    @property
    def account_id(self) -> str:
        """Give the account that is named; empty where none is, or two are."""
        if self.torn:
            return ""
        named = self.configuration.account if self.configuration is not None else None
        return self.session.settings.account or named or ""
