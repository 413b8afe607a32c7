"""What people write and apply is exported as they wrote it; what others do in FreshBooks comes in beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest

from reconciler.documents.parse import parse
from tests.cli.program import called
from tests.export.accounts import fill
from tests.export.hand import Page, blocks_in, edited, written
from tests.export.test_export import exports, is_settled
from tests.export.test_scalars import HOSTILE
from tests.golden.story import Story

LAYOUTS = pytest.mark.parametrize("split", [False, True], ids=["file", "folder"])
SEEDS = pytest.mark.parametrize(
    "seed", [seed if seed < 3 else pytest.param(seed, marks=pytest.mark.full) for seed in range(40)]
)
_NO_TEXT = frozenset({"id", "archived", "contacts", "lifecycle", "previously", "unmanaged"})


def files() -> dict[Path, bytes]:
    """Give the configuration as it is on the disk."""
    return {file: file.read_bytes() for file in sorted([*Path().glob("clients.yaml"), *Path("clients").glob("*.yaml")])}


def content() -> dict[str, Any]:
    """Give the clients of all files, as the program reads them: others know no anchor that stands twice."""
    found: dict[str, Any] = {}
    for file, raw in files().items():
        document: Any = parse(str(file), raw).content
        found |= document.get("clients") or {}
    return found


def lives(place: Story, rng: Random, *, split: bool) -> None:
    """Export an account, let people edit all of it, and apply that."""
    fill(place.sandbox.books, 25, seed=rng.randrange(10**6))
    exports("--archived", *(["--split"] if split else []))
    owing = [f"--allow-balance=clients.{key}" for key in content()]
    for file, raw in files().items():
        page = Page.of(raw.decode())
        if not split or rng.random() < 0.6:
            edited(page, rng)
        file.write_bytes(written(page, rng))
    place.apply("--max-deletes", "100%", "--max-updates", "100%", *owing)


@LAYOUTS
@SEEDS
def test_what_people_wrote_comes_back_to_the_letter(place: Story, seed: int, split: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """After an apply an export finds nothing to take in, however the files are written."""
    lives(place, Random(seed), split=split)
    before = files()
    assert exports().out.startswith("Nothing to take in")
    assert files() == before
    is_settled()


@LAYOUTS
@SEEDS
def test_what_others_did_comes_in_beside_it(place: Story, seed: int, split: bool) -> None:  # noqa: FBT001 - as above
    """Clients that somebody edited, archived or deleted in FreshBooks change; the others' blocks stay to the letter."""
    rng = Random(100 + seed)
    lives(place, rng, split=split)
    before, said = files(), content()
    touched = _disturbed(place, rng, said)
    exports()
    is_settled()
    after = files()
    for file, raw in before.items():
        assert after[file].count(b"\r\n") == (after[file].count(b"\n") if b"\r\n" in raw else 0)
        assert after[file].startswith(b"\xef\xbb\xbf") == raw.startswith(b"\xef\xbb\xbf")
        blocks = blocks_in(after[file])
        for key, block in blocks_in(raw).items():
            # A namesake may have come: then both are pinned.
            if key not in touched and content()[key] == said[key]:
                assert blocks[key] == block
    assert {key: _loose(entry) for key, entry in said.items() if key not in touched}.items() <= {
        key: _loose(entry) for key, entry in content().items()
    }.items()
    exports()
    assert files() == after


def _loose(entry: Mapping[str, Any]) -> str:
    return str({name: value for name, value in sorted(entry.items()) if name != "id"})


def _disturbed(place: Story, rng: Random, said: Mapping[str, Any]) -> set[str]:
    """Let somebody work in FreshBooks; give the keys of the clients that they touched."""
    ids = dict(line.split() for line in called("state", "list").out.splitlines())
    keys = rng.sample(sorted(said), 9)
    for number, key in enumerate(keys):
        client = int(ids[f"clients.{key}"])
        texts = [name for name, value in said[key].items() if isinstance(value, str) and name not in _NO_TEXT]
        for name in rng.sample(texts, min(len(texts), 2)):
            place.person.edits(client, **{name: rng.choice((*HOSTILE, ""))})
        for contact in place.contacts(client):
            if number % 3:
                new = f"New {contact['contactid']}"
                place.person.edits_contact(contact["contactid"], lname=new, phone2=rng.choice(HOSTILE))
            else:
                place.person.deletes_contact(contact["contactid"])
        place.person.edits(client, vis_state=(0, 0, 1, 2, 0)[number % 5])
    place.person.creates({"fname": "Con", "email": "con@c.example"}, organization="Fresh Ltd.", note="a\nb")
    return set(keys)
