"""Records of runs to be kept: valid, small, and told apart by a number."""

from __future__ import annotations

from typing import Any

from reconciler.core.change import Action, AttributeChange, Cause, Change
from reconciler.core.outcome import Result
from reconciler.core.resource import Address, RemoteId, Visibility
from reconciler.core.run import Deed, Run, Who
from reconciler.core.state import Binding

CHANGE = Change(
    action=Action.UPDATE,
    address=Address("clients.acme"),
    kind="client",
    id=RemoteId(700001),
    attributes=(
        AttributeChange(name="note", before="line\nline", after=None, cause=Cause.DRIFT),
        AttributeChange(name="pref_email", before=None, after=False),
    ),
    managed={"note": None, "pref_email": False, "organization": "Ac\u200fme"},
    visibility=Visibility.ACTIVE,
)


def name_of(number: int) -> str:
    """Name a run, a later one with a higher number."""
    return f"2026{number // 28 + 1:02d}{number % 28 + 1:02d}T101112Z-{number:06x}"


def run_of(change: Change = CHANGE, number: int = 0, **more: Any) -> Run:  # noqa: ANN401 - the fields of Deed
    """Build the record of one run, with one change."""
    deed = Deed(change=change, **{"result": Result.DONE, "id": RemoteId(700001), **more})
    return Run(
        run=name_of(number),
        account="Ab12Cd",
        began="2026-01-01T10:11:12.000Z",
        who=Who(user="ada", host="desk", link="https://ci.example/jobs/1"),
        lineage="l",
        plan_id="p",
        undoes=name_of(number - 1) if number else "",
        deeds=(
            deed,
            Deed(change=change, result=Result.FAILED, reason="no", seen={"note": "N"}, before=Binding(id=RemoteId(1))),
        ),
    )
