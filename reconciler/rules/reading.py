"""From what the settings name to schemas that clients can be held against, or every reason why not."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.core.diagnostic import Diagnostic, Position, one_line
from reconciler.documents.explain import validator
from reconciler.documents.files import leads_out, no_file, read_regular
from reconciler.documents.parse import parse
from reconciler.rules.checking import unusable
from reconciler.rules.sources import Schema, Source, pointer_of

if TYPE_CHECKING:
    from jsonschema_rs import Draft7Validator

LARGEST = 1024 * 1024
SUFFIXES = (".json", ".yaml", ".yml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """One schema, ready to be asked."""

    name: str
    """The file it is in."""
    pointer: str
    """Where in that file."""
    schema: Schema
    verdict: Draft7Validator


def read(sources: Iterable[Source], problems: list[Diagnostic]) -> list[Rules]:
    """Read all rules; those that cannot be used are problems instead."""
    found: list[Rules] = []
    for source in sources:
        if isinstance(source.given, str):
            found += _of_file(source.given, source, problems)
        else:
            # It has been checked with the file that it stands in.
            found.append(_rules(source.name, pointer_of(source.path), source.given))
    return found


def _rules(name: str, pointer: str, schema: Schema) -> Rules:
    return Rules(name=name, pointer=pointer, schema=schema, verdict=validator(schema, foreign=True))


def _of_file(path: str, source: Source, problems: list[Diagnostic]) -> Iterator[Rules]:
    file = path if "://" in path else os.path.normpath(path)
    missing = list(_no_rules(file))
    raw = None if missing else read_regular(file, missing, LARGEST)
    problems += [_named(problem, path, source) for problem in missing]
    if raw is None:
        return
    document = parse(file, raw, slow=True)
    problems += document.problems
    if document.problems:
        return
    schema = document.content
    if not isinstance(schema, dict):
        at = Position(file=file, line=1)
        detail = "A JSON Schema is a mapping, such as {required: [email]}."
        problems.append(document.problem("bad-rules", "the house rules cannot be used", detail, at))
        return
    bad = unusable(schema, document)
    problems += bad
    if not bad:
        yield _rules(file, "", schema)


def _no_rules(file: str) -> Iterator[Diagnostic]:
    """Find why a file is not to be opened."""
    if "://" in file:
        detail = "Nothing is fetched: keep a copy beside the settings, and name that."
        yield no_file(file, "bad-rules", "the house rules cannot be used", detail)
    elif not file.endswith(SUFFIXES):
        detail = f"The name must end with {', '.join(SUFFIXES)}."
        yield no_file(file, "bad-rules", "the house rules cannot be used", detail)
    elif leads_out(file, os.path.dirname(file) or os.curdir):  # noqa: PTH120 - a name as it was typed
        detail = "It is a link that leads out of its folder. Name the file itself, or copy it."
        yield no_file(file, "link-out", "a file lies outside the root", detail)


def _named(problem: Diagnostic, path: str, source: Source) -> Diagnostic:
    """Place a problem where the settings name the file."""
    if source.place is None:
        return problem
    told = problem.detail if problem.detail.startswith(path) else f"{path}: {problem.detail}"
    place = source.place
    return replace(problem, detail=one_line(told), position=place.position, excerpt=place.excerpt)
