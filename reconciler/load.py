"""From a root on the disk to a Configuration, or every problem of all its files at once (steps 1 and 2).

It opens regular files only, and none outside the root. What the YAML means is `core/validate.py`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reconciler import schema_files
from reconciler.core.diagnostic import Diagnostic, Position
from reconciler.core.kind import Kind
from reconciler.core.resource import Configuration, Value
from reconciler.core.validate import Part, validate
from reconciler.documents.explain import accepts, explained
from reconciler.documents.parse import Document, parse
from reconciler.errors import ConfigurationInvalid

SUFFIXES = (".yaml", ".yml")
LARGEST_FILE = 256 * 1024 * 1024
SETTINGS_FILE = "reconciler.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """What shapes a Configuration besides its files."""

    defaults: Mapping[str, Value] | None = None
    rules: Mapping[str, object] | None = None
    account: str | None = None


def load(root: str, kind: Kind, options: LoadOptions | None = None) -> Configuration:
    """Load one root: a file, or a folder with all YAML files below it, in the order of their names.

    Raises:
        ConfigurationInvalid: with every problem of every file.
    """
    options = options or LoadOptions()
    configuration, problems = check([root], kind, options)
    if problems:
        raise ConfigurationInvalid(_sum(problems), problems)
    return replace(configuration, root=os.path.normpath(root))


def check(
    paths: Sequence[str], kind: Kind, options: LoadOptions | None = None
) -> tuple[Configuration, list[Diagnostic]]:
    """Check any files and folders together, as if they were one root; offline."""
    options = options or LoadOptions()
    documents: list[Document] = []
    problems: list[Diagnostic] = []
    for file in _files(paths, problems):
        document = _document(file, problems)
        if document is not None:
            documents.append(document)
    parts = [
        Part(file=document.file, content=document.content, at=document.at)
        for document in documents
        if isinstance(document.content, dict)
    ]
    configuration, found = validate(
        parts, kind, root=os.path.normpath(paths[0]), defaults=options.defaults, account=options.account
    )
    if options.rules is not None and not problems:
        found += _house_rules(configuration, options.rules)
    by_file = {document.file: document for document in documents}
    problems += [_with_excerpt(problem, by_file) for problem in found]
    return configuration, sorted(problems, key=_order)


def _order(diagnostic: Diagnostic) -> tuple[str, int, int]:
    position = diagnostic.position
    return (position.file, position.line, position.column) if position is not None else ("", 0, 0)


def _sum(problems: Sequence[Diagnostic]) -> str:
    return (
        "the configuration has a problem" if len(problems) == 1 else f"the configuration has {len(problems)} problems"
    )


def _with_excerpt(problem: Diagnostic, documents: Mapping[str, Document]) -> Diagnostic:
    if problem.excerpt or problem.position is None or problem.position.file not in documents:
        return problem
    return replace(problem, excerpt=documents[problem.position.file].excerpt(problem.position))


# Files.


def _files(paths: Iterable[str], problems: list[Diagnostic]) -> list[str]:
    found: list[str] = []
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112 - paths stay as the user typed them, which Path would normalise
            below = _below(path, problems)
            if not below:
                problems.append(
                    _no_file(path, "no-files", "the folder holds no YAML file", "Expected *.yaml below it.")
                )
            found += below
        else:
            found.append(path)
    return list(dict.fromkeys(found))


def _below(folder: str, problems: list[Diagnostic]) -> list[str]:
    """List a folder's YAML files in the order of their names, without hidden ones and those that lead out of it."""
    inside = os.path.realpath(folder)
    found = []
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.startswith(".") or not name.endswith(SUFFIXES) or name == SETTINGS_FILE:
                continue
            file = os.path.join(here, name)  # noqa: PTH118 - as above
            real = os.path.realpath(file)
            if os.path.commonpath([inside, real]) != inside:
                detail = "It is a link that leads out of the root; configuration comes from the root alone."
                problems.append(_no_file(file, "link-out", "a file lies outside the root", detail))
            else:
                found.append(file)
    return sorted(found)


def _document(file: str, problems: list[Diagnostic]) -> Document | None:
    """Read one file; None where its problems make its content unusable."""
    raw = read_regular(file, problems)
    if raw is None:
        return None
    document = parse(file, raw)
    schema = schema_files.schema("clients")
    if not document.problems and isinstance(document.content, dict) and accepts(schema, document.content):
        return document
    slow = parse(file, raw, slow=True)
    problems += slow.problems
    if slow.problems and slow.content is None:
        return None
    if not isinstance(slow.content, dict):
        detail = "Expected a mapping that begins with `version: 1`."
        problems.append(
            slow.problem("not-a-mapping", "the file is not a configuration", detail, Position(file=file, line=1))
        )
        return None
    problems += explained(schema, _narrowed(slow))
    # A key or value that its schema refuses says nothing; what else the file says is still checked with the rest.
    return None


def _narrowed(document: Document) -> Document:
    """Leave out the clients that are fine by themselves: explaining is slow, and most of a large file is fine."""
    content: Any = document.content
    entries = content.get("clients")
    if not isinstance(entries, dict):
        return document
    schema: Any = schema_files.schema("clients")
    single = {**schema, "required": [], "properties": {"clients": schema["properties"]["clients"]}}
    fine = [key for key, entry in entries.items() if accepts(_kept(single), {"clients": {key: entry}})]
    for key in fine:
        # The mapping itself stays the same, since positions are known by it.
        del entries[key]
    return document


_singles: list[Mapping[str, object]] = []


def _kept(schema: Mapping[str, object]) -> Mapping[str, object]:
    """Keep one schema value alive and the same, so that it is compiled once."""
    if not _singles:
        _singles.append(schema)
    return _singles[0]


def read_regular(file: str, problems: list[Diagnostic]) -> bytes | None:
    """Read a regular file of a bearable size; a FIFO or device would block or never end."""
    try:
        if not stat.S_ISREG(os.stat(file).st_mode):  # noqa: PTH116 - as above
            problems.append(_no_file(file, "not-a-file", "this is not a regular file", "Expected a YAML file."))
            return None
        with Path(file).open("rb") as opened:
            size = os.fstat(opened.fileno()).st_size
            if size > LARGEST_FILE:
                detail = f"It has {size // 1024 // 1024} MiB, more than {LARGEST_FILE // 1024 // 1024}."
                problems.append(_no_file(file, "file-too-large", "the file is too large", detail))
                return None
            return opened.read(LARGEST_FILE + 1)
    except OSError as error:
        summary = "a file is missing" if isinstance(error, FileNotFoundError) else "a file cannot be read"
        problems.append(_no_file(file, "unreadable", summary, f"{file}: {error.strerror}."))
    except ValueError:
        problems.append(_no_file("", "unreadable", "a file cannot be read", "Its name cannot be one."))
    return None


def _no_file(file: str, code: str, summary: str, detail: str) -> Diagnostic:
    return Diagnostic(code=code, summary=summary, detail=detail, position=Position(file=file, line=1))


# House rules.


def _house_rules(configuration: Configuration, rules: Mapping[str, object]) -> list[Diagnostic]:
    """Hold every client, defaults merged in, against the user's own JSON Schema."""
    found: list[Diagnostic] = []
    for address, resource in configuration.resources.items():
        content: dict[str, object] = {name: value for name, value in resource.fields.items()}  # noqa: C416 - a copy typed as JSON
        if resource.children is not None:
            content["contacts"] = {key: dict(child.fields) for key, child in resource.children.items()}
        if accepts(rules, content):
            continue
        document = Document(file="", content=content, raw=b"")
        found += [
            replace(
                reason,
                code="house-rule",
                summary="a client breaks a rule of the settings",
                detail=f"{address}: {reason.detail}",
                position=resource.position,
                address=address,
            )
            for reason in explained(rules, document)
        ]
    return found
