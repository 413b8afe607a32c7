"""How long an unanswered create is looked for, and what a failure stops."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from reconciler.apply.create import create
from reconciler.apply.worksite import ApplyOptions, Worksite
from reconciler.core.change import Action, Change
from reconciler.core.outcome import Result
from reconciler.core.resource import Address
from reconciler.core.state import State
from reconciler.providers.freshbooks.wire import CLIENT
from reconciler.sandbox.faults import Faults
from tests.contracts.memory import Fault, MemoryAccount, MemoryLedger
from tests.golden.story import telling


class Patient(Worksite):
    """A worksite that notes how long it would wait, and does not."""

    waits: ClassVar[list[float]] = []

    def wait(self, seconds: float) -> bool:
        """Note it."""
        self.waits.append(seconds)
        return True


@pytest.mark.parametrize(
    ("settle", "waits"), [(60.0, [1.0, 2.0, 4.0, 8.0, 16.0, 16.0, 13.0]), (5.0, [1.0, 2.0, 2.0]), (0.0, [0.0])]
)
def test_looks_are_further_and_further_apart(settle: float, waits: list[float]) -> None:
    """An unanswered create is looked up after 1, 2, 4, 8 ... seconds, the last time when the quiet period ends."""
    account = MemoryAccount(CLIENT, [])
    account.faults = dict.fromkeys(range(3), Fault.LOST_BEFORE)
    state = State(lineage="l", salt="s")
    site = Patient(
        writer=account,
        ledger=MemoryLedger(state),
        state=state,
        options=ApplyOptions(run="r", settle_s=settle),
        listed_at_s=0.0,
    )
    Patient.waits.clear()
    address = Address("clients.a")
    change = Change(action=Action.CREATE, address=address, kind="client", managed={"email": "a@x.example"})
    [outcome] = create(site, change, [])
    assert outcome.result is Result.UNKNOWN
    assert Patient.waits == waits * 3, "sent three times at most, each time after the whole quiet period"


def test_fail_fast_stops_at_the_first_failure(tmp_path: Path) -> None:
    """With --fail-fast nothing is begun after a failure; without it independent records go on."""
    for flags, created in ((("--fail-fast",), 0), ((), 2)):
        folder = tmp_path / str(created)
        folder.mkdir()
        with telling(folder, {"validation": "strict"}) as s:
            s.sandbox.wrapper.faults = Faults()
            s.writes("clients:\n  a: {email: no-email}\n  b: {organization: B}\n  c: {organization: C}")
            s.apply(*flags, expect=6 if created else 1)
            assert len(s.clients()) == created


def test_a_contact_stays_with_its_client(tmp_path: Path) -> None:
    """`state mv` refuses to give a contact to another client: FreshBooks cannot move it either."""
    with telling(tmp_path) as s:
        s.writes("clients:\n  a: {organization: A, contacts: {x: {email: x@a.example}}}\n  b: {organization: B}")
        s.apply()
        for target in ("clients.b.contacts.x", "clients.zz.contacts.q"):
            s.run("state", "mv", "clients.a.contacts.x", target, expect=64)
        s.run("state", "mv", "clients.a.contacts.x", "clients.a.contacts.y")
        s.writes("clients:\n  a: {organization: A, contacts: {y: {email: x@a.example}}}\n  b: {organization: B}")
        assert "No changes." in s.plan()
