"""The page: every change once, in plain words, with the text's sums, under a policy that lets nothing else run."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace

import pytest

from reconciler.core.change import ARCHIVED, Action, AttributeChange, Cause, Change, PlanOptions
from reconciler.core.diagnostic import Diagnostic, Position, Severity
from reconciler.core.resource import Address
from reconciler.providers.freshbooks.wire import CLIENT
from reconciler.reports.html import render_html
from reconciler.reports.options import RenderOptions
from reconciler.reports.text import counts
from tests.reports.pages import OPTIONS, page_of, read
from tests.reports.samples import JANE, attribute, change, full_plan, named, one_of_each, plan_of
from tests.reports.test_hostile import harmless

NOTE = "Invoice monthly.\nPays by cheque."


def mail(cause: Cause = Cause.INTENT, before: str = "a@x.example", after: str = "b@x.example") -> AttributeChange:
    """Build a change of an email."""
    return AttributeChange(name="email", before=before, after=after, cause=cause)


def card(of: Change, options: RenderOptions = OPTIONS) -> str:
    """Give the text of the card of a change."""
    return page_of(plan_of(of), options).cards[of.address]


def test_every_change_is_one_card() -> None:
    """Each change of the plan has exactly one card, found by its address."""
    plan = full_plan()
    assert sorted(page_of(plan).cards) == sorted(each.address for each in plan.changes)


@pytest.mark.parametrize("each", one_of_each(), ids=lambda each: f"{each.action} {each.address}")
def test_a_card_tells_everything(each: Change) -> None:
    """A card has the reason, the id, the place in the files, and every field before and after."""
    told = card(each)
    assert each.reason in told
    assert each.id is None or f"FreshBooks id {each.id}" in told
    assert each.position is None or f"{each.position.file}:{each.position.line}" in told
    for row in each.attributes:
        for value in (row.before, row.after):
            assert value is None or isinstance(value, bool) or value in told
    assert each.moved_from is None or each.moved_from in told
    assert ("Still owes 12.00 USD" in told) is (each.action is Action.DELETE)


def test_children_stand_under_their_parent() -> None:
    """A contact's card follows its client's, inside the client's group, whatever the order of the plan."""
    plan = plan_of(
        change(Action.UPDATE, mail(), address=JANE, kind="contact"),
        change(Action.CREATE, mail(), address=named("other")),
        change(Action.DELETE, mail(), removed=True),
    )
    found = page_of(plan)
    assert list(found.cards) == ["clients.acme", "clients.acme.contacts.jane", "clients.other"]
    assert len([1 for tag, named_so in found.elements if tag == "div" and ("class", "children") in named_so]) == 1


def test_a_contact_alone_names_its_client() -> None:
    """Where only a contact changes, its client is named and said to stay."""
    told = page_of(plan_of(change(Action.UPDATE, mail(), address=JANE, kind="contact"))).text
    assert "clients.acme stays as it is" in told


def test_the_sums_are_those_of_the_text() -> None:
    """The tiles count as the last lines of the text do."""
    plan = full_plan()
    found, told = counts(plan.changes), page_of(plan).text
    for word, words in {"add": "to add", "change": "to change", "destroy": "to delete", "adopt": "to adopt"}.items():
        assert f"{found[word]} {words}" in told
    assert "Plan: 2 to add, 7 to change, 1 to destroy." in told


def test_deletes_and_refusals_come_first() -> None:
    """What must not be overlooked stands before everything else, with what to do."""
    told = page_of(full_plan()).text
    assert told.index("This plan is refused") < told.index("Use --max-deletes 9.") < told.index("1 record will be")
    assert told.index("1 record will be deleted") < told.index("to add")


def test_many_deletes_are_counted() -> None:
    """The warning names a dozen deleted records and counts the rest."""
    gone = [change(Action.DELETE, mail(), address=named(f"c{number}"), removed=True) for number in range(15)]
    told = page_of(plan_of(*gone)).text
    assert "15 records will be deleted" in told
    assert "and 3 more." in told


def test_drift_and_notes_and_whereabouts() -> None:
    """Edits that are only reported, notes, account, root, what was chosen, and the plan id are on the page."""
    plan = full_plan()
    told = page_of(plan).text
    for words in ("left so", "Rome", "Oslo", "A client is archived", "Ab12Cd", "clients.yaml", plan.plan_id):
        assert words in told
    assert "--target clients.a*" in told
    assert "2 clients and 1 contact" in told


def test_a_deletion_that_is_only_reported() -> None:
    """Where somebody deleted a record and the policy is to report, the page says just that."""
    gone = change(Action.RESTORE, address=named("gone"))
    assert "Is deleted in FreshBooks." in page_of(plan_of(drift=(gone,))).text


def test_a_note_leads_to_its_record() -> None:
    """A note about a record of the plan links to its card; one about another record does not."""
    notes = [
        Diagnostic(code="x", summary="look", severity=Severity.NOTE, address=address)
        for address in ("clients.acme", "clients.other")
    ]
    assert page_of(plan_of(change(), notes=tuple(notes))).attribute("a", "href") == ["#clients.acme"]


def test_a_plan_without_a_state_says_so_on_top() -> None:
    """The warning that no state was there stands above the records."""
    note = Diagnostic(code="no-state", summary="there is no state yet", severity=Severity.NOTE, detail="By name.")
    told = page_of(plan_of(change(Action.ADOPT), notes=(note,))).text
    assert told.index("There is no state yet") < told.index("to add")


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (plan_of(options=PlanOptions()), "No changes. Your account matches the configuration."),
        (plan_of(), "No changes for what was chosen."),
        (plan_of(unmanaged={"client": 3}), "Not managed 3 clients"),
    ],
)
def test_an_empty_plan(plan: object, words: str) -> None:
    """A plan without a change says so, in the words of the text, and shows no empty list and no search."""
    found = page_of(plan)  # type: ignore[arg-type] # parametrized
    assert "Nothing to change" in found.text
    assert words in found.text
    assert found.attribute("input", "type") == []


@pytest.mark.parametrize(
    ("of", "who"),
    [
        (change(Action.UPDATE, mail()), "Your files"),
        (change(Action.UPDATE, mail(Cause.DRIFT)), "Edit outside"),
        (change(Action.UPDATE, mail(Cause.BOTH)), "Your files and an edit outside"),
        (change(Action.UPDATE, mail(), replace(mail(Cause.DRIFT), name="fax")), "Your files and an edit outside"),
        (change(Action.CREATE, mail()), "Your files"),
        (change(Action.RESTORE, reason="deleted outside"), "Edit outside"),
        (change(Action.RESTORE, reason="back in the configuration"), "Your files"),
        (change(Action.DELETE, mail(), removed=True), "Removed from your files"),
        (change(Action.FORGET, removed=True), "Removed from your files"),
    ],
)
def test_who_caused_it(of: Change, who: str) -> None:
    """Each card says whether the files, an edit outside, both, or a removal are behind it."""
    assert re.search(rf"clients\.acme {who} [WISE]", card(of)), card(of)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"organization": "Acme Ltd.", "fname": "Ada", "email": "a@x.example"}, "Acme Ltd."),
        ({"fname": "Ada", "lname": "Lovelace", "email": "a@x.example"}, "Ada Lovelace"),
        ({"email": "a@x.example", "p_city": "Oslo"}, "a@x.example"),
        ({"p_city": "Oslo"}, "acme"),
        ({}, "acme"),
    ],
)
def test_records_are_called_as_people_call_them(fields: dict[str, str], name: str) -> None:
    """The heading of a card is the organization, else the names, else the email, else the key."""
    assert f"Change {name} clients.acme" in card(change(Action.UPDATE, attribute("fax", "1", "2"), managed=fields))


def test_a_name_that_changes_is_the_one_that_is_known() -> None:
    """A record that gets another name is called by the one that it has now."""
    told = card(change(Action.UPDATE, attribute("organization", "Old Ltd.", "New Ltd.")))
    assert "Change Old Ltd. clients.acme" in told


def test_fields_have_labels() -> None:
    """A field stands under its label, with FreshBooks' own name where that is another word."""
    told = card(change(Action.UPDATE, attribute("p_city", "Oslo", "Rome"), attribute("email", "a", "b")))
    assert "Billing city p_city" in told
    assert told.index("Email edited") < told.index("Billing city")
    bare = card(change(Action.UPDATE, attribute("p_city", "Oslo", "Rome")), RenderOptions())
    assert "P city p_city" in bare


def test_texts_of_several_lines_are_line_diffs() -> None:
    """A text of several lines shows which lines go and which come."""
    told = card(change(Action.UPDATE, attribute("note", NOTE, NOTE.replace("cheque", "transfer"))))
    assert "Invoice monthly. \u2212 Pays by cheque. + Pays by transfer." in told
    assert "Invoice monthly. Pays by cheque." in card(change(Action.CREATE, attribute("note", None, NOTE)))


def test_values_in_words() -> None:
    """Yes and no are words, and nothing is called empty."""
    told = card(change(Action.UPDATE, attribute(ARCHIVED, False, True), attribute("fax", "1", None)))  # noqa: FBT003 - a value
    assert "no yes" in told
    assert "1 empty" in told


def test_blanks_at_an_end_are_seen() -> None:
    """Where a difference is a blank before or after a text, quotes show it; other texts go without."""
    told = card(change(Action.UPDATE, attribute("fax", "1 ", "1"), attribute("note", "a\nb", "a\nb ")))
    assert '"1 "' in told
    assert '"1"' not in told
    assert '"b "' in told


@pytest.mark.parametrize("value", ["Geheim", "Geheim\nund lang"])
def test_sensitive_values_are_not_on_the_page(value: str) -> None:
    """A field that is sensitive shows that it changes and not what it holds, and gives no record its name."""
    options = RenderOptions(sensitive=frozenset({"organization", "note"}), kind=CLIENT)
    plan = plan_of(
        change(Action.UPDATE, attribute("organization", value, "Geheim2"), attribute("note", "Geheim3\n1", value)),
        change(Action.CREATE, attribute("note", None, value), address=named("new"), managed={"organization": value}),
        drift=(change(Action.UPDATE, attribute("note", value, "x\ny")),),
    )
    page = render_html(plan, options)
    assert "Geheim" not in page
    assert page.count("(sensitive value)") == 7


# What a browser may do with it.


def test_the_policy_names_just_the_two_blocks() -> None:
    """Style and script are allowed by their digests, and nothing else is allowed at all."""
    found = page_of(full_plan())
    [policy] = [value for value in found.attribute("meta", "content") if "default-src" in value]
    digests = {
        name: base64.b64encode(hashlib.sha256(block.encode()).digest()).decode() for name, block in found.blocks.items()
    }
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digests['style']}'; script-src 'sha256-{digests['script']}'; "
        "base-uri 'none'; form-action 'none'"
    )


def test_nothing_is_loaded_and_nothing_is_inline() -> None:
    """The page has one style and one script, no handler or style on any element, and links to itself only."""
    found = page_of(full_plan())
    tags = [tag for tag, _ in found.elements]
    assert (tags.count("style"), tags.count("script")) == (1, 1)
    assert not {"link", "img", "iframe", "object", "embed", "form", "base", "video", "audio", "svg"} & set(tags)
    names = {name for _, attributes in found.elements for name, _ in attributes}
    assert not [name for name in names if name.startswith("on") or name in {"style", "src", "srcset", "action"}]
    assert all(target.startswith("#") for target in found.attribute("a", "href"))
    assert "//" not in found.blocks["style"].replace("/*", "").replace("*/", "")


def test_large_plans_are_folded_by_the_script_alone() -> None:
    """Every card is open in the file, so that all is there without a script; a large page says that it is one."""
    many = [change(Action.UPDATE, mail(), address=named(f"c{number}")) for number in range(61)]
    for plan, large in ((plan_of(*many), True), (plan_of(*many[:60]), False)):
        page = render_html(plan, OPTIONS)
        assert page.count(" open>") == len(plan.changes)
        assert ('<body class="many">' in page) is large


@pytest.mark.parametrize(
    "text", ["\x1b[2J\x00", "\u202etxt.exe\u2066", "zero\u200bwidth\ufeff", "\U000e0041", "a\rb", "\u2028"]
)
def test_what_nobody_sees_is_spelled_out(text: str) -> None:
    """Control characters, direction marks, zero-width and tag characters stand on the page as their codes."""
    hostile = f"a{text}b"
    plan = plan_of(
        change(Action.UPDATE, attribute("organization", hostile, f"{hostile}\n{hostile}"), reason=hostile),
        change(Action.DELETE, mail(before=hostile), removed=True, balance=hostile, address=named("gone")),
        notes=(Diagnostic(code="x", summary=hostile, detail=hostile, severity=Severity.NOTE),),
        account=hostile,
        origin=hostile,
        options=PlanOptions(root=hostile, targets=(hostile,)),
        unmanaged={hostile: 1},
        plan_id=hostile,
    )
    assert harmless(render_html(plan, OPTIONS))


def test_names_of_files_need_not_be_text() -> None:
    """A file's name of bytes that are no text is spelled out, so that the page can be written."""
    of = change(Action.UPDATE, mail(), position=Position(file="caf\udce9.yaml", line=3))
    assert b"caf\\udce9.yaml:3" in render_html(plan_of(of), OPTIONS).encode()


def test_addresses_of_a_forged_plan_are_text() -> None:
    """A saved plan may have been written by anybody: what stands for an address there becomes no markup."""
    forged = Address('clients."><script>alert(1)</script>')
    page = render_html(plan_of(change(Action.DELETE, mail(), address=forged, removed=True)), OPTIONS)
    assert read(page).attribute("script", "src") == []
    assert [tag for tag, _ in read(page).elements].count("script") == 1


def test_rendering_is_pure() -> None:
    """The same plan gives the same page, and is as it was."""
    plan = full_plan()
    assert render_html(plan, OPTIONS) == render_html(full_plan(), OPTIONS)
    assert plan == full_plan()
