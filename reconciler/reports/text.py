"""A plan as Terraform lays one out: a legend, one block a record, the sums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from reconciler.core.change import ARCHIVED, Action, AttributeChange, Change, Plan
from reconciler.core.guard import destroys, updates
from reconciler.core.resource import Value
from reconciler.reports.diagnostics import render_diagnostics
from reconciler.reports.hiding import HIDDEN
from reconciler.reports.lines import differing
from reconciler.reports.options import RenderOptions
from reconciler.reports.paint import paint, plain, quoted
from reconciler.reports.words import counted, sentence, wrapped

Entry = tuple[str, str, str]
"""Symbol, style, and what the legend says."""

SYMBOLS: Mapping[Action, Entry] = {
    Action.CREATE: ("+", "green", "create"),
    Action.RESTORE: ("^", "green", "restore what was deleted"),
    Action.UPDATE: ("~", "yellow", "update in-place"),
    Action.ARCHIVE: ("~", "yellow", "update in-place"),
    Action.UNARCHIVE: ("~", "yellow", "update in-place"),
    Action.DELETE: ("-", "red", "destroy"),
    Action.ADOPT: ("<=", "cyan", "adopt what exists (no change of its own)"),
    Action.RECOVER: ("<=", "cyan", "adopt what exists (no change of its own)"),
    Action.MOVE: ("->", "cyan", "move to another address (no change of its own)"),
    Action.FORGET: (".", "dim", "forget (stays in FreshBooks)"),
    Action.NO_OP: ("=", "dim", "record only"),
}
_PUT_AWAY: Entry = ("~", "yellow", "archive what left the configuration")
_DIFFERING: Mapping[Action, Entry] = {
    Action.ADOPT: ("<=", "cyan", "adopt what exists, and update it in-place"),
    Action.RECOVER: ("<=", "cyan", "adopt what exists, and update it in-place"),
    Action.MOVE: ("->", "cyan", "move to another address, and update in-place"),
    Action.FORGET: (".", "yellow", "put former values back, and forget"),
}
_ORDER = list(dict.fromkeys([*SYMBOLS.values(), *_DIFFERING.values(), _PUT_AWAY]))
_SIGNS: Mapping[str, tuple[str, ...]] = {"+": ("green",), "-": ("red",), " ": ()}
_MOST_NOTES = 50


def render_plan(plan: Plan, options: RenderOptions) -> str:
    """Give the whole plan, its notes and, last, what refuses it."""
    parts = []
    first = [note for note in plan.notes if note.code == "no-state"]
    notes = [note for note in plan.notes if note.code != "no-state"]
    if first:
        parts.append(render_diagnostics(first, options))
    if plan.drift:
        parts.append(_drift(plan, options))
    if plan.changes:
        parts.append(_legend(plan, options))
        if options.summary:
            parts.append("\n".join(_short(change, options) for change in plan.changes))
        else:
            parts += [_block(change, options) for change in plan.changes]
    if notes:
        parts.append(render_diagnostics(notes[:_MOST_NOTES], options))
        if len(notes) > _MOST_NOTES:
            parts.append(f"... and {len(notes) - _MOST_NOTES} more notes (all of them in --format json).")
    parts.append(summary(plan, options))
    if plan.refusals:
        parts.append(render_diagnostics(plan.refusals, options))
    return "\n\n".join(parts) + "\n"


def _entry(change: Change) -> Entry:
    if change.action is Action.ARCHIVE and change.removed:
        return _PUT_AWAY
    if change.attributes and change.action in _DIFFERING:
        return _DIFFERING[change.action]
    return SYMBOLS[change.action]


def _legend(plan: Plan, options: RenderOptions) -> str:
    does = "bring FreshBooks in line with the configuration"
    if plan.options.undo:
        does = f"take back run {plain(plan.options.undo)}"
    lines = [sentence(f"The following actions {does}:", options)]
    for symbol, style, told in sorted({_entry(change) for change in plan.changes}, key=_ORDER.index):
        lines.append(f"{paint(f'{symbol:>4}', style, colour=options.colour)} {told}")
    return "\n".join(lines)


_HEADINGS = {
    Action.CREATE: "will be created",
    Action.RESTORE: "will be restored",
    Action.UPDATE: "will be updated in-place",
    Action.ARCHIVE: "will be archived",
    Action.UNARCHIVE: "will be brought back from the archive",
    Action.DELETE: "will be destroyed",
    Action.ADOPT: "will be adopted",
    Action.RECOVER: "will be recovered",
    Action.MOVE: "has moved",
    Action.FORGET: "will be forgotten",
    Action.NO_OP: "will be recorded",
}


_ALSO_UPDATED = {
    Action.ADOPT,
    Action.RECOVER,
    Action.RESTORE,
    Action.UNARCHIVE,
    Action.MOVE,
    Action.FORGET,
}


def heading(change: Change) -> str:
    """Say in one line what happens to a record."""
    told = _HEADINGS[change.action]
    also = change.action in _ALSO_UPDATED
    if also and any(attribute.name != ARCHIVED for attribute in change.attributes):
        told += " and updated in-place" if change.action is not Action.MOVE else " and will be updated in-place"
    if change.moved_from is not None:
        rest = "" if change.action is Action.MOVE else f" and {told}"
        told = f"has moved from {change.moved_from}{rest}"
    return f"{change.address} {told}"


def reasons(change: Change) -> list[str]:
    """Say why a record changes, which one it is, and where the file speaks of it; for each format to make safe."""
    told = [change.reason] if change.reason else []
    if change.id is not None:
        told.append(f"id {change.id}")
    if change.position is not None:
        told.append(f"{change.position.file}:{change.position.line}")
    return told


def _short(change: Change, options: RenderOptions) -> str:
    """Give a record in one line: what happens to it, and to which of its fields; of a whole record, to how many."""
    symbol, style, _ = _entry(change)
    told = ", ".join(attribute.name for attribute in change.attributes)
    if change.action in {Action.CREATE, Action.DELETE} and told:
        # All that it has: the names would fill several lines and tell nothing apart.
        told = counted(len(change.attributes), "attribute")
    fields = f" ({plain(told)})" if told else ""
    return f"{paint(f'{symbol:>4}', style, colour=options.colour)} {plain(heading(change))}{fields}"


def _block(change: Change, options: RenderOptions) -> str:
    symbol, style, _ = _entry(change)
    # The heading stands alone on its line, where Terraform's readers look for it.
    lines = [paint(f"  # {plain(heading(change))}", "bold", colour=options.colour)]
    if why := reasons(change):
        lines.append(f"  # ({plain('; '.join(why))})")
    told = list(rows(change, options))
    key = plain(change.address.rpartition(".")[2])
    opening = f"{paint(f'{symbol:>3}', style, colour=options.colour)} {plain(change.kind)} {quoted(key)}"
    if not told:
        return "\n".join(lines)
    lines.append(f"{opening} {{")
    lines += told
    if change.unchanged and change.action is not Action.CREATE:
        same = f"        # ({counted(change.unchanged, 'unchanged attribute')})"
        lines.append(paint(same, "dim", colour=options.colour))
    lines.append("    }")
    return "\n".join(lines)


def rows(change: Change, options: RenderOptions) -> Iterable[str]:
    """Give a line for each attribute of a change, before and after."""
    if change.balance and destroys(change):
        yield paint(f"        # still owes {plain(change.balance)}", "yellow", colour=options.colour)
    width = max((len(attribute.name) for attribute in change.attributes), default=0)
    for attribute in change.attributes:
        symbol, style, text = _row(change, attribute, options)
        lines = differing(attribute, hidden=attribute.name in options.sensitive)
        name = f"      {paint(symbol, style, colour=options.colour)} {plain(attribute.name):<{width}}"
        if not lines:
            yield f"{name} = {text}"
            continue
        yield f"{name} = <<EOT"
        for sign, line in lines:
            yield f"          {paint(sign, *_SIGNS[sign], colour=options.colour)} {line}"
        yield "        EOT"


def _row(change: Change, attribute: AttributeChange, options: RenderOptions) -> tuple[str, str, str]:
    before = shown(attribute.name, attribute.before, options)
    after = shown(attribute.name, attribute.after, options)
    arrow = paint("->", "yellow", colour=options.colour)
    if change.action is Action.CREATE:
        return "+", "green", after
    if change.action is Action.DELETE and not change.former:
        return "-", "red", f"{before} {paint('-> null', 'dim', colour=options.colour)}"
    if attribute.before in {None, ""}:
        return "+", "green", after
    if attribute.after in {None, ""}:
        return "-", "red", f"{before} {arrow} null"
    return "~", "yellow", f"{before} {arrow} {after}"


def shown(name: str, value: Value, options: RenderOptions) -> str:
    """Give a value as it is shown: nothing of one that may not be."""
    if value is None or value == "":
        return "null"
    if name in options.sensitive:
        return HIDDEN
    return str(value).lower() if isinstance(value, bool) else quoted(value)


def _drift(plan: Plan, options: RenderOptions) -> str:
    told = "Changed outside since the last apply; not taken back (policy.drift: report):"
    lines = [*wrapped(told, options.width), ""]
    for change in plan.drift:
        if change.action is Action.RESTORE:
            lines.append(f"  # {plain(change.address)} was deleted in FreshBooks (id {change.id})")
        else:
            lines.append(f"  # {plain(change.address)} (id {change.id})")
            lines += [
                f"      {plain(a.name)}: {shown(a.name, a.after, options)} -> {shown(a.name, a.before, options)}"
                for a in change.attributes
            ]
    return "\n".join(lines)


# The sums.


def counts(changes: Iterable[Change]) -> Counter[str]:
    """Count changes by the words of the summary lines."""
    found: Counter[str] = Counter()
    for change in changes:
        found[_word(change)] += 1
    return found


def _word(change: Change) -> str:
    if change.action is Action.CREATE:
        return "add"
    if change.action is Action.DELETE:
        return "destroy"
    if updates(change):
        return "change"
    return {
        Action.ADOPT: "adopt",
        Action.MOVE: "move",
        Action.FORGET: "forget",
        Action.RECOVER: "recover",
        Action.NO_OP: "record",
    }.get(change.action, "change")


ALSO = ("adopt", "move", "forget", "recover", "record")


def summary(plan: Plan, options: RenderOptions) -> str:
    """Give the closing lines of a plan; the sums stand alone on their line, where Terraform's readers look for them."""
    left = unmanaged(plan.unmanaged)
    if plan.empty:
        told, *styles = told_of_nothing(plan)
        return "\n".join([sentence(told, options, told, *styles), *left])
    found = counts(plan.changes)
    told = f"{found['add']} to add, {found['change']} to change, {found['destroy']} to destroy."
    lines = [f"{paint('Plan:', 'bold', colour=options.colour)} {told}"]
    also = [f"{found[word]} to {word}" for word in ALSO if found[word]]
    if also:
        lines.append(sentence(f"Also: {', '.join(also)}.", options))
    return "\n".join([*lines, *left, f"Plan id: {plain(plan.plan_id)}"])


def told_of_nothing(plan: Plan) -> tuple[str, ...]:
    """Say that there is nothing to do, with the styles for it, and claim no more than was looked at."""
    if plan.drift:
        return ("No changes to make; what was changed outside is shown above.",)
    if plan.refusals:
        return ("No changes.",)
    if plan.options.undo:
        return (f"Nothing is left to take back of run {plan.options.undo}.",)
    chosen = plan.options.targets or plan.options.excludes
    told = "for what was chosen." if chosen else "Your account matches the configuration."
    return f"No changes{' ' if chosen else '. '}{told}", "green", "bold"


def unmanaged(counts_by_kind: Mapping[str, int]) -> list[str]:
    """Say how many records nobody manages."""
    told = [counted(count, plain(kind)) for kind, count in counts_by_kind.items() if count]
    return [f"Not managed: {' and '.join(told)}."] if told else []
