"""A whole account as new files: which records, under which keys, in which files.

It writes none of them, and knows nothing of files that are there already (`merging.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.core.kind import Kind
from reconciler.core.resource import Account, Address, LiveResource, OnRemove, RemoteId, Value, Visibility, key_of
from reconciler.core.state import State
from reconciler.export.describing import Entry, Remembered, describe
from reconciler.export.lifting import lifted
from reconciler.export.naming import keys_of
from reconciler.export.writing import document, settings_document
from reconciler.schema_files import clients_place


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What the files of a root are to hold."""

    texts: Mapping[str, str]
    """Every file of the root, in the order in which it is read."""
    entries: Sequence[Entry] = ()
    """The records that are new in it."""
    settings: str = ""
    """What a new reconciler.yaml is to hold; empty where none is to be written."""
    defaults: Mapping[str, Value] = field(default_factory=dict)
    """What holds for all files."""
    grown: Sequence[Entry] = ()
    """Records that were there, with the children that are new in them."""
    taken: Mapping[Address, Sequence[str]] = field(default_factory=dict)
    """What was taken over of records that were there, in words."""
    left_out: Sequence[str] = ()
    """What changed in records that were there and the YAML cannot hold, in words."""
    unchanged: bool = False
    """Whether the files stay as they were read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a new root is to be laid out."""

    root: str
    folder: bool
    """Whether each record has a file of its own, in this folder."""
    settings: bool
    """Whether settings may be written, for what all those files have in common."""
    archived: bool
    """Whether archived records are wanted, too; bound ones always are, or they would be taken for removed."""
    on_remove: OnRemove
    """What happens on removal where an entry says nothing."""


def draft(kind: Kind, account: Account, state: State, layout: Layout, defaults: Mapping[str, Value]) -> Draft:
    """Give the files of a new root; `defaults` are those of the settings."""
    bound = {binding.id: key_of(address) for address, binding in state.bindings.items() if binding.parent is None}
    records = [live for live in account.records.values() if layout.archived or _is_wanted(live, bound)]
    named = names(kind, records, bound, state)
    usual = lifted(kind, records, defaults) if not layout.folder or layout.settings else {}
    whole = {**defaults, **usual}
    entries = describe(kind, named, whole, remembered=Remembered.of(state, layout.on_remove))
    schema = clients_place(layout.root, folder=layout.folder)
    if not layout.folder:
        whole_file = document(kind, account.account_id, entries, usual, schema)
        return Draft(texts={layout.root: whole_file}, entries=entries, defaults=defaults)
    told = "" if layout.settings else account.account_id
    # A folder without any file would be no root.
    files = {entry.key: [entry] for entry in entries} or {kind.collection: []}
    return Draft(
        texts={
            f"{layout.root}/{name}.yaml": document(kind, told, inside, {}, schema) for name, inside in files.items()
        },
        entries=entries,
        settings=settings_document(account.account_id, layout.root, usual) if layout.settings else "",
        defaults=whole,
    )


def _is_wanted(live: LiveResource, bound: Mapping[RemoteId, str]) -> bool:
    return live.visibility is Visibility.ACTIVE or live.id in bound


def names(
    kind: Kind, records: Sequence[LiveResource], bound: Mapping[RemoteId, str], state: State, taken: Sequence[str] = ()
) -> dict[str, LiveResource]:
    """Give records by key: the one that they are bound to, or one that nothing has or had."""
    used = {key_of(address) for known in (state.bindings, state.tombstones, state.intents) for address in known}
    new = keys_of(kind, [live for live in records if live.id not in bound], used.union(taken))
    return {bound.get(live.id) or new[live.id]: live for live in records}
