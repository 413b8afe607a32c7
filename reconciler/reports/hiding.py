"""What may be shown: values of sensitive fields are hidden in plans, outcomes and problems before a format sees them.

A value is taken out of its own field, and out of every text that quotes it. It does not make anything safe to print.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from reconciler.core.change import ARCHIVED, AttributeChange, Change, Plan
from reconciler.core.diagnostic import Diagnostic
from reconciler.core.outcome import Outcome
from reconciler.core.resource import Value
from reconciler.reports.options import RenderOptions

HIDDEN = "(sensitive value)"
_SHORTEST = 4
"""Letters: shorter values (a province, a language) are hidden in their own field only, for they occur everywhere."""
_ADDRESS = re.compile(r"\bclients(?:\.[a-z][a-z0-9_-]*)+")
"""What the repository calls a record is no value of it, though it may look like one."""


class Values:
    """Values that no text may tell, found in a text at the cost of the text's length, however many they are."""

    def __init__(self, values: Iterable[object]) -> None:
        self._values: set[str] = set()
        for value in values:
            if isinstance(value, str) and value != HIDDEN:
                for part in {value, *value.splitlines()}:
                    folded = _folded(part.strip())
                    if len(folded) >= _SHORTEST:
                        self._values.add(folded)
        lengths: dict[str, set[int]] = defaultdict(set)
        for folded in self._values:
            lengths[folded[:_SHORTEST]].add(len(folded))
        # By the first letters of a value: how long the values are that begin so, the longest first.
        self._lengths = {head: sorted(found, reverse=True) for head, found in lengths.items()}

    def __bool__(self) -> bool:
        return bool(self._values)

    def out_of(self, text: str) -> str:
        """Give a text without them."""
        if not self._values or len(text) < _SHORTEST:
            return text
        folded = _folded(text)
        named = [found.span() for found in _ADDRESS.finditer(text)]
        told, at = [], 0
        for start in range(len(folded) - _SHORTEST + 1):
            lengths = self._lengths.get(folded[start : start + _SHORTEST]) if start >= at else None
            if lengths is None:
                continue
            found = [folded[start : start + length] for length in lengths]
            # The end of a text is short of a longer value, and may be a shorter one, which comes later in the list.
            length = next((len(value) for value in found if value in self._values), 0)
            if length and not any(first <= start and start + length <= last for first, last in named):
                told += [text[at:start], HIDDEN]
                at = start + length
        return "".join([*told, text[at:]])


def _folded(text: str) -> str:
    """Give a text in lower case, letter by letter, so that places stay what they are."""
    if text.isascii():
        return text.lower()
    return "".join(lower if len(lower := letter.lower()) == 1 else letter for letter in text)


def hidden(plan: Plan, options: RenderOptions) -> Plan:
    """Give a plan that shows no value of the sensitive fields; its id stays, and its options remember the fields."""
    names = options.sensitive | set(plan.options.sensitive)
    if not names and not options.redact:
        return plan
    owed = [change.balance for change in plan.changes] if options.redact else []
    values = Values([*_values((*plan.changes, *plan.drift), names), *owed])
    return replace(
        plan,
        changes=tuple(_change(change, names, options) for change in plan.changes),
        drift=tuple(_change(change, names, options) for change in plan.drift),
        notes=hidden_problems(plan.notes, names, values),
        refusals=hidden_problems(plan.refusals, names, values),
        options=replace(plan.options, sensitive=tuple(sorted(names))),
    )


def hidden_outcome(outcome: Outcome, options: RenderOptions) -> Outcome:
    """Give what became of a change without the values of sensitive fields."""
    if not options.sensitive:
        return outcome
    told = [*_values([outcome.change], options.sensitive)]
    if outcome.live is not None:
        told += [outcome.live.fields.get(name) for name in options.sensitive]
    return replace(outcome, change=hidden_change(outcome.change, options), reason=Values(told).out_of(outcome.reason))


def hidden_change(change: Change, options: RenderOptions) -> Change:
    """Give a change without the values of sensitive fields."""
    return _change(change, options.sensitive, options) if options.sensitive else change


def _values(changes: Iterable[Change], names: Iterable[str]) -> Iterator[Value]:
    for change in changes:
        for attribute in change.attributes:
            if attribute.name in names:
                yield from (attribute.before, attribute.after)
        yield from (change.managed[name] for name in names if name in change.managed)


def _change(change: Change, names: frozenset[str], options: RenderOptions) -> Change:
    values = Values(_values([change], names))
    return replace(
        change,
        attributes=tuple(_attribute(each) if each.name in names else each for each in change.attributes),
        managed={name: _hidden(name, value) if name in names else value for name, value in change.managed.items()},
        reason=values.out_of(change.reason),
        balance=HIDDEN if change.balance and options.redact else change.balance,
    )


def _attribute(attribute: AttributeChange) -> AttributeChange:
    name = attribute.name
    return replace(attribute, before=_hidden(name, attribute.before), after=_hidden(name, attribute.after))


def _hidden(name: str, value: Value) -> Value:
    """Hide a value; that there is none is no secret, nor what an action says by itself."""
    return value if value is None or value == "" or name == ARCHIVED else HIDDEN


# Problems. One in a file shows the line that it is in, whose value nobody may have been able to read.


def hidden_problems(
    problems: Iterable[Diagnostic], names: Iterable[str], values: Values | None = None
) -> tuple[Diagnostic, ...]:
    """Give problems without these values, and without those of the named fields in the lines that they show."""
    told = frozenset(names)
    written = _written(told)
    return tuple(_problem(problem, told, written, values) for problem in problems)


def _written(names: Iterable[str]) -> re.Pattern[str] | None:
    """Give what finds a named field and its value in a line of YAML."""
    either = "|".join(map(re.escape, sorted(names)))
    return re.compile(rf"(?P<key>(?<![\w.-])[\"']?(?:{either})[\"']?\s*:\s*)(?P<value>\S.*)$") if either else None


_KEY = re.compile(r"\s*(?:[-?{\[]\s*)*[\"']?[\w.-]+[\"']?\s*:(?:\s|$)")
"""A line that begins with a key, and so says whose value it holds."""
_QUOTED = re.compile(r"`[^`]*`|\"[^\"]*\"|'[^']*'")


def _problem(
    problem: Diagnostic, names: frozenset[str], written: re.Pattern[str] | None, values: Values | None
) -> Diagnostic:
    excerpt, detail = problem.excerpt, problem.detail
    if written is not None:
        if found := written.search(excerpt):
            detail = _without(detail, found["value"])
        excerpt = _line(problem, found)
        # `clients.acme.note must be ...`; a house rule says `clients.acme: note: ...`.
        if any(word.rstrip(":").rpartition(".")[2] in names for word in detail.split(" ", 2)[:2]):
            detail = _QUOTED.sub(HIDDEN, detail)
    if values:
        excerpt, detail = values.out_of(excerpt), values.out_of(detail)
    return replace(problem, excerpt=excerpt, detail=detail)


def _line(problem: Diagnostic, found: re.Match[str] | None) -> str:
    """Give the line of a problem up to the first value that may be one of a named field; `found` surely is."""
    line = problem.excerpt
    if problem.code == "not-yaml" or line.startswith("...") or not _KEY.match(line):
        # It may stand in the middle of a value that has several lines, or of a line that is long.
        return ""
    ends = [found.start("value")] if found else []
    if problem.code == "unknown-key" and problem.position is not None:
        # It may be the name of such a field, misspelt.
        key = _KEY.match(line, problem.position.column - 1)
        ends += [key.end()] if key else []
    return f"{line[: min(ends)].rstrip()} {HIDDEN}" if ends else line


def _without(detail: str, value: str) -> str:
    """Take a value, as it stands in YAML, out of a sentence on it: whole, unquoted, or up to the next entry."""
    told = value.strip()
    first = re.split(r"[,}]|\s#", told, maxsplit=1)[0].strip()
    for form in sorted({told, told.strip("\"'"), first, first.strip("\"'")}, key=len, reverse=True):
        # A sentence quotes at most 60 letters of it.
        for quote in (form, form[:60]):
            if quote:
                detail = re.sub(rf"(?<!\w){re.escape(quote)}(?!\w)", HIDDEN, detail, flags=re.IGNORECASE)
    return detail


def sensitive_values(records: Iterable[Mapping[str, Value]], names: Iterable[str]) -> Values:
    """Give the values of these fields in records."""
    told = tuple(names)
    return Values(fields[name] for fields in records for name in told if name in fields)
