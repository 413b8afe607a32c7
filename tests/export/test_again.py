"""Exporting again brings in what changed, and leaves all else as people wrote it, to the letter."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.program import called
from tests.export.accounts import fill
from tests.export.test_export import ACME, EMPTY, OLD, content, exports, is_settled
from tests.golden.story import Story

WRITTEN = """# Our clients. Ask Bo before you touch any.
version: 1

defaults: {currency_code: CAD}   # most of them

clients:
  # The first one we ever had.
  acme:
    organization:   Acme Ltd.     # not Inc.
    email: 'billing@acme.example'
    p_city: Toronto               # moved there in 2019
    note: |
      Pays late.
      Ask for Ada.

    contacts:
      jane: {email: jane@acme.example,   fname: Jane}   # accounting
      # left in 2024
      ravi:
        fname: Ravi
        phone1: "416"

  # A person, not a company.
  claire: {fname: Claire, lname: Dubois, p_code: "02134"}

  bolt:
    organization: Bolt Bikes
    mob_phone: 416-555-0100
"""


def begins(place: Story, text: str = WRITTEN) -> None:
    """Write a configuration and apply it."""
    Path("clients.yaml").write_text(text, encoding="utf-8")
    place.apply()


def becomes(*replaced: tuple[str, str], text: str = WRITTEN) -> None:
    """See that the file is what it was, but for these pieces, and the next plan is empty."""
    for before, after in replaced:
        assert before in text
        text = text.replace(before, after)
    assert Path("clients.yaml").read_text(encoding="utf-8") == text
    is_settled()


def test_nothing_changes_where_nothing_did(place: Story) -> None:
    """Neither file nor state is written."""
    begins(place)
    state = Path(".reconciler/state.json").read_bytes()
    assert exports().out == "Nothing to take in: clients.yaml has what changed in the account.\n"
    becomes()
    assert Path(".reconciler/state.json").read_bytes() == state


def test_edited_fields_are_taken_in(place: Story) -> None:
    """A value takes the place of the old one; quotes, comments and blanks around it stay."""
    begins(place)
    place.person.edits(700001, p_city="Ottawa", email="ap@acme.example", note="Pays at once.\nAsk for Bo.")
    place.person.edits(700005, p_code="no")
    place.person.edits_contact(900001, fname="Janet")
    assert "clients.acme: email, note, p_city" in exports().out
    becomes(
        ("p_city: Toronto  ", "p_city: Ottawa  "),
        ("'billing@acme.example'", "ap@acme.example"),
        ("note: |\n      Pays late.\n      Ask for Ada.", "note: |-\n      Pays at once.\n      Ask for Bo."),
        ('"02134"', '"no"'),
        ("fname: Jane}", "fname: Janet}"),
    )


def test_a_field_that_was_cleared_goes(place: Story) -> None:
    """Its line goes; where a default would fill it again, or nothing else is left, null stands for it."""
    begins(place)
    place.person.edits(700001, p_city="", currency_code="")
    place.person.edits(700005, p_code="")
    exports()
    becomes(
        ("    p_city: Toronto               # moved there in 2019\n", ""),
        (', p_code: "02134"', ""),
        ("    note: |\n", "    currency_code: null\n    note: |\n"),
    )


def test_a_default_that_no_longer_holds_is_overridden(place: Story) -> None:
    """The defaults stay as they are; the client says what it has."""
    begins(place)
    place.person.edits(700005, currency_code="USD")
    place.person.edits(700003, currency_code="EUR")
    exports()
    becomes(
        ('p_code: "02134"}', 'p_code: "02134", currency_code: USD}'),
        ("    mob_phone: 416-555-0100\n", "    mob_phone: 416-555-0100\n    currency_code: EUR\n"),
    )


def test_new_clients_and_contacts_come_in(place: Story) -> None:
    """New clients stand at the end under keys of their own, new contacts with those that are there."""
    begins(place)
    jo = {"email": "jo@acme.example", "fname": "Jo"}
    found = place.contacts(700001)
    place.sandbox.books.put_contacts(700001, [*found, {"contactid": 900901, "lname": "", "phone1": "", **jo}])
    place.person.creates(**{**ACME, "organization": "Acme Inc.", "fname": "Eve"}, currency_code="CAD")
    assert "Added 1 client and 1 contact to clients.yaml, bound." in exports().out
    becomes(
        ('        phone1: "416"\n', '        phone1: "416"\n      jo: {email: jo@acme.example, fname: Jo}\n'),
        (
            "    mob_phone: 416-555-0100\n",
            """    mob_phone: 416-555-0100

  acme-2:
    organization: Acme Inc.
    fname: Eve
    email: billing@acme.example
    p_code: "02134"
    language: en
    pref_email: true
    pref_gmail: false
    allow_late_fees: true
    allow_late_notifications: true
""",
        ),
    )


def test_a_contact_that_is_described_does_not_come_twice(place: Story) -> None:
    """Without a state a contact is known by its email, whatever else differs."""
    begins(place)
    Path(".reconciler/state.json").unlink()
    place.person.edits_contact(900001, fname="Janet")
    exports()
    assert list(content()["clients"]["acme"]["contacts"]) == ["jane", "ravi"]
    exports("--accept", "clients.acme")
    becomes(("fname: Jane}", "fname: Janet}"))


def test_what_was_deleted_outside_goes(place: Story) -> None:
    """A client's block goes with the comment right above it, a contact's too."""
    begins(place)
    place.person.deletes(700005)
    place.person.deletes_contact(900003)
    assert "clients.claire: deleted" in exports().out
    becomes(
        ('  # A person, not a company.\n  claire: {fname: Claire, lname: Dubois, p_code: "02134"}\n\n', ""),
        ('      # left in 2024\n      ravi:\n        fname: Ravi\n        phone1: "416"\n', ""),
    )


def test_what_was_archived_outside_says_so(place: Story) -> None:
    """Where the YAML says that a client is active or archived, it says what is the case now."""
    text = WRITTEN.replace("    mob_phone", "    archived: false\n    mob_phone")
    begins(place, text)
    place.person.archives(700003)
    exports()
    becomes(("archived: false", "archived: true"), text=text)


def test_that_a_client_is_archived_is_said_if_asked(place: Story) -> None:
    """A client that does not say whether it is archived says so with --archived."""
    begins(place)
    place.person.archives(700003)
    exports()
    becomes()
    exports("--archived")
    becomes(("    mob_phone: 416-555-0100\n", "    mob_phone: 416-555-0100\n    archived: true\n"))


def test_what_the_yaml_wants_anew_stays(place: Story) -> None:
    """An edit that is not applied yet is kept; so are a block that was added, and one that was removed."""
    begins(place)
    mine = WRITTEN.replace("Bolt Bikes", "Bolt Trikes") + "  new: {organization: New Co.}\n"
    mine = mine.replace('  claire: {fname: Claire, lname: Dubois, p_code: "02134"}\n', "")
    Path("clients.yaml").write_text(mine, encoding="utf-8")
    place.person.edits(700001, p_city="Ottawa")
    place.person.edits(700003, mob_phone="417")
    done = exports()
    assert "Not applied yet, and kept as the YAML has it: 3 changes; `reconciler plan` shows what." in done.out
    wanted = mine.replace("p_city: Toronto", "p_city: Ottawa").replace("416-555-0100", '"417"')
    assert Path("clients.yaml").read_text(encoding="utf-8") == wanted
    place.apply()
    assert EMPTY in called("plan").out


def test_a_field_edited_on_both_sides_stays(place: Story) -> None:
    """Who is right is for a person to say: with --accept it is the account."""
    begins(place)
    mine = WRITTEN.replace("Toronto", "Montréal")
    Path("clients.yaml").write_text(mine, encoding="utf-8")
    place.person.edits(700001, p_city="Ottawa")
    assert "Not applied yet" in exports().out
    assert Path("clients.yaml").read_text(encoding="utf-8") == mine
    exports("--accept", "clients.acme")
    becomes(("Toronto", "Ottawa"))


def test_accept_takes_one_address_in(place: Story) -> None:
    """Drift of others stays drift, and nothing new comes in."""
    begins(place)
    place.person.edits(700001, p_city="Ottawa")
    place.person.edits(700003, mob_phone="417")
    place.person.creates(**OLD)
    exports("--accept", "clients.bolt")
    assert Path("clients.yaml").read_text(encoding="utf-8") == WRITTEN.replace("416-555-0100", '"417"')
    assert "1 to change" in called("plan").out
    exports("--accept", "clients.*")
    becomes(("416-555-0100", '"417"'), ("Toronto", "Ottawa"))


def test_accept_brings_a_block_back(place: Story) -> None:
    """A removal that is not applied is taken back, under its key."""
    begins(place)
    Path("clients.yaml").write_text(WRITTEN[: WRITTEN.index("\n  bolt:")], encoding="utf-8")
    exports("--accept", "clients.bolt")
    assert content()["clients"]["bolt"]["mob_phone"] == "416-555-0100"
    is_settled()


def test_accept_must_name_something(place: Story) -> None:
    """A slip is told, with the address that was meant."""
    begins(place)
    assert "Did you mean clients.acme?" in exports("--accept", "clients.acne", code=64).err
    Path("clients.yaml").unlink()
    assert "--accept needs a configuration" in exports("--accept", "clients.acme", code=64).err


def test_silent_fields_come_in_if_asked(place: Story) -> None:
    """What a client does not mention is not managed; --all-fields has it mentioned, but for what is opted out of."""
    text = "version: 1\nclients:\n  acme: {organization: Acme Ltd., unmanaged: [language]}\n"
    begins(place, text)
    place.person.edits(700001, p_city="Ottawa")
    exports()
    becomes(text=text)
    exports("--all-fields")
    acme = content()["clients"]["acme"]
    assert (acme["p_city"], acme["currency_code"], "language" in acme) == ("Ottawa", "USD", False)
    is_settled()


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\n", "version: 1\nclients: {}\n", "version: 1\nclients:\n", "version: 1\nclients: {} # none yet\n",
        "version: 1\nclients:  # none\ndefaults: {language: fr}\n", "{version: 1}\n", "{version: 1, clients: {}}",
        "version: 1\nclients: {a: {fname: A, distinct_from: [700001]}}\n",
        "\ufeffversion: 1\r\nclients:\r\n  a: {fname: A}\r\n",
        "version: 1\nclients:\n    a:\n        fname: A", "clients:\n  a:\n    fname: A\nversion: 1",
    ],
)  # fmt: skip
def test_clients_come_into_any_file(place: Story, text: str) -> None:
    """Whether it is empty, between braces, with other line ends or none at the end: the file takes them."""
    fill(place.sandbox.books, 10)
    place.person.creates(**ACME, note="one\ntwo")
    Path("clients.yaml").write_bytes(text.encode())
    exports()
    after = Path("clients.yaml").read_bytes()
    assert after.count(b"\r\n") == (after.count(b"\n") if "\r\n" in text else 0)
    assert ("# none" in text) == (b"# none" in after)
    seen = called("plan", "--detailed-exitcode")
    assert seen.code == (2 if "fname: A" in text else 0), seen.all
    exports("--accept", "*")


def test_namesakes_of_what_is_there_are_pinned(place: Story) -> None:
    """A client that comes in beside one with the same names makes both be known by their id."""
    begins(place)
    other = place.person.creates(organization="Bolt Bikes")
    exports()
    clients = content()["clients"]
    assert (clients["bolt"]["id"], clients["bolt-bikes"]["id"]) == (700003, other)
    is_settled()


def test_a_client_that_lost_its_names_is_pinned(place: Story) -> None:
    """Once nothing is left to recognise it by, its id stands there."""
    begins(place)
    place.person.edits(700003, organization="")
    exports()
    becomes(("  bolt:\n    organization: Bolt Bikes\n", "  bolt:\n    id: 700003\n"))


def test_shared_parts_are_not_broken(place: Story) -> None:
    """What several clients say by an alias is not edited for one of them; nothing is written."""
    text = (
        "version: 1\nclients:\n  a: &a {fname: A, contacts: {x: &x {fname: X}}}\n  b: {fname: B, contacts: {x: *x}}\n"
    )
    begins(place, text)
    place.person.edits_contact(900003, fname="Y")
    done = exports(code=1)
    assert "the YAML cannot be edited here" in done.err
    assert Path("clients.yaml").read_text(encoding="utf-8") == text


def test_a_folder_grows_by_files(place: Story) -> None:
    """In a folder a new client has a file of its own, and what is there is edited in its file."""
    place.person.creates(**ACME)
    exports("--split")
    Path("clients/team").mkdir()
    Path("clients/acme.yaml").rename("clients/team/acme.yml")
    place.person.creates(**OLD)
    place.person.edits(700001, p_code="1")
    exports()
    assert content("clients/team/acme.yml")["clients"]["acme"]["p_code"] == "1"
    assert list(content("clients/old.yaml")["clients"]) == ["old"]
    is_settled()


def test_drift_of_a_whole_account_is_taken_in(place: Story) -> None:
    """Whatever is edited in a hundred odd clients, accepting it leads to an empty plan, and again to nothing."""
    fill(place.sandbox.books, 100)
    exports("--archived")
    before = Path("clients.yaml").read_text(encoding="utf-8")
    fill(place.sandbox.books, 60, seed=8)
    for number, remote_id in enumerate(sorted(place.clients())[:100]):
        place.person.edits(remote_id, p_city=f"City {number}", note="" if number % 3 else "a\nb", email="")
        place.person.edits(remote_id, vis_state=(0, 1, 2, 0)[number % 4])
    exports("--archived")
    is_settled()
    after = Path("clients.yaml").read_bytes()
    exports("--archived")
    assert Path("clients.yaml").read_bytes() == after
    assert before.splitlines()[:12] == after.decode().splitlines()[:12]
