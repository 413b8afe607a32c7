"""What the laws quantify over: kinds, values, accounts, configurations, and stories that lead from one to another.

Records are made of a few personas, so that the YAML and the account speak of the same people often enough, and of noise
over every field of the kind, so that none is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from reconciler.core.diagnostic import Position
from reconciler.core.kind import FieldType, Kind
from reconciler.core.policy import DriftPolicy, Limit, Policy
from reconciler.core.resource import Address, Configuration, LiveResource, RemoteId, Value, Visibility
from reconciler.core.validate import Part, validate
from tests.contracts.memory import Fault
from tests.laws.kinds import KINDS

KEYS = ("a", "b", "c", "d-2", "e_3")
CHILD_KEYS = ("p", "q", "r")
PERSONAS = 7
ROOT = "clients.yaml"

Entry = dict[str, Any]
Document = dict[str, Any]


def law(examples: int) -> settings:
    """Give the settings of a law: the same examples every time, as many as it takes."""
    return settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        # To shrink a story takes minutes: add Phase.shrink here to look at a failure.
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )


# Values.

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
_EMPTY: tuple[Value, ...] = (None, "")


def persona(kind: Kind, number: int) -> dict[str, str]:
    """Give the texts by which one person or firm goes, in every field that matching looks at."""
    names = {*kind.identity, *kind.hints, *(name for group in kind.near for name in group)}
    return {name: f"{name}{number}@x.example" if name in kind.unique_key else f"{name} {number}" for name in names}


def values(kind: Kind, name: str) -> st.SearchStrategy[Value]:
    """Give what a field of this kind may hold, empty values included."""
    if any(field.name == name and field.type is FieldType.FLAG for field in kind.fields):
        return st.booleans()
    told = [persona(kind, number).get(name, f"{name} {number}") for number in range(PERSONAS)]
    spelled = [f" {told[0]}", told[1].upper(), told[2].title()]
    return st.sampled_from([*told, *spelled, *_EMPTY, *_EMPTY]) | TEXTS


@st.composite
def noise(draw: st.DrawFn, kind: Kind, most: int = 4) -> dict[str, Value]:
    """Give a few fields of any name, with any value."""
    names = draw(st.lists(st.sampled_from(kind.field_names), unique=True, max_size=most))
    return {name: draw(values(kind, name)) for name in names}


@st.composite
def named(draw: st.DrawFn, kind: Kind, number: int) -> dict[str, Value]:
    """Give some of the fields by which a persona goes, at least one that identifies it."""
    known = persona(kind, number)
    names = draw(st.lists(st.sampled_from(kind.identity), unique=True, min_size=1, max_size=3))
    found: dict[str, Value] = {name: known[name] for name in names}
    return found | {name: value for name, value in draw(noise(kind)).items() if name not in found or draw(_rarely)}


_rarely = st.integers(0, 3).map(lambda number: number == 3)
_mostly = st.integers(0, 3).map(lambda number: number < 3)


# The account.


@st.composite
def lives(draw: st.DrawFn, kind: Kind, remote_id: int, number: int) -> LiveResource:
    """Give one live record with its children; nothing in it is empty."""
    children: list[LiveResource] = []
    if kind.child is not None and draw(_mostly):
        numbers = draw(st.lists(st.integers(0, PERSONAS - 1), min_size=1, max_size=3))
        for place, child in enumerate(numbers):
            fields = _filled(draw(named(kind.child, child)))
            children.append(LiveResource(id=RemoteId(remote_id * 10 + place), fields=fields))
    places = [Visibility.ACTIVE, Visibility.ACTIVE, Visibility.ACTIVE, Visibility.ARCHIVED, Visibility.DELETED]
    return LiveResource(
        id=RemoteId(remote_id),
        fields=_filled(draw(named(kind, number))),
        visibility=draw(st.sampled_from(places)),
        children=tuple(children),
        balance=draw(st.sampled_from(["", "", "", "5.00 CAD"])),
    )


def _filled(fields: Mapping[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in fields.items() if value is not None and value != ""}


@st.composite
def accounts(draw: st.DrawFn, kind: Kind, most: int = 4) -> tuple[LiveResource, ...]:
    """Give the records of an account, most of them of people of their own."""
    least = draw(st.sampled_from([0, 2, 2]))
    numbers = draw(st.lists(st.integers(0, PERSONAS - 1), min_size=least, max_size=most, unique=draw(_mostly)))
    return tuple(draw(lives(kind, place, number)) for place, number in enumerate(numbers, 1))


# The configuration.


@st.composite
def entries(draw: st.DrawFn, kind: Kind, number: int) -> Entry:
    """Give what the YAML says of one record."""
    entry: Entry = dict(draw(named(kind, number)))
    if kind.child is not None and draw(_mostly):
        keys = draw(st.lists(st.sampled_from(CHILD_KEYS), unique=True, min_size=1))
        entry[kind.child.collection] = {
            key: draw(named(kind.child, draw(st.integers(0, PERSONAS - 1)))) for key in keys
        }
    if draw(_rarely):
        entry["archived"] = draw(st.booleans())
    if draw(_rarely):
        entry["lifecycle"] = draw(lifecycles(kind))
    if draw(_rarely) and draw(_rarely):
        entry["id"] = draw(st.integers(1, 3))
    return entry


@st.composite
def lifecycles(draw: st.DrawFn, kind: Kind) -> Entry:
    """Give what the YAML says of a record's end."""
    return draw(
        st.fixed_dictionaries(
            {},
            optional={
                "prevent_destroy": st.booleans(),
                "on_remove": st.sampled_from(["delete", "archive", "keep"]),
                "ignore_changes": st.lists(st.sampled_from(kind.field_names), unique=True, max_size=3),
            },
        )
    )


@st.composite
def documents(draw: st.DrawFn, kind: Kind, most: int = 4) -> Document:
    """Give the content of a configuration file; the keys of each are mostly of people of their own."""
    keys = draw(st.lists(st.sampled_from(KEYS), unique=True, min_size=draw(st.sampled_from([0, 1, 2])), max_size=most))
    numbers = draw(st.lists(st.integers(0, PERSONAS - 1), min_size=len(keys), max_size=len(keys), unique=True))
    return {
        "version": 1,
        kind.collection: {key: draw(entries(kind, number)) for key, number in zip(keys, numbers, strict=True)},
    }


@st.composite
def revised(draw: st.DrawFn, kind: Kind, document: Document) -> Document:
    """Give what a person makes of a configuration: records stay, change, leave, get another key, and come."""
    found: dict[str, Entry] = {}
    removed: list[str] = []
    for key, entry in document[kind.collection].items():
        match draw(st.sampled_from(["keep", "edit", "edit", "archive", "drop", "forget", "rename", "rename", "pin"])):
            case "keep":
                found[key] = entry
            case "edit":
                found[key] = draw(edited_entry(kind, entry))
            case "archive":
                found[key] = {**entry, "archived": draw(st.booleans())}
            case "forget":
                removed.append(key)
            case "rename":
                told = {"previously": [key]} if draw(_mostly) else {}
                found[draw(st.sampled_from(["new-1", "new-2"]))] = {**draw(edited_entry(kind, entry)), **told}
            case "pin":
                found[key] = {**entry, "id": draw(st.integers(1, 4))}
            case _:
                pass
    for key, entry in draw(documents(kind, most=2))[kind.collection].items():
        found.setdefault(key, entry)
    return {"version": 1, kind.collection: found, "removed": [key for key in removed if key not in found]}


@st.composite
def edited_entry(draw: st.DrawFn, kind: Kind, entry: Entry) -> Entry:
    """Give one record's YAML after an edit of fields and children."""
    dropped = draw(st.lists(st.sampled_from(kind.field_names), max_size=3))
    changed: Entry = {name: value for name, value in entry.items() if name not in dropped}
    changed.update(draw(noise(kind)))
    child = kind.child
    if child is None:
        return changed
    children = dict(changed.get(child.collection) or {})
    for key in draw(st.lists(st.sampled_from(CHILD_KEYS), unique=True, min_size=1)):
        if key in children and draw(st.booleans()):
            del children[key]
        elif key in children:
            children[key] = {**children[key], **draw(noise(child, most=2))}
        else:
            children[key] = draw(named(child, draw(st.integers(0, PERSONAS - 1))))
    owned: bool = draw(st.booleans())
    if children or owned:
        changed[child.collection] = children
    return changed


def configured(kind: Kind, document: Document) -> Configuration:
    """Validate a document as the program does, leaving out the records that make no sense together with others."""
    entries_of = dict(document[kind.collection])
    while True:
        content = {**document, kind.collection: entries_of}
        part = Part(file=ROOT, content=content, at=lambda _, __: Position(file=ROOT, line=3))
        configuration, problems = validate([part], kind, root=ROOT)
        if not problems:
            return configuration
        for problem in problems:
            key = problem.address.split(".")[1]
            entries_of.pop(key, None)


# What happens in between.


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Somebody else's edit of the account: `which` and `child` count records, in the order of ids."""

    act: str
    which: int
    child: int = 0
    fields: Mapping[str, Value] = field(default_factory=dict)
    spoilt: int = 0
    """How many of the fields that are there get another value, in an edit."""


ACTS = ("edit", "edit", "edit", "delete", "archive", "activate", "lose", "edit child", "delete child", "add child")


@st.composite
def outside(draw: st.DrawFn, kind: Kind) -> Outside:
    """Give one edit from outside."""
    act = draw(st.sampled_from(ACTS))
    about = kind.child if act.endswith("child") and kind.child is not None else kind
    fields = draw(noise(about)) if act in {"edit", "edit child"} else {}
    if act == "add child":
        fields = _filled(draw(named(about, draw(st.integers(0, PERSONAS - 1)))))
    which, child, spoilt = draw(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(1, 4)))
    return Outside(act=act, which=which, child=child, fields=fields, spoilt=spoilt)


FAULTS: st.SearchStrategy[Mapping[int, Fault]] = st.dictionaries(
    st.integers(0, 6), st.sampled_from(Fault), min_size=1, max_size=2
)
"""What goes wrong, by the number of the write in one apply."""

OPEN = Policy(
    max_deletes=Limit(share=1.0),
    max_updates=Limit(share=1.0),
    allow_empty=True,
    allow_balance=frozenset(Address(f"{kind.collection}.{key}") for kind in KINDS for key in KEYS),
)
"""Lets a small account change as a whole, which the default does not."""
POLICIES = st.sampled_from([OPEN, OPEN, replace(OPEN, drift=DriftPolicy.REPORT), Policy()])


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """An account and what happens to it, up to the plan that a law is about."""

    records: tuple[LiveResource, ...]
    earlier: Configuration | None
    """What was applied before, if anything."""
    faults: Mapping[int, Fault]
    """What went wrong with the writes of that earlier apply."""
    outside: tuple[Outside, ...]
    wanted: Configuration
    policy: Policy
    create_anyway: bool
    """Whether near matches are answered with `--create` for every address."""
    recreate: bool
    reissues: bool
    """Whether the vendor gives children new ids when one is added."""
    tells_children: bool
    """Whether answers to writes hold the children."""
    tidies: bool
    """Whether the vendor trims texts and folds unique keys."""
    stale: bool
    """Whether so much time passes that records are read again before they are written."""


@st.composite
def stories(draw: st.DrawFn, kind: Kind) -> Story:
    """Give a story of one kind, with an earlier apply or without."""
    document = draw(documents(kind)) if draw(_mostly) else None
    later = draw(documents(kind))
    if document is not None and draw(_mostly):
        later = document if draw(_rarely) else draw(revised(kind, document))
    return Story(
        records=draw(accounts(kind)),
        earlier=configured(kind, document) if document is not None else None,
        faults=draw(FAULTS) if draw(_rarely) else {},
        outside=tuple(draw(st.lists(outside(kind), min_size=draw(st.sampled_from([0, 1])), max_size=3))),
        wanted=configured(kind, later),
        policy=draw(POLICIES),
        create_anyway=draw(_mostly),
        recreate=draw(_mostly),
        reissues=draw(_rarely),
        tells_children=draw(_mostly),
        tidies=draw(_rarely),
        stale=draw(_rarely),
    )
