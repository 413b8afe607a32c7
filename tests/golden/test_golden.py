"""Every story against its golden transcript, and again under every quirk of the sandbox."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.sandbox.quirks import QUIRKS
from tests.golden.stories import STORIES
from tests.golden.story import telling

HERE = Path(__file__).parent / "transcripts"
SEEDS = {"first_adoption": 300}

SETTINGS = [
    (quirk.name, value)
    for quirk in QUIRKS.values()
    for value in (*quirk.values[1:], *(("language",) if "*" in quirk.values else ()))
    if value != "*"
]
# Stories that a setting cannot but change: FreshBooks then will not do what the story asks for.
IMPOSSIBLE = {("default_for_all", "frozen-field"): 6}


@pytest.mark.parametrize("name", STORIES)
def test_story(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """What people and the account saw is what the transcript says, and so is the JSON of every plan."""
    with telling(tmp_path, seed=SEEDS.get(name, 0)) as story:
        STORIES[name](story)
    told = STORIES[name].__doc__ or ""
    transcript = "\n\n".join([f"# {told}", *story.transcript]) + "\n"
    documents = story.documents if name not in SEEDS and name != "default_for_all" else []
    written = json.dumps(documents, indent=1, ensure_ascii=False) + "\n"
    for file, seen in ((HERE / f"{name}.txt", transcript), (HERE / f"{name}.json", written)):
        if request.config.getoption("--update-golden"):
            file.parent.mkdir(exist_ok=True)
            file.write_text(seen, encoding="utf-8")
        assert seen == file.read_text(encoding="utf-8"), f"see the difference with --update-golden: {file.name}"


@pytest.mark.parametrize(("quirk", "value"), SETTINGS)
def test_stories_under_quirk(quirk: str, value: str, tmp_path: Path) -> None:
    """Whatever FreshBooks does where nobody knows, every story ends as it should."""
    for name, tell in STORIES.items():
        if (name, quirk) in IMPOSSIBLE:
            continue
        folder = tmp_path / name
        folder.mkdir()
        with telling(folder, {quirk: value}, seed=SEEDS.get(name, 0)) as story:
            try:
                tell(story)
            except AssertionError as error:
                raise AssertionError(f"story {name} under {quirk}={value}: {error}") from error
