"""From a root on the disk to a Configuration, or every problem of all its files at once (steps 1 and 2).

It opens regular files only, and none outside the root. What the YAML means is `core/validate.py`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from reconciler import schema_files
from reconciler.core.diagnostic import Diagnostic, Position
from reconciler.core.kind import Kind
from reconciler.core.resource import Configuration, Value
from reconciler.core.validate import ENOUGH, Part, validate
from reconciler.documents.explain import accepts, explained
from reconciler.documents.files import leads_out, no_file, read_regular
from reconciler.documents.parse import Document, parse
from reconciler.errors import ConfigurationInvalid
from reconciler.rules.holding import breaches, breaking
from reconciler.rules.reading import read
from reconciler.rules.sources import Place, Source

SUFFIXES = (".yaml", ".yml")
MOST_SHOWN = 200
"""Arbitrary: nobody reads more at once, and a file of another kind would have thousands."""
SETTINGS_FILE = "reconciler.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """What shapes a Configuration besides its files."""

    defaults: Mapping[str, Value] | None = None
    defaults_at: Mapping[str, Place] = field(default_factory=dict)
    """Where each of these stands."""
    rules: Sequence[Source] = ()
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
    problems: list[Diagnostic] = []
    documents: dict[str, Document] = {}
    parts: list[Part] = []
    files = _files(paths, problems)
    for file in files:
        document = _document(file, kind, problems)
        if document is not None:
            documents[file] = document
            parts += _part(document, kind, problems)
    configuration, found = validate(
        parts, kind, root=os.path.normpath(paths[0]), defaults=options.defaults, account=options.account
    )
    problems += found
    if options.rules:
        rules = read(options.rules, problems)
        records = configuration.resources.values()
        problems += islice(breaches(records, kind, rules, documents, options.defaults_at), ENOUGH)
    return configuration, _shown(problems, files, documents)


def count_breaking(configuration: Configuration, kind: Kind, rules: Sequence[Source]) -> int:
    """Count the clients that break a house rule."""
    return sum(1 for _ in breaking(configuration.resources.values(), kind, read(rules, [])))


def _shown(problems: list[Diagnostic], files: Sequence[str], documents: Mapping[str, Document]) -> list[Diagnostic]:
    """Give the first problems in the order of the files, and how many more there are."""
    ranks = {file: rank for rank, file in enumerate(files)}

    def order(problem: Diagnostic) -> tuple[int, str, int, int]:
        position = problem.position
        return (ranks.get(position.file, -1), position.file, position.line, position.column) if position else _FIRST

    problems.sort(key=order)
    shown = [_with_excerpt(problem, documents) for problem in problems[:MOST_SHOWN]]
    left = len(problems) - len(shown)
    if left:
        # Where something stopped looking, the number is the least that is known.
        told = f"At least {left:,}" if len(problems) >= ENOUGH else f"{left:,}"
        detail = f"{told} more; correct these first."
        shown.append(Diagnostic(code="more-problems", summary="not all problems are shown", detail=detail))
    return shown


_FIRST = (-2, "", 0, 0)


def _sum(problems: Sequence[Diagnostic]) -> str:
    if problems[-1].code == "more-problems":
        return f"the configuration has more than {len(problems) - 1} problems"
    return (
        "the configuration has a problem" if len(problems) == 1 else f"the configuration has {len(problems)} problems"
    )


def _with_excerpt(problem: Diagnostic, documents: Mapping[str, Document]) -> Diagnostic:
    if problem.excerpt or problem.position is None or problem.position.file not in documents:
        return problem
    return replace(problem, excerpt=documents[problem.position.file].excerpt(problem.position))


# Files.


def files_of(root: str) -> list[str]:
    """Give the files of a root in their order; none where there is nothing. Raises `ConfigurationInvalid`."""
    problems: list[Diagnostic] = []
    found = [file for file in _files([root], problems) if Path(file).exists()]
    problems = [problem for problem in problems if problem.code != "no-files"]
    if problems:
        raise ConfigurationInvalid(_sum(problems), problems)
    return found


def _files(paths: Iterable[str], problems: list[Diagnostic]) -> list[str]:
    found: list[str] = []
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112 - paths stay as the user typed them, which Path would normalise
            known = len(problems)
            below = sorted(_below(path, problems))
            if not below and len(problems) == known:
                problems.append(no_file(path, "no-files", "the folder holds no YAML file", "Expected *.yaml below it."))
            found += below
        else:
            found.append(path)
    return list(dict.fromkeys(found))


def _below(folder: str, problems: list[Diagnostic]) -> Iterator[str]:
    """Find a folder's YAML files, without hidden ones.

    Whatever could hold some and cannot be looked into is a problem: clients that are not seen would be deleted.
    """

    def unreadable(error: OSError) -> None:
        detail = f"{error.filename}: {error.strerror}."
        problems.append(no_file(str(error.filename), "unreadable", "a folder cannot be read", detail))

    for here, folders, names in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        paths = {name: os.path.join(here, name) for name in (*folders, *names)}  # noqa: PTH118 - as above
        for path in (paths[name] for name in folders):
            if Path(path).is_symlink():
                detail = "Links to folders are not followed; move the folder itself here, or name it as the root."
                problems.append(no_file(path, "linked-folder", "a folder is a link", detail))
        for name in names:
            file = paths[name]
            if name.startswith(".") or name == SETTINGS_FILE or not _may_be_yaml(file):
                continue
            if leads_out(file, folder):
                detail = "It is a link that leads out of the root; configuration comes from the root alone."
                problems.append(no_file(file, "link-out", "a file lies outside the root", detail))
            else:
                yield file


def _may_be_yaml(file: str) -> bool:
    """Tell whether a file counts; a link that leads nowhere may have led to a folder of them."""
    return file.endswith(SUFFIXES) or not Path(file).exists()


def _document(file: str, kind: Kind, problems: list[Diagnostic]) -> Document | None:
    """Read one file; None where it cannot be read to its end."""
    raw = read_regular(file, problems)
    if raw is None:
        return None
    document = parse(file, raw, block=kind.collection)
    if not document.whole:
        problems += document.problems
        return None
    if not isinstance(document.content, dict):
        detail = "Expected a mapping that begins with `version: 1`."
        at = Position(file=file, line=1)
        problems.append(document.problem("not-a-mapping", "the file is not a configuration", detail, at))
        return None
    return document


def _part(document: Document, kind: Kind, problems: list[Diagnostic]) -> list[Part]:
    """Give what the schema accepts of a document, after saying what it does not."""
    content: Any = document.content
    schema = schema_files.schema("clients")
    if not document.problems and accepts(schema, content):
        return [Part(file=document.file, content=content, at=document.at)]
    block = kind.collection
    entries = content.get(block)
    records = entries if isinstance(entries, dict) else {}
    # Of a large file most is fine, and finding places and reasons is slow: the rest alone is looked at again.
    refused = [key for key, entry in records.items() if not _accepted(schema, block, {key: entry})]
    looked_at = {*refused[:ENOUGH], *document.doubtful}
    again = parse(document.file, document.raw, slow=True, block=block, only=looked_at)
    problems += again.problems
    _narrow(again.content, block, refused[:ENOUGH], schema)
    if not accepts(schema, again.content):
        problems += explained(schema, again, ENOUGH)
    known = frozenset(refused)
    for name in [name for name in content if name != block and not _accepted(schema, name, content[name])]:
        value = content.pop(name)
        if name == "removed" and isinstance(value, list):
            content[name] = [key for key in value if isinstance(key, str)]
        elif name == "defaults":
            # What the records would have with them is not known, so nothing can be said of the records.
            known = frozenset(records)
    return [Part(file=document.file, content=content, at=document.at, refused=known)]


def _accepted(schema: Mapping[str, object], name: str, value: object) -> bool:
    return accepts(schema, {"version": 1, name: value})


def _narrow(content: Any, block: str, refused: Sequence[str], schema: Mapping[str, object]) -> None:  # noqa: ANN401 - a mapping of any JSON values
    """Leave what the schema refuses; the mappings stay the same, since positions are known by them."""
    for name in [name for name in content if name not in {"version", block}]:
        if _accepted(schema, name, content[name]):
            del content[name]
    if isinstance(content.get(block), dict):
        for key in content[block].keys() - set(refused):
            del content[block][key]
