"""YAML bytes → one document, walking the C parser's events: bounded before anything is built.

Two passes with one builder. The fast one keeps the positions of mappings only and gives up at the first problem; the
slow one keeps all positions and collects every problem.
"""

from __future__ import annotations

from collections.abc import Iterator
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

from reconciler.core.diagnostic import Diagnostic, Position
from reconciler.documents.scalars import resolve

DEEPEST = 20
LONGEST_VALUE = 1024 * 1024
MOST_ALIASES = 1000
MOST_REPEATED = 100_000
EXCERPT = 160
_CHUNK = 64 * 1024

Event = Any
"""One of PyYAML's events; its stubs make everything optional that the C parser always fills."""

Where = tuple[int, object]
"""A place in a document: (id of the container, key or index)."""


@dataclass(slots=True, kw_only=True)
class Document:
    """One file as data; positions hold lines and columns from 1."""

    file: str
    content: object
    raw: bytes
    keys: dict[Where, tuple[int, int]] = field(default_factory=dict)
    values: dict[Where, tuple[int, int, str]] = field(default_factory=dict)
    """Line, column and spelling of scalars; the slow pass only."""
    problems: list[Diagnostic] = field(default_factory=list)

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
        """Give the source line of a position, cut where it is endless."""
        if position is None:
            return ""
        for number, line in enumerate(self._lines(), 1):
            if number == position.line:
                return line[:EXCERPT].decode("utf-8", "replace").rstrip("\r\n")
        return ""

    def _lines(self) -> Iterator[bytes]:
        start = 0
        while start < len(self.raw):
            end = self.raw.find(b"\n", start)
            end = len(self.raw) if end < 0 else end
            yield self.raw[start:end]
            start = end + 1

    def problem(self, code: str, summary: str, detail: str, position: Position | None) -> Diagnostic:
        """Build a diagnostic about this file."""
        return Diagnostic(code=code, summary=summary, detail=detail, position=position, excerpt=self.excerpt(position))


class _Stop(Exception):
    """Nothing more can be read of this file: (code, summary, detail, mark)."""


class _Source:
    """Feeds the parser, and refuses to feed a single value without end."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._at = 0
        self.since = 0

    def read(self, size: int = _CHUNK, /) -> bytes:
        """Give the next bytes."""
        chunk = self._raw[self._at : self._at + min(size, _CHUNK)]
        self._at += len(chunk)
        self.since += len(chunk)
        if self.since > LONGEST_VALUE + _CHUNK:
            raise _Stop(
                "value-too-long",
                "a value is too long",
                f"A single value, key or comment has more than {LONGEST_VALUE // 1024} KiB.",
                None,
            )
        return chunk


def parse(file: str, raw: bytes, *, slow: bool = False) -> Document:
    """Read one document; where it has `problems`, its content may be incomplete."""
    document = Document(file=file, content=None, raw=raw)
    if raw.startswith(b"\xef\xbb\xbf"):
        raw = raw[3:]
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
        position = Position(file=file, line=line, column=column)
        document.problems.append(
            document.problem("not-utf-8", "the file is not UTF-8", "Save it as UTF-8 text.", position)
        )
        return document
    source = _Source(raw)
    builder = _Builder(document, slow=slow)
    try:
        parser = CParser(source)
        try:
            builder.run(parser, source)
        finally:
            parser.dispose()
    except _Stop as stop:
        code, summary, detail, mark = stop.args
        document.problems.append(document.problem(code, summary, detail, _position(file, mark)))
    except yaml.MarkedYAMLError as error:
        what = " ".join(part for part in (error.context, error.problem) if part)
        position = _position(file, error.problem_mark or error.context_mark)
        detail = f"{what[:1].upper()}{what[1:]}. Check the indentation, the quotes, and the colon before each value."
        document.problems.append(document.problem("not-yaml", "the file is not YAML", detail, position))
    except yaml.YAMLError as error:
        told = getattr(error, "reason", None) or str(error).partition("\n")[0]
        document.problems.append(
            document.problem("not-yaml", "the file is not YAML", f"{told}.", Position(file=file, line=1))
        )
    return document


def _position(file: str, mark: object) -> Position:
    line, column = getattr(mark, "line", 0), getattr(mark, "column", 0)
    return Position(file=file, line=line + 1, column=column + 1)


class _Builder:
    """Turns events into plain values. Keys are always text."""

    def __init__(self, document: Document, *, slow: bool) -> None:
        self._document = document
        self._slow = slow
        self._anchors: dict[str, tuple[object, int]] = {}
        self._nodes = self._aliases = self._repeated = 0
        self._key_mark: Any = None

    def run(self, parser: CParser, source: _Source) -> None:  # noqa: C901, PLR0912 - one loop over the kinds of event, the hot path of a plan
        """Read all events of one document."""
        stack: list[tuple[object, object, str | None, int]] = []
        container: Any = None
        key: object = None
        documents = 0
        next_event: Any = parser.get_event
        while (event := next_event()) is not None:
            source.since = 0
            kind = event.__class__
            if kind is ScalarEvent:
                self._nodes += 1
                if event.tag is not None or event.anchor is not None:
                    self._decorated(event)
                if container.__class__ is dict and key is None:
                    key = self._key(container, event)
                    continue
                value = resolve(event.value) if event.style is None or event.style == "" else event.value
                if event.anchor is not None:
                    self._anchors[event.anchor] = (value, 1)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                self._nodes += 1
                self._opening(event, container, key, len(stack))
                stack.append((container, key, event.anchor, self._nodes))
                container, key = ({} if kind is MappingStartEvent else []), None
                if event.anchor is not None:
                    # An alias inside the very value that it names has nothing to stand for yet.
                    self._anchors.pop(event.anchor, None)
                continue
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                value = container
                container, key, anchor, began = stack.pop()
                if anchor is not None:
                    self._anchors[anchor] = (value, self._nodes - began + 1)
            elif kind is AliasEvent:
                value = self._alias(event, container, key)
            else:
                if kind is DocumentStartEvent:
                    documents += 1
                    if documents > 1:
                        raise _Stop(
                            "several-documents", "the file has several documents", "Keep one.", event.start_mark
                        )
                continue
            if container.__class__ is dict:
                if self._slow:
                    self._mark(container, key, event)
                container[key] = value
                key = None
            else:
                self._append(container, value, event)

    def _append(self, container: object, value: object, event: Event) -> None:
        if not isinstance(container, list):
            self._document.content = value
            return
        if self._slow:
            self._mark(container, len(container), event)
        container.append(value)

    def _mark(self, container: object, key: object, event: Event) -> None:
        if isinstance(event, (MappingEndEvent, SequenceEndEvent)):
            return
        mark = event.start_mark
        self._document.values[id(container), key] = (mark.line + 1, mark.column + 1, getattr(event, "value", ""))

    def _key(self, container: Any, event: Event) -> str:  # noqa: ANN401 - a dict: the caller has just looked
        name = intern(event.value)
        mark = event.start_mark
        if name == "<<" and not event.style:
            raise _Stop("merge-key", "merge keys are not used here", "Repeat the fields, or use `defaults:`.", mark)
        if name in container:
            position = _position(self._document.file, mark)
            first = self._document.at(container, name)
            earlier = f" It stands at line {first.line} already." if first is not None else ""
            self._document.problems.append(
                self._document.problem("duplicate-key", "a key stands twice", f"`{name}`.{earlier}", position)
            )
        elif self._slow:
            self._document.keys[id(container), name] = (mark.line + 1, mark.column + 1)
        self._key_mark = mark
        return name

    def _opening(self, event: Event, container: object, key: object, depth: int) -> None:
        if event.tag is not None:
            self._decorated(event)
        if depth >= DEEPEST:
            raise _Stop("too-deep", "the file is nested too deeply", f"More than {DEEPEST} levels.", event.start_mark)
        if container.__class__ is dict and key is None:
            raise _Stop("odd-key", "a key must be a text", "A list or mapping cannot be a key.", event.start_mark)
        if container.__class__ is dict and not self._slow:
            mark = self._key_mark
            self._document.keys[id(container), key] = (mark.line + 1, mark.column + 1)

    def _decorated(self, event: Event) -> None:
        if event.tag is not None:
            detail = f"`{event.tag[:60]}`: YAML is data here; remove the tag."
            raise _Stop("tag", "tags are not allowed", detail, event.start_mark)

    def _alias(self, event: Event, container: object, key: object) -> object:
        """Give the value of an alias, as long as the file does not grow into a bomb by them."""
        if container.__class__ is dict and key is None:
            raise _Stop("odd-key", "a key must be a text", "An alias cannot be a key.", event.start_mark)
        known = self._anchors.get(event.anchor)
        if known is None:
            detail = f"`*{event.anchor[:60]}` names nothing that stands before it."
            raise _Stop("unknown-alias", "an alias names nothing", detail, event.start_mark)
        value, size = known
        self._aliases += 1
        self._repeated += size
        self._nodes += size
        if self._aliases > MOST_ALIASES or self._repeated > MOST_REPEATED:
            raise _Stop("too-many-aliases", "the file has too many aliases", "Write values out.", event.start_mark)
        return value
