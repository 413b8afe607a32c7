"""The texts of an export read back by the program's own reader, before they are written anywhere.

It opens no file: what the disk holds is read by `load.py`, what the texts mean by `core/validate.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler import schema_files
from reconciler.core.diagnostic import Diagnostic
from reconciler.core.kind import Kind
from reconciler.core.resource import Configuration, Value
from reconciler.core.validate import Part, validate
from reconciler.documents.explain import accepts, explained
from reconciler.documents.parse import parse


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What texts say, or why they say nothing."""

    configuration: Configuration
    problems: tuple[Diagnostic, ...] = ()


def read_back(texts: Mapping[str, str], kind: Kind, root: str, defaults: Mapping[str, Value]) -> Read:
    """Give what the files of one root, by name in their order, will be read as."""
    problems: list[Diagnostic] = []
    parts = []
    schema = schema_files.schema("clients")
    for file, text in texts.items():
        document = parse(file, text.encode(), block=kind.collection)
        problems += document.problems
        content: Any = document.content
        if not document.whole or not isinstance(content, dict):
            continue
        if not accepts(schema, content):
            problems += explained(schema, parse(file, text.encode(), slow=True, block=kind.collection))
        parts.append(Part(file=file, content=content, at=document.at))
    configuration, found = validate(parts, kind, root=root, defaults=defaults)
    return Read(configuration=configuration, problems=(*problems, *found))
