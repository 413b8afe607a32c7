"""`undo`: whatever a run did, taking it back leaves the account as it was, field by field; and so on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.program import called, writes
from tests.cli.undoing import FLAGGED, FULL, KINDS, LIMITS, bindings, does, other, undoes, whole
from tests.golden.story import Story, telling

RUNS = {**{kind: (*told, ()) for kind, told in KINDS.items()}, **FLAGGED}
DELETED_OUTSIDE = {"restore", "restore-differing", "recreate"}
"""Somebody had deleted a bound record: taken back it is deleted and free, to be restored by its key."""
NOT_QUITE = {"drift": "1 to change", "protected": "1 to record"}
"""What somebody else had changed is there again; and protection is only lifted by the configuration."""


@pytest.mark.parametrize("kind", RUNS)
def test_every_kind_of_run(kind: str, place: Story) -> None:
    """After the undo the account is what it was before the run; after the undo of the undo, what it was after it."""
    happens, then, flags = RUNS[kind]
    does(FULL)
    happens(place)
    before, bound = whole(place), bindings()
    does(then, *flags)
    after, rebound = whole(place), bindings()
    assert (before, bound) != (after, rebound)
    undoes()
    assert other(before, whole(place)) == []
    assert bindings() == ([line for line in bound if "acme" not in line] if kind in DELETED_OUTSIDE else bound)
    undoes()
    assert other(after, whole(place)) == []
    assert bindings() == rebound or kind == "recreate"
    assert called("plan", "--detailed-exitcode").code in {0, 2, 5}
    undoes()
    assert other(before, whole(place)) == []


@pytest.mark.parametrize("kind", RUNS)
def test_the_configuration_still_wants_it(kind: str, place: Story) -> None:
    """The configuration wants what was taken back, and the next apply does it again, to the same end and no other."""
    happens, then, flags = RUNS[kind]
    does(FULL)
    happens(place)
    does(then, *flags)
    after = whole(place)
    told = undoes()
    assert "The configuration still wants what was taken back:" in told or kind in {"destroy", "recreate"}
    does(then, *flags)
    if kind != "recreate":
        assert other(after, whole(place)) == []
    assert called("plan", "--detailed-exitcode", *flags, *LIMITS).code == 0


@pytest.mark.parametrize("kind", [kind for kind in RUNS if kind not in DELETED_OUTSIDE])
def test_and_the_configuration_taken_back_as_well(kind: str, place: Story) -> None:
    """With the edit of the YAML reverted too nothing is left to do, bindings included."""
    happens, then, flags = RUNS[kind]
    does(FULL)
    happens(place)
    before = whole(place)
    does(then, *flags)
    undoes()
    writes(FULL)
    ran = called("plan", "--detailed-exitcode")
    assert (ran.code == 0) is (kind not in NOT_QUITE), ran.out
    assert NOT_QUITE.get(kind, "No changes.") in ran.out
    if kind != "drift":
        does(FULL)
        assert other(before, whole(place)) == []


QUIRKS = [
    ("contact-ids", "reissued"),
    ("contacts-include", "absent"),
    ("contacts-in-writes", "never"),
    ("normalise", "all"),
    ("deleted-get", "404"),
]


@pytest.mark.parametrize(("quirk", "value"), QUIRKS)
@pytest.mark.parametrize("kind", ["delete", "contacts", "adopt-differing", "everything", "restore-differing"])
def test_under_quirks(kind: str, quirk: str, value: str, tmp_path: Path) -> None:
    """Whatever FreshBooks does where nobody knows, back and forth leads to the same places."""
    with telling(tmp_path, {quirk: value}) as place:
        happens, then, flags = RUNS[kind]
        does(FULL)
        happens(place)
        before, bound = whole(place), bindings()
        does(then, *flags)
        after = whole(place)
        undoes()
        assert other(before, whole(place)) == []
        assert bindings() == bound or kind in DELETED_OUTSIDE
        undoes()
        assert other(after, whole(place)) == []


SPELT = """clients:
  acme: {organization: "  Acme   Ltd. ", email: "Billing@Acme.example ", bus_phone: 416 555 0101, p_city: A}
  bolt: {organization: "Bolt  Bikes", contacts: {jo: {email: "Jo@Bolt.example ", phone1: 416 555}}}
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("416 555 0101", "'1'"),
        ("p_city: A", "p_city: B"),
        ("phone1: 416 555", "phone1: '2'"),
        (SPELT.splitlines(keepends=True)[1], ""),
        ("contacts:", "p_city: X, contacts:"),
    ],
)
def test_values_that_freshbooks_reformats(old: str, new: str, tmp_path: Path) -> None:
    """After an undo of the run and of the edit nothing is left to do, though the account writes values its own way."""
    with telling(tmp_path, {"normalise": "all"}) as place:
        does(SPELT)
        before = whole(place)
        does(SPELT.replace(old, new))
        undoes()
        assert other(before, whole(place)) == []
        writes(SPELT)
        ran = called("plan", "--detailed-exitcode")
        assert (ran.code, "No changes." in ran.out) == (0, True), ran.out
