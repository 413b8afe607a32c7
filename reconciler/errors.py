"""Every way in which a run can stop, drawn once, with the exit code that each one means.

It holds no message texts of its own and knows nothing of who raises or who prints; problems *inside* the user's
files are `Diagnostic`s (`core/diagnostic.py`), collected and shown together, and only their sum is an error here.

    ReconcilerError                 1   anything that has no better name
    ├── UsageError                 64   the command line does not make sense
    ├── ConfigurationInvalid        3   the YAML or a settings file is wrong
    ├── ReadIncomplete              4   the live account could not be read completely
    ├── Refused                     5   the plan must not be applied: a guard, another root, a stale plan
    ├── Unfinished                  6   something was written and something is left
    ├── Ambiguous                   7   a person must say which record is meant
    ├── NotAllowed                  8   not logged in, or not permitted
    ├── StateUnusable               9   the state cannot be trusted, or not be had
    │   ├── Moved                   9   somebody else has written in between; nothing was overwritten
    │   └── Unanswered              9   a write to shared storage may or may not have arrived
    ├── PlanUnusable                9   the saved plan cannot be read
    ├── Locked                     10   another run holds the state
    ├── LocalDisk                  11   a durable write on this machine failed
    └── Interrupted         130 / 143   a signal ended the run
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.core.diagnostic import Diagnostic


class ReconcilerError(Exception):
    """Something stopped the run; `summary` has no user data, `detail` says what, why and what to do next."""

    exit_code: ClassVar[int] = 1
    default_code: ClassVar[str] = "error"

    def __init__(self, summary: str, detail: str = "", *, code: str = "") -> None:
        super().__init__(summary)
        self.summary = summary
        self.detail = detail
        self.code = code or self.default_code


class DiagnosedError(ReconcilerError):
    """An error that is the sum of several diagnostics, shown together; `shown` are those that were told before it."""

    def __init__(
        self,
        summary: str,
        diagnostics: Sequence[Diagnostic],
        detail: str = "",
        *,
        code: str = "",
        shown: Sequence[Diagnostic] = (),
    ) -> None:
        super().__init__(summary, detail, code=code)
        self.diagnostics = tuple(diagnostics)
        self.shown = tuple(shown)


class UsageError(ReconcilerError):
    """The command line does not make sense."""

    exit_code = 64
    default_code = "usage"


class ConfigurationInvalid(DiagnosedError):
    """The YAML or a settings file is wrong; every diagnostic has its place."""

    exit_code = 3
    default_code = "configuration-invalid"


class ReadIncomplete(ReconcilerError):
    """The live account could not be read completely, so nothing may be concluded from it."""

    exit_code = 4
    default_code = "read-incomplete"


class Refused(DiagnosedError):
    """The plan must not be applied: a guard, another root, a stale plan."""

    exit_code = 5
    default_code = "refused"


class Unfinished(ReconcilerError):
    """Something was written and something is left undone or unknown."""

    exit_code = 6
    default_code = "unfinished"


class Ambiguous(DiagnosedError):
    """A person must say which record is meant; each diagnostic is one open question."""

    exit_code = 7
    default_code = "ambiguous"


class NotAllowed(ReconcilerError):
    """Not logged in, or the login does not permit this."""

    exit_code = 8
    default_code = "not-allowed"


class StateUnusable(ReconcilerError):
    """The state is torn, foreign, newer, out of reach, or not a state; it is left untouched."""

    exit_code = 9
    default_code = "state-unusable"


class Moved(StateUnusable):
    """Somebody else has written in between: what was there is there still."""

    default_code = "state-moved"


class Unanswered(StateUnusable):
    """A write to shared storage got no answer that tells whether it arrived."""

    default_code = "store-unanswered"


class PlanUnusable(ReconcilerError):
    """The saved plan cannot be read as one."""

    exit_code = 9
    default_code = "plan-unusable"


class Locked(ReconcilerError):
    """Another run holds the state."""

    exit_code = 10
    default_code = "locked"


class LocalDisk(ReconcilerError):
    """A durable write on this machine failed; no further API write may follow."""

    exit_code = 11
    default_code = "local-disk"


class Interrupted(ReconcilerError):
    """A signal ended the run; `exit_code` is 130 (SIGINT) or 143 (SIGTERM)."""

    exit_code = 130
    default_code = "interrupted"

    def __init__(self, summary: str, detail: str = "", *, signal_number: int = 2) -> None:
        super().__init__(summary, detail)
        self.signal_number = signal_number
