"""Records as a spreadsheet, and a spreadsheet as records. Which column means which field is handed in.

A row is a record; further rows that differ from it in its children alone are its children. Cells are texts, whatever
they look like; one that a spreadsheet would take for a formula is written so that it does not, and read back.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from io import StringIO

from reconciler.core.diagnostic import Diagnostic, Position, one_line
from reconciler.core.kind import FieldType, Kind
from reconciler.core.resource import LiveResource, RemoteId, Value
from reconciler.export.describing import LONGEST_VALUE, describable
from reconciler.reports.safe import Surface, safe, uncelled

_DELIMITERS = (",", ";", "\t")
_FLAGS = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}
_ENOUGH = 200
"""Arbitrary: nobody reads more problems at once."""
_MOST_CHILDREN = 100
_SHORT = 100
"""Arbitrary: enough of a header to recognise it."""
_LINE = re.compile("[^\r\n]+")
_TOLD_DELIMITER = re.compile('"?sep=(?P<delimiter>[^\r\n"])"?[,;\t]*(\r\n|\n|\r)', re.IGNORECASE)
"""What Excel takes, and writes, as a first line: https://en.wikipedia.org/wiki/Comma-separated_values."""
_REASONS = {
    "unexpected end of data": "A quote that is opened in this row is never closed.",
    "expected after": 'A quote stands within a cell in quotes: it must be doubled ("").',
    "field larger": "A cell is too long, or a quote that is opened in this row is never closed.",
}
"""By what Python's parser says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headers:
    """What the columns are called, and which fields they mean."""

    own: Mapping[str, str]
    child: Mapping[str, str]
    child_name: str
    """`Contact` in `Contact 2 First Name`."""

    def without(self, hidden: AbstractSet[str]) -> Headers:
        """Give those of the columns that may be shown."""
        own, child = (
            {told: name for told, name in columns.items() if name not in hidden} for columns in (self.own, self.child)
        )
        return replace(self, own=own, child=child)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One record of a spreadsheet."""

    line: int
    fields: Mapping[str, Value]
    children: tuple[Mapping[str, Value], ...] = ()

    def as_live(self, number: int) -> LiveResource:
        """Give it as a record, with numbers for ids: what it is called is found the same way."""
        return LiveResource(
            id=RemoteId(number),
            fields=self.fields,
            children=tuple(LiveResource(id=RemoteId(at), fields=child) for at, child in enumerate(self.children, 1)),
        )


@dataclass(slots=True, kw_only=True)
class Sheet:
    """What a spreadsheet holds."""

    rows: list[Row] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    """Headers that mean nothing here."""

    def say(self, problem: Diagnostic) -> None:
        """Note a problem, while anybody would read it."""
        if len(self.problems) < _ENOUGH:
            self.problems.append(problem)


# Writing.


def written(
    kind: Kind,
    headers: Headers,
    records: Sequence[LiveResource],
    *,
    every_field: bool = False,
    hidden: AbstractSet[str] = frozenset(),
) -> str:
    """Give records as CSV (RFC 4180), sorted by what they are called; with `every_field` all but the hidden ones."""
    told = dict(headers.own)
    if every_field:
        told |= {name: name for name in kind.field_names if name not in {*headers.own.values(), *hidden}}
    most = max((len(record.children or ()) for record in records), default=0)
    names = [f"{headers.child_name} {n} {header}" for n in range(1, most + 1) for header in headers.child]
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*told, *names])
    for record in sorted(records, key=lambda record: (_called(kind, record), record.id)):
        children = [_cells(child.fields, headers.child.values()) for child in record.children or ()]
        writer.writerow([*_cells(record.fields, told.values()), *(cell for cells in children for cell in cells)])
    return out.getvalue()


def _called(kind: Kind, record: LiveResource) -> str:
    fields = describable(kind, record)
    groups = (" ".join(str(fields[name]) for name in group if name in fields) for group in kind.called)
    return next(filter(None, groups), "").casefold()


def _cells(fields: Mapping[str, Value], names: Iterable[str]) -> list[str]:
    return [_cell(fields.get(name)) for name in names]


def _cell(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return safe(value or "", Surface.CSV)


# Reading.


def read(kind: Kind, headers: Headers, text: str, file: str) -> Sheet:
    """Read a spreadsheet; with problems its rows are not to be used. A row's line is the one on which it begins."""
    sheet = Sheet()
    told = _TOLD_DELIMITER.match(text)
    delimiter = told["delimiter"] if told is not None else _delimiter(headers, kind, text)
    above = told[0].count("\n") if told is not None else 0
    lines = StringIO(text[told.end() :] if told is not None else text, newline="")
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    columns: list[_Column | None] | None = None
    at = Position(file=file, line=above + 1)
    try:
        for cells in rows:
            if any(cell.strip() for cell in cells):
                if columns is not None:
                    _take(kind, columns, cells, at, sheet)
                elif (columns := _columns(kind, headers, cells, at, sheet)) is None:
                    return sheet
            at = Position(file=file, line=above + rows.line_num + 1)
    except csv.Error as error:
        sheet.say(_problem("csv-broken", "the file is not CSV", _in_words(str(error)), at))
        return sheet
    if columns is None:
        _columns(kind, headers, [], Position(file=file, line=1), sheet)
    return sheet


def _in_words(reason: str) -> str:
    """Say what the parser of CSV found wrong with a row, and what to do."""
    told = next((words for sign, words in _REASONS.items() if sign in reason), "")
    return f"{told or f'{reason[:1].upper()}{reason[1:]}.'} Correct it, or save the file as CSV (UTF-8) again."


_Column = tuple[int, str]
"""Which child a column is for, from 1, or 0 for the record itself; and the field."""


def _known(kind: Kind, told: Mapping[str, str]) -> dict[str, str]:
    """Give the fields by what a column may be called: FreshBooks' header, the field's label, the field itself."""
    labels = {each.label: each.name for each in kind.fields if each.label}
    names = {name: name for name in kind.field_names}
    return {_normal(header): name for header, name in {**names, **labels, **told}.items()}


def _normal(header: str) -> str:
    return " ".join(header.lower().split())


def _delimiter(headers: Headers, kind: Kind, text: str) -> str:
    """Give what parts the cells: that with which most headers are known."""
    # Rows without anything in them are no header.
    first = next((found[0] for found in _LINE.finditer(text) if any(map(str.isalnum, found[0]))), "")
    known = _known(kind, headers.own)

    def hits(delimiter: str) -> int:
        return sum(_normal(cell.strip('"')) in known for cell in first.split(delimiter))

    return max(_DELIMITERS, key=hits)


def _columns(
    kind: Kind, headers: Headers, cells: Sequence[str], at: Position, sheet: Sheet
) -> list[_Column | None] | None:
    own = _known(kind, headers.own)
    child = _known(kind.child, headers.child) if kind.child is not None else {}
    columns: list[_Column | None] = []
    for cell in cells:
        column = _column(_normal(cell), own, child, _normal(headers.child_name))
        if column is None and cell.strip():
            sheet.ignored.append(cell.strip())
        if column is not None and column in columns:
            detail = f"{_short(cell)}: two columns mean the same; remove one."
            sheet.say(_problem("csv-columns", "the columns are not clear", detail, at))
        columns.append(column)
    if not any(column is not None and column[0] == 0 and column[1] in kind.identity for column in columns):
        found = ", ".join(_short(cell) for cell in cells if cell.strip())
        says = f" ({_short(found)})" if found else ""
        detail = (
            f"The first line{says} names no column that a {kind.name} is recognised by. "
            f"Known are: {', '.join(headers.own)}."
        )
        sheet.say(_problem("csv-columns", "the columns are not known", detail, at))
        return None
    return columns


def _short(text: str) -> str:
    return f"{text.strip()[:_SHORT]}..." if len(text.strip()) > _SHORT else text.strip()


def _column(header: str, own: Mapping[str, str], child: Mapping[str, str], child_name: str) -> _Column | None:
    first, _, rest = header.partition(" ")
    if first == child_name and rest:
        number, _, name = rest.partition(" ")
        if number.isdecimal() and 0 < int(number) <= _MOST_CHILDREN and name in child:
            return int(number), child[name]
        return (1, child[rest]) if rest in child else None
    return (0, own[header]) if header in own else None


def _take(kind: Kind, columns: Sequence[_Column | None], cells: Sequence[str], at: Position, sheet: Sheet) -> None:
    if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
        detail = f"It has {len(cells)} cells, and there are {len(columns)} columns. Is a comma not quoted?"
        sheet.say(_problem("csv-row", "a row cannot be read", detail, at))
        return
    found: dict[int, dict[str, Value]] = {}
    flags = {each.name for each in kind.fields if each.type is FieldType.FLAG}
    for column, cell in zip(columns, cells, strict=False):
        text = uncelled(cell).strip()
        if column is None or not text:
            continue
        number, name = column
        if len(text) > LONGEST_VALUE or "\0" in text:
            detail = f"{name}: its value has a NUL, or more than {LONGEST_VALUE:,} characters."
            sheet.say(_problem("csv-row", "a row cannot be read", detail, at))
        elif not number and name in flags and text.lower() not in _FLAGS:
            sheet.say(_problem("csv-row", "a row cannot be read", f"{name}: write true or false.", at))
        else:
            found.setdefault(number, {})[name] = _FLAGS[text.lower()] if not number and name in flags else text
    _row(kind, found, at, sheet)


def _row(kind: Kind, found: Mapping[int, dict[str, Value]], at: Position, sheet: Sheet) -> None:
    fields = found.get(0, {})
    children = tuple(found[number] for number in sorted(found) if number)
    if not any(name in fields for name in kind.identity):
        detail = f"A {kind.name} needs a name or an email to be recognised by."
        sheet.say(_problem("csv-row", "a row cannot be read", detail, at))
    elif children and sheet.rows and sheet.rows[-1].children and sheet.rows[-1].fields == fields:
        before = sheet.rows[-1]
        sheet.rows[-1] = Row(line=before.line, fields=fields, children=(*before.children, *children))
    else:
        sheet.rows.append(Row(line=at.line, fields=fields, children=children))


def _problem(code: str, summary: str, detail: str, at: Position) -> Diagnostic:
    return Diagnostic(code=code, summary=summary, detail=one_line(detail), position=at)
