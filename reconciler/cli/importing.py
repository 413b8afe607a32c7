"""From a spreadsheet to YAML: offline, nothing is sent, and what is there already does not come twice.

What the account has is the next plan's business, which adopts a client that exists.
"""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.cli.exporting import begun_in, breaking, check_root, checked, written
from reconciler.cli.merged import defaults_of, found_in, placed, texts_of
from reconciler.cli.session import Session
from reconciler.core.diagnostic import Diagnostic, Position
from reconciler.core.identity import Pool, likeness
from reconciler.core.kind import Kind
from reconciler.core.resource import Address, Configuration, LiveResource, RemoteId, Resource, key_of
from reconciler.documents.files import LARGEST_FILE, read_regular
from reconciler.errors import ConfigurationInvalid
from reconciler.export.csvs import Headers, Sheet, read
from reconciler.export.describing import Entry, describe
from reconciler.export.drafting import Draft
from reconciler.export.lifting import lifted
from reconciler.export.naming import keys_of
from reconciler.export.taking import Merge
from reconciler.export.telling import broken_rules
from reconciler.export.writing import document
from reconciler.load import SUFFIXES, files_of
from reconciler.providers.freshbooks.wire import CLIENT
from reconciler.providers.freshbooks.wire.spreadsheet import COLUMNS, CONTACT, CONTACT_COLUMNS, lost_zeros
from reconciler.reports.paint import plain
from reconciler.reports.words import counted
from reconciler.schema_files import clients_place

HEADERS = Headers(own=COLUMNS, child=CONTACT_COLUMNS, child_name=CONTACT)
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How .xlsx, .ods and .numbers begin, which are archives, and the .xls of former days."""
_LOOKED_AT = 200
MOST = 20
"""Arbitrary: so many of each sort are listed; with --json all are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of a spreadsheet."""

    root: str
    files: tuple[str, ...]
    records: int
    children: int
    duplicates: tuple[str, ...]
    """Rows that were left out, each with what it is already."""
    alike: tuple[str, ...]
    """Rows that came in though they look like another."""
    notes: tuple[str, ...]


def import_csv(session: Session, file: Path) -> Imported:
    """Add the rows of a spreadsheet to the YAML, or begin it with them.

    Raises:
        ConfigurationInvalid: the spreadsheet or the YAML is wrong.
    """
    root = session.settings.root
    check_root(root)
    sheet = _sheet(str(file))
    standing = {name: Path(name).read_bytes() for name in files_of(root)}
    configuration = session.load() if standing else Configuration(root=root)
    there = begun_in(standing)
    rows = [row.as_live(number) for number, row in enumerate(sheet.rows)]
    duplicates, alike = _compared(CLIENT, sheet, rows, configuration)
    kept = [row for row in rows if row.id not in duplicates]
    made = _drafted(session, kept, configuration, there)
    checked(CLIENT, root, made)
    files = written(root, made, standing) if made.entries else ()
    return Imported(
        root=root,
        files=files,
        records=len(made.entries),
        children=sum(len(entry.children) for entry in made.entries),
        duplicates=tuple(duplicates.values()),
        alike=tuple(told for number, told in alike.items() if number not in duplicates),
        notes=tuple(_notes(sheet, made.entries, breaking(session) if files else 0)),
    )


# Reading.


def _sheet(file: str) -> Sheet:
    problems: list[Diagnostic] = []
    raw = _from_stdin(problems) if file == "-" else read_regular(file, problems, wanted="a spreadsheet saved as CSV")
    sheet = read(CLIENT, HEADERS, _decoded(raw, file, problems), file) if raw is not None else Sheet()
    if not problems:
        problems = sheet.problems
    if problems:
        raise ConfigurationInvalid(f"the spreadsheet has {counted(len(problems), 'problem')}", problems)
    return sheet


def _from_stdin(problems: list[Diagnostic]) -> bytes | None:
    raw = sys.stdin.buffer.read(LARGEST_FILE + 1)
    if len(raw) <= LARGEST_FILE:
        return raw
    told = f"It has more than {LARGEST_FILE // 1024 // 1024} MiB."
    problems.append(_problem("file-too-large", "the file is too large", told, "-"))
    return None


def _decoded(raw: bytes, file: str, problems: list[Diagnostic]) -> str:
    """Give the text of a spreadsheet: UTF-8, or UTF-16 where it says so, as Excel's "Unicode text" does."""
    if raw.startswith(_WORKBOOKS):
        told = "It is a workbook, as spreadsheets keep it for themselves. Save it as CSV (UTF-8)."
        problems.append(_problem("csv-broken", "the file is not CSV", told, file))
        return ""
    wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    head, line = raw[:_LOOKED_AT], 1
    # UTF-16 that does not say so is half of NULs.
    if wide or head.count(0) * 4 <= len(head):
        try:
            return raw.decode("utf-16" if wide else "utf-8-sig")
        except UnicodeDecodeError as error:
            line += raw.count(b"\n", 0, error.start)
    told = 'Save it as "CSV UTF-8": names with other than English letters would come out wrong.'
    problems.append(_problem("csv-not-utf-8", "the spreadsheet is not UTF-8", told, file, line))
    return ""


def _problem(code: str, summary: str, detail: str, file: str, line: int = 1) -> Diagnostic:
    return Diagnostic(code=code, summary=summary, detail=detail, position=Position(file=file, line=line))


# What is there already.


def _compared(
    kind: Kind, sheet: Sheet, rows: Sequence[LiveResource], configuration: Configuration
) -> tuple[dict[RemoteId, str], dict[RemoteId, str]]:
    """Give the rows that are a client of the YAML or an earlier row, and those that only look like one, in words."""
    described = list(configuration.resources.values())
    known = Pool(kind, map(_as_live, range(len(described)), described))
    among = Pool(kind, rows)
    duplicates: dict[RemoteId, str] = {}
    alike: dict[RemoteId, str] = {}
    for row in rows:
        seen = likeness(kind, row.fields)
        line = f"line {sheet.rows[row.id].line}"
        same = [str(described[live.id].address) for live in known.same(seen)]
        same += [f"line {sheet.rows[live.id].line}" for live in among.same(seen) if _counts(live, row, duplicates)]
        near = [str(described[live.id].address) for live, _ in known.alike(seen)]
        near += [f"line {sheet.rows[live.id].line}" for live, _ in among.alike(seen) if _counts(live, row, duplicates)]
        if same:
            duplicates[row.id] = f"{line} is the same client as {same[0]}"
        elif near:
            alike[row.id] = f"{line} looks like {near[0]}"
    return duplicates, alike


def _as_live(number: int, resource: Resource) -> LiveResource:
    return LiveResource(id=RemoteId(number), fields=resource.fields)


def _counts(other: LiveResource, row: LiveResource, duplicates: Mapping[RemoteId, str]) -> bool:
    """Tell whether another row comes in before this one."""
    return other.id < row.id and other.id not in duplicates


# Writing.


def _drafted(
    session: Session, rows: Sequence[LiveResource], configuration: Configuration, there: Mapping[str, bytes]
) -> Draft:
    root, given = session.settings.root, session.settings.defaults
    found = {file: found_in(file, raw, CLIENT.collection) for file, raw in there.items()}
    # A key that the state knows belongs to a record, or did.
    state = session.store.load()
    known: list[Address] = [*configuration.resources, *configuration.removed, *state.bindings, *state.tombstones]
    keys = keys_of(CLIENT, rows, {key_of(address) for address in (*known, *state.intents)})
    alone = not there and root.endswith(SUFFIXES)
    usual = lifted(CLIENT, rows, given) if alone else {}
    defaults = {**defaults_of(root, found, given), **usual}
    entries = [replace(each, pin=None) for each in describe(CLIENT, {keys[row.id]: row for row in rows}, defaults)]
    account = session.settings.account or ""
    changes = Merge(entries=entries)
    if alone:
        texts = {root: document(CLIENT, account, entries, usual, clients_place(root, folder=False))}
    else:
        new = placed(CLIENT, root, account, entries, there, changes)
        texts = texts_of(found, changes, new)
    return Draft(texts=texts, entries=entries, defaults=given)


# Words.


def _notes(sheet: Sheet, entries: Sequence[Entry], clients: int) -> Iterator[str]:
    if clients:
        yield broken_rules(clients)
    if sheet.ignored:
        yield f"Not used: {counted(len(sheet.ignored), 'column')} ({', '.join(map(plain, sheet.ignored))})."
    lost = [f"line {row.line}: {plain(code)}" for row in sheet.rows if (code := lost_zeros(row.fields))]
    if lost:
        yield f"ZIP codes that a spreadsheet seems to have cut the zeros off: {_some(lost)}."
    for entry in entries:
        for what in entry.left_out:
            yield f"Left out: {CLIENT.collection}.{entry.key}: {what}."


def told(done: Imported) -> str:
    """Say in a few lines what became of a spreadsheet."""
    counts = f"{counted(done.records, 'client')} and {counted(done.children, 'contact')}"
    lines = [f"Wrote {counts} to {done.root}. Nothing was sent: `reconciler plan` shows what would be created."]
    if not done.files:
        lines = [f"There is no client in it that {done.root} lacks: nothing was written."]
    if done.duplicates:
        lines.append(f"Left out, for they are there already: {_some(done.duplicates)}.")
    if done.alike:
        lines.append(f"To be looked at: {_some(done.alike)}.")
    return "\n".join([*lines, *done.notes[:MOST]])


def _some(told: Sequence[str]) -> str:
    rest = f"; and {len(told) - MOST} more" if len(told) > MOST else ""
    return "; ".join(told[:MOST]) + rest
