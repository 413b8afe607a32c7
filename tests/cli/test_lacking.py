"""What a command could not have to begin with: remembered, unless it is strict, or somebody ends it."""

from __future__ import annotations

import pytest

from reconciler.cli.lacking import Lacking
from reconciler.errors import Interrupted, ReconcilerError, StateUnusable

GONE = StateUnusable("shared storage cannot be reached", "Try again later.")


def fails(error: ReconcilerError) -> str:
    """Have nothing."""
    raise error


def test_a_lenient_command_goes_on() -> None:
    """What fails is None, and its error is known by its name; what is to be had is given."""
    lacking = Lacking(lenient=True)
    assert lacking.tried("state", lambda: fails(GONE)) is None
    assert lacking.tried("logins", lambda: "here") == "here"
    assert lacking.errors == {"state": GONE}


@pytest.mark.parametrize(("lenient", "error"), [(False, GONE), (True, Interrupted("interrupted"))])
def test_what_ends_a_command(lenient: bool, error: ReconcilerError) -> None:  # noqa: FBT001 - a table
    """The first error ends a strict command, and a signal ends any."""
    with pytest.raises(type(error)):
        Lacking(lenient=lenient).tried("state", lambda: fails(error))
