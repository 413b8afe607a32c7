"""When an apply lets the account rest, which is when a login is renewed: before a record, never within a create."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from reconciler.apply.run import apply
from reconciler.apply.worksite import ApplyOptions, Worksite
from reconciler.core.change import Action, Change, Plan, PlanOptions
from reconciler.core.outcome import Answer, Result
from reconciler.core.resource import Address, Value
from reconciler.core.state import State
from reconciler.errors import LocalDisk, NotAllowed, ReconcilerError
from reconciler.providers.freshbooks.wire import CLIENT
from tests.contracts.memory import MemoryAccount, MemoryLedger


class Tiring(MemoryAccount):
    """An account that tires with every create, and looks who is at work when it rests."""

    def create(self, fields: Mapping[str, Value], children: Sequence[Mapping[str, Value]]) -> Answer:
        """Create, between an intent and an outcome."""
        assert self.rest.creating, "a create is undisturbed"
        self.rest.tired = True
        return super().create(fields, children)


def site_for(account: MemoryAccount, parallelism: int = 4) -> Worksite:
    """Give a worksite over an account."""
    state = State(lineage="l", salt="s")
    return Worksite(
        writer=account,
        ledger=MemoryLedger(state),
        state=state,
        options=ApplyOptions(run="r", settle_s=0.0, parallelism=parallelism),
        listed_at_s=0.0,
    )


def plan_of(count: int) -> Plan:
    """Give a plan of creates."""
    changes = tuple(
        Change(
            action=Action.CREATE,
            address=Address(f"clients.a{number}"),
            kind="client",
            managed={"email": f"a{number}@x.example"},
        )
        for number in range(count)
    )
    return Plan(account="Memory", changes=changes, options=PlanOptions(root="clients.yaml"))


def test_it_rests_between_creates_and_never_within() -> None:
    """However many workers create, the account rests as soon as the creates under way have ended."""
    account = Tiring(CLIENT)
    site = site_for(account)
    outcomes = apply(plan_of(40), site)
    assert {outcome.result for outcome in outcomes} == {Result.DONE}
    assert account.rest.rested > 0
    assert account.rest.creating == 0


@pytest.mark.parametrize(
    "failure", [NotAllowed("the login is dead", code="login-dead"), LocalDisk("the drawer is stuck")]
)
def test_what_cannot_go_on_is_not_attempted(failure: ReconcilerError) -> None:
    """Where the login has ended before a record is begun, it and all after it are not attempted, with the reason."""
    account = MemoryAccount(CLIENT)
    account.rest.tired, account.rest.failure = True, failure
    site = site_for(account, parallelism=1)
    outcomes = apply(plan_of(3), site)
    assert [(o.result, o.reason) for o in outcomes] == [(Result.NOT_ATTEMPTED, failure.summary)] * 3
    assert site.halt.failure is failure
    assert account.writes == []


def test_an_interrupt_ends_the_wait() -> None:
    """Who waits for others' creates to end does not outlast a wish to stop."""
    account = MemoryAccount(CLIENT)
    account.rest.tired = True
    site = site_for(account)
    with account.undisturbed():
        site.halt.stop("the run was interrupted")
        assert site.ready() == "the run was interrupted"
