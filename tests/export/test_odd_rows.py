"""A spreadsheet as years make them: two hundred odd rows, and what becomes of each, exactly."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from reconciler.providers.freshbooks.wire.spreadsheet import COLUMNS
from tests.cli.program import writes
from tests.export.test_csv import clients, imports
from tests.export.test_export import is_settled
from tests.golden.story import Story

Cells = dict[str, str]

# Cells that are their own value, whatever they look like.
SAME = (
    "02134", "00", "007", "1e3", "1.50E+03", "1,234.50", "2026-11-25", "25/11/2026", "12:30", "no", "ON",
    "TRUE", "null", "~", "N/A", "#REF!", "#N/A", "# x", "- x", "key: value", "{a: b}", "*", "&a", "!x", "%",
    "`", "|", ">", "a\\nb", "a,b", "a;b", "a\tb", 'a"b', '"', "it's", "'", "a\nb", "a\r\nb", "a\n\n  b", "a  b",
    "a\u00a0b", "=1+1", "+1 416", "-5", "@x", '=HYPERLINK("x")', "\uff1d1", "é", "e\u0301", "東京", "مرحبا", "🙂",
    "\u202eabc", "\u200b", "a\ufeffb", "a\x85b", "a\u2028b", "\x07", "<b>", "x" * 10_000, "$1", "Québec",
    "M5V 2T6", "\u2013", "http://x.example/?a=b&c#d", "a@b@c", "C:\\temp", "1/2", "\u00bd", "\u20ac5", "100%", "[x](y)",
    "Doe, Jane", "50% off; now", "O\u2019Neil",
)  # fmt: skip
# Cells with blanks around them, and such that an export has made harmless.
CHANGED = (
    ("  a  ", "a"), ("\u00a0a\u00a0", "a"), ("\u3000a", "a"), ("\na\n", "a"), ("'=1+1", "=1+1"), ("''=1+1", "'=1+1"),
    ("'+1 416", "+1 416"), ("'-5", "-5"), ("'@x", "@x"), ("'\t=x", "=x"), ("' =x", "=x"), ("'\uff1d1", "\uff1d1"),
)  # fmt: skip
ODD = (*((text, text) for text in SAME), *CHANGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Rows with what becomes of them."""

    rows: list[Cells] = field(default_factory=list)
    entries: dict[str, Any] = field(default_factory=dict)
    """The clients by key."""
    told: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)
    """What is said, with `{}` for the line of each of these rows, from 0."""

    def comes(self, key: str, entry: dict[str, Any], **cells: str) -> None:
        """Add a row that becomes a client."""
        self.rows.append(cells)
        self.entries[key] = entry

    def says(self, told: str, *rows: int) -> None:
        """Expect a sentence; each `{}` in it is the line of a row."""
        self.told.append((told, rows))


def odd_sheet() -> Sheet:
    """Make the sheet; the YAML has `clients.there` already."""
    sheet = Sheet()
    # Each odd cell, once in a field that is free, and once in one of an address or phone; names are their own keys.
    others = ("p_street", "p_street2", "p_province", "p_code", "bus_phone", "p_country")
    for number, (cell, value) in enumerate(ODD):
        name = f"Firm {number}"
        sheet.comes(f"firm-{number}", {"organization": name, "p_city": value}, organization=name, p_city=cell)
        other = others[number % len(others)]
        sheet.comes(
            f"c{number}-x", {"email": f"c{number}@x.example", other: value},
            email=f"  c{number}@x.example ", **{other: cell},
        )  # fmt: skip
    # Names of every kind, and the keys that they lead to.
    for cells, key in _NAMES:
        # What cannot be spelt in the letters of a key is called by its row.
        sheet.comes(key or f"client-{len(sheet.rows)}", dict(cells), **cells)
    organizations = [cells.get("organization") for cells in sheet.rows]
    first = organizations.index("株式会社")
    sheet.says("line {} looks like line {}", organizations.index("株式会社", first + 1), first)
    _contacts(sheet)
    _again(sheet)
    return sheet


_NAMES: tuple[tuple[Cells, str], ...] = (
    ({"organization": "株式会社"}, ""), ({"organization": "???"}, ""), ({"fname": "🙂"}, ""),
    ({"organization": "3M"}, "client-3m"), ({"organization": "No"}, "client-no"), ({"organization": "Ltd."}, "ltd"),
    ({"organization": "Müller & Söhne GmbH"}, "muller-and-sohne"), ({"organization": "a\nb"}, "a-b"),
    ({"organization": "株式会社", "fname": "Mei"}, "mei"), ({"fname": "Ada", "lname": "Lovelace"}, "ada-lovelace"),
    ({"lname": "O'Neil"}, "oneil"), ({"email": "books@firm.example"}, "books-firm"),
    ({"email": "not an address"}, "not-an-address"),
)  # fmt: skip


def _contacts(sheet: Sheet) -> None:
    both = {
        "organization": "Two Contacts", "c1_fname": "Jane", "c1_lname": "Doe", "c1_email": " j@x.example ",
        "c1_phone1": "'+1", "c2_fname": "Ravi", "c2_phone2": "02",
    }  # fmt: skip
    jane = {"email": "j@x.example", "fname": "Jane", "lname": "Doe", "phone1": "+1"}
    sheet.comes(
        "two-contacts",
        {"organization": "Two Contacts", "contacts": {"jane": jane, "ravi": {"fname": "Ravi", "phone2": "02"}}},
        **both,
    )
    # A row for each contact, of which the second has none of the first columns filled.
    people = {"mei": {"fname": "Mei"}, "bo": {"fname": "Bo"}, "cy": {"fname": "Cy"}}
    sheet.comes("rows", {"organization": "Rows", "contacts": people}, organization="Rows", c1_fname="Mei")
    sheet.rows.append({"organization": " Rows ", "c2_fname": "Bo"})
    sheet.rows.append({"organization": "Rows", "c1_fname": "Cy"})
    sheet.comes(
        "twins", {"organization": "Twins", "contacts": {"al": {"fname": "Al"}}},
        organization="Twins", c1_fname="Al", c2_fname=" AL ",
    )  # fmt: skip
    sheet.says("Left out: clients.twins: contact 2, which is the same as 1.")
    sheet.comes("nobody", {"organization": "Nobody"}, organization="Nobody", c1_phone2="416")
    sheet.says("Left out: clients.nobody: contact 1, which has no email or fname or lname or phone1.")


def _again(sheet: Sheet) -> None:
    """Add rows that are there already, in the YAML or above, and those that only look so."""

    def row(**cells: str) -> int:
        sheet.rows.append(cells)
        return len(sheet.rows) - 1

    sheet.says("line {} is the same client as clients.there", row(organization=" THERE ltd. ", email="T@there.example"))
    for cells in ({"organization": "FIRM 0"}, {"organization": " firm 1\u00a0"}, {"email": "C0@X.EXAMPLE"}):
        first = int("".join(filter(str.isdecimal, next(iter(cells.values())))))
        sheet.says("line {} is the same client as line {}", row(**cells), first * 2 + ("email" in cells))
    once, twice, thrice = row(fname="Thrice"), row(fname="Thrice"), row(fname="thrice ")
    sheet.entries["thrice"] = {"fname": "Thrice"}
    sheet.says("line {} is the same client as line {}", twice, once)
    sheet.says("line {} is the same client as line {}", thrice, once)
    like = row(organization="Other Co.", email="t@there.example")
    sheet.entries["other"] = {"organization": "Other Co.", "email": "t@there.example"}
    sheet.says("line {} looks like clients.there", like)
    cut = row(organization="Cut", p_code="2134", p_country="United States")
    sheet.entries["cut"] = {"organization": "Cut", "p_code": "2134", "p_country": "United States"}
    sheet.says("ZIP codes that a spreadsheet seems to have cut the zeros off: line {}: 2134.", cut)


HEADERS = {field: header for header, field in COLUMNS.items()} | {
    f"c{n}_{name}": f"Contact {n} {header}"
    for n in (1, 2)
    for name, header in {
        "fname": "First Name", "lname": "Last Name", "email": "Email Address", "phone1": "Phone Number",
        "phone2": "Phone Number 2",
    }.items()
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """How a spreadsheet writes its file."""

    delimiter: str = ","
    encoding: str = "utf-8"
    newline: str = "\r\n"
    quoting: int = csv.QUOTE_MINIMAL
    odd_headers: bool = False
    """Other capitals and blanks, other order, columns of somebody else, empty rows."""
    announced: bool = False
    """Whether the first line says what parts cells."""


def spelt(sheet: Sheet, spelling: Spelling) -> tuple[bytes, list[int]]:
    """Give the file, and the line on which each row begins."""
    names = [*HEADERS, *([] if not spelling.odd_headers else ["shoes"])]
    names = names[::-1] if spelling.odd_headers else names
    out = StringIO(newline="")
    writer = csv.writer(out, delimiter=spelling.delimiter, lineterminator=spelling.newline, quoting=spelling.quoting)  # type: ignore[arg-type] # a constant of csv
    if spelling.announced:
        out.write(f"sep={spelling.delimiter}{spelling.newline}")
    if spelling.odd_headers:
        writer.writerow([""] * len(names))
    writer.writerow([_header(name, odd=spelling.odd_headers) for name in names])
    lines = []
    for number, cells in enumerate(sheet.rows):
        if spelling.odd_headers and number % 20 == 0:
            writer.writerow([" "] * len(names))
        lines.append(len(csv_lines(out.getvalue())))
        writer.writerow([cells.get(name, "44" if name == "shoes" else "") for name in names])
    return out.getvalue().encode(spelling.encoding), lines


def _header(name: str, *, odd: bool) -> str:
    told = HEADERS.get(name, "Shoe Size")
    return f" {told.upper().replace(' ', chr(0xA0) + ' ')} " if odd else told


def csv_lines(text: str) -> list[str]:
    """Give the lines of a text as an editor counts them, the one that is about to begin included."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


@pytest.mark.parametrize(
    "spelling",
    [
        Spelling(), Spelling(delimiter=";", encoding="utf-8-sig", announced=True),
        Spelling(delimiter="\t", encoding="utf-16"), Spelling(newline="\n", quoting=csv.QUOTE_ALL),
        Spelling(delimiter=";", odd_headers=True, newline="\n"), Spelling(odd_headers=True, encoding="utf-16"),
    ],
    ids=str,
)  # fmt: skip
def test_two_hundred_odd_rows(place: Story, spelling: Spelling) -> None:
    """Each row is a client with exactly its cells, or is said to be what else, at its line; nothing is sent."""
    writes("clients:\n  there: {organization: There Ltd., email: t@there.example}\n")
    sheet = odd_sheet()
    raw, lines = spelt(sheet, spelling)
    assert len(sheet.rows) > 200
    done = imports(raw, "--json")
    assert place.sandbox.log.entries == []
    [event] = [json.loads(line) for line in done.out.splitlines()]
    got = clients()
    del got["there"]
    assert got == sheet.entries
    said = [*event["duplicates"], *event["alike"], *event["notes"]]
    wanted = [told.format(*(lines[row] for row in rows)) for told, rows in sheet.told]
    wanted += ["Not used: 1 column (SHOE\u00a0 SIZE)."] * spelling.odd_headers
    assert sorted(said) == sorted(wanted)
    if spelling == Spelling():
        place.apply("--max-updates", "300")
        is_settled()


def test_bad_rows_are_listed_all_at_once(place: Story) -> None:
    """Among many rows each that cannot be read is told with its line, and no row comes in."""
    head = "Company Name,City,pref_email\r\n"
    good = 'Firm,"a\nb",true\r\n'
    bad = {
        ",Toronto,\r\n": "A client needs a name or an email to be recognised by.",
        "A,B,maybe\r\n": "pref_email: write true or false.",
        "A,B,true,more\r\n": "It has 4 cells, and there are 3 columns. Is a comma not quoted?",
        f"A,{'x' * 10_001},\r\n": "p_city: its value has a NUL, or more than 10,000 characters.",
        "A\0,B,\r\n": "organization: its value has a NUL, or more than 10,000 characters.",
    }
    done = imports(head + "".join(good + row for row in bad), "--json", code=3)
    problems = [json.loads(line)["diagnostic"] for line in done.out.splitlines()]
    told = [(each["range"]["start"]["line"], each["detail"]) for each in problems if "range" in each]
    # The row without a name because of its NUL is said to be so, too.
    nameless = (16, next(iter(bad.values())))
    assert told == [*((4 + 3 * number, detail) for number, detail in enumerate(bad.values())), nameless]
    assert not Path("clients.yaml").exists()
