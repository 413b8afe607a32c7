"""What one look at the surroundings of a run came to: a verdict, what was found, and what to do about it.

It judges nothing itself; the checks do (`doctor/`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    """A run goes on all the same, or something is not as private or as safe as it should be."""
    FAIL = "fail"
    """A run would stop here, or do what nobody wants."""
    SKIPPED = "skipped"
    """It was not looked at, and `Finding.told` says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found."""

    check: str
    """Its name, one word."""
    verdict: Verdict
    told: str
    """One short sentence."""
    remedy: str = ""
    """What to do, in words."""
    command: str = ""
    """The exact command that does it, where there is one."""
    code: str = ""
    """That of the error with which a run would stop."""
    exit_code: int = 0
    """The exit code that such a run would have; of a failure at which none stops, 1."""

    def __post_init__(self) -> None:
        """Refuse what would leave a reader alone."""
        needs_remedy = self.verdict in {Verdict.WARN, Verdict.FAIL}
        if needs_remedy is not bool(self.remedy or self.command):
            raise ValueError(f"{self.check}: a remedy belongs to a warning or a failure, and to nothing else")
        if (self.verdict is Verdict.FAIL) is not bool(self.exit_code):
            raise ValueError(f"{self.check}: an exit code belongs to a failure, and to nothing else")


def fine(check: str, told: str) -> Finding:
    """Find nothing wrong."""
    return Finding(check=check, verdict=Verdict.OK, told=told)


def warned(check: str, told: str, remedy: str = "", *, command: str = "") -> Finding:
    """Find what does not stop a run."""
    return Finding(check=check, verdict=Verdict.WARN, told=told, remedy=remedy, command=command)


def failed(check: str, told: str, remedy: str = "", *, command: str = "", exit_code: int = 1) -> Finding:
    """Find what stops a run, or should."""
    return Finding(check=check, verdict=Verdict.FAIL, told=told, remedy=remedy, command=command, exit_code=exit_code)


def skipped(check: str, why: str) -> Finding:
    """Look at nothing; `why` is a sentence."""
    return Finding(check=check, verdict=Verdict.SKIPPED, told=why)


def sums(findings: Iterable[Finding]) -> Mapping[Verdict, int]:
    """Count findings by their verdict, each of which has a number."""
    found = Counter(finding.verdict for finding in findings)
    return {verdict: found[verdict] for verdict in Verdict}


def exit_code(findings: Iterable[Finding]) -> int:
    """Give the code of the first failure, in the order in which a run would come to them; 0 without one."""
    return next((finding.exit_code for finding in findings if finding.verdict is Verdict.FAIL), 0)
