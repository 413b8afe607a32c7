"""The laws of going through checks, over any checks: each is told once, and none keeps another from being made."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.finding import Finding, Verdict, exit_code, failed, fine, skipped, sums, warned
from reconciler.doctor.rounds import Check, gone_through
from reconciler.errors import Interrupted, Locked, ReconcilerError

OUTCOMES = ("ok", "warn", "fail", "skipped", "error", "system", "fault")


def looks(outcome: str) -> Callable[[], Finding]:
    """Give a look that comes to this."""

    def look() -> Finding:
        match outcome:
            case "error":
                raise Locked("it is in use", "Wait.")
            case "system":
                raise PermissionError(13, "Permission denied", "some/file")
            case "fault":
                raise ZeroDivisionError
            case "fail":
                return failed("x", "It is broken.", "Mend it.", exit_code=9)
            case "warn":
                return warned("x", "It is odd.", "Look.")
            case "skipped":
                return skipped("x", "No use.")
            case _:
                return fine("x", "All is well.")

    return look


@st.composite
def rounds(draw: st.DrawFn) -> list[tuple[str, list[int]]]:
    """Draw what each check comes to, and the earlier ones that it needs."""
    outcomes = draw(st.lists(st.sampled_from(OUTCOMES), min_size=1, max_size=8))
    return [
        (outcome, draw(st.lists(st.integers(0, place - 1), max_size=2, unique=True)) if place else [])
        for place, outcome in enumerate(outcomes)
    ]


@given(rounds())
def test_each_check_is_told_once(drawn: list[tuple[str, list[int]]]) -> None:
    """Whatever goes wrong, each check has one finding, in order, at once; it is skipped just where one that it needs is
    not usable; the exit code is that of the first failure.
    """
    heard: list[Finding] = []
    faults: list[Exception] = []
    checks = [
        Check(name=str(place), look=looks(outcome), needs=tuple(map(str, needs)))
        for place, (outcome, needs) in enumerate(drawn)
    ]
    found = gone_through(checks, heard.append, faults.append)
    assert found == heard
    assert len(found) == len(checks)
    usable: list[bool] = []
    for finding, (outcome, needs) in zip(found, drawn, strict=True):
        missing = not all(usable[need] for need in needs)
        assert not missing or finding.verdict is Verdict.SKIPPED
        assert missing or (finding.verdict is Verdict.FAIL) is (outcome in {"fail", "error", "system", "fault"})
        usable.append(finding.verdict in {Verdict.OK, Verdict.WARN})
    assert sum(sums(found).values()) == len(checks)
    failures = [finding for finding in found if finding.verdict is Verdict.FAIL]
    assert exit_code(found) == (failures[0].exit_code if failures else 0)
    assert all(type(fault) is ZeroDivisionError for fault in faults)


def test_an_error_keeps_its_code() -> None:
    """What a run would stop with is a failure with its code, its exit code and its remedy."""
    [found] = gone_through([Check(name="lock", look=looks("error"))], lambda _: None, lambda _: None)
    assert (found.check, found.told, found.remedy) == ("lock", "It is in use.", "Wait.")
    assert (found.code, found.exit_code) == ("locked", 10)


def test_an_interrupt_is_none_of_them() -> None:
    """A signal ends the round: it is no finding."""

    def look() -> Finding:
        raise Interrupted("interrupted")

    with pytest.raises(ReconcilerError):
        gone_through([Check(name="one", look=look)], lambda _: None, lambda _: None)


@pytest.mark.parametrize(
    ("verdict", "remedy", "code"),
    [(Verdict.OK, "Do something.", 0), (Verdict.WARN, "", 0), (Verdict.FAIL, "Mend it.", 0), (Verdict.OK, "", 3)],
)
def test_a_finding_leaves_nobody_alone(verdict: Verdict, remedy: str, code: int) -> None:
    """A warning or failure without a remedy cannot be made, nor a failure without an exit code."""
    with pytest.raises(ValueError, match="belongs to"):
        Finding(check="x", verdict=verdict, told="So it is.", remedy=remedy, exit_code=code)
