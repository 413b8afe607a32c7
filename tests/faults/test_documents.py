"""States, journals and saved plans that were cut, flipped, edited, replayed or are somebody else's: never believed."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.codec import decode_state, encode_state
from reconciler.errors import StateUnusable
from reconciler.store.statefile import StateFile
from tests.faults.world import AFTER, BEFORE, STATE, World, client, converges, traceless, world


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world with a state and a backup of it."""
    with world(tmp_path_factory.mktemp("world")) as made:
        yield made


def refused(place: World, content: bytes) -> None:
    """See that no command takes this for the state, writes anything, or touches the file."""
    state = place.folder / STATE
    kept, before = state.read_bytes(), len(place.writes())
    state.write_bytes(content)
    try:
        ended = place.apply()
        assert ended.code == 9, f"{ended.code} {ended.err}"
        assert traceless(ended) == []
        assert state.read_bytes() == content
        assert len(place.writes()) == before
        assert "state.json" in ended.err
    finally:
        state.write_bytes(kept)


def test_a_cut_state_is_never_believed(here: World, tmp_path: Path) -> None:
    """Cut at any byte, but for its last line break, a state is refused as torn, empty or not a state."""
    whole = (here.folder / STATE).read_bytes()
    copy = tmp_path / "state.json"
    for length in range(len(whole) - 1):
        copy.write_bytes(whole[:length])
        with pytest.raises(StateUnusable):
            StateFile(copy).load()
        assert copy.read_bytes() == whole[:length]
    for length in (0, 1, len(whole) // 2, len(whole) - 2):
        refused(here, whole[:length])


def test_flipped_bits_are_seen(here: World, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """One flipped bit anywhere makes a state unusable; it never becomes another state."""
    whole = (here.folder / STATE).read_bytes().rstrip(b"\n")
    chance = random.Random(0)
    copy = tmp_path / "state.json"
    for _ in range(5000 if request.config.getoption("--full") else 200):
        place, bit = chance.randrange(len(whole)), 1 << chance.randrange(8)
        copy.write_bytes(whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
        with pytest.raises(StateUnusable):
            StateFile(copy).load()


@pytest.mark.parametrize("field", ["account", "origin", "format"])
def test_a_foreign_state_is_refused(field: str, here: World) -> None:
    """A state of another account, another API or a newer format is not used, though it is whole."""
    whole = decode_state((here.folder / STATE).read_bytes())
    if field == "format":
        refused(here, encode_state(whole).replace(b'"format":1', b'"format":2'))
    else:
        changed = {"account": "Other1", "origin": "https://api.freshbooks.com"}[field]
        refused(here, encode_state(replace(whole, **{field: changed})))  # type: ignore[arg-type] # a text field


def test_the_backup_is_named_and_can_be_used(tmp_path: Path) -> None:
    """A torn state's error names the backup; put back, it is an older state, and the next apply settles the rest."""
    with world(tmp_path) as place:
        place.wish(AFTER)
        assert place.apply().code == 0
        state = place.folder / STATE
        state.write_bytes(b"")
        told = place.plan()
        assert told.code == 9
        backup = state.with_name("state.json.backup")
        assert backup.name in told.err
        state.write_bytes(backup.read_bytes())
        assert converges(place, AFTER) == []


def test_a_lost_state_adopts(tmp_path: Path) -> None:
    """Without its state the next apply adopts everything and creates nothing that exists."""
    with world(tmp_path) as place:
        (place.folder / STATE).unlink()
        before = len([entry for entry in place.writes() if entry["method"] == "POST"])
        assert converges(place, BEFORE) == []
        assert len([entry for entry in place.writes() if entry["method"] == "POST"]) == before


# Saved plans.


def leaves(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - JSON
    """Give the path of every value in a document."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from leaves(inner, (*path, key))


def mutated(document: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """Change one value of a saved plan, in its part or in Terraform's."""
    copy: dict[str, Any] = json.loads(json.dumps(document))
    path = chance.choice(list(leaves(copy)))
    holder: Any = copy
    for key in path[:-1]:
        holder = holder[key]
    before = holder[path[-1]]
    choices = ["clients.cat", "delete", 700001, True, None, {}, [], 99, "0", f"{before}x"]
    holder[path[-1]] = chance.choice([choice for choice in choices if choice != before])
    return copy


def test_an_edited_plan_writes_nothing(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Whatever single value of a saved plan is changed, it is refused, and nothing is written."""
    chance = random.Random(0)
    with world(tmp_path) as place:
        place.wish(AFTER)
        assert place.plan("--out", "kept.plan").code == 2
        document = json.loads((place.folder / "kept.plan").read_bytes())
        before = len(place.writes())
        for _ in range(2000 if request.config.getoption("--full") else 100):
            (place.folder / "edited.plan").write_text(json.dumps(mutated(document, chance)))
            ended = place.here("apply", "edited.plan")
            assert ended.code in {5, 9}, f"{ended.code} {ended.err}"
            assert traceless(ended) == []
        assert len(place.writes()) == before
        assert place.here("apply", "kept.plan").code == 0
        replayed = place.here("apply", "kept.plan")
        assert replayed.code == 5
        assert converges(place, AFTER) == []


def test_a_stale_plan_says_what_moved(tmp_path: Path) -> None:
    """Where a record has moved since the review, nothing is written and it is named; other edits do not matter."""
    with world(tmp_path) as place:
        place.wish(AFTER)
        assert place.plan("--out", "kept.plan").code == 2
        plan_id = json.loads((place.folder / "kept.plan").read_bytes())["reconciler"]["plan_id"]
        ann = next(seen for seen in place.clients().values() if seen["email"] == "ann@ours.example")
        before = len(place.writes())
        place.sandbox.books.put_client({k: v for k, v in ann.items() if k != "contacts"} | {"p_city": "Elsewhere"})
        for words in (("apply", "kept.plan"), ("apply", "--expect", plan_id, "--max-deletes", "100")):
            ended = place.here(*words)
            assert ended.code == 5, ended.err
        assert "clients.ann" in place.here("apply", "kept.plan").err
        place.sandbox.books.put_client({k: v for k, v in ann.items() if k != "contacts"} | {"s_city": "Unmanaged"})
        assert len(place.writes()) == before
        assert place.here("apply", "kept.plan").code == 0


def test_a_configuration_that_moved_on_is_seen(tmp_path: Path) -> None:
    """A saved plan is not applied to another wish than the one that was reviewed."""
    with world(tmp_path) as place:
        place.wish(AFTER)
        assert place.plan("--out", "kept.plan").code == 2
        place.wish({**AFTER, "late": client("late")})
        before = len(place.writes())
        ended = place.here("apply", "kept.plan")
        assert ended.code == 5
        assert "clients.late" in ended.err
        assert len(place.writes()) == before
