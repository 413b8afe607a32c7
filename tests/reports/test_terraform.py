"""The saved plan: Terraform's JSON representation of every action, described by its schema, and exactly read back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from reconciler import schema_files
from reconciler.core.change import Action, Change, Plan
from reconciler.core.resource import Address
from reconciler.errors import PlanUnusable
from reconciler.reports.options import RenderOptions
from reconciler.reports.terraform import decode_plan, encode_plan, plan_document, terraform_address
from tests.reports.samples import attribute, change, full_plan, named, one_of_each, plan_of

PLAIN = RenderOptions()


def entry(*changes: Change, options: RenderOptions = PLAIN) -> Any:  # noqa: ANN401 - JSON
    """Give the first resource change of a plan, as JSON."""
    return json.loads(encode_plan(plan_of(*changes), options))["resource_changes"][0]


def test_the_document_is_described() -> None:
    """A plan with everything in it is what schemas/plan.schema.json describes."""
    document = json.loads(encode_plan(full_plan(), PLAIN))
    jsonschema.validate(document, schema_files.schema("plan"), cls=jsonschema.Draft7Validator)
    jsonschema.validate(
        json.loads(encode_plan(plan_of(), PLAIN)), schema_files.schema("plan"), cls=jsonschema.Draft7Validator
    )


@pytest.mark.parametrize("each", one_of_each(), ids=lambda each: f"{each.action} {each.address}")
def test_each_action_is_described(each: Change) -> None:
    """So is a plan of any one action."""
    document = json.loads(encode_plan(plan_of(each), PLAIN))
    jsonschema.validate(document, schema_files.schema("plan"), cls=jsonschema.Draft7Validator)


def test_it_is_one_line_and_stable() -> None:
    """The document is one line, and the same plan gives the same bytes."""
    raw = encode_plan(full_plan(), PLAIN)
    assert raw.count(b"\n") == 1
    assert raw.endswith(b"\n")
    assert raw == encode_plan(full_plan(), PLAIN)


def test_versions() -> None:
    """The document carries the format that tools look for."""
    document = plan_document(full_plan(), PLAIN)
    assert (document["format_version"], document["terraform_version"]) == ("1.2", "1.9.0")
    assert {"planned_values", "prior_state", "configuration", "resource_changes", "resource_drift"} <= set(document)


EXPECTED = {
    "clients.acme": ["create"],
    "clients.acme.contacts.jane": ["create"],
    "clients.back": ["update"],
    "clients.edit": ["update"],
    "clients.found": ["no-op"],
    "clients.found-too": ["update"],
    "clients.lost": ["no-op"],
    "clients.new": ["no-op"],
    "clients.newer": ["update"],
    "clients.put-away": ["update"],
    "clients.fetched": ["update"],
    "clients.leaving": ["update"],
    "clients.kill": ["delete"],
    "clients.drop": ["forget"],
    "clients.same": ["no-op"],
}


@pytest.mark.parametrize("each", one_of_each(), ids=lambda each: f"{each.action} {each.address}")
def test_actions_before_and_after(each: Change) -> None:
    """Each action is one of Terraform's, with a before where there is a record and an after where one stays."""
    told = entry(each)["change"]
    assert told["actions"] == EXPECTED[each.address]
    assert (told["before"] is None) is (each.action is Action.CREATE)
    assert (told["after"] is None) is (each.action in {Action.DELETE, Action.FORGET})
    assert told["after_unknown"] == ({"id": True} if each.action is Action.CREATE else {})
    assert ("importing" in told) is (each.action in {Action.ADOPT, Action.RECOVER})
    for row in each.attributes:
        assert told["before"] is None or told["before"].get(row.name) == row.before
        assert told["after"] is None or told["after"].get(row.name) == row.after


def test_an_adopt_says_what_it_imports() -> None:
    """An adopt has the id of the record, as a text, as Terraform's import has."""
    told = entry(change(Action.ADOPT, managed={"email": "a@x.example"}))["change"]
    assert told["importing"] == {"id": "700001"}
    assert told["before"] == told["after"] == {"id": "700001", "email": "a@x.example"}


def test_a_move_says_where_it_was() -> None:
    """A move has its previous address, in Terraform's words."""
    assert entry(change(Action.MOVE, moved_from=named("old")))["previous_address"] == "freshbooks_client.old"


def test_addresses() -> None:
    """A contact is an instance of a resource that is named for its client."""
    assert terraform_address(Address("clients.acme"), "client") == "freshbooks_client.acme"
    told = entry(one_of_each()[1])
    assert told["address"] == 'freshbooks_contact.acme["jane"]'
    assert (told["type"], told["name"], told["index"]) == ("freshbooks_contact", "acme", "jane")


def test_values_of_records() -> None:
    """Planned values have what will be, the prior state what is, each record once and in the order of addresses."""
    document: Any = json.loads(encode_plan(full_plan(), PLAIN))
    planned = document["planned_values"]["root_module"]["resources"]
    prior = document["prior_state"]["values"]["root_module"]["resources"]
    assert "freshbooks_client.kill" not in {record["address"] for record in planned}
    assert "freshbooks_client.acme" not in {record["address"] for record in prior}
    for records in (planned, prior):
        found = [record["address"] for record in records]
        assert len(found) == len(set(found))
    by_address = {record["address"]: record["values"] for record in planned}
    assert by_address["freshbooks_client.edit"]["email"] == "new@acme.example"


def test_drift_goes_from_recorded_to_live() -> None:
    """A drift entry goes from what was recorded to what is there now."""
    told: Any = json.loads(encode_plan(full_plan(), PLAIN))["resource_drift"]
    assert told[0]["change"]["before"]["p_city"] == "Rome"
    assert told[0]["change"]["after"]["p_city"] == "Oslo"


def test_sensitive_fields_are_marked() -> None:
    """Sensitive fields are marked in each change, as Terraform marks them, and only where they are."""
    hiding = RenderOptions(sensitive=frozenset({"email", "note"}))
    told = entry(change(Action.UPDATE, attribute("email", "a", "b"), attribute("fax", "1", "2")), options=hiding)
    assert told["change"]["before_sensitive"] == told["change"]["after_sensitive"] == {"email": True}
    created = entry(change(Action.CREATE, attribute("email", None, "b")), options=hiding)["change"]
    assert (created["before_sensitive"], created["after_sensitive"]) == (False, {"email": True})


def test_sensitive_fields_are_marked_in_what_is_removed() -> None:
    """A delete's values are marked too."""
    hiding = RenderOptions(sensitive=frozenset({"email"}))
    gone = change(Action.DELETE, attribute("email", "a", None), removed=True, managed={})
    assert entry(gone, options=hiding)["change"]["before_sensitive"] == {"email": True}


def test_sensitive_values_are_marked() -> None:
    """And so are the values of planned and prior records."""
    hiding = RenderOptions(sensitive=frozenset({"email"}))
    plan = plan_of(change(Action.UPDATE, attribute("email", "a", "b")))
    document: Any = json.loads(encode_plan(plan, hiding))
    assert document["planned_values"]["root_module"]["resources"][0]["sensitive_values"] == {"email": True}


def test_sensitive_fields_are_marked_in_drift() -> None:
    """A drift entry is turned round with its marks."""
    hiding = RenderOptions(sensitive=frozenset({"email"}))
    drifted = change(Action.UPDATE, attribute("email", "live", "recorded"))
    told: Any = json.loads(encode_plan(plan_of(drift=(drifted,)), hiding))["resource_drift"][0]["change"]
    assert told["before_sensitive"] == told["after_sensitive"] == {"email": True}


@pytest.mark.parametrize("plan", [plan_of(), full_plan(), *(plan_of(each) for each in one_of_each())])
def test_round_trip(plan: Plan) -> None:
    """What is read back is the plan that was saved, whatever is in it."""
    assert decode_plan(encode_plan(plan, PLAIN)) == plan
    assert encode_plan(decode_plan(encode_plan(plan, PLAIN)), PLAIN) == encode_plan(plan, PLAIN)


def test_round_trip_of_hostile_values() -> None:
    """Values are saved as they are, escape sequences and all: only text reports spell them out."""
    plan = plan_of(change(Action.UPDATE, attribute("note", "\x1b[31m\u202e\n", '"\\')))
    assert decode_plan(encode_plan(plan, PLAIN)) == plan


def test_verdicts() -> None:
    """The document says whether it can be applied, whether it is the whole, and whether it is refused."""
    full = plan_document(full_plan(), PLAIN)
    assert (full["applyable"], full["complete"], full["errored"]) == (False, False, True)
    simple = plan_document(plan_of(change(Action.UPDATE, attribute("a", "b", "c"))), PLAIN)
    assert (simple["applyable"], simple["errored"]) == (True, False)
    assert plan_document(plan_of(), PLAIN)["applyable"] is False


def without(key: str) -> Callable[[Any], Any]:
    """Take a key away from the reconciler's part."""

    def edit(document: Any) -> Any:  # noqa: ANN401 - JSON
        del document["reconciler"][key]
        return document

    return edit


def altered(document: Any) -> Any:  # noqa: ANN401 - JSON
    """Change a value of the plan, and leave its id."""
    document["reconciler"]["plan"]["changes"][0]["attributes"][0]["after"] = "evil"
    return document


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(without("plan"), id="no plan"),
        pytest.param(without("plan_id"), id="no plan id"),
        pytest.param(altered, id="altered"),
        pytest.param(lambda document: {**document, "format_version": "2.0"}, id="another format"),
        pytest.param(lambda document: {**document, "reconciler": []}, id="not ours"),
        pytest.param(lambda _: [], id="a list"),
        pytest.param(lambda _: None, id="null"),
    ],
)
def test_what_is_not_a_plan_is_refused(edit: Callable[[Any], Any]) -> None:
    """A document that was altered, or is of another program, is not taken for a plan."""
    document = edit(json.loads(encode_plan(full_plan(), PLAIN)))
    with pytest.raises(PlanUnusable):
        decode_plan(json.dumps(document).encode())


@pytest.mark.parametrize("cut", [0, 1, 100, -2])
def test_a_torn_plan_is_refused(cut: int) -> None:
    """A plan of which a part is missing is not read."""
    with pytest.raises(PlanUnusable):
        decode_plan(encode_plan(full_plan(), PLAIN)[:cut])


def test_a_deep_document_is_refused() -> None:
    """A document that is nested without end is refused, and does not break the program."""
    with pytest.raises(PlanUnusable):
        decode_plan(b"[" * 100_000)
