"""`undo` as people use it: which run, what is left alone, guards, review, and what is said at the end."""

from __future__ import annotations

import json

from tests.cli.program import ACME, BOLT, at_terminal, called, strikes, writes
from tests.cli.undoing import FULL, QUICK, does, flat, newest, number_of, seen, undoes, without
from tests.golden.story import Story


def test_later_edits_are_left(place: Story) -> None:
    """A field that somebody has edited since is left and told; the others of the record are put back."""
    does(ACME.replace("}", ", p_city: Toronto, note: a}"))
    does(ACME.replace("}", ", p_city: Ottawa, note: b}"))
    number = number_of(place, "Acme Ltd.")
    place.person.edits(number, p_city="Rome")
    told = undoes()
    assert 'clients.acme: p_city is "Rome" now, and the run had made it "Ottawa": left as it is.' in flat(told)
    client = place.clients()[number]
    assert (client["p_city"], client["note"]) == ("Rome", "a")


def test_an_older_run(place: Story) -> None:
    """A run that is not the last is taken back where nothing else has touched the same fields since."""
    does(ACME.replace("}", ", p_city: Toronto, note: a}"))
    does(ACME.replace("}", ", p_city: Ottawa, note: a}"))
    [run, *_] = [line.split()[0] for line in called("history").out.splitlines() if "0 added, 1 changed" in line]
    does(ACME.replace("}", ", p_city: Ottawa, note: b}") + BOLT)
    undoes(run)
    client = place.clients()[number_of(place, "Acme Ltd.")]
    assert (client["p_city"], client["note"]) == ("Toronto", "b")
    assert len(seen(place)) == 2
    again = called("undo", run, *QUICK)
    assert (again.code, "it is as before already" in again.out) == (0, True)
    assert f"Nothing is left to take back of run {run}." in again.out


def test_what_somebody_deleted_or_purged(place: Story) -> None:
    """What is deleted by now is no longer edited; what is gone cannot come back; both are told."""
    does(ACME + BOLT)
    does(ACME.replace("Ltd.", "Inc."))
    place.person.deletes(number_of(place, "Acme Inc."))
    place.sandbox.books.purge(number_of(place, "Bolt Bikes"))
    told = undoes()
    assert "deleted by now" in told
    assert "gone for good by now" in told


def test_the_guards(place: Story) -> None:
    """An undo deletes no more than a plan may, and no client that owes money."""
    clients = "".join(f"  c{n}: {{organization: Firm {n}, email: c{n}@x.example}}\n" for n in range(6))
    does("clients:\n" + clients)
    ran = called("undo", *QUICK)
    assert (ran.code, "--max-deletes 6" in ran.err) == (5, True)
    place.person.owes(number_of(place, "Firm 1"), "7.00")
    ran = called("undo", *QUICK, "--max-deletes", "6")
    assert (ran.code, "--allow-balance clients.c1" in ran.err) == (5, True)
    assert len(seen(place)) == 6
    undoes("--allow-balance", "clients.c1")
    assert seen(place) == {}


def test_a_deleted_client_keeps_its_invoices(place: Story) -> None:
    """Undone, a removal brings back the very record, with what hangs on it."""
    does(FULL)
    number = number_of(place, "Acme Ltd.")
    place.person.owes(number, "5.00")
    does(without(FULL, "acme"), "--allow-balance", "clients.acme")
    undoes()
    [row] = place.sandbox.books.select("WHERE id = ?", [number])
    assert row.document
    assert place.clients()[number]["vis_state"] == 0


def test_a_person_is_asked(place: Story) -> None:
    """At a terminal the plan is shown and asked for; without one and without consent nothing is done."""
    does(ACME)
    assert called("undo").code == 64
    with at_terminal("undo", "--settle", "0") as person:
        person.shows("take back run")
        person.shows("Enter a value: ")
        person.types("no\n")
        assert person.ends() == 1
    assert len(seen(place)) == 1


def test_reviewed_then_applied(place: Story) -> None:
    """A saved undo, and one that is expected, is carried out only while it is still the same."""
    does(ACME)
    does(ACME.replace("Ltd.", "Inc."))
    ran = called("undo", "--out", "undo.plan")
    assert (ran.code, len(place.writes_seen())) == (0, 2)
    plan_id = next(line.split()[-1] for line in ran.out.splitlines() if line.startswith("Plan id:"))
    assert "take back run" in called("show", "undo.plan").out
    assert called("undo", "--expect", "0" * 20).code == 5
    place.person.edits(number_of(place, "Acme Inc."), organization="Acme & Co.")
    assert called("apply", "undo.plan", "--settle", "0").code == 5
    place.person.edits(number_of(place, "Acme & Co."), organization="Acme Inc.")
    assert called("apply", "undo.plan", "--settle", "0").code == 0
    assert number_of(place, "Acme Ltd.")
    assert called("undo", "--expect", plan_id).code == 5
    assert "took back" in called("history").out


def test_which_run(place: Story) -> None:
    """Runs that only recorded something are passed over; where there is none, or another state's, that is said."""
    ran = called("undo", *QUICK)
    assert (ran.code, "No run is recorded" in ran.err) == (5, True)
    does(ACME)
    does(ACME.replace("}", ", lifecycle: {on_remove: keep}}"))
    [_, first] = [line.split()[0] for line in called("history").out.splitlines() if "added" in line]
    recorded = [line.split()[0] for line in called("history").out.splitlines() if "recorded" in line]
    assert called("undo", recorded[0], *QUICK).code == 5
    ran = called("undo", first, *QUICK, "--state", "other.json")
    assert (ran.code, "belongs to another state" in ran.err) == (5, True)
    undoes()
    assert seen(place) == {}


def test_events(place: Story) -> None:
    """With --json it is an apply's stream, with an event for each thing that is still wanted."""
    does(ACME)
    events = [json.loads(line) for line in called("undo", *QUICK, "--json").out.splitlines()]
    assert (events[0]["type"], events[-1]["type"]) == ("version", "change_summary")
    assert events[-1]["changes"]["remove"] == 1
    [wanted] = [event["wanted"] for event in events if event["type"] == "still_wanted"]
    assert (wanted["address"], wanted["line"]) == ("clients.acme", 3)


def test_what_a_later_run_edited(place: Story) -> None:
    """Where a later run edited an attribute since, that run is named; values of sensitive fields are not."""
    does(ACME.replace("}", ", p_city: Toronto, note: a}"))
    does(ACME.replace("}", ", p_city: Ottawa, note: b}"))
    run = newest()
    does(ACME.replace("}", ", p_city: Rome, note: b}"))
    told = flat(called("undo", run, "--out", "undo.plan").out)
    assert f'p_city is "Rome" now, and the run had made it "Ottawa" (run {newest()} changed it): left as it is.' in told
    writes("sensitive: [p_city]\n", "reconciler.yaml")
    told = flat(called("undo", run, "--out", "undo.plan").all)
    assert "p_city is not any more what the run had made it" in told
    assert "Rome" not in told
    assert "Ottawa" not in told


def test_a_contact_that_somebody_edited(place: Story) -> None:
    """Of a contact only the fields that are as the run left them go back; what was removed since is told."""
    does(FULL)
    does(FULL.replace("fname: Ravi", "fname: R").replace("416-555-0101", "'1'"))
    number = number_of(place, "Acme Ltd.")
    people = {contact["lname"] or contact["fname"]: contact for contact in place.contacts(number)}
    place.person.edits_contact(people["Shah"]["contactid"], fname="Raj", email="r@x.example")
    place.person.deletes_contact(people["Jane"]["contactid"])
    told = flat(undoes())
    assert 'ravi: fname is "Raj" now, and the run had made it "R": left as it is.' in told
    assert "clients.acme.contacts.jane: it is deleted, or not managed any more, so it is left as it is." in told


def test_a_part_of_a_run(place: Story) -> None:
    """--target and --exclude choose what of a run is taken back; the rest can be taken back later."""
    does(FULL)
    before = seen(place)
    does(without(FULL, "claire").replace("Toronto", "Ottawa").replace("fname: Ravi", "fname: R"))
    run = newest()
    ran = called("undo", run, "--target", "clients.bolt", *QUICK)
    assert (ran.code, "did nothing about clients.bolt" in flat(ran.err)) == (64, True)
    undoes(run, "--target", "clients.acme", "--exclude", "*.ravi")
    assert place.clients()[number_of(place, "Acme Ltd.")]["p_city"] == "Toronto"
    assert "R" in [contact["fname"] for contact in place.contacts(number_of(place, "Acme Ltd."))]
    ran = called("undo", run, "--exclude", "clients.acme", "--out", "undo.plan")
    assert "clients.claire" in ran.out
    assert "clients.acme" not in ran.out
    assert called("apply", "undo.plan", "--settle", "0").code == 0
    undoes(run)
    assert seen(place) == before


def test_what_was_not_finished(place: Story) -> None:
    """What a run failed to do is not taken back, and told; the rest is."""
    does(ACME.replace("}", ", p_city: Toronto}"))
    writes(ACME.replace("}", ", p_city: Ottawa}") + BOLT)
    strikes(place, "POST * 401")
    assert called("apply", *QUICK).code == 6
    place.sandbox.wrapper.faults.rules.clear()
    told = undoes()
    assert "that run could not finish it (failed" in told
    assert place.clients()[number_of(place, "Acme Ltd.")]["p_city"] == "Toronto"
