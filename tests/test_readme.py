"""The README's first screen shows what the program prints, and what it tells to type exists."""

from __future__ import annotations

import re
from pathlib import Path

from reconciler.documents.explain import accepts
from reconciler.documents.parse import parse
from reconciler.schema_files import schema

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
TOLD = (ROOT / "tests/golden/transcripts/quick_start.txt").read_text(encoding="utf-8")


def test_the_plan_shown_is_a_real_one() -> None:
    """The plan on the first screen is the one that the quick start's golden transcript ends with."""
    [shown] = re.findall(r"```console\n\$ reconciler plan\n(.*?)```", README, re.DOTALL)
    assert shown.strip() in TOLD


def test_the_first_screen() -> None:
    """Somebody who has only Python and git sees at once what it does, also as text, and what to type."""
    first = "\n".join(README.splitlines()[:25])
    assert re.search(r"!\[The demo: .{50,}\]\(docs/images/demo\.svg\)", first)
    assert "](docs/reference/commands.md#reconciler-demo)" in first
    assert "python3 dev demo" in first
    assert "python3 dev test" in first


def test_the_first_screen_says_why_to_trust_it() -> None:
    """Whoever asks what happens to their books when something fails finds the promises at once."""
    assert "](docs/guarantees.md)" in "\n".join(README.splitlines()[:40])


def test_every_part_of_the_documentation_is_linked() -> None:
    """The README leads into each of the four parts."""
    for part in ("tutorial", "how-to", "reference", "explanation"):
        assert f"](docs/{part}/" in README.partition("## Read on")[2]


def test_yaml_is_what_the_schema_accepts() -> None:
    """The configuration shown can be used as it is."""
    [shown] = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert accepts(schema("clients"), parse("README.md", shown.encode()).content)
