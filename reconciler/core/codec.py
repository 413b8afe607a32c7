"""The plan id: one short text that two plans share exactly when they would do the same."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

import msgspec

from reconciler.core.change import Change


def plan_id(account: str, changes: Iterable[Change]) -> str:
    """Digest account and sorted changes; lines, reasons, serials and unmanaged fields are not in it.

    80 bits: short enough to paste, and far from any accidental equality.
    """
    rows = sorted(
        (
            change.address,
            change.action,
            change.id or 0,
            change.moved_from or "",
            [[a.name, a.before or "", a.after or ""] for a in change.attributes],
        )
        for change in changes
    )
    return sha256(msgspec.json.encode([account, rows])).hexdigest()[:20]
