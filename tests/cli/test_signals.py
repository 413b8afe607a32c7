"""SIGINT and SIGTERM end every command soon, with 130 and 143, and an apply so that nothing is lost."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.program import ACME, BOLT, PATIENCE_S, PROGRAM, called, strikes, until, writes
from tests.golden.story import Story

APPLY = ("apply", "--auto-approve", "--parallelism", "1", "--settle", "0")
BOTH = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]


@contextlib.contextmanager
def started(*words: str) -> Iterator[subprocess.Popen[str]]:
    """Start a command in a process of its own, and see that none is left."""
    with subprocess.Popen(
        [*PROGRAM, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def intended() -> bool:
    """Tell whether an apply has written down what it is about to create."""
    journal = Path(".reconciler/state.json.journal")
    return journal.exists() and b'"intend"' in journal.read_bytes()


@pytest.mark.parametrize(("number", "code"), BOTH)
def test_an_apply_ends_well(place: Story, number: signal.Signals, code: int) -> None:
    """The write in flight is finished and recorded, nothing new is started, and the next run does the rest."""
    writes(ACME + BOLT)
    strikes(place, "POST /users/clients delay=0.7#1")
    with started(*APPLY) as process:
        until(intended)
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == code
    assert "interrupted" in err
    assert "1 change is left. Run `reconciler plan` to see what." in err
    assert "Traceback" not in out + err
    assert "clients.acme: created" in out
    assert "clients.bolt  not attempted" in out
    assert len(place.clients()) == 1
    assert "clients.acme  700001" in called("state", "list").out
    assert called(*APPLY).code == 0
    assert len(place.clients()) == 2


@pytest.mark.parametrize(("number", "code"), BOTH)
def test_a_plan_ends_at_once(place: Story, number: signal.Signals, code: int) -> None:
    """A plan that waits for FreshBooks does not wait any longer."""
    writes(ACME)
    strikes(place, "GET /users/clients delay=3")
    with started("plan") as process:
        until(lambda: place.sandbox.log.entries)
        time.sleep(0.05)
        began = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE_S)
        took = time.monotonic() - began
    assert process.returncode == code, err
    assert (out, "Traceback" in err) == ("", False)
    assert "Error: " in err
    assert took < 1.5


@pytest.mark.parametrize(("number", "code"), BOTH)
def test_an_interrupted_apply_is_told_as_events(place: Story, number: signal.Signals, code: int) -> None:
    """With --json the end by a signal is an event with its exit code, and the sums are of what was done."""
    writes(ACME + BOLT)
    strikes(place, "POST /users/clients delay=0.7#1")
    with started(*APPLY, "--json") as process:
        until(intended)
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, err) == (code, "")
    events = [json.loads(line) for line in out.splitlines()]
    assert (events[-1]["type"], events[-1]["exit_code"]) == ("change_summary", code)
    assert (events[-2]["@level"], events[-2]["exit_code"]) == ("error", code)
    assert [event["changes"]["add"] for event in events if event["type"] == "change_summary"] == [2, 1]
    ends = {event["hook"]["address"]: event["type"] for event in events if event["type"].startswith("apply_")}
    assert ends == {"clients.acme": "apply_complete", "clients.bolt": "apply_errored"}


def test_a_second_signal_ends_it_at_once(place: Story) -> None:
    """Who presses Ctrl-C twice does not wait for the write in flight; the next run finds what it did."""
    writes(ACME)
    strikes(place, "POST /users/clients delay=2#1")
    with started(*APPLY) as process:
        until(intended)
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        process.communicate(timeout=PATIENCE_S)
        assert time.monotonic() - began < 1.0
    assert process.returncode == 130
    until(lambda: len(place.clients()) == 1)
    assert called(*APPLY).code == 0
    assert len(place.clients()) == 1


@pytest.mark.parametrize(("number", "code"), BOTH)
def test_the_demo_ends(folder: Path, number: signal.Signals, code: int) -> None:
    """A signal ends the demo where it is, once, and no further step is begun."""
    with started("demo") as process:
        assert process.stdout is not None
        until(lambda: process.stdout is not None and process.stdout.readline().startswith("clients.acme: created"))
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == code, err
    assert err.count("Error: ") == 1
    assert "[5/5]" not in out


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, {0, 130}), (signal.SIGTERM, {0, 143})])
def test_the_sandbox_ends(folder: Path, number: signal.Signals, code: set[int]) -> None:
    """A signal ends the sandbox, and its port is free again."""
    with started("sandbox", "--json") as process:
        assert process.stdout is not None
        port = json.loads(process.stdout.readline())["FRESHBOOKS_API_URL"].rpartition(":")[2]
        process.send_signal(number)
        _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode in code
    assert "Traceback" not in err
    with started("sandbox", "--json", "--port", port) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["FRESHBOOKS_API_URL"].endswith(port)
