"""Where in a text each mapping, key and value stands, to the letter, so that a piece of it can be replaced.

Only for a text that `parse.py` accepts: it bounds nothing and refuses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)


@dataclass(slots=True, kw_only=True)
class Span:
    """A value: from its first letter to behind its last, without what follows on its line."""

    start: int
    end: int
    style: str = ""
    """Of a scalar: a quote, `|` or `>`; `*` of an alias; empty where it is plain."""
    flow: bool = False
    """Whether a mapping stands between braces, or may be a scalar that does."""
    items: dict[str, Item] | None = None
    """Of a mapping, in its order."""


@dataclass(slots=True, kw_only=True)
class Item:
    """A key of a mapping, with its value."""

    start: int
    """Of the key."""
    column: int
    value: Span = field(default_factory=lambda: Span(start=0, end=0))


def spans(text: str) -> Span:
    """Give the span of a document's top, which is a mapping; an empty one for a text without content."""
    parser = CParser(text.encode())
    try:
        for event in _events(parser):
            if isinstance(event, (MappingStartEvent, ScalarEvent, SequenceStartEvent)):
                return _value(event, parser, text, flow=False)
    finally:
        parser.dispose()
    return Span(start=len(text), end=len(text), items={})


def _events(parser: Any) -> Iterator[Any]:  # noqa: ANN401 - the parser has no types
    while (event := parser.get_event()) is not None:
        yield event


def _value(event: Any, parser: Any, text: str, *, flow: bool) -> Span:  # noqa: ANN401 - as above
    start, end = event.start_mark.index, event.end_mark.index
    if isinstance(event, ScalarEvent):
        style = event.style or ""
        if style in {"|", ">"}:
            # Blank lines behind a block may belong to it, but nobody sees them as a part of it.
            end = start + len(text[start:end].rstrip())
        return Span(start=start, end=end, style=style, flow=flow)
    if isinstance(event, AliasEvent):
        return Span(start=start, end=end, style="*", flow=flow)
    if isinstance(event, SequenceStartEvent):
        return _sequence(event, parser, text)
    return _mapping(event, parser, text)


def _sequence(event: Any, parser: Any, text: str) -> Span:  # noqa: ANN401 - as above
    flow = bool(event.flow_style)
    span = Span(start=event.start_mark.index, end=event.end_mark.index, flow=flow)
    for inner in _events(parser):
        if inner.__class__ is SequenceEndEvent:
            span.end = _index(inner.end_mark) if flow else span.end
            break
        span.end = _value(inner, parser, text, flow=flow).end
    return span


def _mapping(event: Any, parser: Any, text: str) -> Span:  # noqa: ANN401 - as above
    flow = bool(event.flow_style)
    items: dict[str, Item] = {}
    span = Span(start=event.start_mark.index, end=event.end_mark.index, flow=flow, items=items)
    for key in _events(parser):
        if key.__class__ is MappingEndEvent:
            span.end = _index(key.end_mark) if flow else span.end
            break
        value = _value(next(_events(parser)), parser, text, flow=flow)
        items[key.value] = Item(start=key.start_mark.index, column=key.start_mark.column, value=value)
        span.end = value.end
    return span


def _index(mark: Any) -> int:  # noqa: ANN401 - as above
    return int(mark.index)
