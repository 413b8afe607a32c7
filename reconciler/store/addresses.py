"""The address of a shared state, taken apart: `s3://bucket/path?region=…`, `postgresql://user@host/db?name=…`.

It opens nothing and knows no storage: each says which schemes and options it takes. No error shows what was refused.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from reconciler.errors import StateUnusable, UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class StateAddress:
    """What an address says; none of it is secret."""

    scheme: str
    user: str
    host: str
    """What stands between user and path, with its port: a bucket, or one or several hosts."""
    path: str
    """Without the slash at its begin."""
    options: Mapping[str, str]

    @property
    def shown(self) -> str:
        """Give it as people may see it: without user and options."""
        return f"{self.scheme}://{self.host}/{self.path}"


def parse_address(text: str, *, schemes: Collection[str], options: Collection[str], secrets_by: str) -> StateAddress:
    """Take an address apart; `secrets_by` says where passwords belong instead.

    Raises:
        UsageError: it is malformed, has a password, or an option that is not listed.
    """
    split = _split(text)
    if split.scheme not in schemes:
        raise _bad(f"It begins with none of {_listed(schemes, '{}://')}.")
    user, at, host = split.netloc.rpartition("@")
    if ":" in user or split.fragment:
        raise _bad(f"It holds a password, or a '#'. Take it out: addresses end up in logs and histories. {secrets_by}")
    if at and not user:
        raise _bad("There is an '@' with no name before it.")
    given = parse_qsl(split.query, keep_blank_values=True)
    unknown = sorted({name for name, _ in given} - set(options))
    if unknown:
        raise _bad(
            f"It has an option that is not known here; there are {_listed(options, '{}')}. Keys and passwords are none "
            f"of them: {secrets_by}"
        )
    return StateAddress(
        scheme=split.scheme, user=unquote(user), host=host, path=unquote(split.path.lstrip("/")), options=dict(given)
    )


def require_safe_endpoint(endpoint: str) -> bool:
    """Refuse plain http to another machine; tell whether it is plain http at all."""
    split = _split(endpoint)
    if split.scheme == "https":
        return False
    if split.scheme == "http" and is_loopback(split.hostname or ""):
        return True
    raise UsageError(
        "the endpoint of the state's storage is not https",
        "Plain http is for this machine alone (localhost, 127.0.0.1): it would carry the state and its keys in the "
        "clear. Begin the endpoint with https://.",
        code="store-address",
    )


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine by its name."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def not_installed(extra: str, what: str) -> StateUnusable:
    """Give the error for a storage whose library is missing."""
    return StateUnusable(
        "the library for this kind of shared state is not installed",
        f"{what} needs one more package: pip install 'freshbooks-reconciler[{extra}]'.",
        code="store-not-installed",
    )


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError:
        # Not chained: its text would quote the address, password and all.
        raise _bad("It is not a well-formed address.") from None


def _bad(why: str) -> UsageError:
    return UsageError("the address of the state cannot be used", why, code="store-address")


def _listed(names: Collection[str], form: str) -> str:
    return ", ".join(form.format(name) for name in sorted(names)) or "none"
