"""A plan's changes as cards for a page: what a person who keeps books is told of each record, as plain text.

It knows no HTML and escapes nothing; foreign text is spelled out here, and made safe for the page by the template.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.core.attributes import DELETED_OUTSIDE, TAKES_BACK
from reconciler.core.change import ARCHIVED, Action, AttributeChange, Cause, Change
from reconciler.core.guard import destroys
from reconciler.core.kind import Kind
from reconciler.core.resource import Address, Value, key_of, parent_of
from reconciler.reports.hiding import HIDDEN
from reconciler.reports.linediff import line_changes
from reconciler.reports.options import RenderOptions
from reconciler.reports.paint import plain, quoted
from reconciler.reports.text import counts
from reconciler.reports.words import counted

FILES, OUTSIDE, BOTH, REMOVED = "files", "outside", "both", "removed"
CAUSES: Mapping[str, str] = {
    FILES: "Your files",
    OUTSIDE: "Edit outside",
    BOTH: "Your files and an edit outside",
    REMOVED: "Removed from your files",
}
"""Who wants a change, by a name for programs; in the order in which filters stand."""

_OF_ATTRIBUTE = {Cause.INTENT: FILES, Cause.DRIFT: OUTSIDE, Cause.BOTH: BOTH}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One field of a card."""

    name: str
    """FreshBooks' own; empty where the label is the same word."""
    label: str
    before: str
    """Empty where there is nothing; so is `after`."""
    after: str
    cause: str
    lines: tuple[tuple[str, str], ...] = ()
    """Instead of both, where a text of several lines changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One change."""

    address: str
    title: str
    """What people call the record; its key where nothing else is known."""
    kind: str
    verb: str
    word: str
    """The word of the sums under which it counts: `add`, `change`, `destroy`, ..."""
    sentence: str
    reason: str
    cause: str
    facts: tuple[str, ...]
    owes: str
    one_sided: str
    """`after` where every field is new, `before` where every field goes, else empty."""
    rows: tuple[Row, ...]


@dataclass(slots=True, kw_only=True)
class Group:
    """One top-level record with those that belong to it; `card` is None where only those change."""

    address: str
    card: Card | None = None
    children: list[Card] = field(default_factory=list)


def groups(changes: Iterable[Change], options: RenderOptions) -> list[Group]:
    """Give every change once, children under their parent, in the order in which the plan first names either."""
    labels = _labels(options.kind)
    found: dict[Address, Group] = {}
    for change in changes:
        top = parent_of(change.address) or change.address
        group = found.setdefault(top, Group(address=plain(top)))
        card = _card(change, options, labels)
        if top == change.address:
            group.card = card
        else:
            group.children.append(card)
    return list(found.values())


Labels = Mapping[tuple[str, str], tuple[int, str]]


def _labels(kind: Kind | None) -> Labels:
    """Give the place and the label of each field of each kind."""
    found: dict[tuple[str, str], tuple[int, str]] = {}
    while kind is not None:
        found.update({(kind.name, each.name): (at, each.label) for at, each in enumerate(kind.fields)})
        kind = kind.child
    return found


def _card(change: Change, options: RenderOptions, labels: Labels) -> Card:
    rows = [(labels.get((change.kind, a.name), (len(labels), "")), a) for a in change.attributes]
    rows.sort(key=lambda row: row[0][0])
    return Card(
        address=plain(change.address),
        title=title(change, options),
        kind=plain(change.kind),
        verb=_verb(change),
        word=next(iter(counts((change,)))),
        sentence=_sentence(change),
        reason=plain(change.reason),
        cause=cause_of(change),
        facts=tuple(_facts(change)),
        owes=plain(change.balance) if destroys(change) else "",
        one_sided=_ONE_SIDED.get(change.action, ""),
        rows=tuple(_row(change, attribute, label, options) for (_, label), attribute in rows),
    )


def cause_of(change: Change) -> str:
    """Say who wants this change."""
    if change.removed:
        return REMOVED
    causes = {_OF_ATTRIBUTE[attribute.cause] for attribute in change.attributes}
    if change.action is Action.RESTORE and change.reason.startswith(DELETED_OUTSIDE):
        causes.add(OUTSIDE)
    return causes.pop() if len(causes) == 1 else BOTH if causes else FILES


def title(change: Change, options: RenderOptions) -> str:
    """Give what people call a record as it is now, or will be where it is new."""
    kind = options.kind
    while kind is not None and kind.name != change.kind:
        kind = kind.child
    known = {a.name: a.before or a.after for a in change.attributes}
    for group in kind.called if kind is not None else ():
        shown = [name for name in group if name not in options.sensitive]
        called = " ".join(str(value) for name in shown if (value := known.get(name) or change.managed.get(name)))
        if called:
            return plain(called)
    return plain(key_of(change.address))


_ALSO = " What differs will be set to what your files say."


def _also(change: Change) -> bool:
    """Tell whether fields change besides what the action itself does."""
    alone = {Action.CREATE, Action.UPDATE, Action.DELETE, Action.NO_OP}
    return change.action not in alone and any(attribute.name != ARCHIVED for attribute in change.attributes)


def _verb(change: Change) -> str:
    return f"{_VERBS[change.action]} and change" if _also(change) else _VERBS[change.action]


_VERBS: Mapping[Action, str] = {
    Action.CREATE: "Add",
    Action.UPDATE: "Change",
    Action.DELETE: "Delete",
    Action.RESTORE: "Restore",
    Action.ARCHIVE: "Archive",
    Action.UNARCHIVE: "Unarchive",
    Action.ADOPT: "Adopt",
    Action.RECOVER: "Recover",
    Action.MOVE: "Move",
    Action.FORGET: "Forget",
    Action.NO_OP: "Record",
}


_UPDATES: Mapping[str, str] = {
    FILES: "Will be changed in FreshBooks to what your files say.",
    OUTSIDE: "Was edited in FreshBooks, and will be set back to what your files say.",
    BOTH: "Was changed in your files and edited in FreshBooks; it will be as your files say.",
    REMOVED: "Will be changed in FreshBooks.",
}


_SENTENCES: Mapping[Action, str] = {
    Action.CREATE: "Will be added to FreshBooks.",
    Action.DELETE: "Will be deleted from FreshBooks.",
    Action.RESTORE: "Is deleted in FreshBooks, and will be brought back.",
    Action.ARCHIVE: "Will be put into the archive of FreshBooks.",
    Action.UNARCHIVE: "Will be brought back from the archive of FreshBooks.",
    Action.ADOPT: "Exists in FreshBooks already, and will be managed by your files from now on.",
    Action.RECOVER: "Was added by a run that was interrupted, and will be managed from now on.",
    Action.MOVE: "Has another name in your files; in FreshBooks it is the same record.",
    Action.FORGET: "Will no longer be managed. What is in FreshBooks stays as it is.",
    Action.NO_OP: "Nothing changes in FreshBooks; only what is remembered of it does.",
}


_SET_BACK = {
    Action.UPDATE: "Will be set back to what it was before the run that is taken back.",
    Action.FORGET: "Will be set back to what it was, and no longer be managed.",
}


def _sentence(change: Change) -> str:
    """Say what happens, for somebody who has never seen a plan."""
    if change.reason.startswith(TAKES_BACK) and change.attributes and change.action in _SET_BACK:
        return _SET_BACK[change.action]
    told = _UPDATES[cause_of(change)] if change.action is Action.UPDATE else _SENTENCES[change.action]
    return told + _ALSO if _also(change) else told


def _facts(change: Change) -> Iterator[str]:
    if change.id is not None:
        yield f"FreshBooks id {change.id}"
    if change.position is not None:
        yield plain(f"{change.position.file}:{change.position.line}")
    if change.moved_from is not None:
        yield f"was {plain(change.moved_from)}"
    if change.unchanged and change.action is not Action.CREATE:
        yield f"{counted(change.unchanged, 'field')} unchanged"
    if change.protected:
        yield "protected from deletion"


_ONE_SIDED: Mapping[Action, str] = {Action.CREATE: "after", Action.DELETE: "before"}


def _row(change: Change, attribute: AttributeChange, label: str, options: RenderOptions) -> Row:
    name, before, after = attribute.name, attribute.before, attribute.after
    lines: tuple[tuple[str, str], ...] = ()
    old, new = before or "", after or ""
    if not isinstance(old, bool) and not isinstance(new, bool) and ("\n" in old or "\n" in new):
        lines = () if name in options.sensitive else tuple(_lines(change, old, new))
    label = label or plain(name).replace("_", " ").capitalize()
    return Row(
        name="" if label.lower() == name else plain(name),
        label=label,
        before="" if lines else _shown(name, before, options),
        after="" if lines else _shown(name, after, options),
        cause=_OF_ATTRIBUTE[attribute.cause],
        lines=lines,
    )


def _lines(change: Change, old: str, new: str) -> Iterator[tuple[str, str]]:
    """Give the lines of a change; where all of a record comes or goes, nothing is marked as a difference."""
    whole = change.action in _ONE_SIDED
    for sign, line in line_changes(old, new):
        yield " " if whole else sign, f"{line} unchanged lines" if sign == "…" else _seen(line)


def _shown(name: str, value: Value, options: RenderOptions) -> str:
    if value is None or value == "":
        return ""
    if name in options.sensitive:
        return HIDDEN
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _seen(value)


def _seen(text: str) -> str:
    """Give a text as it may be shown; in quotes where it has blanks at an end, which nobody would see."""
    return plain(text) if text == text.strip() else quoted(text)
