"""A hand-written story in which everything happens that can happen, so that every law is held against all of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from hypothesis import example

from reconciler.core.kind import Kind
from reconciler.core.policy import DriftPolicy, Policy
from reconciler.core.resource import LiveResource, RemoteId, Visibility
from tests.contracts.memory import Fault
from tests.laws.strategies import OPEN, Entry, Outside, Story, configured, persona

LAST_CREATE = 7
"""The write of the earlier apply that makes `zz`."""
BOUND_AND_EDITED = 5
"""The place of `d`'s record among all ids."""


Test = TypeVar("Test", bound=Callable[..., None])


def told(kind: Kind, *more: object) -> Callable[[Test], Test]:
    """Add the story to what a law is tried on, interrupted and not; `more` are the law's further arguments."""

    def decorate(test: Test) -> Test:
        decorated: Test = example(_tale(kind, OPEN, {LAST_CREATE: Fault.DIES_AFTER}), *more)(test)
        return example(_tale(kind, replace(OPEN, drift=DriftPolicy.REPORT), {}), *more)(decorated)

    return decorate


def _tale(kind: Kind, policy: Policy, faults: Mapping[int, Fault]) -> Story:
    child = kind.child
    assert child is not None
    name, block = kind.naming[0], child.collection
    earlier: dict[str, Entry] = {
        "a": {**_known(kind, 5), "lifecycle": {"on_remove": "archive"}},
        "b": _known(kind, 1),
        "c": _known(kind, 6),
        "d": {**_known(kind, 3), block: {"p": _known(child, 1), "q": _known(child, 2)}},
        "e": {**_known(kind, 12), block: {"p": _known(child, 1)}},
        "f": _known(kind, 7),
        "g": _known(kind, 8),
        "k": {**_known(kind, 9), block: {"p": _known(child, 3)}},
        "zz": {**_known(kind, 10), block: {"p": _known(child, 4)}},
    }
    children = {"p": {**_known(child, 1), child.naming[0]: "another"}, "r": _known(child, 5)}
    wanted: dict[str, Entry] = {
        "adopted": {**_known(kind, 0), name: persona(kind, 0)[name]},
        "b": {**earlier["b"], "archived": False},
        "created": {**_known(kind, 11), "archived": True, block: {"p": _known(child, 6)}},
        "d": {**earlier["d"], block: children},
        "e": {**_known(kind, 12), "archived": True, block: {"q": _known(child, 2)}},
        "g": {**earlier["g"], "lifecycle": {"prevent_destroy": True}},
        "moved": {**earlier["c"], "previously": ["c"]},
        "restored": _known(kind, 2),
        "zz": earlier["zz"],
    }
    unique = kind.unique_key[0]
    places = (Visibility.ACTIVE, Visibility.ARCHIVED, Visibility.DELETED)
    return Story(
        records=tuple(
            LiveResource(id=RemoteId(number + 1), fields={unique: persona(kind, number)[unique]}, visibility=place)
            for number, place in enumerate(places)
        ),
        earlier=configured(kind, {"version": 1, kind.collection: earlier}),
        faults=faults,
        outside=(Outside(act="edit", which=BOUND_AND_EDITED, fields={name: "edited outside"}),),
        wanted=configured(kind, {"version": 1, kind.collection: wanted, "removed": ["f"]}),
        policy=policy,
        create_anyway=False,
        recreate=False,
        reissues=False,
        tells_children=True,
        tidies=False,
        stale=False,
    )


def _known(kind: Kind, number: int) -> Entry:
    """Give the unique key and one name of a persona."""
    known = persona(kind, number)
    return {field: known[field] for field in (kind.unique_key[0], kind.naming[0])}
