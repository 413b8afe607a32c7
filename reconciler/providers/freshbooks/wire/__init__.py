"""FreshBooks' own words: its fields, its JSON in and out. Pure; field names are written here and nowhere else.

In reading order: `kinds` (what can be written, who is who), `decode` (answers), `encode` (queries and bodies).
"""

from reconciler.providers.freshbooks.wire.kinds import CLIENT, CONTACT

__all__ = ["CLIENT", "CONTACT"]
