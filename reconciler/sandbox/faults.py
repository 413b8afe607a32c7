"""Faults on demand: what networks and servers do to requests, named, countable, by probability.

    METHOD PATH NAME[=SECONDS][:PROBABILITY][#COUNT]      'POST /users/clients reset-after:0.1', 'GET * 429#2'

It answers nothing itself: `server` carries out what `draw` gives.
"""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

NAMES = {
    "reset-before": "the connection is reset before the request is carried out",
    "reset-after": "the connection is reset after it was carried out",
    "429": "too many requests, with Retry-After",
    "429-bare": "too many requests, without Retry-After",
    "500-before": "a server error, nothing carried out",
    "500-after": "a server error, though it was carried out",
    "502-html": "a gateway's web page, nothing carried out",
    "truncated": "carried out, and half of the answer",
    "wrong-json": "carried out, and an answer that is not FreshBooks'",
    "delay": "carried out after =SECONDS",
    "late": "the connection is reset, and it is carried out =SECONDS later",
    "twice": "carried out twice, answered once",
    "401": "the token is not accepted, nothing carried out",
    "lag": "a list does not show yet what was created in the last =SECONDS",
    "churn": "before it is carried out, somebody else creates, archives, deletes or brings back a client",
}
_FORM = re.compile(
    r"(?P<method>[A-Z]+|\*) +(?P<path>\S+) +(?P<name>[a-z0-9-]+)"
    r"(?:=(?P<seconds>[\d.]+))?(?::(?P<probability>[\d.]+))?(?:#(?P<count>\d+))?"
)


@dataclass(slots=True, kw_only=True)
class Fault:
    """One rule; `count` is how often it may still strike, negative for ever."""

    method: str
    path: str
    name: str
    seconds: float = 1.0
    probability: float = 1.0
    count: int = -1

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Read one rule; `ValueError` says what is wrong."""
        found = _FORM.fullmatch(text.strip())
        if found is None:
            raise ValueError(f"a fault is written 'METHOD PATH NAME[=SECONDS][:PROBABILITY][#COUNT]', not {text!r}")
        if found["name"] not in NAMES:
            raise ValueError(f"there is no fault {found['name']!r}; there are {', '.join(NAMES)}")
        return cls(
            method=found["method"],
            path=found["path"],
            name=found["name"],
            seconds=float(found["seconds"] or 1.0),
            probability=float(found["probability"] or 1.0),
            count=int(found["count"] or -1),
        )

    def hits(self, method: str, path: str) -> bool:
        """Tell whether the rule is about this request; a path without a pattern means just it, below any account."""
        tail = "/users/" + path.partition("/users/")[2] if "/users/" in path else path
        return self.method in {"*", method} and (fnmatchcase(tail, self.path) or fnmatchcase(path, self.path))


@dataclass(slots=True)
class Faults:
    """The rules in force; the first that hits and draws strikes."""

    rules: list[Fault] = field(default_factory=list)
    rng: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311 - repeatable mishaps, no secrets
    lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def parse(cls, texts: Iterable[str], seed: int = 0) -> Faults:
        """Read rules."""
        return cls([Fault.parse(text) for text in texts], random.Random(seed))  # noqa: S311 - the same

    def draw(self, method: str, path: str) -> Fault | None:
        """Give the fault that strikes this request, if one does."""
        with self.lock:
            for rule in self.rules:
                if rule.count and rule.hits(method, path) and self.rng.random() < rule.probability:
                    rule.count -= 1
                    return rule
        return None
