"""The kinds of record that every law is held against: the real one, and one that shares no field name with it."""

from __future__ import annotations

from dataclasses import replace

from reconciler.core.kind import Field, FieldType
from reconciler.providers.freshbooks.wire import CLIENT
from tests.core.builders import CHILD, KIND

PART = replace(CHILD, fields=(*CHILD.fields, Field(name="dear", type=FieldType.FLAG)))
THING = replace(KIND, child=PART)
"""A kind with no field name in common with FreshBooks."""

KINDS = (CLIENT, THING)
