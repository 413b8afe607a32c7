"""Secrets in files that are meant to be read by others: those that are known, and what looks like a token."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from reconciler.core.facts import Leak

_SHORTEST = 8
"""Letters: what is shorter could stand anywhere by chance."""
_JWT = re.compile(rb"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}")
"""How FreshBooks' access tokens begin, being JSON in base64."""


def leaks_in(files: Iterable[str], known: Iterable[str]) -> list[Leak]:
    """Give each line of these files with a secret in it; the secret itself is nowhere in what is given.

    A file that cannot be read has none that anybody could read here.
    """
    secrets = sorted(value.encode() for value in known if len(value) >= _SHORTEST)
    found = []
    for file in files:
        try:
            raw = Path(file).read_bytes()
        except OSError:
            continue
        places = [(raw.find(secret), "a secret in use") for secret in secrets if secret in raw]
        places += [(match.start(), "an access token") for match in _JWT.finditer(raw)]
        lines = {raw.count(b"\n", 0, at) + 1: what for at, what in sorted(places, reverse=True)}
        found += [Leak(file=file, line=line, what=what) for line, what in sorted(lines.items())]
    return found
