"""What the HTML report of a large plan costs: to render it, and to open, search and scroll it in Chromium.

    python benchmarks/page.py                 10,000 changes
    python benchmarks/page.py --changes N     another number
    python benchmarks/page.py --json          the figures as one JSON object
    python benchmarks/page.py --keep FILE     leave the page there, to try it by hand

Half of the changes are updates of three fields, a quarter creates of twelve, an eighth edits of contacts, an eighth
deletes. Nothing fails by a figure; a target that is not kept says OVER. Without Chromium, only rendering is measured.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from reconciler.core.change import Action, AttributeChange, Cause, Change, Plan
from reconciler.core.codec import plan_id
from reconciler.core.diagnostic import Position
from reconciler.core.resource import Address, RemoteId
from reconciler.providers.freshbooks.wire import CLIENT
from reconciler.reports.html import render_html
from reconciler.reports.options import RenderOptions
from reconciler.reports.text import render_plan
from tests.browser.chromium import PROGRAM, browser

TARGETS = {"render s": 5.0, "text s": 2.0}
"""Of 10,000 changes, as the issue says them."""
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024
_NOTE = "Invoice on the first of the month.\nSend a copy to the owner.\nPays by cheque.\n"
_WORDS = ("Harbour", "Maple", "Northwind", "Lighthouse", "Acme", "Bolt", "Pine", "Granite")

# The next time that the page is drawn; on a machine with much else to do, five seconds end the wait.
_FRAME = "window.frame = () => new Promise((done) => { requestAnimationFrame(done); setTimeout(done, 5000); });"
# In the page: an input event, then the time until two frames later, when what it shows is on the screen.
_TYPED = """async (text) => {
  const field = document.getElementById("sought");
  const begun = performance.now();
  field.value = text;
  field.dispatchEvent(new Event("input"));
  await frame();
  await frame();
  return performance.now() - begun;
}"""
_CLICKED = """async (selector) => {
  const begun = performance.now();
  document.querySelector(selector).click();
  await frame();
  await frame();
  return performance.now() - begun;
}"""
# From top to bottom in a hundred steps: the longest that one frame took.
_SCROLLED = """async () => {
  let longest = 0;
  await frame();
  for (let step = 1; step <= 100; step += 1) {
    const begun = performance.now();
    scrollTo(0, document.documentElement.scrollHeight * step / 100);
    await frame();
    await frame();
    longest = Math.max(longest, performance.now() - begun);
  }
  return longest;
}"""
_LOADED = "() => performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"


def plan_of(count: int) -> Plan:
    """Give a plan of so many changes."""
    changes = tuple(_change(number) for number in range(count))
    return Plan(account="Ab12Cd", changes=changes, plan_id=plan_id("Ab12Cd", changes))


def _change(number: int) -> Change:
    address = Address(f"clients.c{number:06}")
    named: dict[str, Any] = {
        "address": address,
        "kind": "client",
        "position": Position(file="clients.yaml", line=number),
    }
    remote = RemoteId(700001 + number)
    name = f"{_WORDS[number % len(_WORDS)]} {number}"
    match number % 8:
        case 0 | 1:
            fields = ("organization", "email", "bus_phone", "fname", "lname", *CLIENT.field_names[8:15])
            rows = tuple(AttributeChange(name=field, before=None, after=f"{name} {field}") for field in fields)
            return Change(action=Action.CREATE, attributes=rows, **named)
        case 2:
            rows = tuple(
                AttributeChange(name=field, before=f"{name} {field}", after=None) for field in CLIENT.field_names[:6]
            )
            reason = f"removed (was clients.yaml:{number})"
            return Change(action=Action.DELETE, id=remote, attributes=rows, removed=True, reason=reason, **named)
        case 3:
            mail = AttributeChange(name="email", before=f"c{number}@x.example", after=f"c{number}@y.example")
            named = {**named, "address": Address(f"{address}.contacts.jane"), "kind": "contact"}
            return Change(action=Action.UPDATE, id=remote, attributes=(mail,), **named)
        case _:
            rows = (
                AttributeChange(name="bus_phone", before="416-555-0100", after=f"416-555-{number:04}"),
                AttributeChange(
                    name="email", before=f"{number}@x.example", after=f"{number}@y.example", cause=Cause.DRIFT
                ),
                AttributeChange(name="note", before=_NOTE, after=_NOTE.replace("cheque", "bank transfer")),
            )
            return Change(action=Action.UPDATE, id=remote, attributes=rows, managed={"organization": name}, **named)


def rendered(plan: Plan) -> tuple[str, dict[str, float]]:
    """Render a plan; give the page and what it cost."""
    options = RenderOptions(kind=CLIENT)
    begun = time.perf_counter()
    render_plan(plan, options)
    text_s = time.perf_counter() - begun
    render_html(Plan(account="Ab12Cd"), options)  # the template is compiled once
    begun = time.perf_counter()
    page = render_html(plan, options)
    html_s = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_UNIT / 1024 / 1024
    return page, {"text s": text_s, "render s": html_s, "size MiB": len(page.encode()) / 2**20, "peak MiB": peak}


def opened(file: Path) -> dict[str, float]:
    """Open a page in Chromium, and use it; figures are what a person waits."""
    with browser() as chromium:
        page = chromium.new_page(viewport={"width": 1280, "height": 900})
        page.add_init_script(_FRAME)
        begun = time.perf_counter()
        page.goto(file.as_uri())
        figures = {"load s": time.perf_counter() - begun, "parsed s": page.evaluate(_LOADED) / 1000}
        figures["elements"] = page.evaluate("document.getElementsByTagName('*').length")
        figures["first search ms"] = page.evaluate(_TYPED, "h")
        typed = [page.evaluate(_TYPED, "harbour 77"[:length]) for length in range(2, 11)]
        figures["longest keystroke ms"] = max(typed)
        figures["all again ms"] = page.evaluate(_CLICKED, "#clear")
        figures["filter ms"] = page.evaluate(_CLICKED, "input[value=destroy]")
        page.evaluate(_CLICKED, "#clear")
        figures["unfold all ms"] = page.evaluate(_CLICKED, "#unfold")
        figures["longest frame of a scroll ms"] = page.evaluate(_SCROLLED)
    return figures


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--changes", type=int, default=10_000, metavar="N")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", type=Path, metavar="FILE")
    chosen = parser.parse_args()
    page, figures = rendered(plan_of(chosen.changes))
    with tempfile.TemporaryDirectory() as folder:
        file = (chosen.keep or Path(folder) / "plan.html").resolve()
        file.write_text(page, encoding="utf-8")
        if PROGRAM.exists():
            figures |= opened(file)
    if chosen.json:
        print(json.dumps({"changes": chosen.changes, **figures}))
        return
    print(f"The HTML report of {chosen.changes:,} changes")
    for name, value in figures.items():
        limit = TARGETS.get(name, 0) * chosen.changes / 10_000
        target = f"   of {limit:g}{'  OVER' if value > limit else ''}" if limit else ""
        print(f"  {name:<30}{value:>12,.{0 if value >= 100 else 2}f}{target}")


if __name__ == "__main__":
    main()
