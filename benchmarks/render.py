"""Render a plan of many changes in one format; print CPU, wall and size. By hand: `python benchmarks/render.py text`.

A third creates, a third updates of four fields (one of several lines), a third removals; names of many scripts.
"""

from __future__ import annotations

import json
import sys
import time

from reconciler.core.change import Action, AttributeChange, Change, Plan
from reconciler.core.diagnostic import Position
from reconciler.core.resource import Address, RemoteId
from reconciler.reports.options import RenderOptions
from reconciler.reports.rendering import render

CITIES = ("Toronto", "Montréal", "Zürich", "東京", "Αθήνα", "القاهرة")


def plan(changes: int) -> Plan:
    """Make a plan of so many changes."""
    made = tuple(_change(number) for number in range(changes))
    return Plan(account="Ab12Cd", origin="https://api.freshbooks.com", changes=made, plan_id="0" * 20)


def _change(number: int) -> Change:
    action = (Action.CREATE, Action.UPDATE, Action.DELETE)[number % 3]
    city = CITIES[number % len(CITIES)]
    before = {
        "email": f"old{number}@firm.example",
        "note": f"line one\nline two of {number}\nline three",
        "organization": f"Firm {number} {city}",
        "p_city": city,
    }
    after = {**before, "email": f"new{number}@firm.example", "note": f"line one\nline 2 of {number}\nline three"}
    rows = tuple(
        AttributeChange(
            name=name,
            before=None if action is Action.CREATE else before[name],
            after=None if action is Action.DELETE else after[name],
        )
        for name in before
    )
    return Change(
        action=action,
        address=Address(f"clients.c{number}"),
        kind="client",
        id=None if action is Action.CREATE else RemoteId(700_000 + number),
        attributes=rows,
        managed={} if action is Action.DELETE else dict(after),
        reason="removed (was clients.yaml:3)" if action is Action.DELETE else "",
        position=Position(file="clients.yaml", line=3 + number),
        removed=action is Action.DELETE,
    )


def main() -> None:
    """Render once, and tell what it took; what loads the format is not counted."""
    name, changes = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    whole = plan(changes)
    render(name, plan(1), RenderOptions())
    cpu, wall = time.process_time(), time.perf_counter()
    text = render(name, whole, RenderOptions(width=100, colour=True))
    told = {"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall, "mib": len(text) / 1024 / 1024}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
