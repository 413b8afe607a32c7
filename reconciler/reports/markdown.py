"""A plan as Markdown, for the comment on a pull request: what a reviewer reads who never opens a terminal.

A stranger's text stands in code only: values in fences that they cannot close, all else in code spans. The first line,
which nobody sees, lets the next run find its comment again, and `apply` the id of the plan that was reviewed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from reconciler.core.change import Action, AttributeChange, Change, Plan
from reconciler.core.diagnostic import Diagnostic, Severity
from reconciler.core.guard import destroys
from reconciler.core.resource import Value
from reconciler.reports.hiding import HIDDEN
from reconciler.reports.lines import differing
from reconciler.reports.options import RenderOptions
from reconciler.reports.safe import Surface, fence, plain, quoted, safe
from reconciler.reports.text import ALSO, counts, heading, reasons, told_of_nothing
from reconciler.reports.words import counted

_MOST_OPEN = 10
"""Records that are shown unfolded; arbitrary: what still fits a screen or two."""
_MOST_NOTES = 20
_LONGEST_LINE = 2_000
"""Letters of one value; arbitrary: a comment is to be read, and `--format text` has all of it."""
_PART_OF_A_RECORD = 4
"""A record has at most one part in so many of the comment: a stranger's long note must not push the others out."""
_PART_OF_NAMES = 10
"""The same for each list of names in the warning; arbitrary: the rest is counted."""
_RESERVE = 400
"""Room for the line that counts what was left out, and for the tags that are open where it stands."""
_SIGNS = {Action.CREATE: "+", Action.RESTORE: "+", Action.DELETE: "-", Action.FORGET: " ", Action.NO_OP: " "}
_WORDS = {Severity.ERROR: "Error", Severity.WARNING: "Warning", Severity.NOTE: "Note"}


def render_markdown(plan: Plan, options: RenderOptions) -> str:
    """Give the comment, cut by whole records where it would be longer than `max_size`."""
    head = "\n\n".join(_head(plan, options)) + "\n"
    room = options.max_size - len(head) - _RESERVE
    parts = [_problems("Refused", plan.refusals, room // 2)]
    parts.append(_records(plan, options, room - _size(parts)))
    parts.append(_problems("Notes", _told(plan.notes), room - _size(parts), folded=True))
    return "\n".join([head, *filter(None, parts)])


def _size(parts: Sequence[str]) -> int:
    return sum(len(part) + 1 for part in parts)


# The head: marker, counts, what to be careful of.


def marker(plan: Plan) -> str:
    """Give the line that nobody sees: what the comment is of, and which plan it shows."""
    told = {"root": plan.options.root, "account": plan.account, "plan_id": plan.plan_id}
    return f"<!-- reconciler:plan {' '.join(f'{name}={_in_a_comment(text)}' for name, text in told.items())} -->"


def _in_a_comment(text: str) -> str:
    """Write a text so that it neither ends a comment nor holds a blank: as in an address, with percent signs."""
    return re.sub(r"[^A-Za-z0-9_./]", lambda found: "".join(f"%{byte:02X}" for byte in _bytes(found[0])), text)


def _bytes(letter: str) -> bytes:
    return letter.encode("utf-8", "surrogateescape")


def _head(plan: Plan, options: RenderOptions) -> list[str]:
    found = counts(plan.changes)
    told = [marker(plan)]
    if plan.empty:
        told.append(f"### FreshBooks: {told_of_nothing(plan)[0][:1].lower()}{told_of_nothing(plan)[0][1:]}".rstrip("."))
    else:
        sums = f"{found['add']} to add, {found['change']} to change, {found['destroy']} to destroy"
        told.append(f"### FreshBooks: {sums}")
    also = [f"{found[word]} to {word}" for word in ALSO if found[word]]
    also += [f"{counted(count, _word(kind))} not managed" for kind, count in plan.unmanaged.items() if count]
    if also:
        told.append(f"Also: {', '.join(also)}.")
    if leaving := [change for change in plan.changes if destroys(change)]:
        told.append(_warning(leaving, options.max_size // _PART_OF_NAMES))
    if options.redact:
        told.append("Values are not shown here.")
    if not plan.empty:
        told.append(f"Plan id: {safe(plan.plan_id, Surface.MARKDOWN)}")
    if options.link:
        told.append(f"[The run that made this plan]({options.link})")
    return told


def _word(kind: str) -> str:
    """Give the name of a kind, which a saved plan brings along."""
    return kind if kind.isascii() and kind.isalpha() else safe(kind, Surface.MARKDOWN)


def _warning(leaving: Sequence[Change], room: int) -> str:
    """Warn of what will be gone; the addresses are the repository's own, and code all the same."""
    lines: list[str] = []
    deleted = [change for change in leaving if change.action is Action.DELETE]
    archived = [change for change in leaving if change.action is not Action.DELETE]
    for some, verb in ((deleted, "deleted"), (archived, "archived")):
        if some:
            named = _fitting([safe(change.address, Surface.MARKDOWN) for change in some[:_MOST_OPEN]], room)
            more = f" and {len(some) - len(named)} more" if len(some) > len(named) else ""
            lines.append(f"> **{counted(len(some), 'record')} will be {verb}:** {', '.join(named)}{more}")
    owing = [
        f"> {safe(change.address, Surface.MARKDOWN)} still owes {safe(change.balance[:60], Surface.MARKDOWN)}"
        for change in deleted
        if change.balance
    ]
    lines += (named := _fitting(owing[:_MOST_OPEN], room))
    if len(owing) > len(named):
        lines.append(f"> and {len(owing) - len(named)} more of them still owe")
    return "> [!WARNING]\n" + "  \n".join(lines)


def _fitting(texts: Sequence[str], room: int) -> Sequence[str]:
    """Give those of the texts, from the first, that there is room for, with two letters after each."""
    for count, text in enumerate(texts):
        room -= len(text) + 2
        if room < 0:
            return texts[:count]
    return texts


# The records.


def _records(plan: Plan, options: RenderOptions, room: int) -> str:
    """Give the blocks of all records that there is room for, folded where they are many."""
    blocks = [_block(change, options) for change in plan.changes]
    blocks += [_drift(change, options) for change in plan.drift]
    if not blocks:
        return ""
    kept: list[str] = []
    for block in blocks:
        room -= len(block) + 1
        if room < 0:
            break
        kept.append(block)
    told = "\n".join(kept)
    if len(blocks) > _MOST_OPEN and kept:
        told = f"<details>\n<summary>{counted(len(kept), 'record')}</summary>\n\n{told}\n</details>\n"
    left = len(blocks) - len(kept)
    if not left:
        return told
    where = "the run above has" if options.link else "the log has"
    return f"{told}\n**{counted(left, 'record')} more** did not fit here; {where} the whole plan.\n"


def _block(change: Change, options: RenderOptions) -> str:
    """Give one record: what happens, why, and a fence with the signs in the first column."""
    what = heading(change).removeprefix(f"{change.address} ")
    if change.moved_from is not None:
        what = what.replace(change.moved_from, safe(change.moved_from, Surface.MARKDOWN), 1)
    told = f"**{safe(change.address, Surface.MARKDOWN)}** {what}"
    why = [safe(_cut(reason), Surface.MARKDOWN) for reason in reasons(change)]
    lines = [told + (f" ({'; '.join(why)})" if why else "")]
    fields = [(attribute.name, _rows(change, attribute, options)) for attribute in change.attributes]
    if rows := _within(fields, options.max_size // _PART_OF_A_RECORD):
        lines += ["", _fenced(rows)]
    return "\n".join(lines) + "\n"


def _drift(change: Change, options: RenderOptions) -> str:
    deleted = change.action is Action.RESTORE
    told = "was deleted in FreshBooks" if deleted else "was changed outside, and is not taken back"
    lines = [f"**{safe(change.address, Surface.MARKDOWN)}** {told} (`id {change.id}`)"]
    fields = [
        (a.name, [f"! {plain(a.name)}: {_shown(a.name, a.after, options)} -> {_shown(a.name, a.before, options)}"])
        for a in change.attributes
    ]
    rows = _within(fields, options.max_size // _PART_OF_A_RECORD)
    return "\n".join([*lines, *(["", _fenced(rows)] if rows and not deleted else [])]) + "\n"


def _within(fields: Sequence[tuple[str, Sequence[str]]], room: int) -> list[str]:
    """Give the lines of all fields; where they are too long, of each the first and last, and how many are between."""
    if sum(len(row) + 1 for _, rows in fields for row in rows) <= room:
        return [row for _, rows in fields for row in rows]
    told: list[str] = []
    for name, rows in fields:
        first = _fitting(rows, room // len(fields) // 2)
        last = _fitting(rows[len(first) :][::-1], room // len(fields) // 2)
        told += first
        if left := len(rows) - len(first) - len(last):
            told.append(f"  # ({counted(left, 'line')} more of {plain(name)})")
        told += last[::-1]
    return told


def _fenced(rows: Sequence[str]) -> str:
    body = "\n".join(rows)
    ticks = fence(body)
    return f"{ticks}diff\n{body}\n{ticks}"


def _rows(change: Change, attribute: AttributeChange, options: RenderOptions) -> list[str]:
    """Give the lines of one field: what goes, then what comes; of a text of several lines, those that differ."""
    name = plain(attribute.name)
    if options.redact:
        return [f"{_sign(change, attribute)} {name}"]
    if lines := differing(attribute, hidden=attribute.name in options.sensitive):
        return [f"{'!' if change.action is not Action.CREATE else '+'} {name}:"] + [
            f"{sign}   {_cut(line)}" for sign, line in lines
        ]
    before = f"- {name}: {_shown(attribute.name, attribute.before, options)}"
    after = f"+ {name}: {_shown(attribute.name, attribute.after, options)}"
    if attribute.name in options.sensitive:
        return [f"{_sign(change, attribute)} {name}: {HIDDEN}"]
    return [*([] if attribute.before in {None, ""} else [before]), *([] if attribute.after in {None, ""} else [after])]


def _sign(change: Change, attribute: AttributeChange) -> str:
    if change.action in _SIGNS:
        return _SIGNS[change.action] if change.action in {Action.CREATE, Action.DELETE} else "!"
    return "+" if attribute.before in {None, ""} else "-" if attribute.after in {None, ""} else "!"


def _shown(name: str, value: Value, options: RenderOptions) -> str:
    if value is None or value == "":
        return "null"
    if name in options.sensitive:
        return HIDDEN
    return str(value).lower() if isinstance(value, bool) else _cut(quoted(value))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_LINE else f"{text[:_LONGEST_LINE]}... ({len(text):,} letters)"


# Refusals and notes.


def _told(notes: Sequence[Diagnostic]) -> Sequence[Diagnostic]:
    return sorted(notes, key=lambda note: note.code != "no-state")


def _problems(title: str, problems: Sequence[Diagnostic], room: int, *, folded: bool = False) -> str:
    """Give a list of problems, as many as there is room for; their words may quote anybody, so they stand in code."""
    lines: list[str] = []
    for problem in problems[:_MOST_NOTES]:
        told = f"{safe(_cut(problem.summary), Surface.MARKDOWN)} ({safe(_cut(problem.code), Surface.MARKDOWN)})"
        line = f"- **{_WORDS[problem.severity]}:** {told}"
        if problem.detail:
            body = "\n".join(f"  {plain(_cut(part))}" for part in problem.detail.split("\n"))
            ticks = fence(body)
            line += f"\n\n  {ticks}text\n{body}\n  {ticks}"
        room -= len(line) + 1
        if room < 0:
            break
        lines.append(line)
    left = len(problems) - len(lines)
    if left:
        lines.append(f"- {f'and {left} more' if lines else left} in the log")
    if not lines:
        return ""
    told = "\n".join(lines)
    if not folded:
        return f"#### {title}\n\n{told}\n"
    return f"<details>\n<summary>{title} ({len(problems)})</summary>\n\n{told}\n\n</details>\n"
