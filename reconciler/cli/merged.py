"""The files of a root that is there, with what the account has otherwise brought in. It writes none of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from reconciler.cli.session import Session
from reconciler.core.change import PlanOptions
from reconciler.core.plan import Sides, plan
from reconciler.core.resource import Value
from reconciler.documents.parse import parse
from reconciler.errors import ReconcilerError
from reconciler.export.checking import read_back
from reconciler.export.drafting import Draft
from reconciler.export.merging import Found, Merge, Taking, add_entries, additions, merge, pin
from reconciler.export.splicing import CannotEdit, edited
from reconciler.export.writing import document
from reconciler.load import SUFFIXES


def merged(session: Session, sides: Sides, options: PlanOptions, there: Mapping[str, bytes], taking: Taking) -> Draft:
    """Give what the files of the root are to hold."""
    kind, root, defaults = session.reader.kind, session.settings.root, session.settings.defaults
    found = {file: _found(file, raw, kind.collection) for file, raw in there.items()}
    changes = merge(kind, sides, plan(sides, kind, options, origin=session.reader.origin), found, taking)
    described = sides.configuration.resources.values()
    if changes.edits:
        described = read_back(_texts(found, changes, {}), kind, root, defaults).configuration.resources.values()
    new: dict[str, str] = {}
    if root.endswith(SUFFIXES):
        own = cast("Mapping[str, Value]", found[root].content.get("defaults") or {})
        added = additions(kind, sides, described, {**defaults, **own}, taking, changes)
        add_entries(kind, root, added, changes)
    else:
        account = "" if session.settings.account else sides.account.account_id
        for entry in additions(kind, sides, described, defaults, taking, changes):
            new[_free(f"{root}/{entry.key}", there)] = document(kind, account, [entry], {})
    texts = _texts(found, changes, new)
    read = read_back(texts, kind, root, defaults)
    if any(problem.code in {"twins", "no-identity"} for problem in read.problems):
        pin(kind, sides, read.configuration.resources, changes)
        texts = _texts(found, changes, new)
    return Draft(texts=texts, entries=changes.entries, defaults=defaults, grown=changes.grown, taken=changes.taken)


def _found(file: str, raw: bytes, collection: str) -> Found:
    content: Any = parse(file, raw, block=collection).content
    return Found(text=raw.decode("utf-8"), content=content if isinstance(content, dict) else {})


def _free(name: str, there: Mapping[str, bytes]) -> str:
    """Give a file that is not there, in either spelling."""
    number = 1
    while any((told := f"{name}-{number}" if number > 1 else name) + suffix in there for suffix in SUFFIXES):
        number += 1
    return told + SUFFIXES[0]


def _texts(found: Mapping[str, Found], changes: Merge, new: Mapping[str, str]) -> dict[str, str]:
    texts = {file: old.text for file, old in found.items()} | dict(new)
    for file, edits in changes.edits.items():
        try:
            texts[file] = edited(texts[file], edits)
        except CannotEdit as error:
            raise ReconcilerError(
                "the YAML cannot be edited here",
                f"{file}: {error.args[0]} is not written out at its place, such as where an alias stands. Write it "
                "out, or edit it by hand. Nothing was written.",
                code="export-unread",
            ) from error
    return {file: texts[file] for file in sorted(texts)}
