"""Two thousand texts that would like to be markup, in every place that holds foreign text: they stay texts."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache

from playwright.sync_api import expect

from reconciler.core.change import Action, AttributeChange, Cause, Change, Plan, PlanOptions
from reconciler.core.diagnostic import Diagnostic, Position, Severity
from tests.browser.visits import Visits, skeleton
from tests.reports.samples import change, named, plan_of

COUNT = 2_000
SEEDS = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><animate onbegin=alert(1)>",
    "<math><mtext></table><mglyph><style><img src onerror=alert(1)>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'>",
    "<details open ontoggle=alert(1)>",
    "</details></table></main><h1>Approved</h1>",
    "<a href=javascript:alert(1)>click</a>",
    "javascript:alert(1)",
    "<meta http-equiv=refresh content=0;url=https://x.example>",
    "<link rel=stylesheet href=//x.example/x.css><base href=//x.example>",
    "<form action=//x.example><input autofocus onfocus=alert(1)><button>",
    '"><b onmouseover="alert(1)" autofocus x="',
    "' onclick='alert(1)' x='",
    "` onclick=alert(1) x=`",
    "<!-- ", "--><b>", "<![CDATA[<b>]]>", "<?xml?>", "<!doctype html>", "<plaintext>",
    "<noscript><p title='</noscript><b>'>",
    "<textarea></textarea><xmp><b></xmp>", "<template><b></template>", "<td><tr><table><th>", "<select><option>",
    "&lt;script&gt;alert(1)&lt;/script&gt;", "&#60;b&#62;", "&amp;lt;b&amp;gt;", "&", "<", ">", "<b", "</", "<b/>",
    "{{ 7*7 }}", "{% raw %}{{ self }}{% endraw %}", "{# note #}", "${7*7}", "#{7*7}", "{{''.__class__}}",
    "\x00<b>", "<\x00b>", "<b\u2028>", "\u202e>tpircs<", "\ufeff<b>", "\uff1cb\uff1e", "\U000e003cb\U000e003e",
    "+ADw-b+AD4-", "\u00bcscript\u00be", "]]>", "*/ body { display: none } /*", "url(//x.example)",
    "@import '//x.example'",
    "line\n<b>line</b>\n", "\r\n<b>\r\n</b>",
)  # fmt: skip


def payloads() -> list[str]:
    """Give the texts: each seed, then pieces of several glued together, the same in every run."""
    chance = random.Random(5)
    made = dict.fromkeys(SEEDS)
    while len(made) < COUNT:
        pieces = [chance.choice(SEEDS) for _ in range(chance.randint(1, 3))]
        cut = [piece[chance.randint(0, len(piece) // 3) :] for piece in pieces]
        made[chance.choice(["", " ", "\n", '"', "'", "<", "\t"]).join(cut)] = None
    return list(made)


@cache
def tame(line: str) -> str:
    """Give a word for a line, another for each."""
    return f"word{hash(line) % 10**12}" if line.strip("\r") else line


def harmless(text: str) -> str:
    """Give a text of as many lines, of which as many are equal, that no browser could mind."""
    return "\n".join(map(tame, text.split("\n")))


def hostile_plan(texts: list[str], shown: Callable[[str], str]) -> Plan:
    """Give a plan with these texts in values, names, reasons, places, balances and notes."""
    return plan_of(
        *(_change(number, shown(text)) for number, text in enumerate(texts)),
        drift=tuple(_change(number, shown(text)) for number, text in enumerate(texts[:100])),
        notes=tuple(_note(shown(text)) for text in texts[:300]),
        refusals=tuple(_note(shown(text)) for text in texts[:100]),
        account=shown(texts[0]),
        origin=shown(texts[1]),
        unmanaged={shown(texts[2]): 2},
        options=PlanOptions(root=shown(texts[3]), targets=(shown(texts[4]),), excludes=(shown(texts[5]),)),
    )


def _change(number: int, text: str) -> Change:
    action = (Action.UPDATE, Action.CREATE, Action.DELETE, Action.MOVE)[number % 4]
    rows = (
        AttributeChange(name="organization", before=text, after=f"x{text}", cause=list(Cause)[number % 3]),
        AttributeChange(name="note", before=f"one\n{text}\n", after=f"{text}\ntwo\n"),
    )
    return change(
        action,
        *rows,
        address=named(f"c{number}"),
        moved_from=named(text) if action is Action.MOVE else None,
        reason=text,
        balance=text,
        removed=action is Action.DELETE,
        position=Position(file=text, line=1),
    )


def _note(text: str) -> Diagnostic:
    place = Position(file=text, line=1)
    return Diagnostic(code="x", summary=text, detail=text, severity=Severity.NOTE, position=place, address=text)


def test_no_payload_becomes_an_element(visits: Visits) -> None:
    """The page of two thousand payloads has just the elements and attributes that it has with harmless words."""
    texts = payloads()
    evil = visits.plan(hostile_plan(texts, str))
    good = visits.plan(hostile_plan(texts, harmless))
    evil_elements, good_elements = skeleton(evil), skeleton(good)
    assert len(good_elements) > COUNT * 10
    assert evil_elements == good_elements


def test_nothing_of_a_payload_runs(visits: Visits) -> None:
    """Nothing happens while such a page is searched, unfolded, filtered and printed."""
    page = visits.plan(hostile_plan(payloads(), str))
    page.get_by_label("Search").fill("<script>alert(1)</script>")
    expect(page.locator("#shown")).to_contain_text(" of 2,000 records")
    page.locator("#unfold").click()
    page.get_by_role("button", name="Show all").click()
    page.locator("input[value=destroy]").check()
    page.pdf()
    assert page.evaluate("document.querySelector('h1').textContent") == "Planned changes"
