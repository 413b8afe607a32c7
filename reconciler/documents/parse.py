"""YAML bytes → one document, walking the C parser's events: bounded before anything is built.

Two passes with one builder. The fast one keeps the positions of mappings and lists only; the slow one keeps those of
every key and value, if need be of a few records alone, so that a slip in a large file costs no more than the file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence, Sized
from dataclasses import dataclass, field
from sys import intern
from typing import Any

import yaml
from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from reconciler.core.diagnostic import Diagnostic, Position, one_line
from reconciler.core.validate import ENOUGH
from reconciler.documents.aliases import Aliases, Event
from reconciler.documents.feed import LONGEST_VALUE, Directives, Endless, Feed, NotUtf8, Unfit
from reconciler.documents.feed import Stop as _Stop
from reconciler.documents.lines import Lines
from reconciler.documents.scalars import resolve

DEEPEST = 20
# A file of 100,000 clients with all their fields has four or five million nodes, of eleven bytes each.
MOST_NODES = 8_000_000
SMALL = 100_000
"""So many nodes may be as small as they like."""
NODE_BYTES = 4
"""A node that takes fewer, on average over a file that is not small, is not part of a description of anything."""
PART_BYTES = 16
"""The same for a mapping or list, or an entry of a list, inside a record."""
MOST_RECORDS = 250_000
"""Entries of a list or mapping that stands at the top of a file, such as `clients`."""
MOST_ENTRIES = 10_000
"""Entries of any other."""

_RECORDS = 2
"""Containers that are open inside `clients`: the file's own, and that."""
_BETWEEN = re.compile(rb"(?:[\s,\[{]|[-:?](?=\s))*")

Where = tuple[int, object]
"""A place in a document: (id of the container, key or index)."""


_Mapping = dict[str, Any]
_Key = Any
"""A text, or nothing where a key is yet to come."""
_Open = tuple[Any, _Key, Event, int]
"""A container that waits for the end of one inside it: itself, the key, the other's first event, nodes until then."""


@dataclass(slots=True, kw_only=True)
class Document:
    """One file as data; positions hold lines and columns from 1."""

    file: str
    content: object
    raw: bytes
    whole: bool = False
    """Whether the file was read to its end; if not, its last problem says why, and there is no content."""
    keys: dict[Where, tuple[int, int]] = field(default_factory=dict)
    values: dict[Where, tuple[int, int, str]] = field(default_factory=dict)
    """Line, column and spelling of scalars; the slow pass only."""
    problems: list[Diagnostic] = field(default_factory=list)
    """At most `ENOUGH`, in the order of the file."""
    doubtful: set[str] = field(default_factory=set)
    """Records in or before which a key stands twice."""
    lines: Lines = field(init=False)

    def __post_init__(self) -> None:
        self.lines = Lines(self.raw)

    def at(self, container: object, key: object, *, value: bool = False) -> Position | None:
        """Give where a key (or its value) stands, as well as this pass knows."""
        if value and (found := self.values.get((id(container), key))) is not None:
            return Position(file=self.file, line=found[0], column=found[1])
        known = self.keys.get((id(container), key))
        return Position(file=self.file, line=known[0], column=known[1]) if known is not None else None

    def spelling(self, container: object, key: object) -> str | None:
        """Give a scalar as it was written; the slow pass only."""
        found = self.values.get((id(container), key))
        return found[2] if found is not None else None

    def excerpt(self, position: Position | None) -> str:
        """Give the source line of a position, or a piece of it where it is long."""
        return self.lines.excerpt(position.line, position.column) if position is not None else ""

    def problem(self, code: str, summary: str, detail: str, position: Position | None) -> Diagnostic:
        """Build a diagnostic about this file, whose detail is one line whatever it quotes."""
        excerpt = self.excerpt(position)
        return Diagnostic(code=code, summary=summary, detail=one_line(detail), position=position, excerpt=excerpt)


def parse(
    file: str, raw: bytes, *, slow: bool = False, block: str = "", only: Collection[str] | None = None
) -> Document:
    """Read one document; where it is not `whole`, it has no content.

    `block` names the mapping at the top that holds the records; with `only`, the slow pass looks at these alone.
    """
    document = Document(file=file, content=None, raw=raw)
    feed = Feed(raw)
    builder = _Builder(document, slow=slow, block=block, only=only)
    try:
        parser = CParser(feed)
        try:
            builder.run(parser, feed)
        finally:
            parser.dispose()
    except _Stop as stop:
        code, summary, detail, mark = stop.args
        document.problems.append(document.problem(code, summary, detail, _position(file, mark)))
    except Unfit as unfit:
        document.problems.append(_unfit(document, unfit, feed))
    except yaml.YAMLError as error:
        document.problems.append(_not_yaml(document, error, feed))
    else:
        document.whole = True
        return document
    document.content = None
    return document


def _unfit(document: Document, unfit: Unfit, feed: Feed) -> Diagnostic:
    (offset,) = unfit.args
    if isinstance(unfit, Endless):
        offset = _next(document, feed.event)
    line, column = document.lines.place(offset)
    position = Position(file=document.file, line=line, column=column)
    match unfit:
        case NotUtf8():
            return document.problem("not-utf-8", "the file is not UTF-8", "Save it as UTF-8 text.", position)
        case Directives():
            return document.problem("tag", "tags are not allowed", "Remove the %TAG directives.", position)
        case _:
            detail = f"A single value, key or comment has more than {LONGEST_VALUE // 1024} KiB."
            return document.problem("value-too-long", "a value is too long", detail, position)


def _next(document: Document, event: Event) -> int:
    """Give the byte at which something begins after an event."""
    mark = getattr(event, "end_mark", None)
    ended = document.lines.offset(mark.line + 1, mark.column + 1) if mark is not None else 0
    found = _BETWEEN.match(document.raw, ended)
    return found.end() if found is not None else ended


def _not_yaml(document: Document, error: yaml.YAMLError, feed: Feed) -> Diagnostic:
    if isinstance(error, yaml.MarkedYAMLError):
        what = " ".join(part for part in (error.context, error.problem) if part)
        position = _position(document.file, error.problem_mark or error.context_mark)
        detail = f"{what[:1].upper()}{what[1:]}. Check the indentation, the quotes, and the colon before each value."
    else:
        # A character that YAML cannot hold, such as NUL; the parser says at which byte.
        line, column = document.lines.place(feed.begin + int(getattr(error, "position", None) or 0))
        position = Position(file=document.file, line=line, column=column)
        told = str(getattr(error, "reason", None) or error).partition("\n")[0]
        detail = f"{told[:1].upper()}{told[1:]}."
    return document.problem("not-yaml", "the file is not YAML", detail, position)


def _position(file: str, mark: object) -> Position:
    line, column = getattr(mark, "line", 0), getattr(mark, "column", 0)
    return Position(file=file, line=line + 1, column=column + 1)


class _Builder:
    """Turns events into plain values. Keys are always text."""

    def __init__(self, document: Document, *, slow: bool, block: str, only: Collection[str] | None) -> None:
        self._document = document
        self._block = block
        self._only = only
        self._record: str | None = None
        """The key of the record that was opened last."""
        self._marks_all = slow
        """Whether every key and value is given its place here."""
        self._marks_some = not slow
        """Whether mappings and lists are given theirs, but for a record's own (`contacts`), which nobody asks for."""
        self._aliases = Aliases()
        self._documents = self._nodes = self._parts = 0
        self._most_nodes = min(MOST_NODES, SMALL + len(document.raw) // NODE_BYTES)
        self._most_parts = SMALL + len(document.raw) // PART_BYTES
        self._key_mark: Any = None

    def run(self, parser: CParser, feed: Feed) -> None:  # noqa: C901, PLR0912 - one loop over the kinds of event, the hot path of a plan
        """Read all events of one document."""
        stack: list[_Open] = []
        container: Any = None
        key: object = None
        next_event: Any = parser.get_event
        while (event := next_event()) is not None:
            feed.event = event
            kind = event.__class__
            if kind is ScalarEvent:
                self._nodes += 1
                if event.tag is not None:
                    self._tagged(event)
                if container.__class__ is dict and key is None:
                    key = self._key(container, event, len(stack))
                    continue
                value = event.value if event.style else resolve(event.value)
                if value.__class__ is str:
                    # The account says the same: whoever reads it finds the very text, and memory holds it once.
                    value = intern(value)
                if event.anchor is not None:
                    self._aliases.keep(event, value, 1)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                self._nodes += 1
                self._opening(event, container, key, stack)
                stack.append((container, key, event, self._nodes))
                container, key = ({} if kind is MappingStartEvent else []), None
                if event.anchor is not None:
                    self._aliases.drop(event)
                continue
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                value = container
                container, key, opened, began = stack.pop()
                if opened.anchor is not None:
                    self._aliases.keep(opened, value, self._nodes - began + 1)
                if self._only is not None and len(stack) == _RECORDS:
                    value = self._left(value)
            elif kind is AliasEvent:
                value = self._alias(event, container, key)
            else:
                if kind is DocumentStartEvent:
                    self._begin(event)
                continue
            if container.__class__ is dict:
                if self._marks_all:
                    self._mark(container, key, event)
                container[key] = value
                key = None
            else:
                self._append(container, value, event, len(stack))

    def _begin(self, event: Event) -> None:
        self._documents += 1
        if self._documents > 1:
            raise _Stop("several-documents", "the file has several documents", "Keep one.", event.start_mark)

    def _append(self, container: object, value: object, event: Event, depth: int) -> None:
        if not isinstance(container, list):
            self._document.content = value
            return
        if depth != _RECORDS:
            self._parts += 1
        if len(container) >= MOST_ENTRIES or self._parts > self._most_parts:
            self._count(container, event, depth)
        if self._marks_all:
            self._mark(container, len(container), event)
        container.append(value)

    def _mark(self, container: object, key: object, event: Event) -> None:
        if isinstance(event, (MappingEndEvent, SequenceEndEvent)):
            return
        mark = event.start_mark
        self._document.values[id(container), key] = (mark.line + 1, mark.column + 1, getattr(event, "value", ""))

    def _key(self, container: _Mapping, event: Event, depth: int) -> str:
        name = intern(event.value)
        mark = event.start_mark
        if name == "<<" and not event.style:
            raise _Stop("merge-key", "merge keys are not used here", "Repeat the fields, or use `defaults:`.", mark)
        if name in container:
            self._twice(container, name, mark)
        elif self._marks_all:
            self._document.keys[id(container), name] = (mark.line + 1, mark.column + 1)
        if len(container) >= MOST_ENTRIES or self._nodes > self._most_nodes:
            self._count(container, event, depth)
        self._key_mark = mark
        return name

    def _twice(self, container: object, name: str, mark: object) -> None:
        document = self._document
        if self._record is not None:
            document.doubtful.add(self._record)
        if len(document.problems) < ENOUGH:
            first = document.at(container, name)
            earlier = f" It stands at line {first.line} already." if first is not None else ""
            position = _position(document.file, mark)
            document.problems.append(
                document.problem("duplicate-key", "a key stands twice", f"`{name[:60]}`.{earlier}", position)
            )

    def _count(self, container: Sized, event: Event, depth: int) -> None:
        """Refuse what is larger than any description of an account."""
        most = MOST_RECORDS if depth == _RECORDS else MOST_ENTRIES
        if len(container) >= most:
            detail = f"A list or mapping has more than {most:,} entries here. A root can be a folder of several files."
        elif self._nodes > self._most_nodes or self._parts > self._most_parts:
            detail = "Most of them are empty or nearly so, which is no description of anything."
        else:
            return
        raise _Stop("too-many-values", "the file has too many values", detail, event.start_mark)

    def _opening(self, event: Event, container: object, key: _Key, stack: Sequence[_Open]) -> None:
        if event.tag is not None:
            self._tagged(event)
        depth = len(stack)
        if depth >= DEEPEST:
            raise _Stop("too-deep", "the file is nested too deeply", f"More than {DEEPEST} levels.", event.start_mark)
        if depth > _RECORDS:
            self._parts += 1
        if self._nodes > self._most_nodes or self._parts > self._most_parts:
            self._count((), event, depth)
        if container.__class__ is not dict:
            return
        if key is None:
            raise _Stop("odd-key", "a key must be a text", "A list or mapping cannot be a key.", event.start_mark)
        if self._marks_some and depth != _RECORDS + 1:
            mark = self._key_mark
            self._document.keys[id(container), key] = (mark.line + 1, mark.column + 1)
        if depth == _RECORDS and stack[1][1] == self._block:
            self._record = key
            if self._only is not None:
                self._marks_all = key in self._only

    def _left(self, value: object) -> object:
        """Give a record's content if it was looked at; what is not comes and goes."""
        kept = self._marks_all
        self._marks_all = True
        return value if kept else None

    def _tagged(self, event: Event) -> None:
        detail = f"`{event.tag[:60]}`: YAML is data here; remove the tag."
        raise _Stop("tag", "tags are not allowed", detail, event.start_mark)

    def _alias(self, event: Event, container: object, key: object) -> object:
        if container.__class__ is dict and key is None:
            raise _Stop("odd-key", "a key must be a text", "An alias cannot be a key.", event.start_mark)
        value, size = self._aliases.resolve(event)
        self._nodes += size
        return value
