"""The files of a root that is there, with what the account has otherwise brought in. It writes none of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from reconciler.cli.session import Session
from reconciler.core.change import PlanOptions
from reconciler.core.kind import Kind
from reconciler.core.plan import Sides, plan
from reconciler.core.resource import Value
from reconciler.documents.parse import parse
from reconciler.errors import ReconcilerError
from reconciler.export.checking import read_back
from reconciler.export.describing import Entry
from reconciler.export.drafting import Draft
from reconciler.export.merging import add_entries, additions, merge, pin
from reconciler.export.splicing import CannotEdit, edited
from reconciler.export.taking import Found, Merge, Taking
from reconciler.export.writing import document
from reconciler.load import SUFFIXES
from reconciler.schema_files import clients_place


def merged(session: Session, sides: Sides, options: PlanOptions, there: Mapping[str, bytes], taking: Taking) -> Draft:
    """Give what the files of the root are to hold."""
    kind, root, defaults = session.reader.kind, session.settings.root, session.settings.defaults
    found = {file: found_in(file, raw, kind.collection) for file, raw in there.items()}
    changes = merge(kind, sides, plan(sides, kind, options, origin=session.reader.origin), found, taking, defaults)
    described = sides.configuration.resources.values()
    if changes.edits:
        described = read_back(texts_of(found, changes, {}), kind, root, defaults).configuration.resources.values()
    whole, on_remove = defaults_of(root, found, defaults), session.settings.policy.on_remove
    entries = additions(kind, sides, described, whole, taking, changes, on_remove=on_remove)
    if not changes.edits and not entries:
        texts = {file: old.text for file, old in found.items()}
        return Draft(texts=texts, defaults=defaults, left_out=changes.left_out, unchanged=True)
    account = "" if session.settings.account else sides.account.account_id
    new = placed(kind, root, account, entries, there, changes)
    texts = texts_of(found, changes, new)
    read = read_back(texts, kind, root, defaults)
    if any(problem.code in {"twins", "no-identity"} for problem in read.problems):
        pin(kind, sides, read.configuration.resources, changes)
        texts = texts_of(found, changes, new)
    return Draft(
        texts=texts,
        entries=changes.entries,
        defaults=defaults,
        grown=changes.grown,
        taken=changes.taken,
        left_out=changes.left_out,
    )


def defaults_of(root: str, found: Mapping[str, Found], defaults: Mapping[str, Value]) -> Mapping[str, Value]:
    """Give the defaults that hold for what is added to a root; `defaults` are those of the settings."""
    own = found[root].content.get("defaults") if root in found else None
    return {**defaults, **cast("Mapping[str, Value]", own or {})}


def placed(
    kind: Kind, root: str, account: str, entries: Sequence[Entry], there: Mapping[str, bytes], changes: Merge
) -> dict[str, str]:
    """Let entries come into the file that the root is, or give a new file for each."""
    if root.endswith(SUFFIXES):
        add_entries(kind, root, entries, changes)
        return {}
    schema = clients_place(root, folder=True)
    return {_free(f"{root}/{entry.key}", there): document(kind, account, [entry], {}, schema) for entry in entries}


def found_in(file: str, raw: bytes, collection: str) -> Found:
    """Read a file that is to be edited."""
    content: Any = parse(file, raw, block=collection).content
    return Found(text=raw.decode("utf-8"), content=content if isinstance(content, dict) else {})


def _free(name: str, there: Mapping[str, bytes]) -> str:
    """Give a file that is not there, in either spelling."""
    number = 1
    while any((told := f"{name}-{number}" if number > 1 else name) + suffix in there for suffix in SUFFIXES):
        number += 1
    return told + SUFFIXES[0]


def texts_of(found: Mapping[str, Found], changes: Merge, new: Mapping[str, str]) -> dict[str, str]:
    """Give all files of a root with the edits, and new ones, in their order."""
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
