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

# The titles of the clients' schema, which a test holds them equal to.
LABELS = {
    "organization": "Organization",
    "fname": "First name",
    "lname": "Last name",
    "email": "Email",
    "bus_phone": "Business phone",
    "mob_phone": "Mobile phone",
    "home_phone": "Home phone",
    "fax": "Fax",
    "p_street": "Billing street",
    "p_street2": "Billing street, second line",
    "p_city": "Billing city",
    "p_province": "Billing province",
    "p_code": "Billing postal code",
    "p_country": "Billing country",
    "s_street": "Shipping street",
    "s_street2": "Shipping street, second line",
    "s_city": "Shipping city",
    "s_province": "Shipping province",
    "s_code": "Shipping postal code",
    "s_country": "Shipping country",
    "currency_code": "Currency",
    "language": "Language",
    "vat_name": "VAT name",
    "vat_number": "VAT number",
    "company_industry": "Industry",
    "company_size": "Company size",
    "note": "Note",
    "pref_email": "Prefers email",
    "pref_gmail": "Prefers ground mail",
    "allow_late_fees": "Late fees",
    "allow_late_notifications": "Late notifications",
    "phone1": "Phone",
    "phone2": "Second phone",
}

CONTACT = Kind(
    name="contact",
    collection="contacts",
    fields=tuple(Field(name=name, label=LABELS[name]) for name in CONTACT_TEXTS),
    unique_key=("email",),
    naming=("fname", "lname", "phone1"),
    deciders=(),
    near=(),
    summary=("fname", "lname", "email"),
    called=(("fname", "lname"), ("email",), ("phone1",)),
)
CLIENT = Kind(
    name="client",
    collection="clients",
    fields=(
        *(Field(name=name, label=LABELS[name]) for name in TEXTS),
        *(Field(name=name, type=FieldType.FLAG, label=LABELS[name]) for name in FLAGS),
    ),
    unique_key=("email",),
    naming=("organization", "fname", "lname"),
    deciders=(("organization",), ("fname", "lname")),
    near=(("email",), ("organization",), ("vat_number",), ("fname", "lname")),
    hints=("bus_phone", "mob_phone", "home_phone"),
    # FreshBooks may fill an empty organization with the names or the email.
    echoes={"organization": (("fname", "lname"), ("email",))},
    summary=("organization", "fname", "lname", "email", "p_city"),
    called=(("organization",), ("fname", "lname"), ("email",)),
    usual=("currency_code", "language", "p_country", "s_country", *FLAGS),
    child=CONTACT,
)

# https://www.freshbooks.com/api/active_deleted: 0 active, 1 deleted, 2 archived.
VIS_STATE = {Visibility.ACTIVE: 0, Visibility.DELETED: 1, Visibility.ARCHIVED: 2}
VISIBILITY = {number: visibility for visibility, number in VIS_STATE.items()}
