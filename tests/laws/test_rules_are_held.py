"""Law: a breach is told of exactly those clients that another validator refuses, each at a place of its file."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import jsonschema
from hypothesis import given
from hypothesis import strategies as st

from reconciler.load import LoadOptions, check
from reconciler.providers.freshbooks.wire import CLIENT
from reconciler.rules.sources import Source
from tests.laws.strategies import law

FIELDS = ("fname", "note", "currency_code")
VALUES = st.sampled_from(["a", "b", "ab", "", None])
JANE, KIM = {"j": {"fname": "a"}}, {"k": {"fname": "b"}}
CONTACTS = st.sampled_from([{}, JANE, KIM, JANE | KIM])
CLIENTS = st.lists(
    st.fixed_dictionaries(
        {"email": st.sampled_from(["a", "b"])},
        optional={**{name: VALUES for name in FIELDS}, "contacts": CONTACTS, "archived": st.booleans()},  # noqa: C420 - typed
    ),
    max_size=4,
)
NAMES = st.sampled_from([*FIELDS, "email", "contacts", "archived", "j"])
LEAVES = (
    st.booleans()
    | st.builds(lambda names: {"required": names}, st.lists(NAMES, max_size=2, unique=True))
    | st.sampled_from(
        [
            {"const": "a"}, {"enum": ["a", "b"]}, {"pattern": "^a"}, {"maxLength": 1}, {"minProperties": 3},
            {"type": "string"}, {"maxProperties": 2}, {"propertyNames": {"pattern": "^[a-j]"}},
            {"$ref": "#/definitions/d"},
            {"additionalProperties": False, "properties": {"fname": True, "email": True}},
        ]
    )
)  # fmt: skip


def _wider(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, min_size=1, max_size=3)
    return (
        st.builds(lambda parts: {"properties": parts}, st.dictionaries(NAMES, inner, max_size=2))
        | st.builds(lambda part: {"additionalProperties": part}, inner)
        | st.builds(lambda name, parts: {name: parts}, st.sampled_from(["allOf", "anyOf", "oneOf"]), several)
        | st.builds(lambda part: {"not": part}, inner)
        | st.builds(lambda a, b, c: {"if": a, "then": b, "else": c}, inner, inner, inner)
        | st.builds(lambda name, part: {"dependencies": {name: part}}, NAMES, inner)
        | st.builds(
            lambda part, text: {"allOf": [part], "errorMessage": text}, inner, st.sampled_from(["M", {"_": "N"}])
        )
    )


RULES = st.recursive(LEAVES, _wider, max_leaves=6)


def seen(defaults: dict[str, Any], client: dict[str, Any]) -> dict[str, Any]:
    """Give what rules are to see of a client, said anew."""
    return {name: value for name, value in {**defaults, **client}.items() if value not in (None, "")}


@law(400)
@given(rules=RULES, part=LEAVES, clients=CLIENTS, defaults=st.fixed_dictionaries({}, optional={"note": VALUES}))
def test_rules_are_held(rules: Any, part: Any, clients: Any, defaults: dict[str, Any]) -> None:  # noqa: ANN401 - JSON
    """A client is told of if another validator refuses it, if not alone, then among those that have a default."""
    schema = {"allOf": [rules], "definitions": {"d": {"maxLength": 3} if "$ref" in str(part) else part}}
    with tempfile.TemporaryDirectory() as folder:
        file, named = Path(folder, "clients.yaml"), Path(folder, "rules.json")
        entries = {
            f"c{number}": client | {"email": f"{client['email']}{number}"} for number, client in enumerate(clients)
        }
        file.write_text(json.dumps({"version": 1, "defaults": defaults, "clients": entries}, indent=1))
        named.write_text(json.dumps(schema))
        problems = check([str(file)], CLIENT, LoadOptions(rules=(Source(given=str(named)),)))[1]
    verdict = jsonschema.Draft7Validator(schema)
    wrong = {f"clients.{key}" for key, client in entries.items() if not verdict.is_valid(seen(defaults, client))}
    assert {problem.code for problem in problems} <= {"house-rule"}
    assert {problem.address for problem in problems} <= wrong
    assert {address for address in wrong if not any(address in problem.detail for problem in problems)} == set()
    assert all(problem.position is not None and problem.excerpt for problem in problems)
    assert len({(problem.position, problem.detail) for problem in problems}) == len(problems)
