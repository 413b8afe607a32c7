"""Edits of YAML that people wrote, as pieces of text put in the place of others: all else stays to the letter.

It knows mappings and keys, not what they mean. What cannot be edited so (a value that others refer to) comes out as
something else than was wanted, which `checking.py` finds.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reconciler.core.resource import Value
from reconciler.documents.spans import Item, Span, spans
from reconciler.export.scalars import block, scalar

_SIGN = re.compile("(?P<kind>[|>])[-+]?(?P<indent>[0-9]?)[-+]?")
_BLANKS = re.compile(" *")
Path = tuple[str, ...]
"""The keys that lead to a mapping."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """Let a key of a mapping have this value; a new one stands behind those that come before it in `order`."""

    path: Path
    name: str
    value: Value | int
    order: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """Take a key out of a mapping, with the comment right above it."""

    path: Path
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Add:
    """Add entries, each in lines to be indented, at the end of a mapping; it is made where it is missing."""

    path: Path
    entries: Sequence[Sequence[str]]
    inline: Sequence[str]
    """The same for a mapping between braces: one line each."""
    spaced: bool = False
    """Whether blank lines part the entries, where those that are there do not say."""


Edit = Put | Drop | Add


@dataclass(frozen=True, slots=True, kw_only=True)
class Splice:
    """A piece of the text, and what is to stand there."""

    start: int
    end: int
    text: str


class CannotEdit(Exception):
    """A text is not written such that a piece of it can be replaced; `args[0]` says what."""


def edited(text: str, edits: Iterable[Edit]) -> str:
    """Give the text after these edits; raises `CannotEdit`."""
    bom = "\ufeff" if text.startswith("\ufeff") else ""
    text = text.removeprefix("\ufeff")
    todo = list(edits)
    text = _closed(text) if todo else text
    while todo:
        text, left = _pass(text, todo)
        if len(left) == len(todo):
            raise CannotEdit(".".join(todo[0].path))
        todo = left
    return bom + text


def _closed(text: str) -> str:
    """Let a block with which the text breaks off mean the same once something follows: then its last break counts."""
    if text.endswith("\n"):
        return text
    last = spans(text)
    while last.items:
        last = list(last.items.values())[-1].value
    if last.style not in {"|", ">"} or last.end < len(text.rstrip()):
        return text
    sign = _SIGN.sub(r"\g<kind>\g<indent>-", text[last.start :], count=1)
    return f"{text[: last.start]}{sign}{_newline(text)}"


def _newline(text: str) -> str:
    """Give how the lines of a text end."""
    return "\r\n" if "\r\n" in text[: text.find("\n") + 1] else "\n"


def _pass(text: str, edits: Sequence[Edit]) -> tuple[str, list[Edit]]:
    """Do all edits that do not touch the same place; give the text and those that are left."""
    top = spans(text)
    splices: list[Splice] = []
    left: list[Edit] = []
    dropped: Counter[Path] = Counter()
    changed: dict[Path, bool] = {}
    for edit in edits:
        path, span = edit.path, _found(top, edit.path)
        items = span.items or {} if span is not None else {}
        if isinstance(edit, Put) and edit.name in items:
            splices.append(_splice(text, top, edit))
            continue
        # Between braces one key comes or goes at a time, and so does the last one of any mapping.
        last = isinstance(edit, Drop) and dropped[path] + 1 >= len(items)
        alone = last or (span is not None and span.flow)
        if changed.get(path, False) or (alone and path in changed):
            left.append(edit)
            continue
        changed[path] = alone
        dropped[path] += isinstance(edit, Drop)
        splices.append(_splice(text, top, edit))
    return _spliced(text, splices, edits, left)


def _found(top: Span, path: Path) -> Span | None:
    try:
        return _mapping(top, path)
    except CannotEdit:
        return None


def _spliced(text: str, splices: Sequence[Splice], edits: Sequence[Edit], left: list[Edit]) -> tuple[str, list[Edit]]:
    skipped = set(map(id, left))
    pairs = zip(splices, [edit for edit in edits if id(edit) not in skipped], strict=True)
    newline = _newline(text)
    parts: list[str] = []
    at = 0
    for splice, edit in sorted(pairs, key=lambda pair: (pair[0].start, pair[0].end)):
        if splice.start < at:
            left.append(edit)
            continue
        parts += [text[at : splice.start], splice.text.replace("\r\n", "\n").replace("\n", newline)]
        at = splice.end
    return "".join([*parts, text[at:]]), left


def _mapping(top: Span, path: Path) -> Span:
    """Give the mapping at a path."""
    span = top
    for key in path:
        item = (span.items or {}).get(key)
        if item is None:
            raise CannotEdit(".".join(path))
        span = item.value
    if span.items is None:
        raise CannotEdit(".".join(path))
    return span


def _splice(text: str, top: Span, edit: Edit) -> Splice:
    match edit:
        case Put():
            span = _mapping(top, edit.path)
            item = (span.items or {}).get(edit.name)
            return _replaced(text, item, edit) if item is not None else _inserted(text, span, edit)
        case Drop():
            return _dropped(text, top, edit)
        case Add():
            return _added(text, top, edit)


# Values.


def _replaced(text: str, item: Item, edit: Put) -> Splice:
    value = item.value
    if value.flow:
        return Splice(start=value.start, end=value.end, text=scalar(edit.value, flow=True))
    line_end = _line_end(text, value.end)
    told = _written(edit.value, item.column, text[value.end : line_end])
    blank = "" if value.start and text[value.start - 1].isspace() else " "
    if "\n" not in told:
        return Splice(start=value.start, end=value.end, text=blank + told)
    # Blanks behind the old value would become the new one's, and at the end of the file its last break would be lost.
    last = "\n" if line_end == len(text) else ""
    return Splice(start=value.start, end=line_end, text=f"{blank}{told}{last}")


def _written(value: Value | int, column: int, behind: str) -> str:
    """Give a value behind its key: as a block only where nothing else stands on its line."""
    long = block(value)
    if long is None or behind.strip():
        return scalar(value)
    sign, lines = long
    return "\n".join([sign, *(" " * (column + 2) + line if line else "" for line in lines)])


def _inserted(text: str, span: Span, edit: Put) -> Splice:
    items = span.items or {}
    ranks = {name: rank for rank, name in enumerate(edit.order)}
    before = [item for name, item in items.items() if ranks.get(name, len(ranks)) < ranks.get(edit.name, -1)]
    if span.flow:
        told = f"{edit.name}: {scalar(edit.value, flow=True)}"
        if before:
            return Splice(start=before[-1].value.end, end=before[-1].value.end, text=f", {told}")
        first = span.start + 1
        return Splice(start=first, end=first, text=f"{told}, " if items else told)
    first_item = next(iter(items.values()))
    told = f"{edit.name}: {_written(edit.value, first_item.column, '')}"
    indent = " " * first_item.column
    if before:
        return _behind(text, before[-1].value.end, f"{indent}{told}\n")
    start = _line_start(text, first_item.start)
    return Splice(start=start, end=start, text=f"{indent}{told}\n")


def _behind(text: str, end: int, lines: str) -> Splice:
    """Insert lines behind the line on which something ends."""
    at = _next_line(text, end)
    broken = text.endswith("\n", 0, at)
    return Splice(start=at, end=at, text=lines if broken else "\n" + lines)


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _line_end(text: str, at: int) -> int:
    """Give where the line ends, before its break."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end - text.endswith("\r", at, end)


def _next_line(text: str, at: int) -> int:
    """Give where the next line begins, or the end."""
    return text.find("\n", at) + 1 or len(text)


# Keys that go.


def _dropped(text: str, top: Span, edit: Drop) -> Splice:
    span = _mapping(top, edit.path)
    items = span.items or {}
    item = items.get(edit.name)
    if item is None:
        raise CannotEdit(".".join((*edit.path, edit.name)))
    names = list(items)
    place = names.index(edit.name)
    if len(names) == 1:
        return _emptied(text, top, span, item, edit)
    if span.flow:
        if place:
            return Splice(start=items[names[place - 1]].value.end, end=item.value.end, text="")
        return Splice(start=item.start, end=items[names[1]].start, text="")
    start = _above(text, _line_start(text, item.start))
    end = _next_line(text, item.value.end)
    if place == 0:
        # What parted it from the next goes with it.
        while text[end : _next_line(text, end)].isspace():
            end = _next_line(text, end)
    else:
        while start and text[_line_start(text, start - 1) : start].isspace():
            start = _line_start(text, start - 1)
    return Splice(start=start, end=end, text="")


def _emptied(text: str, top: Span, span: Span, item: Item, edit: Drop) -> Splice:
    """Give the splice that makes a mapping an empty one; what stands behind its own key stays there."""
    if span.flow:
        return Splice(start=span.start, end=span.end, text="{}")
    *outer, name = edit.path
    parent = (_mapping(top, tuple(outer)).items or {})[name]
    colon = text.index(":", parent.start + len(name)) + 1
    kept = text[colon : _above(text, _line_start(text, item.start))].rstrip()
    return Splice(start=colon, end=item.value.end, text=f" {{}}{kept}")


def _above(text: str, start: int) -> int:
    """Give where the comment right above a line begins, or the line itself."""
    indent = _BLANKS.match(text, start)
    comment = (indent[0] if indent is not None else "") + "#"
    # What stands in the first line is about the whole file.
    while start and (before := _line_start(text, start - 1)) and text.startswith(comment, before):
        start = before
    return start


# Keys that come.


def _added(text: str, top: Span, edit: Add) -> Splice:
    *outer, name = edit.path
    parent = _mapping(top, tuple(outer))
    item = (parent.items or {}).get(name)
    if item is None:
        return _block_made(text, parent, name, edit)
    value = item.value
    if value.items and value.flow:
        at = list(value.items.values())[-1].value.end
        return Splice(start=at, end=at, text="".join(f", {line}" for line in edit.inline))
    if value.items:
        items = list(value.items.values())
        spaced = _is_spaced(text, items, otherwise=edit.spaced)
        lines = _indented(edit.entries, items[0].column, spaced=spaced)
        return _behind(text, items[-1].value.end, ("\n" if spaced else "") + lines)
    if item.value.flow and parent.flow:
        return Splice(start=value.start, end=value.end, text=f"{{{', '.join(edit.inline)}}}")
    # An empty mapping, or nothing: what stands behind it on its line stays there.
    lines = _indented(edit.entries, item.column + 2, spaced=edit.spaced)
    end = _line_end(text, value.end)
    behind = text[value.end : end]
    told = f"{behind}\n{lines}"
    start = text.rindex(":", item.start, value.start + 1) + 1
    return Splice(start=start, end=end, text=told if end == len(text) else told.removesuffix("\n"))


def _block_made(text: str, parent: Span, name: str, edit: Add) -> Splice:
    items = list((parent.items or {}).values())
    if parent.flow:
        at = items[-1].value.end if items else parent.start + 1
        told = f"{name}: {{{', '.join(edit.inline)}}}"
        return Splice(start=at, end=at, text=f", {told}" if items else told)
    column = items[0].column if items else 0
    lines = f"{' ' * column}{name}:\n{_indented(edit.entries, column + 2, spaced=edit.spaced)}"
    return _behind(text, items[-1].value.end if items else parent.end, ("\n" if edit.spaced else "") + lines)


def _is_spaced(text: str, items: Sequence[Item], *, otherwise: bool) -> bool:
    if len(items) == 1:
        return otherwise
    between = text[items[0].value.end : items[1].start]
    return any(not line.strip() for line in between.split("\n")[1:-1])


def _indented(entries: Sequence[Sequence[str]], column: int, *, spaced: bool) -> str:
    indent = " " * column
    told = ["".join(f"{indent}{line}\n" if line else "\n" for line in entry) for entry in entries]
    return ("\n" if spaced else "").join(told)
