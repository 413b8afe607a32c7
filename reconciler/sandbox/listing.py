"""A list's query string as SQL: paging with its caps, filters, sort. Pure.

Unknown filters, includes and sorts are ignored, as FreshBooks was seen to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from reconciler.sandbox.fields import DEFAULTS, Invalid

DEFAULT_PER_PAGE, LARGEST_PER_PAGE = 15, 100

_SUBSTRINGS = {
    "address_like": ("p_street", "p_street2", "p_city", "p_province", "p_code", "p_country"),
    "email_like": ("email",),
    "fname_like": ("fname",),
    "lname_like": ("lname",),
    "note_like": ("note",),
    "organization_like": ("organization",),
    "phone_like": ("mob_phone", "home_phone", "bus_phone", "fax"),
    "user_like": ("organization", "fname", "lname", "email", "username"),
}
_DAY = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """Which page, and what of it is echoed."""

    page: int = 1
    per_page: int = DEFAULT_PER_PAGE
    asked_page: int = 1
    asked_per_page: int = DEFAULT_PER_PAGE

    @property
    def offset(self) -> int:
        """Give how many rows come before the page."""
        return (self.page - 1) * self.per_page


@dataclass(slots=True)
class Filter:
    """A growing SQL condition with its values."""

    parts: list[str] = field(default_factory=list)
    values: list[object] = field(default_factory=list)

    def add(self, part: str, *values: object) -> None:
        """Demand one thing more."""
        self.parts.append(part)
        self.values.extend(values)

    @property
    def where(self) -> str:
        """Give the SQL."""
        return f"WHERE {' AND '.join(self.parts)}" if self.parts else ""


def paging(query: Sequence[tuple[str, str]]) -> Paging:
    """Read page and per_page; page 0 is page 1, per_page is capped at 100 without a word."""
    told = dict(query)
    page, per_page = told.get("page", "1"), told.get("per_page", str(DEFAULT_PER_PAGE))
    if not _is_number(page):
        raise Invalid("page", 1014, "page must be a number")
    if not _is_number(per_page):
        raise Invalid("per_page", 1013, "per_page must be a number")
    asked_page, asked = int(page), int(per_page)
    return Paging(
        page=max(1, asked_page),
        per_page=min(asked or DEFAULT_PER_PAGE, LARGEST_PER_PAGE),
        asked_page=asked_page,
        asked_per_page=asked,
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10  # noqa: PLR2004 - more pages than any account has


def includes(query: Sequence[tuple[str, str]]) -> set[str]:
    """Give what `include[]` asks for."""
    return {value for name, value in query if name == "include[]"}


def filtered(query: Sequence[tuple[str, str]], *, default_states: str, exact_case: bool) -> Filter:
    """Read the `search[...]` filters; all of them must hold."""
    wanted = Filter()
    searches = [(name[7:-1], value) for name, value in query if name.startswith("search[") and name.endswith("]")]
    searches += [("userids", value) for name, value in query if name == "search[userids][]"]
    if not any(name == "vis_state" for name, _ in searches):
        wanted.add(default_states)
    users = [int(value) for name, value in searches if name == "userids" and _is_number(value)]
    if users:
        wanted.add(f"id IN ({','.join('?' * len(users))})", *users)
    for name, value in searches:
        _add(wanted, name, value, exact_case=exact_case)
    return wanted


def _add(wanted: Filter, name: str, value: str, *, exact_case: bool) -> None:
    if name == "vis_state" and _is_number(value):
        wanted.add("vis_state = ?", int(value))
    elif name == "userid" and _is_number(value):
        wanted.add("id = ?", int(value))
    elif name == "email":
        wanted.add("json_extract(document, '$.email') COLLATE NOCASE = ?", value)
        if exact_case:
            wanted.add("json_extract(document, '$.email') = ? COLLATE BINARY", value)
    elif name in _SUBSTRINGS:
        tests = " OR ".join(
            f"instr(lower(json_extract(document, '$.{column}')), ?) > 0" for column in _SUBSTRINGS[name]
        )
        wanted.add(f"({tests})", *[value.lower()] * len(_SUBSTRINGS[name]))
    elif name == "updated_min":
        wanted.add(f"substr(json_extract(document, '$.updated'), 1, {_DAY}) >= ?", value)
    elif name == "updated_max":
        wanted.add(f"substr(json_extract(document, '$.updated'), 1, {_DAY}) < ?", value)
    elif name in {"has_outstanding", "has_overdue"}:
        wanted.add("outstanding <> ''")
    elif name in {"has_credit", "has_draft"}:
        wanted.add("0")


def ordering(query: Sequence[tuple[str, str]]) -> str:
    """Give ORDER BY: newest first; a sort that cannot be read gives oldest first, as was seen."""
    sort = dict(query).get("sort")
    if sort is None:
        return "ORDER BY id DESC"
    name, _, direction = sort.rpartition("_")
    if name not in DEFAULTS or direction not in {"asc", "desc"}:
        return "ORDER BY id ASC"
    return f"ORDER BY json_extract(document, '$.{name}') {direction.upper()}, id {direction.upper()}"
