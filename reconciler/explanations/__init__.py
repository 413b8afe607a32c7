"""The catalogue: what every code, exit code and word means, in TOML files beside this one, a group each.

It is the one source: `reconciler explain`, SARIF and the tables of docs/ are made from it, and tests hold it to the
program. Nothing else reads it, for a run that goes well needs none of it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from reconciler.core.explanation import Catalogue, Example, Explanation, Group, Sort, Summary

GROUPS = (
    "configuration",
    "spreadsheets",
    "matching",
    "refusals",
    "account",
    "login",
    "state",
    "other",
    "notes",
    "exits",
    "actions",
    "outcomes",
    "words",
)
"""The files, in the order of the listing."""

_HERE = Path(__file__).resolve().parent


@cache
def catalogue() -> Catalogue:
    """Read all of it."""
    return tuple(_group(tomllib.loads((_HERE / f"{name}.toml").read_text(encoding="utf-8"))) for name in GROUPS)


def by_code() -> Mapping[str, Explanation]:
    """Give the codes by their names."""
    return {entry.name: entry for group in catalogue() for entry in group.entries if entry.sort is Sort.CODE}


def _group(told: Mapping[str, Any]) -> Group:
    sort, title, about = Sort(told["sort"]), str(told["title"]), " ".join(told["about"].split())
    group = Group(title=title, about=about, sort=sort, entries=())
    found = (
        _entry(name, {"exits": told.get("exits", ()), **content}, group)
        for name, content in told.items()
        if isinstance(content, dict)
    )
    return replace(group, entries=tuple(found))


def _entry(name: str, told: Mapping[str, Any], group: Group) -> Explanation:
    printed = told.get("printed", {})
    summaries = printed if isinstance(printed, dict) else dict.fromkeys(printed, "")
    example = told.get("example")
    return Explanation(
        name=name,
        sort=group.sort,
        group=group.title,
        about=group.about,
        exits=tuple(told["exits"]),
        brief=told.get("brief") or next(iter(summaries)),
        printed=tuple(Summary(text=text, told=why) for text, why in summaries.items()),
        meaning=told["meaning"].strip("\n"),
        remedy=told.get("remedy", "").strip("\n"),
        example=Example(**{key: text.strip("\n") for key, text in example.items()}) if example else None,
        see=told.get("see", ""),
        script=told.get("script", ""),
    )
