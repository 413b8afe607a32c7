"""Attribute changes of records that come or go as a whole, and the words for who changed what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.core.change import AttributeChange, Cause
from reconciler.core.resource import LiveResource, Value
from reconciler.core.state import Binding, parse_digests

DELETED_OUTSIDE = "deleted outside"
"""In the reason of a restore: it was somebody else, and not the configuration, that put the record away."""

TAKES_BACK = "takes back run"
"""How the reason of a change begins that an undo makes: it is no wish of the configuration."""


def appearing(fields: Mapping[str, Value]) -> tuple[AttributeChange, ...]:
    """Give the attributes that come with a new record: nothing before."""
    return tuple(
        AttributeChange(name=name, before=None, after=fields[name])
        for name in sorted(fields)
        if fields[name] is not None and fields[name] != ""
    )


def disappearing(binding: Binding, live: LiveResource) -> tuple[AttributeChange, ...]:
    """Give the managed attributes that go with a record: all before, nothing after."""
    names = sorted(parse_digests(binding.sent)) or sorted(live.fields)
    return tuple(
        AttributeChange(name=name, before=live.fields[name], after=None) for name in names if name in live.fields
    )


def edits(attributes: tuple[AttributeChange, ...]) -> Iterator[str]:
    """Say which attributes somebody else changed."""
    outside = [a.name for a in attributes if a.cause is Cause.DRIFT]
    both = [a.name for a in attributes if a.cause is Cause.BOTH]
    if outside:
        yield f"edited outside: {', '.join(outside)}"
    if both:
        yield f"edited here and outside: {', '.join(both)}"


def removed_reason(binding: Binding) -> str:
    """Say that a record left the configuration, and where it stood."""
    return f"removed (was {binding.source})" if binding.source else "removed from the configuration"
