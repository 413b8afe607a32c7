"""The user stories, one function each. What they show is in the transcripts beside this file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from reconciler import schema_files
from tests.golden.story import Story

STORIES: dict[str, Callable[[Story], None]] = {}


def story(told: Callable[[Story], None]) -> Callable[[Story], None]:
    """Enter a story into the book under its name."""
    STORIES[told.__name__] = told
    return told


ACME = """
clients:
  acme: {organization: Acme Ltd., email: billing@acme.example, fname: Ada, lname: Lovelace}
"""


@story
def create(s: Story) -> None:
    """New clients, with contacts, archived, and with values that are cleared or switched."""
    s.writes(
        """
defaults: {currency_code: CAD}
clients:
  acme:
    organization: Acme Ltd.
    email: billing@acme.example
    p_code: "02134"
    pref_email: false
    note: null
    contacts:
      jane: {email: jane@acme.example, fname: Jane, phone1: 416-555-0101}
      ravi: {fname: Ravi, lname: Shah}
  bolt: {organization: Bolt Bikes, archived: true, contacts: {mei: {email: mei@bolt.example}}}
  claire: {fname: Claire, lname: Dubois, unmanaged: [currency_code]}
"""
    )
    s.reconciles()


@story
def update(s: Story) -> None:
    """Fields change, are cleared, are newly managed and no longer managed; only what differs is sent."""
    s.writes(
        "clients:\n  acme: {organization: Acme Ltd., email: a@acme.example, note: old, mob_phone: '1', p_city: Rome}"
    )
    s.apply()
    s.writes("clients:\n  acme: {organization: Acme Inc., email: a@acme.example, note: '', mob_phone: '1', fax: '77'}")
    s.reconciles()
    acme = next(iter(s.clients().values()))
    assert acme["p_city"] == "Rome"


@story
def adopt_differing(s: Story) -> None:
    """An existing client is found by its email and names, adopted, and brought in line."""
    s.person.creates(
        {"email": "jane@acme.example", "fname": "J"}, organization="Acme Ltd.", email="Billing@acme.example"
    )
    s.person.creates(organization="Somebody else", email="else@example")
    s.writes(
        """
clients:
  acme:
    organization: ACME Ltd.
    email: billing@acme.example
    p_city: Toronto
    contacts: {jane: {email: jane@acme.example, fname: Jane}}
"""
    )
    s.reconciles()
    assert not [entry for entry in s.writes_seen()[2:] if entry["method"] == "POST"]


@story
def rename_key(s: Story) -> None:
    """A key is renamed: the record moves to the new address, with its contacts, and no call is made."""
    s.writes(
        "clients:\n  acme: {organization: Acme Ltd., email: a@acme.example, contacts: {jane: {email: j@a.example}}}"
    )
    s.apply()
    writes = len(s.writes_seen())
    s.writes(
        "clients:\n  acme-ltd: {organization: Acme Ltd., email: a@acme.example, contacts: {jane: {email: j@a.example}}}"
    )
    s.reconciles()
    assert len(s.writes_seen()) == writes


@story
def rename_key_and_email(s: Story) -> None:
    """A key is renamed and its email changed in one commit: the tool asks, `previously` answers."""
    s.writes(ACME)
    s.apply()
    renamed = "clients:\n  acme-ltd: {organization: Acme Ltd., email: new@acme.example, fname: Ada, lname: Lovelace%s}"
    s.writes(renamed % "")
    s.plan(expect=7)
    s.writes(renamed % ", previously: [acme]")
    s.reconciles()
    assert len(s.clients()) == 1


@story
def email_changed(s: Story) -> None:
    """An email changes in the YAML, then in FreshBooks, then in both."""
    yaml = "clients:\n  acme: {organization: Acme Ltd., email: %s}"
    s.writes(yaml % "one@acme.example")
    s.apply()
    s.writes(yaml % "two@acme.example")
    s.reconciles()
    s.notes("somebody changes the email in FreshBooks")
    s.person.edits(700001, email="outside@acme.example")
    s.reconciles()
    s.notes("somebody changes it in FreshBooks, and somebody else in the YAML")
    s.person.edits(700001, email="outside@acme.example")
    s.writes(yaml % "three@acme.example")
    s.reconciles()


@story
def one_bookkeeper(s: Story) -> None:
    """Two companies share a bookkeeper's email; one of them was deleted long ago, and is not taken for the other."""
    gone = s.person.creates(organization="Fjord Fish Co.", email="books@ledger.example")
    s.person.deletes(gone)
    s.person.creates(organization="Fjord Tours", email="books@ledger.example")
    s.writes("clients:\n  tours: {organization: Fjord Tours, email: books@ledger.example, p_city: Bergen}")
    s.reconciles()
    assert s.clients()[gone]["vis_state"] == 1
    s.writes(
        """
clients:
  tours: {organization: Fjord Tours, email: books@ledger.example, p_city: Bergen}
  cars: {organization: Fjord Cars, email: books@ledger.example}
"""
    )
    s.reconciles()


@story
def removal_and_revert(s: Story) -> None:
    """A client leaves the YAML and is deleted; `git revert` brings the same record back, with what it owed us."""
    kept = "clients:\n  acme: {organization: Acme Ltd., email: a@x.example, contacts: {jane: {email: j@x.example}}}\n"
    s.writes(kept + "  bolt: {organization: Bolt, email: b@bolt.example}")
    s.apply()
    s.writes("clients:\n  bolt: {organization: Bolt, email: b@bolt.example}")
    s.reconciles()
    assert s.clients()[700001]["vis_state"] == 1
    s.writes(kept + "  bolt: {organization: Bolt, email: b@bolt.example}")
    s.reconciles()
    assert s.clients()[700001]["vis_state"] == 0
    assert len(s.clients()) == 2


@story
def archive_and_revert(s: Story) -> None:
    """The same with on_remove: archive."""
    both = """
clients:
  acme: {organization: Acme Ltd., email: a@acme.example, lifecycle: {on_remove: archive}}
  bolt: {organization: Bolt, email: b@bolt.example}
"""
    s.writes(both)
    s.apply()
    s.writes("clients:\n  bolt: {organization: Bolt, email: b@bolt.example}")
    s.reconciles()
    assert s.clients()[700001]["vis_state"] == 2
    s.writes(both)
    s.reconciles()
    assert s.clients()[700001]["vis_state"] == 0


@story
def lost_state(s: Story) -> None:
    """The state is lost: everything is adopted again without a write, deleted records are restored."""
    yaml = """
clients:
  acme: {organization: Acme Ltd., email: a@acme.example, contacts: {jane: {email: j@acme.example}, bob: {fname: Bob}}}
  bolt: {organization: Bolt, email: b@bolt.example}
"""
    s.writes(yaml)
    s.apply()
    writes = len(s.writes_seen())
    s.notes("the state is lost")
    _lose_state()
    s.reconciles()
    assert len(s.writes_seen()) == writes
    s.notes("the state is lost again, and a client is deleted in FreshBooks")
    _lose_state()
    s.person.deletes(700003)
    s.reconciles()
    assert len(s.clients()) == 2


def _lose_state() -> None:
    for file in Path(".reconciler").glob("state.json*"):
        file.unlink()


@story
def contact_moves(s: Story) -> None:
    """A contact moves from one client to another: a create and a delete."""
    yaml = """
clients:
  acme: {organization: Acme Ltd., email: a@acme.example, contacts: %s}
  bolt: {organization: Bolt, email: b@bolt.example, contacts: %s}
"""
    s.writes(yaml % ("{jane: {email: j@x.example, fname: Jane}}", "{}"))
    s.apply()
    s.writes(yaml % ("{}", "{jane: {email: j@x.example, fname: Jane}}"))
    s.reconciles()
    assert [s.contacts(700001), len(s.contacts(700003))] == [[], 1]


@story
def contacts_change(s: Story) -> None:
    """Contacts are edited, added and deleted at once; the one that is not ours stays as it is."""
    s.writes(
        """
clients:
  acme:
    organization: Acme Ltd.
    contacts:
      jane: {email: j@x.example, fname: Jane, phone1: "1"}
      bob: {email: b@x.example}
      eve: {email: e@x.example}
"""
    )
    s.apply()
    s.notes("somebody adds a contact of their own in FreshBooks")
    s.person.edits(700001, contacts=[*s.contacts(700001), {"email": "own@x.example", "fname": "Own"}])
    s.run("apply", "--auto-approve", "--parallelism", "1", shown=False)
    s.writes(
        """
clients:
  acme:
    organization: Acme Ltd.
    contacts:
      jane: {email: j@x.example, fname: Janet, phone1: null}
      eve: {email: e@x.example}
      tom: {email: t@x.example, fname: Tom}
"""
    )
    s.reconciles()
    assert sorted(c["email"] for c in s.contacts(700001)) == [
        "e@x.example",
        "j@x.example",
        "own@x.example",
        "t@x.example",
    ]


@story
def contacts_block_removed(s: Story) -> None:
    """The contacts block goes: bound contacts are forgotten and stay. An empty one deletes what is ours."""
    with_jane = "clients:\n  acme: {organization: Acme Ltd., contacts: {jane: {email: j@x.example}}}"
    s.writes(with_jane)
    s.apply()
    s.writes("clients:\n  acme: {organization: Acme Ltd.}")
    s.reconciles()
    assert len(s.contacts(700001)) == 1
    s.writes(with_jane)
    s.apply()
    s.writes("clients:\n  acme: {organization: Acme Ltd., contacts: {}}")
    s.reconciles()
    assert s.contacts(700001) == []


@story
def no_email(s: Story) -> None:
    """A client without an email is found by its names again, whatever FreshBooks made of its organization."""
    s.writes("clients:\n  claire: {fname: Claire, lname: Dubois}\n  mono: {email: mono@x.example}")
    s.reconciles()
    _lose_state()
    s.notes("the state is lost")
    s.reconciles()
    assert len(s.clients()) == 2


@story
def archived_not_mentioned(s: Story) -> None:
    """An archived client that the YAML does not call archived is noted, and its fields are still compared."""
    s.writes(ACME)
    s.apply()
    s.person.archives(700001)
    s.plan("--detailed-exitcode")
    s.writes(ACME.replace("Lovelace}", "Byron}"))
    s.reconciles()
    s.writes(ACME.replace("Lovelace}", "Byron, archived: false}"))
    s.reconciles()
    s.writes(ACME.replace("Lovelace}", "King, archived: true}"))
    s.reconciles()
    assert s.clients()[700001]["vis_state"] == 2


@story
def live_duplicates(s: Story) -> None:
    """Two live clients fit one wanted: the tool lists them with the line to paste."""
    for city in ("Rome", "Oslo"):
        s.person.creates(organization="Acme Ltd.", email="a@acme.example", p_city=city)
    s.writes("clients:\n  acme: {organization: Acme Ltd., email: a@acme.example}")
    s.plan(expect=7)
    s.writes("clients:\n  acme: {organization: Acme Ltd., email: a@acme.example, id: 700003}")
    s.reconciles()


@story
def other_root(s: Story) -> None:
    """Another root than the state's: what it lacks is no removal, until one says so."""
    s.writes("clients:\n  acme: {organization: Acme Ltd.}\n  bolt: {organization: Bolt}")
    s.apply()
    s.writes("clients:\n  bolt: {organization: Bolt}", "others/clients.yaml")
    s.plan("others", expect=5)
    s.plan("others", "--change-root")
    s.apply("others", "--change-root")
    s.is_settled("others")
    assert s.clients()[700001]["vis_state"] == 1


@story
def default_for_all(s: Story) -> None:
    """One default changes every client: the guard asks first."""
    clients = "\n".join(f"  c{number:02}: {{organization: Firm {number}}}" for number in range(25))
    s.writes(f"clients:\n{clients}")
    s.apply(shown=False)
    s.writes(f"defaults: {{language: fr}}\nclients:\n{clients}")
    s.plan(expect=5, shown=False)
    s.apply("--max-updates", "25", shown=False)
    s.is_settled()


@story
def first_adoption(s: Story) -> None:
    """An account with 300 clients is adopted without one write."""
    entries = [
        {name: client[name] for name in _EXPORTED} for client in s.clients().values() if client["vis_state"] == 0
    ]
    lines = [f"  c{number}: {json.dumps(entry)}" for number, entry in enumerate(entries)]
    Path("clients.yaml").write_text("version: 1\nclients:\n" + "\n".join(lines) + "\n", encoding="utf-8")
    s.notes("clients.yaml describes all active clients of the account")
    s.plan(shown=False)
    s.apply(shown=False)
    s.is_settled()
    assert s.writes_seen() == []


_EXPORTED = (
    "organization",
    "fname",
    "lname",
    "email",
    "bus_phone",
    "p_street",
    "p_city",
    "p_code",
    "p_country",
    "language",
)


@story
def forget(s: Story) -> None:
    """Listed in `removed`, or on_remove: keep: the record stays and is no longer ours."""
    s.writes(
        """
clients:
  acme: {organization: Acme Ltd., contacts: {jane: {email: j@x.example}}}
  bolt: {organization: Bolt, lifecycle: {on_remove: keep}}
  city: {organization: City}
"""
    )
    s.apply()
    writes = len(s.writes_seen())
    s.writes("clients:\n  city: {organization: City}\nremoved: [acme]")
    s.reconciles()
    assert len(s.writes_seen()) == writes


@story
def deleted_outside(s: Story) -> None:
    """A bound client was deleted in FreshBooks: it is restored, with the edits made since."""
    s.writes("clients:\n  acme: {organization: Acme Ltd., p_city: Rome, contacts: {jane: {email: j@x.example}}}")
    s.apply()
    s.person.deletes(700001)
    s.writes("clients:\n  acme: {organization: Acme Ltd., p_city: Oslo, contacts: {jane: {email: j@x.example}}}")
    s.reconciles()
    assert s.clients()[700001]["p_city"] == "Oslo"


@story
def pins(s: Story) -> None:
    """A pin names the very record; one that does not exist is an error, a deleted one is restored."""
    s.person.creates(organization="Old name", email="old@x.example")
    s.person.creates(organization="Put away")
    s.person.deletes(700003)
    s.writes("clients:\n  acme: {id: 700099, organization: Acme Ltd.}")
    s.plan(expect=7)
    s.writes("clients:\n  acme: {id: 700001, organization: Acme Ltd.}\n  away: {id: 700003}")
    s.reconciles()
    assert [client["vis_state"] for client in s.clients().values()] == [0, 0]


@story
def near_match(s: Story) -> None:
    """Something that only looks alike is not adopted and not doubled: a person decides."""
    s.person.creates(organization="Acme Limited", email="billing@acme.example")
    s.writes(ACME)
    s.plan(expect=7)
    s.plan("--create", "clients.acme")
    s.writes(ACME.replace("Lovelace}", "Lovelace, distinct_from: [700001]}"))
    s.reconciles()
    assert len(s.clients()) == 2


@story
def guards(s: Story) -> None:
    """What a plan must not do without having been told to."""
    clients = "\n".join(f"  c{number}: {{organization: Firm {number}}}" for number in range(6))
    s.writes(f"clients:\n{clients}\n  safe: {{organization: Safe, lifecycle: {{prevent_destroy: true}}}}")
    s.apply(shown=False)
    s.person.owes(700001, "120.50 USD")
    s.writes("clients: {}")
    s.plan(expect=5)
    s.writes("clients:\n  c5: {organization: Firm 5}\n  safe: {organization: Safe}")
    s.plan(expect=5)
    s.plan("--max-deletes", "5", "--allow-balance", "clients.c0")
    s.apply("--max-deletes", "100%", "--allow-balance", "clients.c0")
    s.is_settled()
    s.writes("clients:\n  c5: {organization: Firm 5}")
    s.plan(expect=5)
    s.writes(
        "clients:\n  c5: {organization: Firm 5}\n  safe: {organization: Safe, lifecycle: {prevent_destroy: false}}"
    )
    s.reconciles()
    s.writes("clients:\n  c5: {organization: Firm 5}")
    s.reconciles()


@story
def drift_reported(s: Story) -> None:
    """policy.drift: report shows what was changed outside, again and again, and does not take it back."""
    s.settings("policy: {drift: report, unmanaged: report}")
    s.writes("clients:\n  acme: {organization: Acme Ltd., p_city: Rome, note: ours}")
    s.apply()
    s.person.creates(organization="Unknown Co.")
    s.person.edits(700001, p_city="Oslo")
    s.plan("--detailed-exitcode")
    s.writes("clients:\n  acme: {organization: Acme Ltd., p_city: Rome, note: new}")
    s.plan()
    s.apply()
    s.plan("--detailed-exitcode")
    assert s.clients()[700001]["p_city"] == "Oslo"


@story
def gone(s: Story) -> None:
    """A bound record is gone for good: the tool stops, --recreate goes on."""
    s.writes(ACME)
    s.apply()
    s.sandbox.books.purge(700001)
    s.plan(expect=7)
    s.reconciles("--recreate")


@story
def ignored_changes(s: Story) -> None:
    """ignore_changes: sent at the create, never compared or sent afterwards."""
    yaml = "clients:\n  acme: {organization: Acme Ltd., note: %s, lifecycle: {ignore_changes: [note]}}"
    s.writes(yaml % "first")
    s.reconciles()
    s.person.edits(700001, note="theirs")
    s.writes(yaml % "second")
    s.is_settled()


@story
def parts_and_destroy(s: Story) -> None:
    """--target and --exclude choose a part, --destroy takes all of it away."""
    s.writes(
        """
clients:
  acme: {organization: Acme Ltd., contacts: {jane: {email: j@x.example}}}
  bolt: {organization: Bolt}
  city: {organization: City}
"""
    )
    s.plan("--target", "clients.acme.contacts.jane")
    s.apply("--target", "clients.b*")
    s.apply("--exclude", "clients.city")
    s.apply()
    s.is_settled()
    s.plan("--destroy")
    s.apply("--destroy")
    assert {client["vis_state"] for client in s.clients().values()} == {1}


@story
def saved_plans(s: Story) -> None:
    """A saved plan is applied as it was reviewed, or not at all."""
    s.writes(ACME)
    s.plan("--out", "one.plan")
    s.run("show", "one.plan")
    s.run("apply", "one.plan", "--parallelism", "1")
    s.run("apply", "one.plan", "--parallelism", "1", expect=5)
    s.writes(ACME.replace("Lovelace}", "Byron}"))
    seen = s.plan("--out", "two.plan")
    s.person.edits(700001, lname="Somebody")
    s.run("apply", "two.plan", "--parallelism", "1", expect=5)
    s.person.edits(700001, lname="Lovelace", p_city="an unmanaged field does not spoil a review")
    plan_id = seen.partition("Plan id: ")[2].split()[0]
    s.run("apply", "--expect", plan_id, "--parallelism", "1")
    s.is_settled()


@story
def bindings_by_hand(s: Story) -> None:
    """`import` and `state` change what is bound, and nothing in FreshBooks."""
    s.person.creates({"email": "j@x.example"}, organization="Other name", email="o@x.example")
    s.writes("clients:\n  acme: {organization: Acme Ltd., contacts: {jane: {email: j@x.example}}}")
    s.run("import", "clients.acme", "700001")
    s.run("import", "clients.acme.contacts.jane", "900001")
    s.run("import", "clients.bolt", "700001", expect=5)
    s.run("import", "clients.bolt", "7", expect=5)
    s.reconciles()
    s.run("state", "list")
    s.run("state", "mv", "clients.acme", "clients.acme-ltd")
    s.writes("clients:\n  acme-ltd: {organization: Acme Ltd., contacts: {jane: {email: j@x.example}}}")
    s.is_settled()
    s.run("state", "rm", "clients.acme-ltd")
    s.run("state", "show", "clients.acme-ltd", expect=64)
    s.reconciles()


@story
def all_at_once(s: Story) -> None:
    """Many things in one plan: create, adopt, update, restore, move, archive, delete, forget, and contacts."""
    s.writes(
        """
clients:
  keep: {organization: Keep, contacts: {ann: {email: ann@x.example}, ben: {email: ben@x.example}}}
  move: {organization: Move, email: m@x.example}
  kill: {organization: Kill}
  drop: {organization: Drop}
  back: {organization: Back}
"""
    )
    s.apply()
    s.person.deletes(700009)
    s.person.creates(organization="Found", email="found@x.example")
    s.person.edits(700001, p_city="Elsewhere")
    s.writes(
        """
clients:
  keep: {organization: Kept, archived: true, contacts: {ann: {email: ann@y.example}, cat: {email: cat@x.example}}}
  moved: {organization: Move, email: m@x.example, p_city: Lyon}
  back: {organization: Back, note: again}
  found: {organization: Found, email: found@x.example}
  new: {organization: New, contacts: {dan: {fname: Dan}}}
removed: [drop]
"""
    )
    s.reconciles()


@story
def quick_start(s: Story) -> None:
    """The quick start of the README and the demo: examples/clients.yaml into an empty account, then one edit."""
    Path("clients.yaml").write_text(schema_files.example(), encoding="utf-8")
    s.reconciles()
    s.notes("one phone number is edited in the YAML")
    edited = schema_files.example().replace("bus_phone: 416-555-0100", "bus_phone: 416-555-0199")
    Path("clients.yaml").write_text(edited, encoding="utf-8")
    s.reconciles()


@story
def house_rules(s: Story) -> None:
    """A client and a default break house rules: nothing is sent until both are right."""
    s.settings("rules: rules.schema.yaml")
    s.writes(
        """
$schema: http://json-schema.org/draft-07/schema#
required: [vat_number]
properties:
  currency_code: {enum: [CAD, EUR], errorMessage: "We invoice in CAD or EUR."}
""",
        "rules.schema.yaml",
    )
    s.writes(
        """
defaults: {currency_code: GBP}
clients:
  acme: {organization: Acme Ltd., vat_number: GB123456789}
  bolt: {organization: Bolt Bikes}
"""
    )
    s.run("validate", expect=3)
    s.writes(
        """
defaults: {currency_code: EUR}
clients:
  acme: {organization: Acme Ltd., vat_number: GB123456789}
  bolt: {organization: Bolt Bikes, vat_number: FR12345678901}
"""
    )
    s.reconciles()


@story
def interrupted_create(s: Story) -> None:
    """A create is carried out and its answer lost for good: the next plan says so, the next apply finds it."""
    s.writes(
        "clients:\n  acme: {organization: Acme Ltd., email: a@acme.example, contacts: {jane: {email: j@a.example}}}"
    )
    s.notes("the connection breaks for good when FreshBooks has carried out the create")
    s.breaks_after_create()
    s.run("apply", "--auto-approve", "--parallelism", "1", "--settle", "0", expect=6, shown=False)
    s.notes("the network is back")
    s.mends()
    s.reconciles()
    assert len(s.clients()) == 1
