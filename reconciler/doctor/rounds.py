"""One check after the other, each by itself: what depends on a failed one is skipped, and nothing stops the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from reconciler.core.diagnostic import Diagnostic
from reconciler.core.finding import Finding, Verdict, failed, skipped
from reconciler.errors import DiagnosedError, Interrupted, ReconcilerError

_UNUSABLE = {Verdict.FAIL: "failed", Verdict.SKIPPED: "was skipped"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check."""

    name: str
    look: Callable[[], Finding]
    """May raise anything; what a run would raise is a failure."""
    needs: tuple[str, ...] = ()
    """The checks without which it can find nothing."""


def gone_through(
    checks: Iterable[Check], tell: Callable[[Finding], None], fault: Callable[[Exception], None]
) -> list[Finding]:
    """Make every check in order; `tell` hears of each finding at once, `fault` of what should not have happened."""
    found: dict[str, Finding] = {}
    for check in checks:
        finding = _missing(check, found) or _found(check, fault)
        found[check.name] = finding
        tell(finding)
    return list(found.values())


def _missing(check: Check, found: Mapping[str, Finding]) -> Finding | None:
    for need in check.needs:
        if (why := _UNUSABLE.get(found[need].verdict)) is not None:
            return skipped(check.name, f"Not looked at, since {need} {why}.")
    return None


def _found(check: Check, fault: Callable[[Exception], None]) -> Finding:
    try:
        return check.look()
    except Interrupted:
        raise
    except ReconcilerError as error:
        return of_error(check.name, error)
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        told = f"The operating system refused: {error.strerror or error}{where}."
        return failed(check.name, told, "Mend that, and look again.")
    except Exception as error:  # noqa: BLE001 - one bad check must not take the report down
        fault(error)
        return failed(
            check.name,
            f"This check itself went wrong ({type(error).__name__}).",
            "It is a fault of the program: run again with --debug, and report what that prints.",
        )


def of_error(check: str, error: ReconcilerError, *, command: str = "") -> Finding:
    """Give the failure at which a run would stop with this error."""
    told, remedy = error.summary, error.detail
    if isinstance(error, DiagnosedError) and error.diagnostics:
        told, remedy = _first(error.diagnostics), error.detail or "Correct it there."
    return Finding(
        check=check,
        verdict=Verdict.FAIL,
        told=sentence(told),
        remedy=remedy if remedy or command else "docs/reference/errors.md says more of it.",
        command=command,
        code=error.code,
        exit_code=error.exit_code,
    )


def _first(problems: tuple[Diagnostic, ...]) -> str:
    """Say how many problems there are, and which is the first."""
    first = problems[0]
    place = f"{first.position}: " if first.position is not None else ""
    # What follows in further lines explains it; whoever goes there is shown them.
    detail = first.detail.partition("\n")[0]
    told = f"{place}{first.summary}: {detail}" if detail else f"{place}{first.summary}"
    return told if len(problems) == 1 else f"{len(problems)} problems; the first: {told}"


def sentence(text: str) -> str:
    """Give a summary as a sentence: with a capital, where it begins with a word, and a full stop."""
    head, _, _ = text.partition(" ")
    text = text[:1].upper() + text[1:] if head.isalpha() else text
    return text if text.endswith((".", "?", "!")) else f"{text}."
