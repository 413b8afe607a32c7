"""Values that most records have alike, to be said once under `defaults`.

Only what every record has a value of is lifted, so that no record ever needs to opt out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from reconciler.core.kind import Kind
from reconciler.core.resource import LiveResource, Value

FEWEST = 2
"""Of one record there is nothing that it has in common with others."""


def lifted(kind: Kind, records: Sequence[LiveResource], defaults: Mapping[str, Value]) -> dict[str, Value]:
    """Give what the `defaults` of a new file say; `defaults` hold already, whatever the file says."""
    found: dict[str, Value] = {}
    for name in kind.usual:
        counted = Counter(record.fields.get(name) for record in records)
        if None in counted or "" in counted or len(records) < FEWEST:
            continue
        value, count = min(counted.items(), key=lambda item: (-item[1], str(item[0])))
        if count * 2 > len(records) and count >= FEWEST and defaults.get(name) != value:
            found[name] = value
    return found
