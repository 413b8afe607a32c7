"""Spreadsheets: the account as one, and one as YAML, with every cell as it was."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli.importing import HEADERS
from reconciler.core.resource import LiveResource, RemoteId
from reconciler.export.csvs import read, written
from reconciler.providers.freshbooks.wire import CLIENT
from reconciler.providers.freshbooks.wire.spreadsheet import COLUMNS
from tests.cli.program import Ran, called, spawned, writes
from tests.export.accounts import fill
from tests.export.test_export import ACME, content, is_settled
from tests.golden.story import Story
from tests.laws.strategies import law

HEAD = (
    "First Name,Last Name,Company Name,Email Address,Phone Number,Address Line 1,Address Line 2,City,State,Zip Code,"
    "Country"
)


def imports(text: str | bytes, *words: str, code: int = 0) -> Ran:
    """Import a spreadsheet; no request leaves the machine."""
    Path("clients.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    done = called("import-csv", "clients.csv", *words)
    assert done.code == code, done.all
    return done


def row(**fields: str) -> str:
    """Give one row under `HEAD`."""
    out = StringIO()
    csv.writer(out).writerow([fields.get(name, "") for name in COLUMNS.values()])
    return out.getvalue()


def clients() -> dict[str, Any]:
    """Give the clients of the YAML."""
    found: dict[str, Any] = content()["clients"]
    return found


def test_what_was_exported_is_imported(place: Story) -> None:
    """The account's own spreadsheet leads to the same clients with the same contacts; formulas are defused."""
    jane = {"email": "jane@acme.example", "fname": "Jane", "lname": "Doe", "phone1": "+1 416"}
    place.person.creates(jane, {"fname": "Ravi"}, **ACME, bus_phone="=cmd()", mob_phone="416", note="x")
    place.person.creates(organization="Bolt", pref_email=False)
    out = called("export", "--format", "csv", "--all-fields").out
    assert "'=cmd()" in out
    assert "'+1 416" in out
    imports(out)
    assert clients()["acme"]["contacts"] == {"jane": jane, "ravi": {"fname": "Ravi"}}
    assert (clients()["acme"]["bus_phone"], clients()["bolt"]["pref_email"]) == ("=cmd()", False)
    place.apply()
    is_settled()
    assert len(place.clients()) == 2


@pytest.mark.parametrize("words", [(), ("--all-fields",)], ids=["columns", "all-fields"])
def test_an_account_as_a_spreadsheet_is_that_account(place: Story, words: tuple[str, ...]) -> None:
    """Whatever clients hold, what their spreadsheet leads to in an empty folder is what is there: nothing changes."""
    fill(place.sandbox.books, 80, tidy=True)
    assert called("export", "--format", "csv=clients.csv", *words).code == 0
    done = imports(Path("clients.csv").read_bytes())
    planned = called("plan", "--format", "json=plan.json", "--max-updates", "100%")
    assert planned.code == 0, planned.all
    actions = [
        change["change"]["actions"] for change in json.loads(Path("plan.json").read_text("utf-8"))["resource_changes"]
    ]
    assert {action for each in actions for action in each} == {"no-op"}, planned.out
    assert f"Wrote {len(clients())} clients" in done.out
    assert len(clients()) > 40


def test_export_has_the_headers_of_freshbooks_import(place: Story) -> None:
    """The columns are those that FreshBooks takes; archived clients stay out, the state and YAML are not touched."""
    place.person.creates(**ACME)
    place.person.archives(place.person.creates(organization="Old"))
    assert called("export", "--format", "csv").out == f"{HEAD}\n{row(**ACME)}".replace("\r", "").replace("\n", "\r\n")
    done = called("export", "--format", "csv=all.csv", "--archived")
    assert done.out == "Wrote 2 clients to all.csv.\n"
    assert len(Path("all.csv").read_text(encoding="utf-8").splitlines()) == 3
    assert not Path("clients.yaml").exists()
    assert not Path(".reconciler/state.json").exists()


def test_sensitive_fields_are_in_no_spreadsheet(place: Story) -> None:
    """What the settings call sensitive is left out, and said to be."""
    place.settings("sensitive: [email, note]")
    place.person.creates(**ACME, note="secret")
    done = called("export", "--format", "csv", "--all-fields")
    assert "billing@" not in done.all
    assert "secret" not in done.all
    assert "Not in it, for the settings call them sensitive: email, note." in done.err


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters(folder: Path, encoding: str, delimiter: str) -> None:
    """What spreadsheets save is read: UTF-8 with and without a mark, Unicode text, semicolons and tabs."""
    text = delimiter.join(["Company Name", "City"]) + "\r\n" + delimiter.join(["Müller GmbH", "Zürich"]) + "\r\n"
    imports(text.encode(encoding))
    assert clients() == {"muller": {"organization": "Müller GmbH", "p_city": "Zürich"}}


def test_rows_that_differ_in_their_contact_alone_are_one_client(folder: Path) -> None:
    """Columns for contacts are numbered, or each contact has a row."""
    head = "Company Name,Contact First Name,Contact Email Address,Contact 2 First Name\n"
    imports(head + "Acme,Jane,j@x.example,Ravi\nAcme,Mei,,\nBolt,,,\n")
    assert {key: list(entry.get("contacts", {})) for key, entry in clients().items()} == {
        "acme": ["jane", "mei", "ravi"], "bolt": [],
    }  # fmt: skip


def test_what_is_there_does_not_come_twice(folder: Path) -> None:
    """Rows join the YAML that is there; a client of it is told as a duplicate, one that looks like it as that."""
    writes("clients:\n  # ours\n  acme: {organization: Acme Ltd., email: a@acme.example}\n")
    done = imports(
        "Company Name,Email Address\nACME ltd.,A@ACME.example\nOther Co.,a@acme.example\nNew,new@x.example\n"
        "New,new@x.example\n"
    )
    assert "line 2 is the same client as clients.acme; line 5 is the same client as line 4." in done.out
    assert "To be looked at: line 3 looks like clients.acme." in done.out
    assert list(clients()) == ["acme", "new", "other"]
    assert "  # ours\n" in Path("clients.yaml").read_text(encoding="utf-8")


def test_keys_that_the_state_knows_are_not_given_away(place: Story) -> None:
    """A new client does not take the key of one that is bound: it would change that record."""
    writes("clients:\n  acme: {organization: Acme Ltd., email: a@acme.example}\n  x: {fname: X}\n")
    place.apply()
    writes("clients:\n  x: {fname: X}\n")
    imports("Company Name,Email Address\nAcme Inc.,b@acme.example\n")
    assert sorted(clients()) == ["acme-2", "x"]


def test_it_can_be_a_folder(folder: Path) -> None:
    """In a folder each client has a file."""
    Path("clients").mkdir()
    imports("Company Name\nAcme\nBolt\n", "clients")
    assert sorted(file.name for file in Path("clients").glob("*.yaml")) == ["acme.yaml", "bolt.yaml"]
    assert called("validate", "clients").code == 0


def test_cut_zip_codes_are_told(folder: Path) -> None:
    """A ZIP code that lost its zeros in a spreadsheet is pointed out, but not where codes have four digits."""
    done = imports("Company Name,Zip Code,Country\nA,2134,United States\nB,02134,USA\nC,1234,Denmark\n")
    assert "ZIP codes that a spreadsheet seems to have cut the zeros off: line 2: 2134." in done.out


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "The first line names no column"),
        ("a,b\n1,2\n", "The first line (a, b) names no column"),
        ("City\nToronto\n", "The first line (City) names no column"),
        (f"{'x' * 200},b\n", f"({'x' * 100}...) names no column"),
        ("\n\n,,\n", "The first line names no column"),
        ("Company Name,Company Name\nA,B\n", "two columns mean the same"),
        ("Company Name,City\n,Toronto\n", "needs a name or an email"),
        ("Company Name,City\nA,B,C\n", "It has 3 cells, and there are 2 columns"),
        (
            'Company Name,City\nA,"x\ny"\nB,"C\n\nD,E\n',
            "clients.csv:4:1 A quote that is opened in this row is never closed",
        ),
        ('Company Name,City\n"A "B" C",D\n', "clients.csv:2:1 A quote stands within a cell in quotes"),
        (f'Company Name,City\nA,"x\ny"\nB,{"x" * 140_000}\n', "clients.csv:4:1 A cell is too long"),
        ('sep=,\r\n\r\nCompany Name,City\r\nA,"x\ny"\r\n,"z\nw"\r\n', "clients.csv:6:1 A client needs a name"),
        (b"PK\x03\x04 and more", "It is a workbook"),
        (b"\xd0\xcf\x11\xe0 and more", "It is a workbook"),
        ("Company Name,City\nA,B\n".encode("utf-16-le"), "the spreadsheet is not UTF-8"),
        ("Company Name,pref_email\nA,maybe\n", "write true or false"),
        (f"Company Name\n{'x' * 10_001}\n", "more than 10,000 characters"),
        ("Company Name\nA\0B\n", "NUL"),
        ("Company Name\nM\xfcller\n".encode("latin-1"), "the spreadsheet is not UTF-8"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(folder: Path, text: str | bytes, told: str) -> None:
    """All problems are listed, with exit code 3, and nothing is written."""
    done = imports(text, code=3)
    assert told in " ".join(done.err.replace("|", " ").split())
    assert "clients.csv:" in done.err
    assert not Path("clients.yaml").exists()


def test_unknown_columns_are_told(folder: Path) -> None:
    """A column that means nothing is named; labels and field names are known as well."""
    done = imports("Company Name,Shoe Size,Mobile phone,vat_number\nA,44,416,DE1\n")
    assert "Not used: 1 column (Shoe Size)." in done.out
    assert clients() == {"a": {"organization": "A", "mob_phone": "416", "vat_number": "DE1"}}


def test_columns_of_contacts_go_by_any_name(folder: Path) -> None:
    """Labels and field names are known for contacts too."""
    imports("Company Name,Contact Email,Contact 2 first name,CONTACT 2 PHONE2,Contact 2 shoes\nA,a@x.example,Bo,1,44\n")
    assert clients()["a"]["contacts"] == {"a": {"email": "a@x.example"}, "bo": {"fname": "Bo", "phone2": "1"}}


def test_excel_s_own_first_line(folder: Path) -> None:
    """`sep=` says what parts the cells, whatever the header looks like; empty rows before the header are no header."""
    imports("sep=|\r\n\r\n|\r\nCompany Name|City\r\nA, B; C|D\r\n")
    assert clients() == {"a-b-c": {"organization": "A, B; C", "p_city": "D"}}


def test_stdin_is_read(folder: Path) -> None:
    """`-` takes the spreadsheet from a pipe."""
    ran = spawned("import-csv", "-", around="printf 'Company Name\\nAcme\\n' | \"$@\"")
    assert (ran.code, clients()) == (0, {"acme": {"organization": "Acme"}}), ran.all
    assert "this is not a regular file" in called("import-csv", "/dev/null").err
    assert "Expected a spreadsheet saved as CSV" in called("import-csv", ".").err


def test_a_spreadsheet_without_news(folder: Path) -> None:
    """Where there is nothing to add, that is said, and no file is made or touched."""
    assert "There is no client in it that clients.yaml lacks: nothing was written." in imports("Company Name\n").out
    assert not Path("clients.yaml").exists()
    writes("clients: {a: {organization: A}}\n")
    before = Path("clients.yaml").stat().st_mtime_ns
    done = imports("Company Name\nA\n")
    assert "line 2 is the same client as clients.a" in done.out
    assert Path("clients.yaml").stat().st_mtime_ns == before
    assert "ROOT is not YAML" in imports("Company Name\nB\n", "clients.json", code=64).err


def test_a_missing_file_is_told(folder: Path) -> None:
    """There is no traceback where there is no file."""
    done = called("import-csv", "nowhere.csv")
    assert (done.code, "a file is missing" in done.err) == (3, True)


@law(300)
@given(st.lists(st.text(st.sampled_from("=+-@'\"\t\r\n ,;a\u00e9\uff1d"), max_size=8), min_size=4, max_size=4))
def test_any_cell_reads_back(values: list[str]) -> None:
    """What was written is read as it was, without the blanks around it."""
    fields = dict(zip(("fname", "lname", "p_city", "p_code"), values, strict=True))
    record = LiveResource(id=RemoteId(1), fields={"organization": "x", **fields})
    sheet = read(CLIENT, HEADERS, written(CLIENT, HEADERS, [record]), "x.csv")
    assert sheet.problems == []
    wanted = {name: value.strip() for name, value in fields.items() if value.strip()}
    assert sheet.rows[0].fields == {"organization": "x", **wanted}
