"""The headers of FreshBooks' own import of clients, with the fields that they mean. Tables only.

https://support.freshbooks.com/hc/en-us/articles/360003248452: a file must have the names or the company, the other
columns may be there. Contacts have none, so that ours are for us alone; duplicates are imported as they come.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.core.resource import Value

COLUMNS = {
    "First Name": "fname",
    "Last Name": "lname",
    "Company Name": "organization",
    "Email Address": "email",
    "Phone Number": "bus_phone",
    "Address Line 1": "p_street",
    "Address Line 2": "p_street2",
    "City": "p_city",
    "State": "p_province",
    "Zip Code": "p_code",
    "Country": "p_country",
}
CONTACT_COLUMNS = {
    "First Name": "fname",
    "Last Name": "lname",
    "Email Address": "email",
    "Phone Number": "phone1",
    "Phone Number 2": "phone2",
}
CONTACT = "Contact"
"""Before the number and the header of a contact's column: `Contact 2 First Name`."""

_US = frozenset({"united states", "united states of america", "usa", "us", "u.s.", "u.s.a."})
_ZIP = 5


def lost_zeros(fields: Mapping[str, Value]) -> str:
    """Give the ZIP code that a spreadsheet seems to have cut the zeros off; empty where it is whole."""
    code, country = str(fields.get("p_code") or ""), str(fields.get("p_country") or "")
    return code if country.strip().lower() in _US and code.isdecimal() and len(code) < _ZIP else ""
