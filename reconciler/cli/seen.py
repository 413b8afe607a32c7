"""What a run has read, so that an error that ends it tells no value of a sensitive field either.

It holds references only; values are looked for when there is something to hide them in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from reconciler.core.change import Plan
from reconciler.core.diagnostic import Diagnostic
from reconciler.core.resource import Account, Configuration, Value
from reconciler.errors import DiagnosedError, ReconcilerError
from reconciler.reports.hiding import Values, hidden_problems, sensitive_values


@dataclass(slots=True, kw_only=True)
class Seen:
    """The sensitive fields of a run, and the records that have them."""

    sensitive: frozenset[str] = frozenset()
    configuration: Configuration | None = None
    account: Account | None = None

    def look(self, configuration: Configuration, account: Account) -> None:
        """Keep both sides, where something of them is not to be told."""
        if self.sensitive:
            self.configuration, self.account = configuration, account

    def problems(self, problems: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
        """Give problems that tell no such value."""
        if not self.sensitive or not problems:
            return tuple(problems)
        return hidden_problems(problems, self.sensitive, self._values())

    def notes(self, plan: Plan) -> Plan:
        """Give a plan whose notes, which may speak of records that do not change, tell no such value."""
        return replace(plan, notes=self.problems(plan.notes)) if self.sensitive and plan.notes else plan

    def hide(self, error: ReconcilerError) -> None:
        """Take such values out of an error that is about to be told."""
        if not self.sensitive:
            return
        values = self._values()
        error.summary, error.detail = values.out_of(error.summary), values.out_of(error.detail)
        if isinstance(error, DiagnosedError):
            error.diagnostics = hidden_problems(error.diagnostics, self.sensitive, values)

    def text(self, text: str) -> str:
        """Give a text without such values."""
        return self._values().out_of(text) if self.sensitive else text

    def _values(self) -> Values:
        return sensitive_values(self._records(), self.sensitive)

    def _records(self) -> Iterator[Mapping[str, Value]]:
        if self.configuration is not None:
            for resource in self.configuration.resources.values():
                yield resource.fields
                yield from (child.fields for child in (resource.children or {}).values())
        if self.account is not None:
            account = self.account
            checked = filter(None, account.checked.values())
            for live in chain(account.records.values(), (account.deleted or {}).values(), checked):
                yield live.fields
                yield from (child.fields for child in live.children or ())
