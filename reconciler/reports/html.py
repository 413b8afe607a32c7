"""A plan as one page that needs nothing else: what a bookkeeper opens, searches, folds and prints.

The words of each record are `cards.py`; the page is `page.html.j2`, `page.css` and `page.js` beside this file. No value
becomes markup: everything is escaped by the template, and the page's own policy lets a browser run and style by nothing
but the two blocks whose digests it names.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from jinja2 import Environment, StrictUndefined, Template

from reconciler.core.change import Action, Change, Plan
from reconciler.core.diagnostic import Diagnostic
from reconciler.reports.cards import CAUSES, Card, Group, groups, title
from reconciler.reports.options import RenderOptions
from reconciler.reports.paint import plain
from reconciler.reports.text import ALSO, counts, summary
from reconciler.reports.words import counted

_MANY = 60
"""Records, or notes, from which on a page opens folded; arbitrary: about ten screens."""
_MOST_NAMED = 12
"""Deleted records that are named in the warning; arbitrary: the rest is counted."""
_ENDLESS = RenderOptions(width=100_000)
_TILES = {
    "add": ("to add", "new in FreshBooks"),
    "change": ("to change", "edited in FreshBooks"),
    "destroy": ("to delete", "removed from FreshBooks"),
    "adopt": ("to adopt", "exist already, linked as they are"),
    "move": ("to move", "another name in your files only"),
    "forget": ("to forget", "stay in FreshBooks, no longer managed"),
    "recover": ("to recover", "made by an interrupted run"),
    "record": ("to record", "nothing changes in FreshBooks"),
}
_CHIPS = {"add": "Add", "change": "Change", "destroy": "Delete", **{word: word.capitalize() for word in ALSO}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One of the large numbers, and the filter of the same name."""

    word: str
    count: int
    told: str
    hint: str
    chip: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A diagnostic, with the address that it can be linked to where the page has a card for it."""

    summary: str
    code: str
    detail: Sequence[str]
    place: str
    anchor: str


def render_html(plan: Plan, options: RenderOptions) -> str:
    """Give the page."""
    found = groups(plan.changes, options)
    anchors = frozenset(change.address for change in plan.changes)
    tiles = _tiles(plan)
    template, css, js = _template()
    return template.render(
        css=css,
        js=js,
        policy=_policy(css, js),
        plan=plan,
        account=plain(plan.account),
        facts=_facts(plan),
        chosen=_chosen(plan),
        told=[plain(line) for line in summary(plan, _ENDLESS).split("\n")],
        tiles=tiles,
        chips=[tile for tile in tiles if tile.count],
        causes=_causes(found),
        words_of_causes=CAUSES,
        groups=found,
        total=len(plan.changes),
        many=max(len(plan.changes), len(plan.notes)) > _MANY,
        drift=groups(plan.drift, options),
        deleted=_deleted(plan.changes, options),
        more_deleted=max(0, counts(plan.changes)["destroy"] - _MOST_NAMED),
        refusals=_notes(plan.refusals, anchors),
        warnings=_notes((note for note in plan.notes if note.code == "no-state"), anchors),
        notes=_notes((note for note in plan.notes if note.code != "no-state"), anchors),
    )


@cache
def _template() -> tuple[Template, str, str]:
    folder = resources.files("reconciler.reports")
    page, css, js = ((folder / name).read_text(encoding="utf-8") for name in ("page.html.j2", "page.css", "page.js"))
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    return environment.from_string(page), css.strip(), js.strip()


def _policy(css: str, js: str) -> str:
    """Give the page's content security policy: these two blocks, and nothing from anywhere."""
    return (
        f"default-src 'none'; style-src '{_digest(css)}'; script-src '{_digest(js)}'; base-uri 'none'; "
        "form-action 'none'"
    )


def _digest(block: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(block.encode()).digest()).decode()}"


def _tiles(plan: Plan) -> list[Tile]:
    """Give the sums; the three of Terraform always, the others where there are any."""
    found = counts(plan.changes)
    always = ("add", "change", "destroy")
    return [
        Tile(word=word, count=found[word], told=told, hint=hint, chip=_CHIPS[word])
        for word, (told, hint) in _TILES.items()
        if word in always or found[word]
    ]


def _facts(plan: Plan) -> list[tuple[str, str]]:
    """Give what the plan was made of."""
    unmanaged = [counted(count, kind) for kind, count in plan.unmanaged.items() if count]
    found = [
        ("Configuration", plain(plan.options.root)),
        ("API", plain(plan.origin)),
        ("As wanted already", counted(plan.unchanged, "record") if plan.unchanged else ""),
        ("Not managed", plain(" and ".join(unmanaged))),
        ("Plan id", plain(plan.plan_id)),
    ]
    return [(name, told) for name, told in found if told]


def _chosen(plan: Plan) -> str:
    """Say of which part of the configuration the plan is, where it is not of all."""
    options = plan.options
    parts = [f"--target {target}" for target in options.targets] + [f"--exclude {each}" for each in options.excludes]
    return plain(" ".join(parts))


def _causes(found: Iterable[Group]) -> list[tuple[str, str, int]]:
    """Give the filters by who wants a change, each with its count."""
    cards = [card for group in found for card in _cards(group)]
    told = [(name, words, sum(card.cause == name for card in cards)) for name, words in CAUSES.items()]
    return [each for each in told if each[2]]


def _cards(group: Group) -> Iterable[Card]:
    return (group.card, *group.children) if group.card is not None else group.children


def _deleted(changes: Iterable[Change], options: RenderOptions) -> list[tuple[str, str]]:
    """Give address and name of the records that will be deleted, the first of them."""
    gone = [change for change in changes if change.action is Action.DELETE]
    return [(plain(change.address), title(change, options)) for change in gone[:_MOST_NAMED]]


def _notes(diagnostics: Iterable[Diagnostic], anchors: frozenset[str]) -> list[Note]:
    return [
        Note(
            summary=_sentence(plain(diagnostic.summary)),
            code=plain(diagnostic.code),
            detail=[plain(line) for line in diagnostic.detail.split("\n") if line.strip()],
            place=plain(str(diagnostic.position)) if diagnostic.position is not None else "",
            anchor=plain(diagnostic.address) if diagnostic.address in anchors else "",
        )
        for diagnostic in diagnostics
    ]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
