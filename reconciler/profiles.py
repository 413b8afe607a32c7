"""The settings of one account out of a file that has several, and what two of them must not have in common.

It reads no file and knows no key but those that name an account and where its things are kept.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from reconciler.core.diagnostic import listed
from reconciler.errors import UsageError

HOME = ".reconciler"
"""Where an account's things are kept; below it is a folder for each profile."""
_RESERVED = frozenset({"runs", "sandbox"})
_BY_KEY = ("defaults", "policy")
_MOST = 12
_SECRET = re.compile(r"(?i)pass(word|wd)?|secret|token|sig(nature)?|(access|account|secret)[_-]?key|sslpassword")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """Something in the file that cannot be: the mapping and its key, and why."""

    within: Mapping[str, Any]
    key: str
    code: str
    summary: str
    detail: str


def home(profile: str | None) -> str:
    """Give the folder of a profile's state, runs and sandbox."""
    return f"{HOME}/{profile}" if profile else HOME


def state_of(profile: str | None) -> str:
    """Give the state's place where none is named."""
    return f"{home(profile)}/state.json"


def named(content: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the names of a file's profiles, sorted."""
    return tuple(sorted(content.get("profiles", ())))


def chosen(content: Mapping[str, Any], profile: str | None) -> Mapping[str, Any]:
    """Give the settings of one profile, or those that stand outside all profiles.

    Raises:
        UsageError: there is no such profile.
    """
    common = {name: value for name, value in content.items() if name != "profiles"}
    if profile is None:
        return common
    own = content.get("profiles", {}).get(profile)
    if own is None:
        raise _unknown(profile, named(content))
    # A state is for one account: that of the whole file is no profile's.
    common.pop("state", None)
    by_key = {name: {**common.get(name, {}), **own.get(name, {})} for name in _BY_KEY if name in common or name in own}
    return {**common, **own, **by_key}


def sensitive(content: Mapping[str, Any]) -> frozenset[str]:
    """Give what is sensitive anywhere in the file: without a profile nobody knows whose plan is shown."""
    lists = (settings.get("sensitive", ()) for settings in (content, *content.get("profiles", {}).values()))
    return frozenset(name for listed in lists for name in listed)


def undecided(content: Mapping[str, Any], profile: str | None) -> tuple[str, ...]:
    """Give the profiles where one of them must be chosen, since nothing outside them says what to work on."""
    return () if profile is not None or {"account", "root"} & set(content) else named(content)


def undecided_error(names: tuple[str, ...]) -> UsageError:
    """Give the error of a command that does not know which of several profiles it is for."""
    told = f"The settings have the profiles {listed(names, _MOST)}."
    return UsageError("no profile is chosen", f"{told} Choose one with --profile NAME, or take all with --all.")


def _unknown(profile: str, names: tuple[str, ...]) -> UsageError:
    if not names:
        told = "reconciler.yaml has no `profiles:` here; it is read from the working folder (--chdir)."
    else:
        close = get_close_matches(profile, names, n=1)
        told = f"Did you mean {close[0]}?" if close else f"There are {listed(names, _MOST)}."
    return UsageError("the profile is not known", f"--profile {profile} is not in the settings. {told}")


def slips(content: Mapping[str, Any]) -> Iterator[Slip]:
    """Find what no schema can say: taken names, shared states, secrets; in the order of the file."""
    yield from _secrets(content)
    found: Mapping[str, Mapping[str, Any]] = content.get("profiles", {})
    owners: dict[str, tuple[str, str]] = {}
    if "account" in content:
        owners[_place(content, None)] = ("the file itself", content["account"])
    for name, own in found.items():
        if name in _RESERVED:
            detail = f"{HOME}/{name}/ is where other things are kept. Choose another name."
            yield Slip(
                within=found, key=name, code="bad-profile", summary="a profile cannot be called so", detail=detail
            )
        yield from _secrets(own)
        account = own.get("account", content.get("account"))
        if account is None:
            continue
        place = _place(own, name)
        owner, other = owners.setdefault(place, (name, account))
        if other != account:
            yield _shared(found, name, place, f"It is for account {account}, and for {other} in {owner}.")


def _place(settings: Mapping[str, Any], profile: str | None) -> str:
    place = str(settings.get("state") or state_of(profile))
    return place if "://" in place else posixpath.normpath(place)


def _shared(found: Mapping[str, Any], name: str, place: str, why: str) -> Slip:
    detail = f"{name}: {place} would be the state of two accounts. {why} Give each its own `state`, or leave it out."
    within, key = (found[name], "state") if "state" in found[name] else (found, name)
    return Slip(within=within, key=key, code="bad-profile", summary="two accounts would share a state", detail=detail)


def _secrets(settings: Mapping[str, Any]) -> Iterator[Slip]:
    for key in ("state", "logins"):
        if has_secret(str(settings.get(key, ""))):
            yield Slip(
                within=settings,
                key=key,
                code="secret-in-settings",
                summary="the settings hold a secret",
                # Not quoted, for the same reason.
                detail=f"The address under `{key}` has a password or key in it, and this file is for git. Take it "
                "out, and give it in the environment.",
            )


def has_secret(address: str) -> bool:
    """Tell whether an address holds a password, a key or a token."""
    if "://" not in address:
        return False
    try:
        parts = urlsplit(address)
        return parts.password is not None or any(_SECRET.fullmatch(name) for name, _ in parse_qsl(parts.query))
    except ValueError:
        return "@" in address
