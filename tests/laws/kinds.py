"""The kinds of record that every law is held against: the real one, and one that shares no field name with it."""

from __future__ import annotations

from reconciler.core.kind import Field, FieldType, Kind
from reconciler.providers.freshbooks.wire import CLIENT

PART = Kind(
    name="part",
    collection="parts",
    fields=(Field(name="mail"), Field(name="first"), Field(name="phone"), Field(name="dear", type=FieldType.FLAG)),
    unique_key=("mail",),
    naming=("first", "phone"),
    deciders=(),
    near=(),
)
THING = Kind(
    name="thing",
    collection="things",
    fields=(
        Field(name="mail"),
        Field(name="firm"),
        Field(name="first"),
        Field(name="last"),
        Field(name="phone"),
        Field(name="tax"),
        Field(name="loud", type=FieldType.FLAG),
    ),
    unique_key=("mail",),
    naming=("firm", "first", "last"),
    deciders=(("firm",), ("first", "last")),
    near=(("mail",), ("firm",), ("tax",), ("first", "last")),
    hints=("phone",),
    echoes={"firm": (("first", "last"), ("mail",))},
    summary=("firm", "first", "last", "mail"),
    child=PART,
)
"""A kind with no field name in common with FreshBooks."""

KINDS = (CLIENT, THING)
