"""An account becomes YAML that means just that, and the next plan has nothing to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.cli.main import run
from reconciler.sandbox.server import Sandbox
from tests.cli.program import Ran, called, writes
from tests.export.accounts import fill
from tests.golden.story import Story

EMPTY = "No changes. Your account matches the configuration."
OLD = {"organization": "Old Co.", "email": "old@old.example"}
ACME = {"organization": "Acme Ltd.", "email": "billing@acme.example", "fname": "Ada", "p_code": "02134"}


def exports(*words: str, code: int = 0) -> Ran:
    """Export; the plan after that is empty, bindings included, and no request was a write."""
    done = called("export", *words)
    assert done.code == code, done.all
    return done


def is_settled(*words: str) -> None:
    """See that the next plan is empty, and that the configuration is valid."""
    seen = called("plan", "--detailed-exitcode", *words)
    assert (seen.code, EMPTY in seen.out) == (0, True), seen.all


def content(file: str = "clients.yaml") -> Any:  # noqa: ANN401 - YAML
    """Read a file as any reader of YAML does."""
    return yaml.safe_load(Path(file).read_text(encoding="utf-8"))


@pytest.mark.parametrize("count", [0, 1, 500])
@pytest.mark.parametrize("words", [(), ("--archived",), ("--split",), ("--split", "--archived")], ids=" ".join)
def test_the_next_plan_is_empty(place: Story, count: int, words: tuple[str, ...]) -> None:
    """Whatever an account holds: all combinations of fields, archived ones, duplicates, odd letters, no email."""
    fill(place.sandbox.books, count)
    exports(*words)
    assert place.writes_seen() == []
    is_settled()


def test_it_is_what_a_person_would_have_written(place: Story) -> None:
    """Keys are readable, empty fields are not there, what is common stands once, contacts are nested."""
    jane = {"email": "jane@acme.example", "fname": "Jane", "lname": "Doe", "phone1": "416-555-0101"}
    place.person.creates(jane, **ACME, p_country="Canada", note="Pays late.\nAsk for Ada.")
    place.person.creates(organization="Acme Inc.", email="x@acme.example", currency_code="CAD", p_country="Canada")
    place.person.creates(fname="Claire", lname="Dubois", p_country="Canada")
    exports()
    assert Path("clients.yaml").read_text(encoding="utf-8") == (
        "# yaml-language-server: $schema=schemas/clients.schema.json\n"
        "version: 1\n"
        "account: Ab12Cd\n"
        "\n"
        "defaults:\n"
        "  currency_code: USD\n"
        "  language: en\n"
        "  p_country: Canada\n"
        "  pref_email: true\n"
        "  pref_gmail: false\n"
        "  allow_late_fees: true\n"
        "  allow_late_notifications: true\n"
        "\n"
        "clients:\n"
        "  acme:\n"
        "    organization: Acme Ltd.\n"
        "    fname: Ada\n"
        "    email: billing@acme.example\n"
        '    p_code: "02134"\n'
        "    note: |-\n"
        "      Pays late.\n"
        "      Ask for Ada.\n"
        "    contacts:\n"
        "      jane: {email: jane@acme.example, fname: Jane, lname: Doe, phone1: 416-555-0101}\n"
        "\n"
        "  acme-2:\n"
        "    organization: Acme Inc.\n"
        "    email: x@acme.example\n"
        "    currency_code: CAD\n"
        "\n"
        "  claire-dubois:\n"
        "    fname: Claire\n"
        "    lname: Dubois\n"
    )
    is_settled()


def test_an_edit_and_an_apply_lead_to_the_same_file(place: Story) -> None:
    """What was edited and applied is exported as it was written, byte for byte."""
    fill(place.sandbox.books, 60)
    place.person.creates(**ACME, p_city="Toronto")
    exports("--archived")
    edited = Path("clients.yaml").read_text(encoding="utf-8").replace("p_city: Toronto", "p_city: Montréal")
    Path("clients.yaml").write_text(edited, encoding="utf-8")
    place.apply()
    Path("clients.yaml").unlink()
    exports("--archived")
    assert Path("clients.yaml").read_text(encoding="utf-8") == edited
    is_settled()


def test_archived_clients_are_left_out_unless_asked_for(place: Story) -> None:
    """Without --archived they are counted; with it they stand as archived."""
    place.person.creates(**ACME)
    place.person.archives(place.person.creates(**OLD))
    assert "Left out: 1 archived client (--archived takes them in)." in exports().out
    assert list(content()["clients"]) == ["acme"]
    Path("clients.yaml").unlink()
    exports("--archived")
    assert content()["clients"]["old"]["archived"] is True
    is_settled()


def test_a_folder_has_a_file_for_each_client(place: Story) -> None:
    """--split writes clients/KEY.yaml, and says once in reconciler.yaml what they have in common."""
    place.person.creates(**ACME)
    place.person.creates(**OLD)
    exports("--split")
    assert sorted(file.name for file in Path("clients").iterdir()) == ["acme.yaml", "old.yaml"]
    assert content("clients/acme.yaml")["clients"]["acme"] == ACME
    assert content("reconciler.yaml")["defaults"]["currency_code"] == "USD"
    is_settled()


def test_settings_that_are_there_are_kept(place: Story) -> None:
    """With settings of one's own each file says everything, and opts out of a default that does not hold."""
    settings = "defaults: {p_city: Toronto, language: en}"
    place.settings(settings)
    place.person.creates(**ACME)
    exports("--split")
    assert Path("reconciler.yaml").read_text(encoding="utf-8").endswith(settings + "\n")
    acme = content("clients/acme.yaml")["clients"]["acme"]
    assert (acme["unmanaged"], acme["currency_code"], "language" in acme) == (["p_city"], "USD", False)
    is_settled()


def test_clients_that_nothing_tells_apart_are_pinned(place: Story) -> None:
    """Namesakes, and clients with nothing to be recognised by, stand with their id."""
    ids = [place.person.creates(**ACME), place.person.creates(**ACME), place.person.creates(fname="x")]
    place.person.edits(ids[2], fname="")
    exports()
    clients = content()["clients"]
    assert {key: entry["id"] for key, entry in clients.items()} == {
        "acme": ids[0], "acme-2": ids[1], f"client-{ids[2]}": ids[2],
    }  # fmt: skip
    is_settled()


def test_contacts_that_nothing_tells_apart_are_left_alone(place: Story) -> None:
    """Of two contacts that are the same one is described, and the other is said to be left out."""
    jane = {"email": "jane@acme.example", "fname": "Jane"}
    place.person.creates(jane, jane, {"phone2": "416"}, {"fname": "Jane", "lname": "Roe"}, **ACME)
    done = exports()
    assert "Left out: clients.acme: contact" in done.out
    assert sorted(content()["clients"]["acme"]["contacts"]) == ["jane", "jane-roe"]
    is_settled()


def test_bound_records_keep_their_keys(place: Story) -> None:
    """A configuration that was lost comes back under the keys that the state remembers, archived ones too."""
    writes("clients:\n  a: {organization: Acme Ltd., contacts: {b: {fname: Jane}}}\n  c: {organization: Bolt}\n")
    place.apply()
    place.person.archives(700003)
    place.person.creates(**OLD)
    Path("clients.yaml").unlink()
    exports()
    clients = content()["clients"]
    assert list(clients) == ["a", "c", "old"]
    assert (list(clients["a"]["contacts"]), clients["c"]["archived"]) == (["b"], True)
    is_settled()


def test_what_is_gone_is_forgotten(place: Story) -> None:
    """A bound client that was deleted outside is not exported, and no longer bound."""
    writes("clients:\n  a: {organization: Acme Ltd., contacts: {b: {fname: Jane}}}\n  c: {organization: Bolt}\n")
    place.apply()
    place.person.deletes(700001)
    Path("clients.yaml").unlink()
    exports()
    assert called("state", "list").out == "clients.c  700003\n"
    is_settled()


def test_a_state_of_another_root_is_not_taken(place: Story) -> None:
    """To describe bound records elsewhere must be asked for; then their keys come along."""
    writes("clients: {a: {organization: Acme Ltd.}}\n")
    place.apply()
    refused = exports("other.yaml", code=5)
    assert "the state belongs to another root" in refused.err
    assert not Path("other.yaml").exists()
    exports("other.yaml", "--change-root")
    is_settled("other.yaml")


def test_values_that_the_yaml_cannot_hold_are_left_alone(place: Story) -> None:
    """A text of more than 10,000 characters is not managed, and said to be so."""
    place.person.creates(**ACME, note="x" * 10_001)
    assert "Left out: clients.acme: note, which has more than 10,000 characters." in exports().out
    assert "note" not in content()["clients"]["acme"]
    is_settled()


def test_broken_rules_are_told(place: Story) -> None:
    """An account that breaks a house rule is exported all the same, and that is said."""
    place.settings("rules: {required: [vat_number]}")
    place.person.creates(**ACME)
    done = exports()
    assert "1 client breaks the house rules: `reconciler validate` says which." in done.out
    assert called("validate").code == 3


def test_an_interrupted_create_comes_first(place: Story) -> None:
    """While nobody knows what a killed run created, nothing is exported."""
    writes("clients: {a: {organization: Acme Ltd.}}\n")
    place.breaks_after_create()
    assert run(["apply", "--auto-approve", "--settle", "0"], sleep=lambda _: None) == 6
    place.mends()
    assert "an interrupted run left creates open" in exports(code=5).err


def test_nothing_is_written_where_the_account_cannot_be_read(place: Story) -> None:
    """No file and no state come of half an account."""
    place.person.creates(**ACME)
    sandbox: Sandbox = place.sandbox
    sandbox.books.drop_tokens("access")
    assert called("export").code == 8
    assert sorted(file.name for file in Path().iterdir() if file.name != ".reconciler") == []


def test_json_tells_what_was_written(place: Story) -> None:
    """--json has one event with the files and the counts."""
    place.person.creates(**ACME)
    told = exports("--json").out
    assert '"type":"exported"' in told
    assert '"files":["clients.yaml","schemas/clients.schema.json"]' in told
