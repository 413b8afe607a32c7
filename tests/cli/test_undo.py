"""`undo`: whatever a run did, taking it back leaves the account as it was, field by field; and so on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.program import called, writes
from tests.cli.undoing import FULL, KINDS, bindings, does, seen, undoes
from tests.golden.story import Story, telling


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_run(kind: str, place: Story) -> None:
    """After the undo the account is what it was before the run; after the undo of the undo, what it was after it."""
    happens, then = KINDS[kind]
    does(FULL)
    happens(place)
    before, bound = seen(place), bindings()
    does(then)
    after, rebound = seen(place), bindings()
    assert (before, bound) != (after, rebound)
    undoes()
    assert seen(place) == before
    # A record that somebody had deleted was bound before; taken back it is deleted and free, to be restored by its key.
    assert bindings() == ([line for line in bound if "acme" not in line] if kind == "restore" else bound)
    undoes()
    assert seen(place) == after
    assert bindings() == rebound
    assert called("plan", "--detailed-exitcode").code in {0, 2}
    undoes()
    assert seen(place) == before


@pytest.mark.parametrize("kind", KINDS)
def test_the_configuration_still_wants_it(kind: str, place: Story) -> None:
    """The configuration wants what was taken back, and the next apply does it again, to the same end and no other."""
    happens, then = KINDS[kind]
    does(FULL)
    happens(place)
    does(then)
    after = seen(place)
    told = undoes()
    assert "The configuration still wants what was taken back:" in told
    does(then)
    assert seen(place) == after
    assert called("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "restore"])
def test_and_the_configuration_taken_back_as_well(kind: str, place: Story) -> None:
    """With the edit of the YAML reverted too nothing is left to do but, at most, to remember something."""
    happens, then = KINDS[kind]
    does(FULL)
    happens(place)
    before = seen(place)
    does(then)
    undoes()
    writes(FULL)
    ran = called("plan")
    assert ran.code == 0
    assert "0 to add, 0 to change, 0 to destroy" in ran.out or "No changes." in ran.out, ran.out
    does(FULL)
    assert seen(place) == before


QUIRKS = [
    ("contact-ids", "reissued"),
    ("contacts-include", "absent"),
    ("contacts-in-writes", "never"),
    ("normalise", "all"),
    ("deleted-get", "404"),
]


@pytest.mark.parametrize(("quirk", "value"), QUIRKS)
@pytest.mark.parametrize("kind", ["delete", "contacts", "adopt-differing", "everything"])
def test_under_quirks(kind: str, quirk: str, value: str, tmp_path: Path) -> None:
    """Whatever FreshBooks does where nobody knows, back and forth leads to the same places."""
    with telling(tmp_path, {quirk: value}) as place:
        happens, then = KINDS[kind]
        does(FULL)
        happens(place)
        before, bound = seen(place), bindings()
        does(then)
        after = seen(place)
        undoes()
        assert (seen(place), bindings()) == (before, bound)
        undoes()
        assert seen(place) == after
