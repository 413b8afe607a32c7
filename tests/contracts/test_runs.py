"""The contract of `Runs`: what was written is listed and read exactly, and only what is old goes."""

from __future__ import annotations

import pytest

from reconciler.errors import StateUnusable
from tests.contracts.histories import Archive
from tests.contracts.records import CHANGE, name_of, run_of


def test_nothing_yet(archive: Archive) -> None:
    """Where nothing was recorded nothing is listed, read or removed."""
    runs = archive.opened()
    assert list(runs.names()) == []
    assert runs.read(name_of(1)) is None
    assert runs.prune(name_of(9)) == 0


def test_written_is_read(archive: Archive) -> None:
    """A run is read exactly as it was written, by others as well."""
    run = run_of(CHANGE, 3, seen={"note": None, "pref_email": True}, reason="x")
    archive.opened().write(run)
    assert archive.opened().read(run.run) == run


def test_the_newest_first(archive: Archive) -> None:
    """Runs are listed by their names, which begin with the time, whatever the order of writing was."""
    for number in (2, 5, 1):
        archive.opened().write(run_of(number=number))
    assert list(archive.opened().names()) == [name_of(5), name_of(2), name_of(1)]


def test_old_ones_go(archive: Archive) -> None:
    """What is older than a moment is removed, and nothing else; the moment need not be a run's."""
    for number in range(4):
        archive.opened().write(run_of(number=number))
    assert archive.opened().prune(name_of(2).partition("-")[0]) == 2
    runs = archive.opened()
    assert list(runs.names()) == [name_of(3), name_of(2)]
    assert runs.read(name_of(1)) is None
    assert runs.read(name_of(3)) == run_of(number=3)
    assert name_of(1).encode() not in archive.raw().replace(f'"undoes":"{name_of(1)}"'.encode(), b"")
    assert runs.prune(name_of(2).partition("-")[0]) == 0


def test_unreadable_is_said(archive: Archive) -> None:
    """A record that is not what was written is an error of its own, and the others are read."""
    for number in (1, 2):
        archive.opened().write(run_of(number=number))
    archive.spoil(name_of(1))
    runs = archive.opened()
    assert list(runs.names()) == [name_of(2), name_of(1)]
    with pytest.raises(StateUnusable) as caught:
        runs.read(name_of(1))
    assert caught.value.code == "run-unreadable"
    assert runs.read(name_of(2)) == run_of(number=2)


@pytest.mark.parametrize("name", ["", "../state", "state.json", "20260101T000000Z-../../x", f"{name_of(1)}.json"])
def test_only_runs_are_read(archive: Archive, name: str) -> None:
    """Nothing but a run's name leads to a document."""
    archive.opened().write(run_of(number=1))
    assert archive.opened().read(name) is None
