"""The contract of `Safe`: a login is kept whole, by name, and two processes never renew it from the same version."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from reconciler.core.login import Pending
from reconciler.errors import Moved
from tests.contracts.safes import Wall, login


def test_nothing_is_none(wall: Wall) -> None:
    """What was never kept is None, and nothing is there to be removed."""
    safe = wall.opened()
    assert safe.read("default") is None
    assert not safe.remove("default")
    assert safe.told


def test_what_is_kept_is_read_by_others(wall: Wall) -> None:
    """A login is read as it was written, with its mark, by whoever opens the safe next."""
    safe = wall.opened()
    for kept in (login(), replace(login(2), pending=Pending(at="2026-01-01T00:00:00Z", by="me"), seed="5eed")):
        with safe.locked("default"):
            safe.read("default")
            safe.write("default", kept)
        assert safe.read("default") == wall.opened().read("default") == kept


def test_names_are_apart(wall: Wall) -> None:
    """Each name has a login of its own; removing one leaves the other."""
    safe = wall.opened()
    safe.write("one", login(1))
    safe.write("two", login(2))
    assert safe.remove("one")
    assert safe.read("one") is None
    assert safe.read("two") == login(2)


def test_removed_is_gone_and_can_be_kept_anew(wall: Wall) -> None:
    """After a removal the name is free."""
    safe = wall.opened()
    safe.write("default", login(1))
    assert wall.opened().remove("default")
    assert safe.read("default") is None
    safe.write("default", login(2))
    assert wall.opened().read("default") == login(2)


def test_only_one_writes_from_a_version(wall: Wall) -> None:
    """Of many that each read within `locked` and write one more, none is lost: others wait, or are told `Moved`."""
    wall.opened().write("default", login(0))
    done, faults = [], []

    def more(count: int) -> None:
        try:
            safe = wall.opened()
            while count:
                try:
                    with safe.locked("default"):
                        found = safe.read("default")
                        assert found is not None
                        safe.write("default", replace(found, issued_at=found.issued_at + 1))
                except Moved:
                    continue
                done.append(1)
                count -= 1
        except BaseException as fault:  # noqa: BLE001 - shown below
            faults.append(fault)

    threads = [threading.Thread(target=more, args=(5,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert len(done) == 20
    found = wall.opened().read("default")
    assert found is not None
    assert found.issued_at == 1020.0


def test_the_lock_is_given_back(wall: Wall) -> None:
    """After a block that failed the next one begins."""
    safe = wall.opened()
    with pytest.raises(ZeroDivisionError), safe.locked("default"):
        _ = 1 / 0
    with wall.opened().locked("default"):
        assert safe.read("default") is None
