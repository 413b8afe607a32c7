"""Keys for records that have none yet: what people call them, in letters that a key may have.

It looks at no YAML; a key that is given once is kept by whoever writes it down.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet

from reconciler.core.kind import Kind
from reconciler.core.resource import LiveResource, RemoteId, Value

LONGEST = 40
"""Arbitrary: a longer key is no shorter name for anything; 63 are allowed."""

# Letters that Unicode does not take apart, as people spell them without their marks.
_SPELT = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "\u0131": "i", "&": " and "}
)
_APOSTROPHES = re.compile("['\u2018\u2019`\u00b4]")
_NO_LETTERS = re.compile("[^a-z0-9]+")
_FORMS = frozenset(
    ("ab", "ag", "as", "asa", "bv", "bvba", "co", "company", "corp", "corporation", "gbr", "gmbh", "inc",
     "incorporated", "kft", "kg", "limited", "llc", "llp", "lp", "ltd", "ltda", "nv", "oy", "oyj", "plc", "pte", "pty",
     "sa", "sarl", "sas", "spa", "srl", "ug")
)  # fmt: skip
"""Legal forms: nobody says them."""
_WORDS = frozenset(("false", "n", "no", "null", "off", "on", "true", "y", "yes"))
"""Keys that other readers of YAML take for something else."""


def keys_of(kind: Kind, records: Iterable[LiveResource], taken: AbstractSet[str]) -> dict[RemoteId, str]:
    """Give each record a key that no other has and that is not `taken`; those with lower ids choose first."""
    used = set(taken)
    named: dict[RemoteId, str] = {}
    counts: dict[str, int] = {}
    for record in sorted(records, key=lambda record: record.id):
        candidates = list(_candidates(kind, record.fields)) or [f"{kind.name}-{record.id}"]
        named[record.id] = next((each for each in candidates if each not in used), "") or _counted(
            candidates[0], used, counts
        )
        used.add(named[record.id])
    return named


def _counted(name: str, used: AbstractSet[str], counts: dict[str, int]) -> str:
    """Give the first of name-2, name-3, ... that is free; where thousands are called the same, none is tried twice."""
    number = counts.get(name, 1) + 1
    while f"{name}-{number}" in used:
        number += 1
    counts[name] = number
    return f"{name}-{number}"


def _candidates(kind: Kind, fields: Mapping[str, Value]) -> Iterator[str]:
    """Give what a record may be called: of a group with several names (Jane, Doe) a child is called by the first."""
    for group in kind.called:
        names = [value for name in group if isinstance(value := fields.get(name), str) and value.strip()]
        found = [names[:1], names] if kind.child is None else [names]
        slugs = [slug for each in found if (slug := _slug(kind, " ".join(each)))]
        if slugs:
            yield from dict.fromkeys(slugs)
            return


def _slug(kind: Kind, text: str) -> str:
    """Give a text in the letters of a key; empty where nothing of it can be spelt so."""
    name, at, domain = text.strip().partition("@")
    if at and domain and " " not in text.strip():
        text = name if kind.child is None else f"{name} {domain.partition('.')[0]}"
    spelt = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", text).casefold().translate(_SPELT))
    plain = "".join(letter for letter in spelt if not unicodedata.combining(letter))
    words = _NO_LETTERS.sub(" ", plain).split()
    while len(words) > 1 and (words[-1] in _FORMS or words[-1] == "and"):
        words.pop()
    slug = "-".join(words)
    if len(slug) > LONGEST:
        slug = slug[: LONGEST + 1].rpartition("-")[0] or slug[:LONGEST]
    if slug and (slug[0].isdigit() or slug in _WORDS):
        slug = f"{kind.name}-{slug}"
    return slug
