"""Law: what is equal does not differ, and what differs is told field by field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.change import Cause
from reconciler.core.diff import diff, equal
from reconciler.core.kind import Kind
from reconciler.core.resource import RemoteId, Value
from reconciler.core.state import Binding, digests_of
from tests.laws.kinds import KINDS
from tests.laws.strategies import law, values

SALT = "salt"


def _full(kind: Kind) -> st.SearchStrategy[dict[str, Value]]:
    """Give any values for any of the fields, all at once included."""
    return st.fixed_dictionaries({}, optional={name: values(kind, name) for name in kind.field_names})


def _respelled(fields: Mapping[str, Value]) -> st.SearchStrategy[dict[str, Value]]:
    """Give the same values; what is empty is null, empty text, or absent."""
    filled = {name: st.just(value) for name, value in fields.items() if value is not None and value != ""}
    empty = {name: st.sampled_from([None, ""]) for name in fields if name not in filled}
    kept: dict[str, Any] = filled
    return st.fixed_dictionaries(kept, optional=empty)


ALL = [kind for top in KINDS for kind in (top, top.child) if kind is not None]


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
def test_diff_of_equal_is_empty(kind: Kind) -> None:
    """Values equal but for null and empty text do not differ, whatever else is live and whatever was recorded."""

    @law(100)
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        wanted = data.draw(_full(kind))
        live = data.draw(_full(kind)) | dict.fromkeys(wanted) | data.draw(_respelled(wanted))
        recorded = Binding(id=RemoteId(1), sent=digests_of(SALT, data.draw(_full(kind))))
        assert equal(wanted, live)
        assert diff(wanted, live) == ()
        assert diff(wanted, live, recorded, salt=SALT) == ()

    holds()


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
def test_diff_tells_every_difference_once(kind: Kind) -> None:
    """Exactly the mentioned fields that differ are told, sorted, before and after, and taking them over ends it."""

    @law(150)
    @given(_full(kind), _full(kind))
    def holds(wanted: dict[str, Value], live: dict[str, Value]) -> None:
        found = diff(wanted, live)
        assert [change.name for change in found] == sorted(
            name for name, value in wanted.items() if not equal({name: value}, live)
        )
        assert all(change.cause is Cause.INTENT for change in found)
        for change in found:
            assert (change.before or None, change.after or None) == (
                live.get(change.name) or None,
                wanted[change.name] or None,
            )
        assert diff(wanted, live | {change.name: change.after for change in found}) == ()

    holds()
