"""The network and the vendor fail, lie, lag and change under our hands: nothing twice, lost, or made up."""

from __future__ import annotations

import functools
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox.books import Books
from reconciler.sandbox.faults import Faults
from tests.faults.world import (
    AFTER,
    BEFORE,
    DELETED,
    Wish,
    World,
    client,
    contact,
    converges,
    traceless,
    twice,
    untouched,
    world,
)

# Eight kinds, of which two carry the request out and hide it.
KINDS = ("reset-before", "reset-after", "429", "429-bare", "500-before", "500-after", "502-html", "truncated")

TWELVE: Wish = {
    f"c{number}": client(f"c{number}", contacts={"p": contact(f"p{number}"), "q": contact(f"q{number}")})
    for number in range(12)
}


def rules(total: float) -> list[str]:
    """Give rules by which a request of any kind fails with this probability."""
    each = 1 - (1 - total) ** (1 / len(KINDS))
    return [f"* /users/* {name}:{each:.4f}" for name in KINDS]


def storm(folder: Path, seed: int, total: float, runs: int) -> None:
    """Apply while requests fail, until an apply is done; then see what has become of the account."""
    with world(folder, applied={}) as here:
        here.wish(TWELVE)
        here.sandbox.wrapper.faults = Faults.parse(rules(total), seed=seed)
        for _ in range(runs):
            ended = here.apply("--parallelism", "4", settle=0.02)
            assert traceless(ended) == []
            assert twice(here) == [], f"seed {seed}"
            if ended.code == 0:
                break
        assert converges(here, TWELVE) == [], f"seed {seed}"


def count(request: pytest.FixtureRequest, some: int, all_: int) -> int:
    """Give how many trials to run."""
    return all_ if request.config.getoption("--full") else some


@pytest.mark.parametrize("part", range(5))
def test_four_requests_in_ten_fail(part: int, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Twelve creates with contacts at a fault rate of 0.40 a request, of eight kinds."""
    for seed in range(part, count(request, 15, 500), 5):
        storm(tmp_path / str(seed), seed, 0.40, 3)


@pytest.mark.full
def test_eight_requests_in_ten_fail(tmp_path: Path) -> None:
    """The same at 0.80: eight further runs without that many faults are more than enough."""
    for seed in range(100):
        storm(tmp_path / str(seed), seed, 0.80, 8)


@pytest.mark.parametrize(
    "name", ["reset-after", "truncated", "500-after", "wrong-json", "late=0.05", "delay=0.05", "twice"]
)
def test_a_create_whose_answer_is_lost_is_not_sent_again(name: str, tmp_path: Path) -> None:
    """Every create is carried out and its answer lost: each is looked up, and none is sent a second time."""
    with world(tmp_path, applied={}) as here:
        here.wish(TWELVE)
        here.sandbox.wrapper.faults = Faults.parse([f"POST /users/clients {name}"])
        ended = here.apply(settle=0.4)
        assert traceless(ended) == []
        posts = [entry for entry in here.writes() if entry["method"] == "POST"]
        assert len(posts) == len(TWELVE)
        if name == "twice":
            # Nobody could see that the vendor did it twice; what it made besides is nobody's, and is shown.
            assert f"Not managed: {len(TWELVE) + len(here.others)} clients." in here.plan().out
        else:
            assert converges(here, TWELVE) == []


def test_lists_that_lag_make_no_twins(tmp_path: Path) -> None:
    """Where lists do not show yet what was just created, an unanswered create is found within the quiet period."""
    with world(tmp_path, applied={}) as here:
        here.wish({"a": client("a"), "b": client("b")})
        here.sandbox.wrapper.faults = Faults.parse(["POST * reset-after", "GET /users/clients lag=0.5"])
        ended = here.apply(settle=2.5)
        assert ended.code == 0, ended.err
        assert len([entry for entry in here.writes() if entry["method"] == "POST"]) == 2
        assert converges(here, {"a": client("a"), "b": client("b")}) == []


def test_a_token_that_dies_stops_the_run(tmp_path: Path) -> None:
    """A token that is refused in the middle stops everything that was not begun, and the next apply finishes."""
    with world(tmp_path) as here:
        here.wish(AFTER)
        here.sandbox.wrapper.faults = Faults.parse(["PUT * 401"])
        ended = here.apply("--parallelism", "1")
        assert ended.code in {6, 8}
        assert len([entry for entry in here.writes() if entry["fault"] == "401"]) == 1
        assert converges(here, AFTER) == []


def test_three_applies_race_on_one_state(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Of three applies at once one writes; the others are locked out, or wait and find nothing to do."""
    for trial in range(count(request, 10, 200)):
        with world(tmp_path / str(trial), applied={}) as here:
            here.wish(TWELVE)
            wait = ("--lock-timeout", "30") if trial % 2 else ()
            racers = [here.away("apply", "--auto-approve", "--settle", "0.05", *wait) for _ in range(3)]
            codes = []
            for racer in racers:
                _, err = racer.communicate(timeout=90)
                codes.append(racer.returncode)
                assert b"Traceback" not in err, err
            assert 0 in codes
            assert set(codes) <= {0, 10}
            assert len([entry for entry in here.writes() if entry["method"] == "POST"]) == len(TWELVE)
            assert converges(here, TWELVE) == []


def test_churn_while_paging_makes_nothing_up(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """While clients of others come and go between the pages of 500, ours are found, all of them, or nothing is said."""
    adopted = 0
    for seed in range(count(request, 100, 2000)):
        with world(tmp_path / str(seed), applied={}) as here:
            _fill(here.sandbox.books, 500)
            ours = {f"x{n}": client(f"x{n}") for n in range(7, 500, 60)}
            here.wish(ours)
            chance = random.Random(seed)
            here.sandbox.wrapper.churn = functools.partial(_others_churn, here, chance)
            here.sandbox.wrapper.faults = Faults.parse(["GET /users/clients churn:0.5"], seed=seed)
            ended = here.here("plan", "--json", "--parallelism", "3")
            assert ended.code in {0, 4}, ended.err
            if ended.code == 0:
                made = [json.loads(line) for line in ended.out.splitlines()]
                actions = {e["change"]["address"]: e["change"]["action"] for e in made if e["type"] == "planned_change"}
                assert actions == {f"clients.{key}": "import" for key in ours}, f"seed {seed}"
                adopted += 1
    assert adopted > 0, "the lists must settle sometimes"


def _fill(books: Books, number: int) -> None:
    row = books.select("ORDER BY id LIMIT 1")[0]
    for n in range(number):
        seen = {**json.loads(row.document), "id": 710001 + 2 * n, "userid": 710001 + 2 * n, "vis_state": 0}
        told = {"organization": f"X{n} Ltd.", "email": f"x{n}@ours.example", "fname": "", "lname": "", "bus_phone": ""}
        books.put_client({**seen, **told, "username": f"x{n}"})


def _others_churn(here: World, chance: random.Random) -> None:
    """Insert, hide or show a row that is none of ours."""
    books = here.sandbox.books
    number = 710001 + 2 * chance.choice([n for n in range(500) if n % 60 != 7])
    row = books.client(number)
    assert row is not None
    seen = json.loads(row.document)
    if chance.random() < 0.3:
        fresh = books.next_client_id()
        told = {"id": fresh, "userid": fresh, "email": f"{fresh}@else.example", "organization": f"Else {fresh}"}
        books.put_client({**seen, **told, "vis_state": 0})
    else:
        books.put_client({**seen, "vis_state": 0 if seen["vis_state"] == DELETED else DELETED})


# Answers that are not what they should be.


class Liar:
    """Stands before the sandbox's application and changes some answers, structure and all."""

    def __init__(self, inner: Any, chance: random.Random, share: float) -> None:  # noqa: ANN401 - an ASGI application
        self._inner = inner
        self._chance = chance
        self._share = share
        self.count = 0
        """How many answers were changed."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's own types
        """Answer, now and then wrongly."""
        sent: list[dict[str, Any]] = []

        async def keep(message: dict[str, Any]) -> None:
            sent.append(message)

        await self._inner(scope, receive, keep)
        if self._chance.random() < self._share and "/users/" in scope["path"]:
            self.count += 1
            sent = [sent[0], {**sent[1], "body": self._mutated(sent[1].get("body", b""))}]
            headers = [pair for pair in sent[0]["headers"] if pair[0] != b"content-length"]
            length = (b"content-length", str(len(sent[1]["body"])).encode())
            sent[0] = {**sent[0], "headers": [*headers, length]}
        for message in sent:
            await send(message)

    def _mutated(self, body: bytes) -> bytes:
        try:
            document = json.loads(body)
        except ValueError:
            return body
        places = list(_places(document))
        for holder, key in self._chance.sample(places, min(len(places), self._chance.randint(1, 3))):
            self._spoil(holder, key)
        return json.dumps(document).encode()

    def _spoil(self, holder: Any, key: Any) -> None:  # noqa: ANN401 - JSON
        odd: tuple[Any, ...] = (None, "", [], {}, 0, -1, "x", True, 1e308, {"a": []}, [[]], "\u0000", 2**70)
        match self._chance.randint(0, 3):
            case 0 if isinstance(holder, dict):
                holder.pop(key, None)
            case 1 if isinstance(holder, dict):
                holder[f"{key}2"] = holder.pop(key, None)
            case _:
                if isinstance(holder, list) and key >= len(holder):
                    return
                holder[key] = self._chance.choice(odd)


def _places(node: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401 - JSON
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, inner in items:
        yield node, key
        yield from _places(inner)


def wrong_writes(here: World) -> list[str]:
    """Give the writes of client fields whose values nobody wished, or that are of no client of ours."""
    found = []
    keys = {number: seen["email"].partition("@")[0] for number, seen in here.clients().items()}
    wishes = {key: {**BEFORE.get(key, {}), **AFTER.get(key, {})} for key in {*BEFORE, *AFTER}}
    for entry in here.writes():
        sent = (entry["body"] or {}).get("client", {})
        path = entry["path"].rpartition("/")[2]
        key = keys.get(int(path), "") if path.isdigit() else str(sent.get("email", "")).partition("@")[0]
        if "contacts/" not in entry["path"] and key not in wishes:
            found.append(f"{entry['method']} {entry['path']} {sent}")
        allowed = [wish.get(key, {}) for wish in (BEFORE, AFTER)]
        names = sent.keys() - {"vis_state", "contacts"}
        found += [f"{key}.{n} = {sent[n]!r}" for n in names if all(wish.get(n) != sent[n] for wish in allowed)]
    return found


def test_mutated_answers_do_no_harm(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Answers with parts missing, renamed or mistyped: no traceback, twin or wrong write, nothing of others touched."""
    wanted, told, seed = count(request, 300, 20_000), 0, 0
    while told < wanted:
        seed += 1
        with world(tmp_path / str(seed)) as here:
            here.wish(AFTER)
            true = here.sandbox.wrapper.inner
            liar = here.sandbox.wrapper.inner = Liar(true, random.Random(seed), 0.25)
            for _ in range(2):
                ended = here.apply("--parallelism", "2", settle=0.02)
                assert traceless(ended) == [], f"seed {seed}"
            here.sandbox.wrapper.inner = true
            told += liar.count
            assert twice(here) + untouched(here) + wrong_writes(here) == [], f"seed {seed}"
