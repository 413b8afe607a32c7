"""What the YAML cannot hold, or would come to mean something else there, keeps nothing else from coming in."""

from __future__ import annotations

from pathlib import Path

from tests.cli.program import called, spawned
from tests.export.test_again import becomes, begins
from tests.export.test_export import content, exports, is_settled
from tests.golden.story import Story


def test_an_own_value_that_was_cleared_says_null_where_a_default_would_come_back(place: Story) -> None:
    """The default held back by it must not take its place, in the file or in the settings."""
    place.settings("defaults: {p_country: Norway}")
    text = (
        "version: 1\ndefaults: {currency_code: CAD}\nclients:\n"
        "  acme: {organization: Acme, currency_code: EUR, p_country: Chad, fax: '1'}\n"
    )
    begins(place, text)
    place.person.edits(700001, currency_code="", p_country="", fax="")
    exports()
    becomes(("EUR", "null"), ("Chad", "null"), (", fax: '1'", ""), text=text)


def test_what_the_yaml_cannot_hold_stays_as_it_is_there(place: Story) -> None:
    """A text that is too long, and contacts that nothing tells apart any more, keep nothing else from coming in."""
    text = (
        "version: 1\nclients:\n  acme:\n    organization: Acme\n    note: short\n    fax: '1'\n    contacts:\n"
        "      ada: {fname: Ada, phone2: '1'}\n      bo: {fname: Bo}\n      cy: {email: cy@x.example}\n"
    )
    begins(place, text)
    place.person.edits(700001, note="x" * 10_001, fax="2")
    place.person.edits_contact(900001, fname="Bo", phone2="3")
    place.person.edits_contact(900005, email="")
    seen = exports().out
    assert "Left out: clients.acme: note, which has more than 10,000 characters now." in seen
    assert "Left out: clients.acme.contacts.ada: as it is now, another contact is the same." in seen
    assert "Left out: clients.acme.contacts.cy: as it is now, it has no email or fname or lname or phone1." in seen
    assert "kept as the YAML has it: 3 changes" in seen
    assert Path("clients.yaml").read_text(encoding="utf-8") == text.replace("fax: '1'", 'fax: "2"')
    assert called("validate").code == 0


def test_contacts_that_change_places_do(place: Story) -> None:
    """Two contacts that become one another can be told apart before and after."""
    text = "version: 1\nclients: {acme: {organization: Acme, contacts: {a: {fname: Ada}, b: {fname: Bo}}}}\n"
    begins(place, text)
    place.person.edits_contact(900001, fname="Bo")
    place.person.edits_contact(900003, fname="Ada")
    exports()
    becomes(("{fname: Ada}, b: {fname: Bo}", "{fname: Bo}, b: {fname: Ada}"), text=text)


def test_an_unmanaged_twin_of_a_contact_stays_out(place: Story) -> None:
    """A contact that is now the same as one that is described was changed with it, and does not come in by itself."""
    jane = {"fname": "Jane", "lname": "", "email": "", "phone1": "", "phone2": ""}
    place.person.creates(jane, jane, organization="Acme")
    exports()
    before = Path("clients.yaml").read_text(encoding="utf-8")
    for contact in place.contacts(700001):
        place.person.edits_contact(contact["contactid"], lname="Roe")
    exports()
    becomes(("fname: Jane}", "fname: Jane}"), text=before)
    exports("--all-fields")
    assert list(content()["clients"]["acme"]["contacts"]) == ["jane"]


def test_contacts_of_a_client_that_was_deleted_go_with_it(place: Story) -> None:
    """Whatever else was done to it before, its block goes as a whole."""
    begins(place)
    place.person.edits_contact(900001, fname="Janet")
    place.person.deletes_contact(900003)
    place.person.edits(700001, p_city="Ottawa")
    place.person.deletes(700001)
    exports()
    assert list(content()["clients"]) == ["claire", "bolt"]
    is_settled()


def test_root_must_be_yaml(place: Story) -> None:
    """Nobody gets a folder called clients.json, or one called `-`."""
    for name in ("clients.json", "-", "clients.csv"):
        assert "ROOT is not YAML" in exports(name, code=64).err
    assert not list(Path().iterdir())
    Path("clients.d").mkdir()
    exports("clients.d")


def test_an_empty_file_is_no_configuration_yet(place: Story) -> None:
    """Whoever writes `export > clients.yaml` has the account in it, too; a file with a comment is somebody's."""
    place.person.creates(organization="Acme")
    ran = spawned("export", around='"$@" >clients.yaml')
    assert ran.code == 0, ran.all
    assert list(content()["clients"]) == ["acme"]
    is_settled()
    Path("clients.yaml").write_text("\n# ours\n", encoding="utf-8")
    exports(code=3)


def test_what_is_accepted_must_be_there(place: Story) -> None:
    """A slip is told by the name of the option; what is right already is said to be."""
    begins(place, "version: 1\nclients: {acme: {organization: Acme}}\n")
    assert "--accept names nothing" in exports("--accept", "clients.acne", code=64).err
    done = exports("--accept", "clients.acme")
    assert done.out == "Nothing to take in: what clients.acme names is there as in the account.\n"


def test_what_is_gone_for_good_goes(place: Story) -> None:
    """A bound client that FreshBooks has no more is no reason to stop: its block goes, and so does its binding."""
    acme = "  acme: {organization: Acme, contacts: {a: {fname: Ada}}}\n"
    text = f"version: 1\nclients:\n{acme}  bolt: {{organization: Bolt}}\n"
    begins(place, text)
    place.sandbox.books.purge(700001)
    assert "reconciler export --accept clients.acme" in called("drift").out
    exports("--accept", "clients.bolt")
    assert Path("clients.yaml").read_text(encoding="utf-8") == text
    assert "clients.acme: deleted" in exports("--accept", "clients.acme").out
    becomes((acme, ""), text=text)
    assert called("state", "list").out == "clients.bolt  700003\n"
