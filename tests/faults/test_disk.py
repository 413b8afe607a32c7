"""The disk fails, or the power goes: no API write follows a failed durable write, and the next apply finishes."""

from __future__ import annotations

import errno
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.sandbox.server import Options, running
from tests.faults.disk import Loss, watched
from tests.faults.world import ACCOUNT, AFTER, BEFORE, LIMITS, World, converges, snapshot, traceless, world

HOME = ".reconciler"


def failing(number: int, code: int, here: World, marks: list[int]) -> Callable[[int, str, str], None]:
    """Give what lets the n-th step and every later one fail, and marks how many writes the account had seen by then."""

    def before(step: int, _: str, name: str) -> None:
        if step >= number:
            marks.append(len(here.writes()))
            raise OSError(code, os.strerror(code), name)

    return before


CODES = [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT]


@pytest.mark.parametrize("code", CODES)
def test_the_nth_step_on_the_disk_fails(code: int, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Wherever the disk begins to fail: exit 11, no API write after it, and a working disk finishes the job."""
    stride = 1 if request.config.getoption("--full") else len(CODES)
    number = 1 + CODES.index(code) % stride
    while True:
        with world(tmp_path / str(number)) as here:
            here.wish(AFTER)
            marks: list[int] = []
            with watched(here.folder / HOME, failing(number, code, here, marks)) as disk:
                ended = here.here("apply", "--auto-approve", "--settle", "0.05", "--parallelism", "1", *LIMITS)
            assert traceless(ended) == []
            if not marks:
                assert ended.code == 0, ended.err
                assert number > 30, "an apply takes dozens of steps"
                return
            assert ended.code == 11, f"step {number} {disk.steps[number - 1]}: {ended.code} {ended.err}"
            assert len(here.writes()) == marks[0], f"a write after step {number} {disk.steps[number - 1]} failed"
            assert converges(here, AFTER) == [], f"step {number} {disk.steps[number - 1]}"
        number += stride


Point = tuple[str, bytes, dict[Loss, dict[str, bytes]]]
"""A step, the account as it was then, and what each loss of power would leave of the disk."""


def crash_points(folder: Path, workers: int = 1) -> tuple[list[Point], dict[int, str]]:
    """Run one apply; give what a loss of power before each step would leave, and the clients of others."""
    points: list[Point] = []
    with world(folder) as here:
        here.wish(AFTER)

        def before(_: int, kind: str, name: str) -> None:
            images = {loss: disk.image(loss) for loss in Loss}
            points.append((f"{kind} {name}", snapshot(here.sandbox), images))

        with watched(here.folder / HOME, before) as disk:
            assert here.apply("--parallelism", str(workers)).code == 0
        return points, here.others


def test_the_power_goes(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Whatever a loss of power leaves of the disk, at any step, the next apply finds all that was made."""
    points, others = crash_points(tmp_path / "first")
    if request.config.getoption("--full"):
        points = [*points, *crash_points(tmp_path / "second", 3)[0]] * 2
    cases = [(number, loss) for number in range(len(points)) for loss in Loss]
    if not request.config.getoption("--full"):
        # Each kind of step on each file once for certain, the rest by chance.
        kinds = {points[number][0]: number for number in reversed(range(len(points)))}
        certain = [(number, loss) for number in kinds.values() for loss in Loss if "runs" not in points[number][0]]
        cases = certain + random.Random(0).sample(sorted({*cases} - {*certain}), max(0, 60 - len(certain)))
    for number, loss in cases:
        told, account, images = points[number]
        folder = tmp_path / f"{number}-{loss.name}"
        (folder / HOME).mkdir(parents=True)
        for name, content in images[loss].items():
            (folder / HOME / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / HOME / name).write_bytes(content)
        (folder / "account.db").write_bytes(account)
        options = Options(account=ACCOUNT, db=str(folder / "account.db"), calls_per_minute=0, creates_per_minute=0)
        with running(options) as sandbox:
            here = World(folder=folder, sandbox=sandbox, others=others)
            # Somebody takes the edit back in every other case: what was made must be found all the same.
            again = request.config.getoption("--full") and number >= len(points) // 2
            wanted = AFTER if bool(number % 2) is not again else BEFORE
            here.wish(wanted)
            assert converges(here, wanted) == [], f"power lost before step {number + 1} ({told}), {loss}"
        shutil.rmtree(folder)
    assert len({number for number, _ in cases}) > 20
