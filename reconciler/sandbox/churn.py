"""Somebody else at work in the account: one client comes, goes, or comes back, at random and repeatably."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.sandbox.fields import updated_now
from reconciler.sandbox.seed import invent

if TYPE_CHECKING:
    from reconciler.sandbox.account import Account

_MOVES = {"archive": (0, 2), "delete": (0, 1), "bring back": (2, 0), "restore": (1, 0)}


def churn(account: Account) -> None:
    """Create a client, or change the visibility of one; where there is none to change, nothing happens."""
    what = account.rng.choice(("create", *_MOVES))
    if what == "create":
        invent(account, account.rng, account.rng.randrange(10**6, 10**9))
        return
    before, after = _MOVES[what]
    rows = account.books.select("WHERE vis_state = ? ORDER BY id", (before,))
    if rows:
        client = json.loads(account.rng.choice(rows).document)
        account.books.put_client({**client, "vis_state": after, "updated": updated_now()})
