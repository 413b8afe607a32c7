"""Where in somebody's YAML a value stands that breaks a rule: in its record, or in the defaults that it comes from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconciler.core.resource import Resource, key_of
from reconciler.documents.parse import Document, parse
from reconciler.rules.sources import Place, place_of
from reconciler.rules.walking import Json, Path, inside


class Places:
    """The files of some records, looked at again for the place of every value in these."""

    def __init__(
        self,
        documents: Mapping[str, Document],
        block: str,
        records: Iterable[Resource],
        defaults: Mapping[str, Place],
    ) -> None:
        keys: dict[str, set[str]] = defaultdict(set)
        for record in records:
            if record.position is not None and record.position.file in documents:
                keys[record.position.file].add(key_of(record.address))
        self._block = block
        self._defaults = defaults
        self._documents = {
            file: parse(file, documents[file].raw, slow=True, block=block, only=only) for file, only in keys.items()
        }

    def record(self, record: Resource) -> Place | None:
        """Give where a record stands."""
        position = record.position
        document = self._documents.get(position.file) if position is not None else None
        excerpt = document.excerpt(position) if document is not None else ""
        return Place(position=position, excerpt=excerpt) if position is not None else None

    def value(self, record: Resource, path: Path, *, key: bool, missing: str) -> tuple[Place | None, bool]:
        """Give where a value or key of a record stands, or as near to it as something does, and whether in defaults.

        What is missing may stand there and be empty.
        """
        document = self._documents.get(record.position.file) if record.position is not None else None
        content: Any = document.content if document is not None else None
        entry = inside(inside(content, self._block), key_of(record.address))
        if document is None or not isinstance(entry, dict):
            return self.record(record), False
        if path and path[0] not in entry:
            return self._default(document, inside(content, "defaults"), str(path[0])) or (self.record(record), False)
        found = _deepest(document, entry, (*path, missing) if missing else path, key=key)
        return found or self.record(record), False

    def _default(self, document: Document, defaults: Json, name: str) -> tuple[Place, bool] | None:
        own = place_of(document, defaults, name) if isinstance(defaults, dict) and name in defaults else None
        found = own or self._defaults.get(name)
        return (found, True) if found is not None else None


def _deepest(document: Document, content: Json, path: Sequence[str | int], *, key: bool) -> Place | None:
    """Give the place of the last part of a path that is there."""
    found, last = None, len(path) - 1
    for index, part in enumerate(path):
        position = document.at(content, part, value=not (key and index == last))
        if position is None:
            break
        found = Place(position=position, excerpt=document.excerpt(position))
        content = inside(content, part)
    return found
