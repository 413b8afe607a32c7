"""A vendor in memory that gives tokens, beside the drawer in which a login is kept."""

from __future__ import annotations

from dataclasses import dataclass, field

from reconciler.core.login import Granted, Login, Secret, Traded
from reconciler.providers.freshbooks.clock import VendorClock
from reconciler.providers.freshbooks.rotation import LoginToken
from tests.contracts.safes import Drawer, MemorySafe, login

LIFE_S = 43_200.0
HERE = "http://localhost"


@dataclass(slots=True)
class Vendor:
    """Gives pairs, and remembers which refresh tokens it saw and what was durable by then."""

    drawer: Drawer = field(default_factory=Drawer)
    now: float = 1000.0
    sent: list[str] = field(default_factory=list)
    marked: list[bool] = field(default_factory=list)
    answers: list[Traded] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def trade(self, asked: Login) -> Traded:
        """Answer as was arranged, else with a new pair."""
        self.sent.append(asked.refresh.reveal())
        kept = self.drawer.logins["default"]
        self.marked.append(kept.pending is not None and kept.refresh == asked.refresh)
        return self.answers.pop(0) if self.answers else self.pair()

    def pair(self) -> Granted:
        """Give a new pair."""
        number = len(self.sent) + 1
        return Granted(
            access=Secret(f"canary-access-{number}"),
            refresh=Secret(f"canary-refresh-{number}"),
            issued_at=self.now,
            expires_at=self.now + LIFE_S,
            scopes=("user:profile:read",),
        )

    def token(self) -> LoginToken:
        """Give the login as a process of its own would."""
        return LoginToken(
            MemorySafe(self.drawer),
            "default",
            self.trade,
            origin=HERE,
            by="process 1 on here",
            tell=self.told.append,
            clock=VendorClock(lambda: self.now),
        )


def beginning() -> Vendor:
    """Give a vendor and a login that has just begun."""
    made = Vendor()
    made.drawer.logins["default"] = login(1)
    return made
