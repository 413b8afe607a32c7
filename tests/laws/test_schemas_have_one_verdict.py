"""Law: the fast validator and the one that explains accept the same documents."""

from __future__ import annotations

import copy
from collections import Counter
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler import schema_files
from reconciler.documents.explain import accepts, explained
from reconciler.documents.parse import Document
from reconciler.providers.freshbooks.wire import CLIENT
from tests.laws.strategies import documents, law, lifecycles

# What a parsed YAML file can hold: a number that nothing can be comes as one that is large and no whole one.
SCALARS = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        1,
        -1,
        2,
        64,
        65,
        2**53 - 1,
        2**53,
        0.5,
        2.0**51 + 0.5,
        "",
        "a",
        "acme",
        "Acme",
        "a\n",
        "10%",
        "10%\n",
        "é",
    ]
) | st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
LONG = st.sampled_from(["x" * 10_000, "x" * 10_001, "a" * 63, "a" * 64, "\U0001f600" * 5_001])
ANYTHING = st.recursive(
    SCALARS | LONG,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3) | st.just("email"), inner, max_size=2)
    ),
    max_leaves=4,
)
SPELLINGS = ("{}\n", "{} ", "\n{}", "{}\n\n", "{}\r", "{}\u2028", "{}\u00e9", "{0}{0}", "{}0")
"""How a text may come out of quotes in YAML."""
NAMES = st.sampled_from(
    [
        "id",
        "previously",
        "distinct_from",
        "unmanaged",
        "archived",
        "lifecycle",
        "contacts",
        "emial",
        "version",
        "a\n",
        "",
    ]
)


@st.composite
def clients(draw: st.DrawFn) -> Any:  # noqa: ANN401 - JSON
    """Give a document that the schema of clients accepts."""
    content: dict[str, Any] = copy.deepcopy(draw(documents(CLIENT)))
    for entry in content["clients"].values():
        entry.update(
            draw(
                st.fixed_dictionaries(
                    {},
                    optional={
                        "previously": st.just(["old-key", "older"]),
                        "distinct_from": st.just([700009, 700010]),
                        "unmanaged": st.just(["language"]),
                        "lifecycle": lifecycles(CLIENT),
                    },
                )
            )
        )
    return content | draw(
        st.fixed_dictionaries(
            {},
            optional={
                "account": st.just("Ab12Cd"),
                "defaults": st.just({"currency_code": "CAD", "pref_email": True}),
                "removed": st.just(["old-key", "gone"]),
            },
        )
    )


SETTINGS: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {"version": st.just(1)},
    optional={
        "account": st.just("Ab12Cd"),
        "root": st.just("clients/"),
        "match": st.just([["vat_number"], ["email", "organization"]]),
        "policy": st.fixed_dictionaries(
            {},
            optional={
                "max_deletes": st.sampled_from([3, "10%"]),
                "max_updates": st.sampled_from([0, "100%"]),
                "on_remove": st.sampled_from(["delete", "archive", "keep"]),
                "drift": st.sampled_from(["revert", "report"]),
            },
        ),
        "parallelism": st.just(8),
        "rate_share": st.just(0.5),
        "rules": st.just({"required": ["email"]}),
        "sensitive": st.just(["note", "phone1"]),
    },
)
VALID = {"clients": clients(), "settings": SETTINGS}


@st.composite
def mutated(draw: st.DrawFn, content: Any) -> Any:  # noqa: ANN401 - JSON
    """Give a document with one place changed, at any depth."""
    if isinstance(content, str) and draw(st.booleans()):
        return draw(st.sampled_from(SPELLINGS)).format(content)
    if not isinstance(content, (dict, list)) or not content or draw(st.integers(0, 4)) == 0:
        return draw(ANYTHING)
    if isinstance(content, list):
        place = draw(st.integers(0, len(content) - 1))
        changed = draw(st.sampled_from(["twice", "without", "inside"]))
        if changed == "twice":
            return [*content, content[place]]
        rest = content[:place] + content[place + 1 :]
        return rest if changed == "without" else [*rest, draw(mutated(content[place]))]
    return draw(_mutated_mapping(content))


@st.composite
def _mutated_mapping(draw: st.DrawFn, content: dict[str, Any]) -> dict[str, Any]:
    key = draw(st.sampled_from(sorted(content)))
    rest = {name: value for name, value in content.items() if name != key}
    match draw(st.sampled_from(["inside", "inside", "inside", "without", "renamed", "more"])):
        case "without":
            return rest
        case "renamed":
            spelled = draw(st.sampled_from(SPELLINGS)).format(key)
            return rest | {draw(st.just(spelled) | NAMES): content[key]}
        case "more":
            return content | {draw(NAMES): draw(ANYTHING)}
        case _:
            return rest | {key: draw(mutated(content[key]))}


@pytest.mark.parametrize("name", VALID)
def test_schemas_have_one_verdict(name: str) -> None:
    """jsonschema-rs and jsonschema agree on every document, as it was and with up to two places changed."""
    schema = schema_files.schema(name)
    explaining = jsonschema.Draft7Validator(schema)
    seen: Counter[bool] = Counter()

    @law(300)
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        content = data.draw(VALID[name])
        assert accepts(schema, content)
        for _ in range(data.draw(st.integers(0, 2))):
            content = data.draw(mutated(content))
        verdict = accepts(schema, content)
        assert verdict == explaining.is_valid(content)
        seen[verdict] += 1

    holds()
    assert min(seen[True], seen[False]) > 60, seen


CORNERS: list[tuple[str, Any]] = [
    ("clients", {"version": 1, "clients": {"acme\n": {"email": "a@x.example"}}}),
    (
        "clients",
        {"version": 1, "clients": {"acme": {"email": "a@x.example", "contacts": {"jane\n": {"fname": "Jane"}}}}},
    ),
    ("clients", {"version": 1, "clients": {"acme": {"email": "a@x.example", "previously": ["old\n"]}}}),
    ("clients", {"version": 1, "account": "Ab12Cd\n"}),
    ("clients", {"version": 1, "removed": ["old\n"]}),
    ("clients", {"version": 1, "clients": {"acme": {"email": "a@x.example", "id": 2**53}}}),
    ("clients", {"version": 1, "clients": {"acme": {"email": "a@x.example", "distinct_from": [1, True]}}}),
    ("clients", {"version": True}),
    ("settings", {"version": 1, "account": "Ab12Cd\n"}),
    ("settings", {"version": 1, "policy": {"max_deletes": "10%\n"}}),
    ("settings", {"version": 1, "policy": {"max_updates": True}}),
    ("settings", {"version": 1, "rate_share": True}),
    ("settings", {"version": 1, "match": [[]]}),
]
"""Where two implementations of one standard are known to part: line ends, truth values, the sizes of numbers."""


@pytest.mark.parametrize(("name", "content"), CORNERS)
def test_corners_have_one_verdict(name: str, content: Any) -> None:  # noqa: ANN401 - JSON
    """The two agree where patterns meet line breaks, and numbers meet truth values; what one refuses is explained."""
    schema = schema_files.schema(name)
    document = Document(file="f.yaml", content=content, raw=b"")
    assert accepts(schema, content) == (explained(schema, document) == [])
