"""The page that follows one client is run: each function that it names is called on the way, and says what it shows."""

from __future__ import annotations

import contextlib
import io
import re
import sys
import threading
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from types import FrameType

import pytest

from reconciler.cli.main import run
from reconciler.core.change import AttributeChange, Change
from reconciler.core.matching import Match
from reconciler.core.resource import LiveResource, Resource
from reconciler.core.state import Binding
from tests.docs.pages import DOCS, fenced

PAGE = DOCS / "explanation" / "one-client.md"
ASIDE = {
    # The page names these for what does not happen to this client, or happens in another output.
    "reconciler.apply.create.create",
    "reconciler.documents.explain.explained",
    "reconciler.read.complete",
    "reconciler.reports.events.plan_events",
    "reconciler.reports.terraform.encode_plan",
}
_FIELDS = {value.__name__: value for value in (AttributeChange, Binding, Change, LiveResource, Match, Resource)}


@contextlib.contextmanager
def _watched() -> Iterator[set[str]]:
    """Note each function of ours that is called meanwhile, in any thread."""
    called: set[str] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        module = str(frame.f_globals.get("__name__", ""))
        if event == "call" and module.startswith("reconciler."):
            called.add(f"{module}.{frame.f_code.co_qualname}")

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield called
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def _applied(*more: str) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        run(["apply", "--sandbox", "--auto-approve", *more])
    return out.getvalue()


def test_the_client_goes_the_way_that_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One apply calls each function of the page but those it tells of as other ways, and prints what the page shows."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "90")
    [wish] = fenced(PAGE, "yaml")
    file = Path("clients.yaml")
    file.write_text(wish.replace("Ottawa", "Toronto"), encoding="utf-8")
    _applied()
    file.write_text(wish, encoding="utf-8")
    with _watched() as called:
        told = _applied("--debug")
    named = set(re.findall(r"`(reconciler(?:\.\w+)+)`", PAGE.read_text(encoding="utf-8"))) - {"reconciler.yaml"}
    assert named - called == ASIDE
    shown = [block for block in fenced(PAGE, "text") if not re.match(r"\w+\(", block)]
    assert [line for block in shown for line in block.splitlines() if line.partition("   {")[0] not in told] == []


@pytest.mark.parametrize("name", sorted(_FIELDS))
def test_values_are_shown_as_they_are(name: str) -> None:
    """Each value that the page shows has the parts of its type, of which it may leave some out."""
    blocks = [text for block in fenced(PAGE, "text") for text in block.split("\n\n") if text.startswith(f"{name}(")]
    assert blocks
    for block in blocks:
        parts = set(re.findall(r"(\w+)=", re.sub(r"'[^']*'", "''", block)))
        assert parts <= {each.name for each in fields(_FIELDS[name])}
