"""Documents as JSON on one line, exactly; the name of a file need not be text, and what is none is escaped."""

from __future__ import annotations

import json

import msgspec


def one_line(document: object) -> str:
    """Give a document as one line, without its end."""
    try:
        return msgspec.json.encode(document).decode()
    except UnicodeEncodeError:
        return json.dumps(document, separators=(",", ":"))
