"""What an export takes into YAML that is there: what was asked for, what is found, and the edits so far.

Nouns, and the two verbs that records and children share; who needs which edit is decided in `merging.py` and
`merging_children.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.core.change import AttributeChange, Cause
from reconciler.core.kind import Kind
from reconciler.core.plan import Sides
from reconciler.core.resource import Address, Resource, Value
from reconciler.core.state import Binding
from reconciler.export.describing import LONGEST_VALUE, Entry, is_too_long
from reconciler.export.splicing import Drop, Edit, Put

Fields = Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One file that is there."""

    text: str
    content: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """What is to be taken in."""

    accept: Sequence[str] = ()
    """Only these addresses (globs), but of them everything; empty for what drifted, and all that is new."""
    archived: bool = False
    every_field: bool = False
    """Also fields and children that the YAML does not mention yet."""


@dataclass(slots=True, kw_only=True)
class Merge:
    """The edits so far."""

    edits: dict[str, list[Edit]] = field(default_factory=dict)
    """By file."""
    taken: dict[Address, list[str]] = field(default_factory=dict)
    """What was taken over, in words, by address."""
    entries: list[Entry] = field(default_factory=list)
    """The records that are new."""
    grown: list[Entry] = field(default_factory=list)
    """Records that are there, with the children that are new in them."""
    left_out: list[str] = field(default_factory=list)
    """What changed in the account and the YAML cannot hold, in words."""

    def add(self, resource: Resource, address: Address, told: str, edit: Edit) -> None:
        """Note an edit in the file that describes a record."""
        file = resource.position.file if resource.position is not None else ""
        self.edits.setdefault(file, []).append(edit)
        self.taken.setdefault(address, []).append(told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What every record is looked at with."""

    kind: Kind
    sides: Sides
    files: Mapping[str, Found]
    taking: Taking
    children: Mapping[Address, Mapping[str, Binding]]
    """The children that are bound, by their parent's address."""
    defaults: Fields
    """Those of the settings."""

    def filled(self, resource: Resource) -> set[str]:
        """Give the fields that a default fills where a record's own block is silent."""
        content = self.files[resource.position.file].content if resource.position is not None else {}
        own = content.get("defaults")
        return {*self.defaults, *(own if isinstance(own, dict) else {})}

    def entry(self, resource: Resource) -> Mapping[str, object]:
        """Give what a record's own block says."""
        node: object = self.files[resource.position.file].content if resource.position is not None else {}
        for key in path_of(resource.address):
            node = node.get(key) if isinstance(node, dict) else None
        return node if isinstance(node, dict) else {}


def path_of(address: Address) -> tuple[str, ...]:
    """Give the keys that lead to a record's block."""
    return tuple(address.split("."))


def outside(attributes: Iterable[AttributeChange], taking: Taking) -> list[AttributeChange]:
    """Give what the account has otherwise, and the YAML did not ask for anew."""
    return [attribute for attribute in attributes if taking.accept or attribute.cause is Cause.DRIFT]


def take_over(
    resource: Resource,
    address: Address,
    attributes: Iterable[AttributeChange],
    own: Mapping[str, object],
    order: Sequence[str],
    into: Merge,
    *,
    filled: Collection[str] = (),
) -> None:
    """Note the edits that give these attributes their live values.

    `own` is what the block says by itself, `filled` what a default would put in the place of what goes.
    """
    path = path_of(address)
    for attribute in attributes:
        if is_too_long(attribute.before):
            into.left_out.append(f"{address}: {attribute.name}, which has more than {LONGEST_VALUE:,} characters now")
        else:
            into.add(resource, address, attribute.name, _edit(path, attribute, own, order, filled))


def _edit(
    path: tuple[str, ...],
    attribute: AttributeChange,
    own: Mapping[str, object],
    order: Sequence[str],
    filled: Collection[str],
) -> Edit:
    """Take a value over; an empty one goes, but for where a default would fill it, or nothing else would be left."""
    live, name = attribute.before, attribute.name
    if live in {None, ""} and name in own and name not in filled and len(own) > 1:
        return Drop(path=path, name=name)
    return Put(path=path, name=name, value=None if live == "" else live, order=order)
