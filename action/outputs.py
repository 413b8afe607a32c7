"""A plan's id and sums, from its JSON on stdin, as the lines that a workflow's outputs are made of.

Nothing that a stranger can write is among them: an id of our own making, and numbers.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

COUNTED = {"add": "create", "change": "update", "remove": "delete"}


def outputs(document: dict[str, Any]) -> Iterator[str]:
    """Give `NAME=VALUE` lines; a restore and an archive are changes, as in the plan's own sums."""
    yield f"plan-id={document['reconciler']['plan_id']}"
    made = [change["change"]["actions"] for change in document["resource_changes"]]
    for name, action in COUNTED.items():
        yield f"{name}={made.count([action])}"


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in outputs(json.load(sys.stdin)))
