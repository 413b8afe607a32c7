"""What an export has done, and the words for it. It shows names of fields and addresses, and no value of any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.core.change import Change
from reconciler.core.resource import Address

MOST = 20
"""Arbitrary: nobody reads more, and the difference in git has all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export has done."""

    root: str
    there: bool
    """Whether the root was there before."""
    files: tuple[str, ...]
    """What was written, in order."""
    records: int
    """How many are new in the YAML."""
    children: int
    taken: Mapping[Address, Sequence[str]]
    """What was taken over of records that were there, in words."""
    archived: int
    """Archived records that were left out."""
    left_out: tuple[str, ...]
    """What the YAML cannot hold, by address."""
    left: tuple[Change, ...]
    """What the next plan would do all the same."""
    breaking: int = 0
    """How many clients break a house rule."""
    accepted: tuple[str, ...] = ()
    """The addresses that were to be taken in, where not all were."""


def told(done: Exported) -> str:
    """Say in a few lines what was done."""
    return "\n".join(_lines(done))


def summary(done: Exported) -> str:
    """Say in a few words what was done."""
    parts = [f"{_counted(done.records, 'client')} {'added' if done.there else 'exported'}"] if done.records else []
    parts += [f"{_counted(len(done.taken), 'record')} taken in"] if done.taken else []
    parts += [f"{_counted(len(done.left), 'change')} not applied yet"] if done.left else []
    return ", ".join(parts) or ("nothing to take in" if done.there else "no clients")


def _lines(done: Exported) -> Iterator[str]:
    counts = f"{_counted(done.records, 'client')} and {_counted(done.children, 'contact')}"
    if not done.there:
        yield f"Exported {counts} to {done.root}, bound."
    elif done.records or done.children:
        yield f"Added {counts} to {done.root}, bound."
    if done.taken:
        yield f"Took in what changed in the account, {_counted(len(done.taken), 'record')}:"
        yield from _some([f"  {address}: {', '.join(what)}" for address, what in sorted(done.taken.items())])
    if done.there and not (done.records or done.children or done.taken):
        chosen = f"what {', '.join(done.accepted)} names is there as in the account" if done.accepted else ""
        yield f"Nothing to take in: {chosen or f'{done.root} has what changed in the account'}."
    if done.archived:
        yield f"Left out: {_counted(done.archived, 'archived client')} (--archived takes them in)."
    yield from _some([f"Left out: {what}." for what in done.left_out])
    if done.breaking:
        yield broken_rules(done.breaking)
    if done.left:
        count = _counted(len(done.left), "change")
        yield f"Not applied yet, and kept as the YAML has it: {count}; `reconciler plan` shows what."


def broken_rules(clients: int) -> str:
    """Say how many clients break a house rule."""
    who = "1 client breaks" if clients == 1 else f"{clients:,} clients break"
    return f"{who} the house rules: `reconciler validate` says which."


def _some(lines: Sequence[str]) -> Iterator[str]:
    yield from lines[:MOST]
    if len(lines) > MOST:
        yield f"  and {len(lines) - MOST} more"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
