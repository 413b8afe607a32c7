"""What makes a schema unusable as house rules, each with its place: no draft-07, a slip that would void a rule in
silence, a reference out of it, or work without end. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from typing import Any

from reconciler.core.diagnostic import Diagnostic, Position
from reconciler.documents.explain import passing, validator
from reconciler.documents.parse import Document
from reconciler.rules.messages import KEYWORD, OF_PATTERN, odd_messages
from reconciler.rules.walking import NAMED, ONE, SEVERAL, Json, Path, all_parts, inside, parts, target
from reconciler.rules.words import sentence, words

DRAFT = "http://json-schema.org/draft-07/schema"
_SAME = (DRAFT, "https://json-schema.org/draft-07/schema")
_META: Mapping[str, object] = {"$ref": f"{DRAFT}#"}
_DECIDING = frozenset({
    *ONE, *SEVERAL, *NAMED, "$ref", "$id", "$schema", "type", "enum", "const", "multipleOf", "maximum", "minimum",
    "exclusiveMaximum", "exclusiveMinimum", "maxLength", "minLength", "pattern", "maxItems", "minItems", "uniqueItems",
    "maxProperties", "minProperties", "required", "format", "contentEncoding", "contentMediaType", KEYWORD, OF_PATTERN,
})  # fmt: skip
_REMARKS = frozenset({"title", "description", "default", "examples", "readOnly", "writeOnly", "$comment"})
_OF_LATER_DRAFTS = {
    "dependentRequired": "dependencies",
    "dependentSchemas": "dependencies",
    "prefixItems": "items",
    "unevaluatedProperties": "additionalProperties",
    "unevaluatedItems": "additionalItems",
    "minContains": "contains",
    "maxContains": "contains",
    "$dynamicRef": "$ref",
    "$recursiveRef": "$ref",
}
_BESIDE_REFERENCE = _REMARKS | {"$ref", "definitions", "$defs", "$id", "$schema", KEYWORD, OF_PATTERN}
_FORMATS = (
    "date-time", "date", "time", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6", "uri",
    "uri-reference", "iri", "iri-reference", "uri-template", "json-pointer", "relative-json-pointer", "regex",
)  # fmt: skip
_DEPTH = 5
"""The levels of a client: itself, its contacts, one of them, a field of it; and one more."""
_MOST_WORK = 5_000
"""Arbitrary, like the next: the schemas that one client may be held against, each as often as it is referred to."""
_LONGEST_CHAIN = 100
_MOST_PATTERNS = 200
"""Arbitrary: each may take some MiB."""
_MOST = 50
"""Arbitrary: so many mistakes of one schema are told."""


def unusable(schema: Mapping[str, Any], document: Document, base: Path = ()) -> list[Diagnostic]:
    """Give why a schema, which stands at a path of a document of the slow pass, cannot be used; nothing if it can."""
    found = list(islice(_slips(schema), _MOST))
    if not found:
        found = list(filter(None, (_endless(schema) or _not_compiled(schema),)))
    return [_problem(document, (*base, *slip.path), slip) for slip in found]


@dataclass(frozen=True, slots=True)
class _Slip:
    """A mistake: where and what."""

    path: Path
    why: str
    key: bool = False
    """Whether it is in the last key of the path, and not in its value."""


def _problem(document: Document, path: Path, slip: _Slip) -> Diagnostic:
    at, why = Position(file=document.file, line=1), slip.why
    container: Json = document.content
    for depth, part in enumerate(path, 1):
        at = document.at(container, part, value=not slip.key or depth < len(path)) or at
        container = inside(container, part)
    name = ".".join(str(part) for part in path)
    detail = sentence(f"{name}: {why}" if name else f"{why[:1].upper()}{why[1:]}")
    return document.problem("bad-rules", "the house rules cannot be used", detail, at)


def _slips(schema: Mapping[str, Any]) -> Iterator[_Slip]:
    for error in validator(_META).iter_errors(schema):
        yield _Slip(tuple(error.instance_path), words(error))
    for path, why in odd_messages(schema):
        yield _Slip(path, why)
    yield from _bad_patterns(schema)
    for path, part in all_parts(schema):
        for keyword, value in part.items():
            if why := _why_not(keyword, value, schema, part, top=not path):
                yield _Slip((*path, keyword), why)
            elif why := _unknown(keyword, value):
                yield _Slip((*path, keyword), why, key=True)


def _why_not(keyword: str, value: Json, root: Json, part: Mapping[str, Json], *, top: bool) -> str:
    """Say why a keyword does not do what was surely meant."""
    match keyword:
        case "$schema" if top and str(value).removesuffix("#") not in _SAME:
            return f"house rules are of draft-07: write {DRAFT}#, and what it knows"
        case "$id" if not top:
            return "an `$id` stands at the top only"
        case "$ref":
            return _bad_reference(value, root)
        case "format" if value not in _FORMATS and isinstance(value, str):
            return f"`{value[:60]}` is no format of draft-07, which are {', '.join(_FORMATS)}"
        case _ if "$ref" in part and keyword in _DECIDING and keyword not in _BESIDE_REFERENCE:
            return "beside a `$ref` draft-07 looks at nothing else; put both into an `allOf`"
        case _:
            return ""


def _bad_reference(reference: Json, root: Json) -> str:
    if not isinstance(reference, str):
        return ""
    if reference != "#" and not reference.startswith("#/"):
        return "it refers out of the rules, and nothing is fetched; begin with `#/`"
    if not isinstance(target(root, reference), (dict, bool)):
        return f"there is no schema at `{reference[:60]}`"
    return ""


def _bad_patterns(schema: Mapping[str, Any]) -> Iterator[_Slip]:
    """Find patterns whose time is not linear; past some number, only that there are too many."""
    found: list[tuple[Path, str]] = []
    for path, part in all_parts(schema):
        names = part.get("patternProperties")
        found += [((*path, "patternProperties", name), name) for name in (names if isinstance(names, dict) else ())]
        found += [((*path, "pattern"), part["pattern"])] if "pattern" in part else []
    for path, pattern in found[:_MOST_PATTERNS]:
        if why := _laborious(pattern):
            yield _Slip(path, why, key=path[-1] == pattern)
    if len(found) > _MOST_PATTERNS:
        yield _Slip(found[_MOST_PATTERNS][0], f"there are {len(found):,} patterns; {_MOST_PATTERNS} can be held")


def _laborious(pattern: Json) -> str:
    """Say what is the matter with a pattern that is one, and whose time is not linear."""
    alone = {"pattern": pattern}
    if not validator(_META).is_valid(alone):
        return ""
    try:
        passing(alone, foreign=True)
    except ValueError:
        told = str(pattern)[:60]
        return (
            f"`{told}` looks ahead or back, refers back, or is very large, which could take for ever; `not` and "
            "`allOf` with simpler patterns say the same"
        )
    return ""


def _unknown(keyword: str, value: Json) -> str:
    """Say what was meant by a keyword that draft-07 passes over: the rule would never be broken."""
    if keyword in _DECIDING or keyword in _REMARKS or keyword.startswith("x-"):
        return ""
    if keyword in _OF_LATER_DRAFTS:
        return f"draft-07 does not know it; it has `{_OF_LATER_DRAFTS[keyword]}`"
    if isinstance(value, dict) and not _DECIDING.isdisjoint(value):
        return "it is no keyword; a field stands under `properties`"
    close = get_close_matches(keyword, sorted(_DECIDING), n=1, cutoff=0.8)
    return f"it is no keyword; did you mean `{close[0]}`?" if close else ""


# Work. What a client is held against grows exponentially where each of some schemas refers twice to the next.


class _TooMuch(Exception):
    """At a path."""


def _endless(schema: Mapping[str, Any]) -> _Slip | None:
    try:
        _work(schema, schema, (), _DEPTH, [], {})
    except _TooMuch as found:
        return _Slip(*found.args)
    return None


def _work(root: Json, schema: Json, path: Path, depth: int, chain: list[int], known: dict[tuple[int, int], int]) -> int:
    """Count the schemas that a value of some depth is held against; `chain` has those that led here at that depth."""
    if not isinstance(schema, dict) or depth < 0:
        return 1
    if id(schema) in chain:
        raise _TooMuch(path, "it refers to itself without end")
    if (id(schema), depth) in known:
        return known[id(schema), depth]
    work = 1
    for way, part, deeper in _parts(root, schema):
        # Inside a value the same schema may come again: values end.
        led = [] if deeper else [*chain, id(schema)]
        if len(led) <= _LONGEST_CHAIN:
            work += _work(root, part, (*path, *way), depth - deeper, led, known)
        if work > _MOST_WORK or len(led) > _LONGEST_CHAIN:
            raise _TooMuch((*path, *way), "with all that it refers to, it is too much to hold a client against")
    known[id(schema), depth] = work
    return work


def _parts(root: Json, schema: Mapping[str, Json]) -> Iterator[tuple[Path, Json, bool]]:
    if "$ref" in schema:
        yield ("$ref",), target(root, schema["$ref"]), False
        return
    for way, part, deeper in parts(schema):
        if deeper is not None:
            yield way, part, deeper


def _not_compiled(schema: Mapping[str, Any]) -> _Slip | None:
    try:
        validator(schema, foreign=True)
    except ValueError as error:
        path = getattr(error, "instance_path", ())
        return _Slip(tuple(path), str(error).partition("\n")[0][:200])
    return None
