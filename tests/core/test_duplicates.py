"""Which records of an account may be one and the same: rule 5 of matching, asked of the account alone."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.duplicates import Group, duplicates
from reconciler.core.identity import Alternatives, likeness, same
from reconciler.core.resource import Account, Address, Configuration, LiveResource, RemoteId, Resource
from reconciler.core.state import Binding, State
from reconciler.providers.freshbooks.wire import CLIENT

Fields = Mapping[str, str]


def account(*records: Fields) -> Account:
    """Give an account with these records, whose ids count from 1."""
    numbered = enumerate(records, 1)
    return Account(
        account_id="x",
        records={RemoteId(at): LiveResource(id=RemoteId(at), fields=dict(each)) for at, each in numbered},
    )


def grouped(*records: Fields, match: Alternatives = ()) -> list[list[int]]:
    """Give the ids of each group."""
    return [ids(group) for group in duplicates(CLIENT, account(*records), match)]


def ids(group: Group) -> list[int]:
    """Give the ids of a group."""
    return [double.live.id for double in group.doubles]


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        # The same email, however it is written; but not of two companies, or two persons.
        ([{"email": "a@x.example"}, {"email": " A@X.example"}], [[1, 2]]),
        ([{"email": "a@x", "organization": "A"}, {"email": "a@x", "organization": "B"}], []),
        ([{"email": "a@x", "fname": "Ann"}, {"email": "a@x", "fname": "Ben"}], []),
        # Without an email on both sides, the names that one of them has.
        ([{"organization": "Acme"}, {"organization": "ACME", "email": "a@x"}], [[1, 2]]),
        ([{"organization": "Acme"}, {"organization": "Acme", "fname": "Ann"}], [[1, 2]]),
        ([{"organization": "Acme", "email": "a@x"}, {"organization": "Acme", "email": "b@x"}], []),
        # What only repeats other fields says nothing.
        ([{"email": "a@x", "organization": "a@x"}, {"email": "a@x", "organization": "Acme"}], [[1, 2]]),
        # One that says less may be either of two that are not the same.
        ([{"email": "a@x", "organization": "A"}, {"email": "a@x"}, {"email": "a@x", "organization": "B"}], [[1, 2, 3]]),
        # Nothing to go by is no key.
        ([{"note": "x"}, {"note": "x"}, {}, {}], []),
    ],
)
def test_who_may_be_who(records: list[Fields], expected: list[list[int]]) -> None:
    """Records are joined where a configuration of one would fit the other."""
    assert grouped(*records) == expected


def test_the_settings_name_other_keys() -> None:
    """With `match` records are compared by what it names, and by nothing else."""
    records = ({"vat_number": "1", "email": "a@x"}, {"vat_number": "1", "email": "b@x"}, {"email": "a@x"})
    assert grouped(*records) == [[1, 3]]
    assert grouped(*records, match=(("vat_number",),)) == [[1, 2]]


def test_what_they_share() -> None:
    """A group says which fields all of it have alike."""
    [group] = duplicates(
        CLIENT, account({"email": "a@x", "fname": "Ann"}, {"email": "a@x", "fname": "ann", "note": "n"})
    )
    assert group.shared == ("email", "fname")


def test_told_apart() -> None:
    """A group is settled once each of its records is bound, pinned, or named in a `distinct_from`."""
    twins = account({"email": "a@x"}, {"email": "a@x"}, {"email": "a@x"})
    acme, bolt = Address("clients.acme"), Address("clients.bolt")
    jane = Address("clients.acme.contacts.jane")
    # A contact's id is of another sequence.
    bindings = {acme: Binding(id=RemoteId(1)), jane: Binding(id=RemoteId(2), parent=RemoteId(1))}
    state = State(lineage="l", bindings=bindings)
    pinned = Resource(address=bolt, fields={}, id=RemoteId(2))

    def found(*resources: Resource) -> Group:
        configuration = Configuration(root="x", resources={each.address: each for each in resources})
        [group] = duplicates(CLIENT, twins, state=state, configuration=configuration)
        return group

    assert [double.address for double in found().doubles] == [acme, None, None]
    assert not found(pinned).settled
    assert [double.address for double in found(pinned).doubles] == [acme, bolt, None]
    other = Resource(address=acme, fields={}, distinct_from=(RemoteId(3),))
    assert found(pinned, other).settled


VALUES = st.sampled_from(["", "a", "A", "b", "c", "a b"])
RECORDS = st.lists(
    st.fixed_dictionaries(dict.fromkeys(("email", "organization", "fname", "lname", "vat_number"), VALUES)),
    max_size=40,
)


@given(RECORDS, st.sampled_from([(), (("vat_number",),), (("vat_number",), ("email",))]))
def test_as_comparing_each_with_each(records: list[Fields], match: Alternatives) -> None:
    """The groups are those that comparing each with each, and joining what is joined, would give."""
    assert sorted(grouped(*records, match=match)) == compared(records, match)


@pytest.mark.parametrize("seed", range(20))
def test_many_with_one_key(seed: int) -> None:
    """So it is where half an account has one email, and what the deciders rule out is not compared."""
    rng = random.Random(seed)
    values = {"organization": ["", "", "a", "b", "c", "d"], "fname": ["", "a", "b"], "lname": ["", "a", "b"]}
    records = [
        {"email": rng.choice(["x@x", "x@x", ""]), **{name: rng.choice(words) for name, words in values.items()}}
        for _ in range(rng.choice([30, 60]))
    ]
    few = [each for each in records if seed % 2 or each["organization"] or each["fname"]]
    assert sorted(grouped(*few)) == compared(few)


@pytest.mark.parametrize("apart", ["organization", "fname", "lname", "vat_number"])
def test_one_key_of_thousands(apart: str) -> None:
    """An email that stands for none, in thousands of clients, keeps nobody waiting, whatever tells these apart."""
    began = time.monotonic()
    groups = grouped(*({"email": "none@acme.example", apart: f"value {number}"} for number in range(5_000)))
    assert len(groups) == (apart == "vat_number")
    assert time.monotonic() - began < 20, "a hang, whatever the machine"


def compared(records: Sequence[Fields], match: Alternatives = ()) -> list[list[int]]:
    """Compare each with each, and join what is joined."""
    seen = [likeness(CLIENT, each, match) for each in records]
    family = list(range(len(records)))
    for one, wanted in enumerate(seen):
        for other, live in enumerate(seen):
            if one != other and same(CLIENT, wanted, live, match):
                old, new = family[one], family[other]
                family = [new if each == old else each for each in family]
    found: dict[int, list[int]] = {}
    for at, each in enumerate(family, 1):
        found.setdefault(each, []).append(at)
    return sorted(group for group in found.values() if len(group) > 1)
