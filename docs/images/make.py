# ruff: noqa: INP001 - a script beside the picture that it makes
"""Makes plan.png, the picture in the README: a plan of the sandbox's account as `plan --format html` gives it.

    python docs/images/make.py              plan.png beside this file
    python docs/images/make.py FOLDER       the page and pictures of it, light and dark, wide and narrow, there

It needs Chromium; CHROMIUM names it where it is not /usr/bin/chromium.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.browser.chromium import browser  # noqa: E402 - the path comes first
from tests.golden.story import Story, telling  # noqa: E402 - the path comes first

FONT = 'body { font-family: "Liberation Sans", Arial, sans-serif; }'
"""A font for the picture that is found on most systems; the page itself takes that of the reader's system."""
BEFORE = """
defaults: {currency_code: CAD, language: en}
clients:
  acme:
    organization: Acme Ltd.
    email: billing@acme.example
    bus_phone: 416-555-0100
    p_city: Toronto
    contacts:
      jane: {email: jane@acme.example, fname: Jane, lname: Doe, phone1: 416-555-0101}
  harbour:
    organization: Harbour Yoga
    email: hello@harbour.example
    bus_phone: 902-555-0140
    p_street: 12 Wharf Road
    p_city: Halifax
  lighthouse:
    organization: Lighthouse Antiques
    email: info@lighthouse.example
    p_city: Lunenburg
  maple:
    organization: Maple Street Bakery
    email: ovens@maple.example
    note: |
      Invoice on the first of the month.
      Send a copy to the owner.
      Pays by cheque.
"""
AFTER = """
defaults: {currency_code: CAD, language: en}
clients:
  acme:
    organization: Acme Ltd.
    email: billing@acme.example
    bus_phone: 416-555-0199
    p_city: Toronto
    contacts:
      jane: {email: accounts@acme.example, fname: Jane, lname: Doe, phone1: 416-555-0101}
  harbour:
    organization: Harbour Yoga
    email: hello@harbour.example
    bus_phone: 902-555-0140
    p_street: 12 Wharf Road
    p_city: Halifax
  maple:
    organization: Maple Street Bakery
    email: ovens@maple.example
    note: |
      Invoice on the first of the month.
      Send a copy to the owner.
      Pays by bank transfer.
  northwind:
    organization: Northwind Cycles
    email: shop@northwind.example
    p_city: Victoria
    contacts:
      sam: {email: sam@northwind.example, fname: Sam, lname: Okafor}
"""


def tell(story: Story) -> str:
    """Let the files and the account change; give the page of the plan."""
    story.writes(BEFORE)
    story.apply()
    names = {str(client["organization"]): number for number, client in story.clients().items()}
    story.person.edits(names["Harbour Yoga"], bus_phone="902-555-0777")
    story.writes(AFTER)
    story.run("plan", "--format", "html=plan.html")
    return Path("plan.html").read_text(encoding="utf-8")


def main() -> None:
    """Make the page, and its pictures."""
    with tempfile.TemporaryDirectory() as folder, telling(Path(folder)) as story:
        page = tell(story)
    if len(sys.argv) > 1:
        chosen = Path(sys.argv[1])
        chosen.mkdir(parents=True, exist_ok=True)
        (chosen / "plan.html").write_text(page, encoding="utf-8")
        for scheme in ("light", "dark"):
            for width in (1280, 400):
                picture(page, chosen / f"plan-{scheme}-{width}.png", scheme=scheme, width=width)
    else:
        picture(
            page, Path(__file__).with_name("plan.png"), folded=("northwind", "northwind.contacts.sam", "lighthouse")
        )


def picture(page: str, file: Path, *, scheme: str = "light", width: int = 1280, folded: Sequence[str] = ()) -> None:
    """Make one picture, with these clients folded."""
    with browser() as opened:
        shown = opened.new_page(
            color_scheme="dark" if scheme == "dark" else "light",
            viewport={"width": width, "height": 900},
            bypass_csp=True,
            reduced_motion="reduce",
        )
        shown.set_content(page)
        shown.add_style_tag(content=FONT)
        for key in folded:
            shown.locator(f"[id='clients.{key}'] > summary").click()
        shown.mouse.move(0, 0)
        height = shown.evaluate(
            "document.querySelector('footer').offsetTop" if folded else "document.body.scrollHeight"
        )
        shown.screenshot(path=file, full_page=True, clip={"x": 0, "y": 0, "width": width, "height": height})


if __name__ == "__main__":
    main()
