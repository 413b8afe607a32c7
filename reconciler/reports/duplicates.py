"""Groups of records that may be one and the same, as text and as events, with what to write about each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from reconciler.core.duplicates import Double, Group
from reconciler.core.kind import Kind
from reconciler.core.resource import key_of
from reconciler.reports.events import Event, result_event
from reconciler.reports.hiding import HIDDEN
from reconciler.reports.options import RenderOptions
from reconciler.reports.paint import paint, plain
from reconciler.reports.words import counted, sentence, wrapped

_NONE = "No two clients have the same natural key."
_ONE = (
    "One client, entered several times: keep one, write its `id:` under its key, and delete the others in FreshBooks "
    "once nothing hangs on them. Ids grow, so the first of a group is most likely the oldest."
)
_SEVERAL = (
    "Several clients: give each a key with its `id:`, or name those that nobody manages in `distinct_from:` of the one "
    "that is. The group is told apart then."
)


def render_duplicates(groups: Sequence[Group], kind: Kind, options: RenderOptions) -> str:
    """Give every group, what can be done about them, and the sum."""
    if not groups:
        return _NONE + "\n"
    parts = ["\n".join(_block(number, group, kind, options)) for number, group in enumerate(groups, 1)]
    if any(not group.settled for group in groups):
        ways = [wrapped(f"- {way}", options.width) for way in (_ONE, _SEVERAL)]
        parts.append("\n".join(["What each group can be:", *(_indented(lines) for lines in ways)]))
    return "\n\n".join([*parts, sentence(summed(groups), options)]) + "\n"


def _indented(lines: Sequence[str]) -> str:
    return "\n  ".join(lines)


def summed(groups: Sequence[Group]) -> str:
    """Sum the groups up in one sentence."""
    if not groups:
        return _NONE
    settled = sum(group.settled for group in groups)
    apart = f", of which {settled} {'is' if settled == 1 else 'are'} told apart" if settled else ""
    return f"{counted(len(groups), 'group')}{apart}, {counted(sum(len(group.doubles) for group in groups), 'client')}."


def _block(number: int, group: Group, kind: Kind, options: RenderOptions) -> Iterator[str]:
    same = f"same {' and '.join(group.shared)}" if group.shared else "each is like another of them"
    head = f"# Group {number}: {same}{', told apart' if group.settled else ''}"
    yield paint(head, "bold", colour=options.colour)
    for double in group.doubles:
        yield f"  id {double.live.id}: {', '.join(_described(double, kind, options)) or '(no name)'}"
        yield f"    {', '.join(_standing(double, options))}"
    if not group.settled:
        yield "  to write:"
        yield from (f"    {line}" for line in _lines(group))


def _described(double: Double, kind: Kind, options: RenderOptions) -> Iterator[str]:
    for name in kind.summary:
        if value := double.live.fields.get(name):
            yield HIDDEN if name in options.sensitive else plain(str(value))


def _standing(double: Double, options: RenderOptions) -> Iterator[str]:
    yield double.live.visibility.value
    yield f"bound to {double.address}" if double.address is not None else "not bound"
    if double.live.balance:
        yield f"owes {HIDDEN if options.redact else plain(double.live.balance)}"


def _lines(group: Group) -> Iterator[str]:
    """Give the lines to paste: where one is bound, what tells the others from it; else a pin to choose from."""
    spare = [double.live.id for double in group.doubles if double.address is None]
    owner = next((double for double in group.doubles if double.address is not None), None)
    if owner is not None and owner.address is not None and spare:
        # The whole line, with what stands there already.
        ids = dict.fromkeys((*owner.apart, *spare))
        yield f"under {key_of(owner.address)}:  distinct_from: [{', '.join(map(str, ids))}]"
    else:
        yield from (f"under its key:  id: {double.live.id}" for double in group.doubles)


def duplicates_events(groups: Sequence[Group], kind: Kind, options: RenderOptions) -> Iterator[Event]:
    """Give an event a group, then the sum."""
    for group in groups:
        ids = [double.live.id for double in group.doubles]
        told = f"{counted(len(ids), 'client')} with the same natural key: ids {', '.join(map(str, ids))}"
        records = [_record(double, kind, options) for double in group.doubles]
        body = {"shared": list(group.shared), "told_apart": group.settled, "records": records}
        yield result_event(told, "duplicates", duplicates=body)
    open_ = [group for group in groups if not group.settled]
    sums = {"groups": len(groups), "open": len(open_), "records": _count(groups)}
    yield result_event(summed(groups), "duplicates_summary", duplicates=sums)


def _count(groups: Iterable[Group]) -> int:
    return sum(len(group.doubles) for group in groups)


def _record(double: Double, kind: Kind, options: RenderOptions) -> dict[str, object]:
    live = double.live
    fields = {
        name: HIDDEN if name in options.sensitive else live.fields[name]
        for name in kind.summary
        if live.fields.get(name)
    }
    return {
        "id": live.id,
        "state": live.visibility.value,
        "address": double.address,
        "balance": live.balance or None,
        "fields": fields,
    }
