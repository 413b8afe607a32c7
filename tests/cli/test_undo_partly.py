"""`undo` of runs that did not do all of it: whatever was refused, lost or not known, the account is as it was."""

from __future__ import annotations

import pytest

from reconciler.sandbox.faults import Faults
from tests.cli.program import called, writes
from tests.cli.undoing import FLAGGED, FULL, KINDS, LIMITS, QUICK, does, newest, other, undoes, whole
from tests.golden.story import Story

RUNS = {**{kind: (*told, ()) for kind, told in KINDS.items()}, **FLAGGED}
FAULTS = {
    "some": ("* /users/* 500-before:0.2", "* /users/* 500-after:0.2", "* /users/* reset-after:0.2"),
    "puts": ("PUT * 500-before#2", "PUT * 500-after#3", "PUT * 401#5"),
    "answers": ("POST * reset-after", "PUT * reset-after", "DELETE * reset-after", "GET /users/clients/* 500-before"),
}


def fails(place: Story, text: str, rules: tuple[str, ...], flags: tuple[str, ...], seed: int) -> int:
    """Apply while these faults strike writes; give the exit code."""
    writes(text)
    place.sandbox.wrapper.faults = Faults.parse(rules, seed=seed)
    ran = called("apply", *QUICK, *LIMITS, *flags)
    place.sandbox.wrapper.faults = Faults()
    assert "Traceback" not in ran.all
    return ran.code


def cases() -> list[object]:
    """Give each kind of run with one sort of fault, and with the others where there is time for it."""
    sorts = list(FAULTS)
    return [
        pytest.param(kind, sort, marks=[] if sorts.index(sort) == number % len(sorts) else pytest.mark.full)
        for number, kind in enumerate(RUNS)
        for sort in sorts
    ]


@pytest.mark.parametrize(("kind", "faults"), cases())
def test_half_done(kind: str, faults: str, place: Story) -> None:
    """Whatever was done of a run, its undo leaves the account as it was before."""
    happens, then, flags = RUNS[kind]
    does(FULL)
    happens(place)
    before = whole(place)
    known = newest()
    code = fails(place, then, FAULTS[faults], flags, seed=len(kind))
    if newest() == known:
        assert code != 0
        return
    told = undoes(newest())
    assert other(before, whole(place)) == [], (code, told)
