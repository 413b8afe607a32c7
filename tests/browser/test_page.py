"""The page in headless Chromium: search, filters, folding, paper, without scripts, and nothing leaves it."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped] # it has none
from playwright.sync_api import Page, expect

from reconciler.core.change import Action, AttributeChange, Cause, Change, Plan
from reconciler.core.diagnostic import Diagnostic, Severity
from tests.browser.pdf import pages
from tests.browser.visits import BREACH, Visits
from tests.reports.samples import JANE, attribute, change, full_plan, named, plan_of

NOTE = Diagnostic(code="x", summary="look", severity=Severity.NOTE, detail="Twice.", address="clients.c7")
SHOWN = "#groups .card:not([hidden]) h3"


def update(key: str, name: str, cause: Cause = Cause.INTENT, **more: Any) -> Change:  # noqa: ANN401 - the fields of Change
    """Build an update of a client with a name."""
    row = AttributeChange(name="fax", before="1", after=f"2 {name}.", cause=cause)
    return change(Action.UPDATE, row, address=named(key), managed={"organization": name}, **more)


def some() -> Plan:
    """Give a plan of five changes that differ in action and cause."""
    return plan_of(
        change(Action.CREATE, AttributeChange(name="organization", before=None, after="José Ltd.")),
        update("bolt", "Bolt", Cause.DRIFT),
        update("pine", "Pine"),
        change(Action.UPDATE, attribute("email", "j@x.example", "k@x.example"), address=JANE, kind="contact"),
        change(Action.DELETE, attribute("organization", "Gone", None), address=named("gone"), removed=True),
    )


def large() -> Plan:
    """Give a plan that opens folded."""
    return plan_of(*(update(f"c{number}", f"Client {number}") for number in range(120)), notes=(NOTE,))


def shown(page: Page) -> list[str]:
    """Give the names of the cards that can be seen."""
    return [heading.text_content() or "" for heading in page.locator(SHOWN).all() if heading.is_visible()]


def status(page: Page) -> str:
    """Give what the page says of its list."""
    return page.locator("#shown").inner_text()


# Search and filters.


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("bolt", ["Bolt"]),
        ("JOSE", ["José Ltd."]),
        ("2 pi", ["Pine"]),
        ("k@x.example", ["k@x.example"]),
        ("clients.acme", ["José Ltd.", "j@x.example"]),
        ("no such thing", []),
    ],
)
def test_search(visits: Visits, words: str, names: list[str]) -> None:
    """Typing leaves the records with all of the words, whatever their case and accents; emptying brings all back."""
    page = visits.plan(some())
    page.get_by_label("Search").press_sequentially(words)
    expected = [name.replace("k@", "j@") for name in names]
    expect(page.locator(SHOWN)).to_have_count(len(expected))
    assert shown(page) == expected
    assert status(page) == f"{len(names)} of 5 records"
    assert page.locator("#nothing").is_visible() is (not names)
    page.get_by_label("Search").fill("")
    expect(page.locator(SHOWN)).to_have_count(5)
    assert status(page) == "5 records"


def test_filters(visits: Visits) -> None:
    """Filters of one kind add up, filters of both kinds and the search narrow each other, and one button ends all."""
    page = visits.plan(some())
    page.get_by_label("Delete 1").check()
    assert shown(page) == ["Gone"]
    page.get_by_label("Change 3").check()
    assert shown(page) == ["j@x.example", "Bolt", "Pine", "Gone"]
    page.get_by_label("Edit outside 1", exact=True).check()
    assert shown(page) == ["Bolt"]
    page.get_by_label("Search").fill("pine")
    page.locator("#nothing").wait_for()
    page.get_by_role("button", name="Show all").click()
    assert len(shown(page)) == 5
    assert page.get_by_role("button", name="Show all").is_disabled()
    assert page.locator("input:checked").count() == 0


def test_the_keyboard_is_enough(visits: Visits) -> None:
    """Search, filters, buttons and cards are reached in order and worked without a mouse."""
    page = visits.plan(some())
    page.locator("#sought").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert shown(page) == ["José Ltd."]
    page.keyboard.press("Space")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('#groups summary')"):
            break
    page.keyboard.press("Enter")
    assert page.locator("#groups details:not([open])").count() == 1


# Folding.


def test_fold_and_unfold(visits: Visits) -> None:
    """A card folds by its heading, and all of them by the buttons; the rows of a folded one are not seen."""
    page = visits.plan(some())
    bolt = page.locator("[id='clients.bolt']")
    assert bolt.get_by_text("2 Bolt.").is_visible()
    bolt.locator("summary").click()
    assert not bolt.get_by_text("2 Bolt.").is_visible()
    page.get_by_role("button", name="Unfold").click()
    assert bolt.get_by_text("2 Bolt.").is_visible()
    page.get_by_role("button", name="Fold", exact=True).click()
    assert page.locator("#groups details[open]").count() == 0


def test_a_large_plan_opens_folded(visits: Visits) -> None:
    """With many records only the headings are seen at first; search finds what is folded."""
    page = visits.plan(large())
    assert page.locator("#groups details[open]").count() == 0
    page.get_by_label("Search").fill("2 Client 77.")
    expect(page.locator(SHOWN)).to_have_count(1)
    assert shown(page) == ["Client 77"]


def test_a_link_opens_its_record(visits: Visits) -> None:
    """A link to a record, from a note or from outside, unfolds it, and lifts a filter that hides it."""
    page = visits.plan(large())
    page.get_by_label("Search").fill("Client 99")
    page.get_by_role("link", name="Show clients.c7").click()
    page.locator("[id='clients.c7'][open]").wait_for()
    assert page.locator("[id='clients.c7']").get_by_text("2 Client 7.").is_visible()
    again = visits.plan(large(), anchor="clients.c50")
    assert again.locator("[id='clients.c50']").get_by_text("2 Client 50.").is_visible()


def test_a_link_to_nowhere_does_no_harm(visits: Visits) -> None:
    """A link that is torn or made up opens the page as it is, without an error."""
    for anchor in ("%", "%zz", "clients.nobody", "tools"):
        assert visits.plan(large(), anchor=anchor).get_by_label("Search").is_visible()


# Paper, no scripts, everybody.


def test_paper_has_everything(visits: Visits) -> None:
    """Printed, every record is there with its values, folded or not, and the screen is as it was."""
    page = visits.plan(large(), scheme="dark")
    paper = [unicodedata.normalize("NFKC", text) for text in pages(page.pdf())]
    assert len(paper) > 3
    text = "|".join(paper)
    assert {int(number) for number in re.findall(r"2Client(\d+)\.", text)} == set(range(120))
    assert "Plannedchanges" in paper[0]
    assert "Whocausedit" not in text
    assert page.locator("#groups details[open]").count() == 0


def test_without_scripts_everything_is_there(visits: Visits) -> None:
    """Where scripts are off, every card is open, and no search or filter is shown that could do nothing."""
    page = visits.plan(large(), scripts=False)
    assert page.locator("#groups details[open]").count() == 120
    assert page.get_by_text("2 Client 0.", exact=True).is_visible()
    assert not page.locator("#tools").is_visible()
    assert len(pages(page.pdf())) > 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("plan", [full_plan(), plan_of(), large()], ids=["full", "empty", "large"])
def test_everybody_can_use_it(visits: Visits, plan: Plan, width: int, scheme: Literal["light", "dark"]) -> None:
    """axe-core finds nothing against it, in either scheme, on a desk and on a telephone; nothing sticks out."""
    page = visits.plan(plan, width=width, scheme=scheme)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [320, 380, 1280])
def test_no_word_of_what_happens_is_broken(visits: Visits, width: int) -> None:
    """On however narrow a telephone, what happens to a record is told in whole words."""
    page = visits.plan(full_plan(), width=width)
    narrow = """(width) => [...document.querySelectorAll(".verb")].filter((each) =>
      each.getClientRects()[0].height > 1.5 * parseFloat(getComputedStyle(each).lineHeight)
        * (width < 700 ? 1 : each.textContent.split(" ").length)).map((each) => each.textContent)"""
    assert page.evaluate(narrow, width) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


# Nothing leaves the page, and nothing gets in.


def test_the_policy_holds(visits: Visits) -> None:
    """Even if markup got in, its scripts, handlers, styles, pictures and frames would do nothing."""
    page = visits.plan(some())
    assert visits.troubles == []
    page.evaluate(
        """() => {
          const add = (tag, more) => document.body.append(Object.assign(document.createElement(tag), more));
          add("script", {textContent: "alert(1)"});
          add("script", {src: "https://x.example/x.js"});
          add("img", {src: "https://x.example/x.png"});
          add("iframe", {src: "https://x.example/"});
          add("style", {textContent: "body { display: none }"});
          document.body.insertAdjacentHTML("beforeend", "<img src=x onerror=alert(1)><p style='color: red'>");
        }"""
    )
    page.wait_for_timeout(100)
    assert page.locator("h1").is_visible()
    broken = [trouble.partition(BREACH)[2].split(" ")[0] for trouble in visits.troubles if BREACH in trouble]
    assert {"script-src-elem", "style-src-elem", "style-src-attr", "img-src", "frame-src"} <= set(broken)
    assert not [trouble for trouble in visits.troubles if trouble.startswith(("dialog", "popup", "error"))]
    visits.troubles.clear()
