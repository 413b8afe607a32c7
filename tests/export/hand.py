"""Somebody's hand in exported YAML: values, fields, clients and keys change, and so does how all of it is written.

It edits lines as a person does, by nothing that the program uses.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

_FIELD = re.compile(r"    (?P<name>[a-z_0-9]+): (?P<value>[^|>\[{ ].*)")
_KEY = re.compile("  (?P<key>[a-z][a-z0-9_-]*):")
_NO_FIELD = frozenset({"id", "archived", "unmanaged", "previously", "contacts", "lifecycle"})
_NAMES = frozenset({"organization", "fname", "lname", "email"})
_VALUES = (
    "Toronto", '"02134"', "'it''s'", '"a\\tb"', "no  # not false", '"\\u202eabc"', "'a: b'", "été", "'# no'",
    "|\n      one\n        two\n\n      three\n", ">-\n      folded\n      text", "&street 1 Main St", '" blanks "',
    "🙂 smile", '"spread\n      over lines"', "'and\n\n      so'", "plain\n      over lines", "|+\n      kept\n",
    "|2-\n        indented",
)  # fmt: skip
_FREE = ("p_city", "p_street2", "s_city", "s_street2", "fax", "home_phone", "vat_name", "company_size")


@dataclass(slots=True)
class Page:
    """One file: what stands before its clients, and a block of lines for each."""

    head: list[str]
    blocks: list[list[str]] = field(default_factory=list)

    @classmethod
    def of(cls, text: str) -> Page:
        """Take an exported file apart."""
        head, _, body = text.partition("\nclients:\n")
        blocks: list[list[str]] = []
        for line in body.splitlines():
            if _KEY.match(line):
                blocks.append([])
            blocks[-1].append(line)
        return cls(head=[*head.split("\n"), "clients:"], blocks=[_stripped(block) for block in blocks])


def _stripped(block: list[str]) -> list[str]:
    while block and not block[-1].strip():
        block.pop()
    return block


def _fields(block: list[str]) -> dict[str, int]:
    """Give where a block says a field on one line."""
    found = {match["name"]: at for at, line in enumerate(block) if (match := _FIELD.match(line))}
    alone = {at for at, line in enumerate([*block[1:], "    "]) if re.match(" {4}(?! )", line)}
    return {name: at for name, at in found.items() if name not in _NO_FIELD and at in alone}


def _lines(name: str, value: str) -> list[str]:
    return f"    {name}: {value}".split("\n")


# What a person changes. Each takes a client's block, and gives what takes its place.


def _changes(rng: Random, block: list[str]) -> list[str]:
    names = [name for name in _fields(block) if name in _FREE]
    if not names:
        return _adds(rng, block)
    at = _fields(block)[name := rng.choice(names)]
    return [*block[:at], *_lines(name, rng.choice(_VALUES)), *block[at + 1 :]]


def _adds(rng: Random, block: list[str]) -> list[str]:
    text = "\n".join(block)
    names = [name for name in _FREE if not re.search(rf"\b{name}\b", text)]
    at = rng.randint(1, 1 + ("    id:" in text))
    return [*block[:at], *_lines(rng.choice(names), rng.choice(_VALUES)), *block[at:]] if names else block


def _silences(rng: Random, block: list[str]) -> list[str]:
    names = [name for name in _fields(block) if name not in _NAMES]
    if not names:
        return block
    at = _fields(block)[rng.choice(names)]
    return [*block[:at], *block[at + 1 :]]


def _clears(rng: Random, block: list[str]) -> list[str]:
    names = [name for name in _fields(block) if name in _FREE]
    if not names:
        return block
    at = _fields(block)[name := rng.choice(names)]
    return [*block[:at], f"    {name}: {rng.choice(('null', '~', ''))}   # gone", *block[at + 1 :]]


def _renames(rng: Random, block: list[str]) -> list[str]:
    match = _KEY.match(block[0])
    assert match is not None
    return [f"  {match['key']}-renamed-{rng.randint(0, 9)}:", f"    previously: [{match['key']}]", *block[1:]]


def _comments(rng: Random, block: list[str]) -> list[str]:
    return [*rng.choice((["  # about this one"], ["# at the edge", ""], ["", "", "   # far in"])), *block]


def _respells(rng: Random, block: list[str]) -> list[str]:
    """Write plain values in quotes, with odd blanks around them."""
    lines = list(block)
    for at in _fields(block).values():
        match = _FIELD.match(lines[at])
        if match is not None and match["value"].isalnum() and match["value"] not in {"true", "false", "null"}:
            quote = rng.choice(("'", '"'))
            lines[at] = f"    {match['name']} :   {quote}{match['value']}{quote}  "
    return lines


def _shuffles(rng: Random, block: list[str]) -> list[str]:
    places = sorted(_fields(block).values())
    lines = list(block)
    for place, other in zip(places, rng.sample(places, len(places)), strict=True):
        lines[place] = block[other]
    return lines


def _befriends(rng: Random, block: list[str]) -> list[str]:
    if any(line.startswith("    contacts:") for line in block):
        return block
    told = (
        "{email: 'new@x.example' , fname: Nia}" if rng.random() < 0.5 else "\n        fname: Nia\n        phone1: '1'"
    )
    return [*block, *f"    contacts:  # people\n\n      # the one\n      nia: {told}".split("\n")]


def _protects(rng: Random, block: list[str]) -> list[str]:
    return [*block, f"    lifecycle: {{on_remove: {rng.choice(('archive', 'delete'))}, ignore_changes: [note]}}"]


def _flattens(_: Random, block: list[str]) -> list[str]:
    if len(_fields(block)) != len(block) - 1 or any("#" in line or ": " in line.partition(": ")[2] for line in block):
        return block
    if any(re.search(r"[,\[\]{}?]", line) for line in block):
        return block
    return [f"{block[0]} {{{', '.join(line.strip() for line in block[1:])}}}"]


def _widens(_: Random, block: list[str]) -> list[str]:
    """Indent a block by more, where no text of several lines would come to mean something else."""
    if any(line.rstrip().endswith(("|", ">", "-", "+")) for line in block):
        return block
    return [block[0], *("  " + line if line.strip() else line for line in block[1:])]


EDITS: tuple[Callable[[Random, list[str]], list[str]], ...] = (
    _changes, _adds, _silences, _clears, _renames, _respells, _shuffles, _befriends, _protects,
)  # fmt: skip


def edited(page: Page, rng: Random) -> None:
    """Change some clients, remove one and add others; put them in another order."""
    if len(page.blocks) > 1:
        page.blocks.pop(rng.randrange(len(page.blocks)))
    page.blocks = [_by_hand(rng, block) for block in page.blocks]
    number = rng.randrange(10**6)
    page.blocks.append([f"  new-{number}: {{organization: New {number} Co.}}"])
    page.blocks.append([f"  newer-{number}:", f"      email: n{number}@new.example", "      contacts: {}"])
    rng.shuffle(page.blocks)


def _by_hand(rng: Random, block: list[str]) -> list[str]:
    for edit in (*rng.sample(EDITS, rng.choice((0, 0, 1, 2, 3))), *rng.choice(((), (_flattens,), (_widens,)))):
        block = edit(rng, block)
    return _comments(rng, block) if rng.random() < 0.3 else block


def written(page: Page, rng: Random) -> bytes:
    """Give the file with line ends, a mark and an end of somebody's liking."""
    lines = list(page.head)
    for block in page.blocks:
        lines += [*block, *rng.choice(([], [""], ["", ""]))]
    text = "\n".join(lines) + rng.choice(("", "\n", "\n\n", "\n# the end", "\n...\n"))
    text = rng.choice(("", "", "\ufeff", "# ours\n\n")) + text
    return text.replace("\n", rng.choice(("\n", "\n", "\r\n"))).encode()


def blocks_in(raw: bytes) -> dict[str, str]:
    """Give the text of each client's block by its key: from the key to the last of what it says."""
    found: dict[str, list[str]] = {}
    _, _, body = raw.decode().partition("clients:")
    for line in body.split("\n")[1:]:
        if match := _KEY.match(line):
            found[match["key"]] = [line]
        elif found and (not line.strip() or line.startswith("    ")):
            list(found.values())[-1].append(line)
    return {key: "\n".join(lines).rstrip() for key, lines in found.items()}
