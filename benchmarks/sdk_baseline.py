"""What a user would script with the official SDK: list page by page, compare as dicts, print what differs.

It has no state, no safety and no plan; records are found by their email. It stands beside the tool's figures as the
other thing that one could do.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from freshbooks import Client, IncludesBuilder, PaginateBuilder

_OWN = frozenset({"contacts", "archived"})
_ARCHIVED = 2


def listed(client: Client, account: str) -> Iterable[Mapping[str, Any]]:
    """Give all clients that are not deleted, with their contacts."""
    number, pages = 1, 1
    while number <= pages:
        includes = IncludesBuilder()
        includes.include("contacts")
        page = client.clients.list(account, builders=[PaginateBuilder(number, 100), includes])
        yield from page.data["clients"]
        number, pages = number + 1, page.pages.pages


def differences(wanted: Mapping[str, Any], live: Mapping[str, Any]) -> dict[str, Any]:
    """Give the wanted values that one record does not have."""
    found = {name: value for name, value in wanted.items() if name not in _OWN and (live.get(name) or "") != value}
    if wanted.get("archived", False) != (live["vis_state"] == _ARCHIVED):
        found["archived"] = wanted.get("archived", False)
    contacts = {contact["email"]: contact for contact in live["contacts"]}
    for key, contact in wanted.get("contacts", {}).items():
        known = contacts.get(contact["email"], {})
        found |= {f"{key}.{name}": value for name, value in contact.items() if (known.get(name) or "") != value}
    return found


def main() -> None:
    """Compare one file with the account of the environment."""
    with Path(sys.argv[1]).open("rb") as opened:
        wanted = yaml.load(opened, Loader=yaml.CSafeLoader)
    client = Client(client_id="benchmark", access_token=os.environ["FRESHBOOKS_ACCESS_TOKEN"])
    live = {record["email"]: record for record in listed(client, os.environ["FRESHBOOKS_ACCOUNT_ID"])}
    changed = 0
    for key, entry in wanted["clients"].items():
        record = live.get(entry["email"])
        found = {"create": True} if record is None else differences(entry, record)
        if found:
            changed += 1
            print(f"{key}: {found}")
    print(json.dumps({"changed": changed, "live": len(live)}))


if __name__ == "__main__":
    main()
