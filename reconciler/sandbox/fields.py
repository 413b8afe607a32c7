"""The 53 fields of a client as FreshBooks answers them: defaults, order, nulls, time zones, clean-up."""

from __future__ import annotations

import random
import re
import unicodedata
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reconciler.sandbox.quirks import Quirks

# What a client has when only a name was sent, as recorded on 2026-06-29; emitted in this, alphabetical, order.
DEFAULTS: Mapping[str, object] = {
    "accounting_systemid": "",
    "allow_email_include_pdf": False,
    "allow_late_fees": True,
    "allow_late_notifications": True,
    "bus_phone": "",
    "company_industry": None,
    "company_size": None,
    "currency_code": "USD",
    "direct_link_token": None,
    "email": "",
    "exceeds_client_limit": 0,
    "fax": "",
    "fname": "",
    "has_retainer": None,
    "home_phone": None,
    "id": 0,
    "language": "en",
    "last_activity": None,
    "last_login": None,
    "level": 0,
    "lname": "",
    "mob_phone": "",
    "note": None,
    "notified": False,
    "num_logins": 0,
    "number_format": None,
    "organization": "",
    "p_city": "",
    "p_code": "",
    "p_country": "",
    "p_province": "",
    "p_street": "",
    "p_street2": "",
    "pref_email": True,
    "pref_gmail": False,
    "retainer_id": None,
    "role": "client",
    "s_city": "",
    "s_code": "",
    "s_country": "",
    "s_province": "",
    "s_street": "",
    "s_street2": "",
    "signup_date": "",
    "statement_token": None,
    "subdomain": None,
    "updated": "",
    "userid": 0,
    "username": "",
    "uuid": "",
    "vat_name": None,
    "vat_number": None,
    "vis_state": 0,
}
NULLABLE = {"company_industry", "company_size", "home_phone", "note", "vat_name", "vat_number"}
WRITABLE_FLAGS = {"allow_late_fees", "allow_late_notifications", "pref_email", "pref_gmail"}
_ADDRESS = ("street", "street2", "city", "province", "code", "country")
WRITABLE_TEXTS = {
    *("bus_phone", "company_industry", "company_size", "currency_code", "email", "fax", "fname", "home_phone"),
    *("language", "lname", "mob_phone", "note", "organization", "username", "vat_name", "vat_number"),
    *(f"{side}_{part}" for side in "ps" for part in _ADDRESS),
}
PHONES = {"bus_phone", "fax", "home_phone", "mob_phone", "phone1", "phone2"}
CONTACT_FIELDS = ("email", "fname", "lname", "phone1", "phone2")
_LONGEST = 255


def _eastern() -> tzinfo:
    try:
        return ZoneInfo("America/New_York")
    except ZoneInfoNotFoundError:
        # A machine without time zones: off by an hour in summer, which nothing here depends on.
        return timezone(timedelta(hours=-5))


_EASTERN = _eastern()


class Invalid(Exception):
    """A value that FreshBooks would refuse: (field, error number, message)."""

    def __init__(self, field: str, errno: int, message: str) -> None:
        super().__init__(message)
        self.field, self.errno, self.message = field, errno, message


def updated_now() -> str:
    """Give the time of a change as FreshBooks writes it: US Eastern, without a zone."""
    return f"{datetime.now(_EASTERN):%Y-%m-%d %H:%M:%S}"


def new_client(remote_id: int, account: str, currency: str, rng: random.Random) -> dict[str, object]:
    """Give a client that nothing was sent for yet."""
    client = dict(DEFAULTS)
    client.update(
        accounting_systemid=account,
        currency_code=currency,
        id=remote_id,
        userid=remote_id,
        signup_date=f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}",
        updated=updated_now(),
        uuid=str(uuid.UUID(int=rng.getrandbits(128), version=4)),
    )
    return client


def written(client: dict[str, object], sent: Mapping[str, object], quirks: Quirks) -> None:
    """Write the sent fields that can be written into a client; unknown and read-only keys are ignored."""
    for name, value in sent.items():
        if name in WRITABLE_FLAGS and value is not None:
            if not isinstance(value, bool):
                raise Invalid(name, 1031, f"{name} must be true or false")
            client[name] = value
        elif name in WRITABLE_TEXTS:
            client[name] = _stored(name, value, quirks)


def contact_written(contact: dict[str, object], sent: Mapping[str, object], quirks: Quirks) -> None:
    """Write the sent fields of a contact."""
    for name in CONTACT_FIELDS:
        if name in sent:
            contact[name] = _stored(name, sent[name], quirks) or ""


def _stored(name: str, value: object, quirks: Quirks) -> str | None:
    if value is None or value == "":
        return _emptied(name, value, quirks)
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise Invalid(name, 1004, f"{name} must be a text")
    text = _cleaned(name, str(value), quirks["normalise"])
    if quirks.on("validation", "strict"):
        if name == "email" and not re.fullmatch(r"[^@\s]+@[^@\s]+", text):
            raise Invalid(name, 1004, "email is not a valid email address")
        if len(text) > _LONGEST and name != "note":
            raise Invalid(name, 1017, f"{name} has more than {_LONGEST} characters")
    return text


def _emptied(name: str, value: object, quirks: Quirks) -> str | None:
    # Recorded: null for an address line comes back as "", null for a note stays null, and "" stays "".
    if name not in NULLABLE:
        return ""
    return None if value is None or quirks.on("clear", "null") else ""


def _cleaned(name: str, text: str, how: str) -> str:
    if how in {"trim", "all"}:
        text = unicodedata.normalize("NFC", text.strip())
    if how in {"fold", "all"} and name == "email":
        text = text.lower()
    if how in {"phone", "all"} and name in PHONES:
        digits = re.sub(r"\D", "", text)
        if len(digits) == 10:  # noqa: PLR2004 - a North American number
            text = f"({digits[:3]}) {digits[3:6]}-{digits[6:]}"
    return text


def completed(client: dict[str, object], sent: Mapping[str, object], quirks: Quirks, taken: set[str]) -> None:
    """Fill what FreshBooks fills by itself at a create: the organization, under a quirk, and the user name."""
    names = f"{client['fname']} {client['lname']}".strip()
    if not client["organization"] and not sent.get("organization"):
        if quirks.on("organization", "names"):
            client["organization"] = names
        elif quirks.on("organization", "email"):
            client["organization"] = client["email"]
    wanted = re.sub(r"[^a-z0-9]", "", names.lower()) or f"user{client['id']}"
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}{number}", number + 1
    if not client["username"]:
        client["username"] = name
