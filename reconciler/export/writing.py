"""Entries as YAML, laid out as in the example that ships with the program.

It reads nothing back; `checking.py` does, before anything is written anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconciler.core.kind import Kind
from reconciler.core.resource import Value
from reconciler.export.describing import Entry, Fields, describable
from reconciler.export.scalars import block, scalar
from reconciler.schema_files import Place, settings_place

WIDTH = 120
"""A child that fits is written on one line."""
STEP = "  "


def document(kind: Kind, account: str, entries: Sequence[Entry], defaults: Fields, schema: Place) -> str:
    """Give a whole new file; it names the account, if one is told."""
    lines = [schema.line, "version: 1"]
    if account:
        lines.append(f"account: {scalar(account)}")
    if defaults:
        lines += ["", "defaults:", *pairs(defaults, STEP)]
    if not entries:
        lines += ["", f"{kind.collection}: {{}}"]
        return "\n".join(lines) + "\n"
    lines += ["", f"{kind.collection}:"]
    for number, entry in enumerate(entries):
        lines += ([""] if number else []) + list(entry_lines(kind, entry, STEP))
    return "\n".join(lines) + "\n"


def settings_document(account: str, root: str, defaults: Fields) -> str:
    """Give a new file of settings, for a root that is a folder."""
    lines = [settings_place().line, "version: 1", f"account: {scalar(account)}", f"root: {scalar(root)}"]
    if defaults:
        lines += ["", "defaults:", *pairs(defaults, STEP)]
    return "\n".join(lines) + "\n"


def entry_lines(kind: Kind, entry: Entry, indent: str, step: str = STEP) -> Iterator[str]:
    """Give the lines of one entry, its key first."""
    inside = indent + step
    yield f"{indent}{entry.key}:"
    if entry.pin is not None:
        yield f"{inside}id: {entry.pin}"
    yield from pairs(entry.fields, inside)
    if entry.unmanaged:
        yield f"{inside}unmanaged: [{', '.join(entry.unmanaged)}]"
    if entry.archived is not None:
        yield f"{inside}archived: {scalar(entry.archived)}"
    if entry.children and kind.child is not None:
        yield f"{inside}{kind.child.collection}:"
        for key in sorted(entry.children):
            yield from child_lines(key, describable(kind.child, entry.children[key]), inside + step, step)
    if told := _lifecycle(entry):
        yield f"{inside}lifecycle: {told}"


def _lifecycle(entry: Entry) -> str:
    life = entry.lifecycle
    parts = ["prevent_destroy: true"] if life.prevent_destroy else []
    parts += [f"on_remove: {life.on_remove.value}"] if life.on_remove is not None else []
    return f"{{{', '.join(parts)}}}" if parts else ""


def child_lines(key: str, fields: Mapping[str, Value], indent: str, step: str = STEP) -> Iterator[str]:
    """Give the lines of one child: one where it fits."""
    told = f"{indent}{key}: {flow(fields)}"
    if len(told) <= WIDTH:
        yield told
        return
    yield f"{indent}{key}:"
    yield from pairs(fields, indent + step)


def flow_entry(kind: Kind, entry: Entry) -> str:
    """Give one entry, its key first, between braces."""
    parts = [f"id: {entry.pin}"] if entry.pin is not None else []
    parts += [f"{name}: {scalar(value, flow=True)}" for name, value in entry.fields.items()]
    parts += [f"unmanaged: [{', '.join(entry.unmanaged)}]"] if entry.unmanaged else []
    parts += [f"archived: {scalar(entry.archived)}"] if entry.archived is not None else []
    if entry.children and kind.child is not None:
        told = [f"{key}: {flow(describable(kind.child, entry.children[key]))}" for key in sorted(entry.children)]
        parts.append(f"{kind.child.collection}: {{{', '.join(told)}}}")
    parts += [f"lifecycle: {life}"] if (life := _lifecycle(entry)) else []
    return f"{entry.key}: {{{', '.join(parts)}}}"


def flow(fields: Mapping[str, Value]) -> str:
    """Give fields between braces."""
    return f"{{{', '.join(f'{name}: {scalar(value, flow=True)}' for name, value in fields.items())}}}"


def pairs(fields: Mapping[str, Value], indent: str) -> Iterator[str]:
    """Give one field a line, or a block of lines."""
    for name, value in fields.items():
        yield from pair(name, value, indent)


def pair(name: str, value: Value, indent: str) -> list[str]:
    """Give the lines of one field."""
    long = block(value)
    if long is None:
        return [f"{indent}{name}: {scalar(value)}"]
    sign, lines = long
    return [f"{indent}{name}: {sign}", *(f"{indent}{STEP}{line}" if line else "" for line in lines)]
