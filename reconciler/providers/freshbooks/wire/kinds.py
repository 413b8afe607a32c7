"""The fields that can be written, and what the core must know of the two kinds of record. Tables only."""

from __future__ import annotations

from reconciler.core.kind import Field, FieldType, Kind
from reconciler.core.resource import Visibility

# What can be written: the rows marked `w` of the vendor's field table, and four preferences that its SDKs send.
TEXTS = (
    "organization",
    "fname",
    "lname",
    "email",
    "bus_phone",
    "mob_phone",
    "home_phone",
    "fax",
    "p_street",
    "p_street2",
    "p_city",
    "p_province",
    "p_code",
    "p_country",
    "s_street",
    "s_street2",
    "s_city",
    "s_province",
    "s_code",
    "s_country",
    "currency_code",
    "language",
    "vat_name",
    "vat_number",
    "company_industry",
    "company_size",
    "note",
)
FLAGS = ("pref_email", "pref_gmail", "allow_late_fees", "allow_late_notifications")
CONTACT_TEXTS = ("email", "fname", "lname", "phone1", "phone2")

CONTACT = Kind(
    name="contact",
    collection="contacts",
    fields=tuple(Field(name=name) for name in CONTACT_TEXTS),
    unique_key=("email",),
    naming=("fname", "lname", "phone1"),
    deciders=(),
    near=(),
    summary=("fname", "lname", "email"),
)
CLIENT = Kind(
    name="client",
    collection="clients",
    fields=(
        *(Field(name=name) for name in TEXTS),
        *(Field(name=name, type=FieldType.FLAG) for name in FLAGS),
    ),
    unique_key=("email",),
    naming=("organization", "fname", "lname"),
    deciders=(("organization",), ("fname", "lname")),
    near=(("email",), ("organization",), ("vat_number",), ("fname", "lname")),
    hints=("bus_phone", "mob_phone", "home_phone"),
    # FreshBooks may fill an empty organization with the names or the email.
    echoes={"organization": (("fname", "lname"), ("email",))},
    summary=("organization", "fname", "lname", "email", "p_city"),
    child=CONTACT,
)

# https://www.freshbooks.com/api/active_deleted: 0 active, 1 deleted, 2 archived.
VIS_STATE = {Visibility.ACTIVE: 0, Visibility.DELETED: 1, Visibility.ARCHIVED: 2}
VISIBILITY = {number: visibility for visibility, number in VIS_STATE.items()}
