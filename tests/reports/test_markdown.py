"""A plan as a pull-request comment: complete, found again, never too long, and code wherever a stranger speaks."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from random import Random

import cmarkgfm  # type: ignore[import-untyped]
import pytest
from cmarkgfm.cmark import Options  # type: ignore[import-untyped]

from reconciler.core.change import Action, Plan, PlanOptions
from reconciler.core.diagnostic import Diagnostic, Severity
from reconciler.reports.markdown import marker, render_markdown
from reconciler.reports.options import RenderOptions
from reconciler.reports.rendering import render
from tests.reports.hostile import fuzzed_plan, strangers_plan
from tests.reports.samples import attribute, change, full_plan, named, one_of_each, plan_of

PLAIN = RenderOptions()
MARKER = re.compile(r"<!-- reconciler:plan root=(\S+) account=(\S+) plan_id=(\S*) -->")
OURS = {"h3", "h4", "p", "blockquote", "strong", "code", "pre", "details", "summary", "ul", "li", "br"}
LINKED = re.compile(r"@\w|#\d|https?:|www\.|GH-\d|!\[|\]\(|:\w+:")
"""What GitHub makes a link, a mention, a picture or a smiley of, outside code."""


class Page(HTMLParser):
    """What a browser would find in a rendered comment."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.others: list[str] = []
        self.outside = ""
        self._in_code = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element; only the language of a fence may be an attribute."""
        self.tags.append(tag)
        self._in_code += tag == "code"
        self.others += [f"{tag} {name}" for name, value in attrs if (tag, name) != ("pre", "lang")]
        self.others += [str(value) for _, value in attrs if value not in {"diff", "text"}]

    def handle_endtag(self, tag: str) -> None:
        """Take the end of one."""
        self.tags.append(f"/{tag}")
        self._in_code -= tag == "code"

    def handle_comment(self, data: str) -> None:
        """Take a comment: there is one, and it is ours."""
        if not MARKER.fullmatch(f"<!--{data}-->") or "marker" in self.tags:
            self.others.append(data)
        self.tags.append("marker")

    def handle_decl(self, decl: str) -> None:
        """Take a declaration, of which there are none."""
        self.others.append(decl)

    def handle_pi(self, data: str) -> None:
        """Take an instruction, of which there are none."""
        self.others.append(data)

    def handle_data(self, data: str) -> None:
        """Take text outside code."""
        if not self._in_code:
            self.outside += data


def page(markdown: str) -> Page:
    """Render a comment as GitHub would, with raw HTML let through, so that any is seen."""
    return Page(cmarkgfm.github_flavored_markdown_to_html(markdown, options=Options.CMARK_OPT_UNSAFE))


@pytest.mark.parametrize("block", range(10))
def test_a_stranger_s_words_are_code(block: int) -> None:
    """5,000 fuzzed comments have our elements and no other, as with plain words; outside code is no link or mention."""
    for seed in range(block * 500, (block + 1) * 500):
        markdown = render_markdown(fuzzed_plan(Random(seed)), PLAIN)
        found = page(markdown)
        assert set(found.tags) <= OURS | {f"/{tag}" for tag in OURS} | {"marker"}, seed
        assert found.others == [], seed
        assert not LINKED.search(found.outside), (seed, found.outside)
        assert found.tags == page(render_markdown(fuzzed_plan(Random(seed), lambda: "x"), PLAIN)).tags, seed


def test_a_plan_from_anywhere() -> None:
    """Where not even addresses and plan id are ours, as in a file that somebody sent, they are code too."""
    for seed in range(500):
        found = page(render_markdown(strangers_plan(Random(seed)), PLAIN))
        assert set(found.tags) <= OURS | {f"/{tag}" for tag in OURS} | {"marker"}, seed
        assert found.others == [], seed
        assert not LINKED.search(found.outside), (seed, found.outside)


def test_the_marker_is_read_back() -> None:
    """The first line tells account, root and plan id, whatever they are, and ends where it should."""
    plan = replace(full_plan(), options=PlanOptions(root="my clients/--> <b>.yaml"))
    first = render_markdown(plan, PLAIN).splitlines()[0]
    found = MARKER.fullmatch(first)
    assert found is not None
    assert found.groups() == ("my%20clients/%2D%2D%3E%20%3Cb%3E.yaml", "Ab12Cd", plan.plan_id)
    assert first == marker(plan)
    assert page(render_markdown(plan, PLAIN)).others == []


def test_signs_stand_in_column_one() -> None:
    """In a fence each line begins with its sign, which is what colours it."""
    text = render_markdown(plan_of(*one_of_each()), PLAIN)
    for body in re.findall(r"^```diff\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        assert {line[:2] for line in body.splitlines()} <= {"+ ", "- ", "! ", "  "}
    assert '- email: "old@acme.example"\n+ email: "new@acme.example"' in text
    assert '- fax: "1"\n```' in text


def test_lines_of_a_note() -> None:
    """Of a text of several lines those that differ are shown."""
    row = attribute("note", "one\ntwo\nthree", "one\n2\nthree")
    text = render_markdown(plan_of(change(Action.UPDATE, row)), PLAIN)
    assert '! note:\n    "one"\n-   "two"\n+   "2"\n    "three"\n' in text


def test_deletions_are_warned_of() -> None:
    """What will be deleted stands above everything, with what it still owes."""
    text = render_markdown(plan_of(*one_of_each()), PLAIN)
    warning = text[text.index("> [!WARNING]") : text.index("Plan id:")]
    assert "**1 record will be deleted:** `clients.kill`" in warning
    assert "`clients.kill` still owes `12.00 USD`" in warning
    assert "> [!WARNING]" not in render_markdown(plan_of(change(Action.FORGET)), PLAIN)


def test_counts_are_the_heading() -> None:
    """The heading has the numbers of the text."""
    assert "\n### FreshBooks: 2 to add, 7 to change, 1 to destroy\n" in render_markdown(full_plan(), PLAIN)
    nothing = render_markdown(plan_of(options=PlanOptions()), PLAIN)
    assert "### FreshBooks: no changes. Your account matches the configuration" in nothing
    assert "Plan id" not in nothing


def test_many_are_folded() -> None:
    """A few records are open, many are folded."""
    some = [change(Action.FORGET, address=named(f"c{number}")) for number in range(11)]
    assert "<details>" not in render_markdown(plan_of(*some[:10]), PLAIN)
    assert "<summary>11 records</summary>" in render_markdown(plan_of(*some), PLAIN)


def many(count: int) -> Plan:
    """Give a plan of so many records, with notes and refusals."""
    rows = [attribute("note", "a" * 50, "`" * 9), attribute("email", "a@x.example", "b@x.example")]
    some = [change(Action.UPDATE, *rows, address=named(f"c{number}")) for number in range(count)]
    note = Diagnostic(code="n", summary="a note", detail="b" * 300, severity=Severity.NOTE)
    refusal = Diagnostic(code="r", summary="refused", detail="c" * 900)
    return plan_of(*some, notes=(note,) * 30, refusals=(refusal,) * 25)


@pytest.mark.parametrize("size", [2_000, 3_333, 10_000, 32_000, 65_000])
@pytest.mark.parametrize("count", [1, 9, 12, 600])
def test_it_is_never_too_long(size: int, count: int) -> None:
    """A comment is cut by whole records, tells how many it left out, and is whole Markdown all the same."""
    text = render_markdown(many(count), replace(PLAIN, max_size=size))
    assert len(text) <= size
    found = page(text)
    assert found.others == []
    assert [found.tags.count(tag) for tag in OURS - {"br"}] == [found.tags.count(f"/{tag}") for tag in OURS - {"br"}]
    shown = len(re.findall(r"^\*\*`clients\.c\d+`\*\*", text, re.MULTILINE))
    left = re.search(r"^\*\*(\d+) records? more\*\* did not fit here", text, re.MULTILINE)
    assert shown + (int(left[1]) if left else 0) == count
    assert text.count("```diff") + text.count("`diff\n") >= shown


@pytest.mark.parametrize("size", [2_000, 20_000])
def test_fuzzed_plans_are_never_too_long(size: int) -> None:
    """Nor is any other."""
    for seed in range(200):
        assert len(render_markdown(fuzzed_plan(Random(seed)), replace(PLAIN, max_size=size))) <= size


@pytest.mark.parametrize("size", [2_000, 4_000, 65_000])
def test_names_and_debts_are_never_too_long(size: int) -> None:
    """However long the addresses of what is deleted, and what it owes, the warning leaves room, and counts the rest."""
    gone = [
        change(
            Action.DELETE,
            attribute("email", "a@x.example", None),
            address=named(f"{'a' * 60}{number}.contacts.{'b' * 63}"),
            balance="9" * 99,
        )
        for number in range(15)
    ]
    text = render_markdown(
        plan_of(*gone), replace(PLAIN, max_size=size, redact=True, link=f"https://ci.example/{'r' * 150}")
    )
    assert len(text) <= size
    warned = text.partition("[!WARNING]")[2].partition("\n\n")[0]
    shown = warned.partition("deleted:**")[2].partition("\n")[0]
    named_more = re.search(r" and (\d+) more", shown)
    assert named_more
    assert shown.count("`clients.") + int(named_more[1]) == 15
    owing_more = re.search(r"> and (\d+) more of them still owe", warned)
    assert owing_more
    assert warned.count("` still owes `") + int(owing_more[1]) == 15


@pytest.mark.parametrize("size", [2_000, 65_000])
def test_a_long_text_pushes_no_other_record_out(size: int) -> None:
    """Of a record that is too long the beginning and the end of each field are shown, and every other record whole."""
    note = "\n".join(f"{number} {'z' * 120}" for number in range(800))
    long = change(Action.UPDATE, attribute("fax", "1", "2"), attribute("note", note, "ok"), address=named("a"))
    other = change(Action.UPDATE, attribute("email", "a@x.example", "b@x.example"), address=named("b"))
    text = render_markdown(plan_of(long, other), replace(PLAIN, max_size=size))
    assert len(text) <= size
    assert "did not fit" not in text
    assert '- fax: "1"\n+ fax: "2"' in text
    assert '+   "ok"' in text
    assert '- email: "a@x.example"\n+ email: "b@x.example"' in text
    left = re.search(r"^  # \((\d+) lines more of note\)$", text, re.MULTILINE)
    assert left
    assert int(left[1]) + len(re.findall(r'^-   "\d+ z+"$', text, re.MULTILINE)) + len(["! note:", "ok"]) == 802
    assert page(text).others == []


def test_redacted() -> None:
    """Redacted it names fields and shows no value, and says so."""
    fields = frozenset(row.name for each in (*full_plan().changes, *full_plan().drift) for row in each.attributes)
    text = render("markdown", full_plan(), replace(PLAIN, sensitive=fields, redact=True))
    assert "Values are not shown here." in text
    assert "! email" in text
    for value in ("@acme.example", "12.00 USD", "Acme\n", '"Oslo"'):
        assert value not in text


def test_a_link_to_the_run() -> None:
    """Where the run has a page, the comment leads there."""
    text = render_markdown(full_plan(), replace(PLAIN, link="https://ci.example/runs/1"))
    assert "[The run that made this plan](https://ci.example/runs/1)" in text
