"""Several accounts' runs in one table: what each came to, with its exit code, and the sum of all.

It knows nothing of how they were run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.reports.events import Event, changes_of, result_event
from reconciler.reports.options import RenderOptions
from reconciler.reports.paint import cells, paint, plain
from reconciler.reports.words import counted, sentence

MEANINGS: Mapping[int, str] = {
    0: "done",
    1: "error or declined",
    2: "changes pending",
    3: "configuration invalid",
    4: "account not read completely",
    5: "refused",
    6: "partly applied",
    7: "ambiguous",
    8: "not logged in or not allowed",
    9: "state or plan unusable",
    10: "locked",
    11: "local disk",
    64: "wrong usage",
    130: "interrupted",
    143: "interrupted",
}
"""What each exit code means, in the words of `--help`."""

_FIRST = (143, 130, 11, 6)
"""Codes that come before all others: the run was stopped, or something was written and something is left."""
_LAST = (1, 2, 0)
"""Codes that come after all others, though not by their number: pending changes are no error."""
_SUMS = ("add", "change", "destroy")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """What became of one account."""

    name: str
    tags: Mapping[str, object] = field(default_factory=dict)
    account: str | None = None
    exit_code: int | None = None
    """The exit code that its run alone would have had; None where it was not reached."""
    found: Mapping[str, int] | None = None
    """Changes by the words of the summary lines; None where it did not come so far."""
    applied: bool = False
    plan_id: str = ""
    told: str = ""
    """What ended it, or the result of a command without a plan."""

    @property
    def result(self) -> str:
        """Say in a few words what became of it."""
        if self.exit_code is None:
            return "not reached"
        if self.exit_code not in {0, 2}:
            return f"{MEANINGS[self.exit_code]}: {self.told}" if self.told else MEANINGS[self.exit_code]
        if self.found is None:
            return self.told.rstrip(".") or MEANINGS[self.exit_code]
        if not any(self.found.values()):
            return "no changes"
        return "applied" if self.applied else MEANINGS[2]


def worst(codes: Iterable[int]) -> int:
    """Give the exit code that stands for several."""
    return min(codes, key=_rank, default=0)


def _rank(code: int) -> tuple[int, int]:
    if code in _FIRST:
        return 0, _FIRST.index(code)
    return (2, _LAST.index(code)) if code in _LAST else (1, -code)


def render_heading(name: str, number: int, count: int, options: RenderOptions) -> str:
    """Give the line above what one account's run prints."""
    return paint(f"Account {plain(name)} ({number} of {count})", "bold", colour=options.colour)


def render_accounts(rows: Sequence[AccountRow], options: RenderOptions) -> str:
    """Give the table at the end, and the sentence that sums it up."""
    lines = [_HEAD, *map(_cells, rows)]
    if len(rows) > 1 and any(row.found is not None for row in rows):
        lines.append(["total", "", *_numbers(_total(rows)), "", ""])
    widths = [max(cells(line[place]) for line in lines) for place in range(len(_HEAD))]
    text = [paint("Accounts:", "bold", colour=options.colour)]
    for line, row in zip(lines, [None, *rows, None], strict=False):
        text.append("  " + _laid_out(line, widths, row, options))
    return "\n".join([*text, "", sentence(summary(rows), options)]) + "\n"


_HEAD = ["name", "account", *_SUMS, "exit", "result"]
_TO_THE_LEFT = frozenset({0, 1, 6})


def _cells(row: AccountRow) -> list[str]:
    code = "" if row.exit_code is None else str(row.exit_code)
    return [plain(row.name), row.account or "", *_numbers(row.found), code, plain(row.result)]


def _numbers(found: Mapping[str, int] | None) -> list[str]:
    return [""] * len(_SUMS) if found is None else [str(found.get(word, 0)) for word in _SUMS]


def _total(rows: Iterable[AccountRow]) -> Counter[str]:
    total: Counter[str] = Counter()
    for row in rows:
        total.update(row.found or {})
    return total


def _laid_out(line: Sequence[str], widths: Sequence[int], row: AccountRow | None, options: RenderOptions) -> str:
    parts = []
    for place, (cell, width) in enumerate(zip(line, widths, strict=True)):
        gap = " " * (width - cells(cell))
        parts.append(cell + gap if place in _TO_THE_LEFT else gap + cell)
    if row is not None:
        parts[-1] = paint(parts[-1].rstrip(), _style(row.exit_code), colour=options.colour)
    return "  ".join(parts).rstrip()


def _style(code: int | None) -> str:
    return {0: "green", 2: "yellow", None: "yellow"}.get(code, "red")


def summary(rows: Sequence[AccountRow]) -> str:
    """Count the accounts by what became of them, and say which exit code stands for all."""
    by_code = Counter(row.exit_code for row in rows)
    told = [
        f"{'not reached' if code is None else MEANINGS[code]}: {number}"
        for code, number in sorted(by_code.items(), key=lambda entry: (entry[0] is None, entry[0] or 0))
    ]
    code = _code(rows)
    return f"{counted(len(rows), 'account')} ({', '.join(told)}). Exit code {code}: {MEANINGS[code]}."


def _code(rows: Iterable[AccountRow]) -> int:
    return worst(row.exit_code for row in rows if row.exit_code is not None)


def accounts_event(rows: Sequence[AccountRow]) -> Event:
    """Give the same as the last event of a stream."""
    code = _code(rows)
    event = result_event(summary(rows), "accounts_summary", accounts=[_plainly(row) for row in rows], exit_code=code)
    return {**event, "@level": "info" if code in {0, 2} else "error"}


def _plainly(row: AccountRow) -> Mapping[str, object]:
    told: dict[str, object] = {"name": row.name, **row.tags, "account": row.account, "exit_code": row.exit_code}
    if row.found is not None:
        told["changes"] = changes_of(row.found, "apply" if row.applied else "plan")
    if row.plan_id:
        told["plan_id"] = row.plan_id
    return {**told, "result": row.result}
