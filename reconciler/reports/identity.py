"""Who a login is, as text and as the fields of an event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconciler.core.ports import Identity
from reconciler.reports.paint import cells, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What there is to know of a token besides whose it is."""

    told: str
    """Where it comes from."""
    login: str = ""
    """The login's name, where it is one."""
    scopes: Sequence[str] = ()
    expires_at: str = ""
    renewal: str = ""
    """Why it does not renew itself, where it does not."""


def heading(identity: Identity) -> str:
    """Name a person in one line."""
    return plain(
        f"{identity.name} <{identity.email}>" if identity.email else identity.name or "somebody without a name"
    )


def render_identity(identity: Identity, standing: Standing) -> str:
    """Give who it is, what the token is good for, and which accounts it reaches."""
    rows = [
        ("Login", standing.login),
        ("Kept in" if standing.login else "Token from", standing.told),
        ("Scopes", " ".join(standing.scopes) or "not known"),
        ("Expires", standing.expires_at or "not known"),
        ("Renewal", standing.renewal or ("by itself" if standing.login else "not here")),
    ]
    lines = [heading(identity), *(f"  {name + ':':<11} {plain(text)}" for name, text in rows if text)]
    if not identity.memberships:
        return "\n".join([*lines, "  No business."])
    width = max(cells(plain(each.account_id or "-")) for each in identity.memberships)
    lines += ["", "Accounts:"]
    lines += [
        f"  {plain(each.account_id or '-'):<{width}}  {plain(each.business)}  ({plain(each.role or 'no role')})"
        for each in identity.memberships
    ]
    return "\n".join(lines)


def identity_fields(identity: Identity, standing: Standing) -> Mapping[str, object]:
    """Give the same for an event."""
    return {
        "name": identity.name,
        "email": identity.email,
        "accounts": [
            {"account_id": each.account_id, "business": each.business, "role": each.role}
            for each in identity.memberships
        ],
        "login": standing.login or None,
        "source": standing.told,
        "scopes": list(standing.scopes) or None,
        "expires_at": standing.expires_at or None,
        "renews_itself": bool(standing.login) and not standing.renewal,
    }
