"""How a record may end is remembered in the state: YAML that was lost takes no protection along."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.program import called
from tests.export.test_again import begins
from tests.export.test_export import content, exports, is_settled
from tests.golden.story import Story

PROTECTED = (
    "version: 1\nclients:\n"
    "  acme: {organization: Acme, contacts: {a: {fname: Ada}}, lifecycle: {prevent_destroy: true}}\n"
    "  bolt: {organization: Bolt, lifecycle: {on_remove: keep, ignore_changes: [note]}}\n"
    "  chai: {organization: Chai, lifecycle: {prevent_destroy: true, on_remove: archive}}\n"
    "  dune: {organization: Dune, lifecycle: {prevent_destroy: false, on_remove: delete}}\n"
)


def lifecycles(*files: str) -> dict[str, object]:
    """Give what the exported entries say of their end."""
    entries = {key: entry for file in files for key, entry in content(file)["clients"].items()}
    return {key: entry["lifecycle"] for key, entry in entries.items() if "lifecycle" in entry}


@pytest.mark.parametrize("split", [False, True])
def test_lost_yaml_comes_back_with_its_protection(place: Story, split: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Who was protected, archived or kept on removal still is, and the next plan has nothing to record."""
    begins(place, PROTECTED)
    Path("clients.yaml").unlink()
    exports(*(("clients", "--split", "--change-root") if split else ()))
    files = [str(file) for file in Path("clients").glob("*.yaml")] if split else ["clients.yaml"]
    assert lifecycles(*files) == {
        "acme": {"prevent_destroy": True},
        "bolt": {"on_remove": "keep"},
        "chai": {"prevent_destroy": True, "on_remove": "archive"},
    }
    is_settled(*(["clients"] if split else []))
    for file in files:
        Path(file).write_text("version: 1\nclients: {}\n", encoding="utf-8")
    refused = called("plan", "--allow-empty", "--max-deletes", "100%", *(["clients"] if split else []))
    assert refused.code == 5
    assert refused.all.count("has lifecycle.prevent_destroy") == 2


def test_what_the_settings_say_is_not_repeated(place: Story) -> None:
    """Against settings that archive on removal, who was to be deleted says so, who was to be archived does not."""
    place.settings("policy: {on_remove: archive}")
    begins(place, PROTECTED)
    Path("clients.yaml").unlink()
    exports()
    assert lifecycles("clients.yaml") == {
        "acme": {"prevent_destroy": True},
        "bolt": {"on_remove": "keep"},
        "chai": {"prevent_destroy": True},
        "dune": {"on_remove": "delete"},
    }
    is_settled()


def test_a_block_that_is_brought_back_is_protected_again(place: Story) -> None:
    """A removal that is taken back by --accept has the lifecycle that it had, between braces too."""
    begins(place, PROTECTED)
    lines = PROTECTED.splitlines()
    Path("clients.yaml").write_text("\n".join([*lines[:2], lines[3], ""]), encoding="utf-8")
    exports("--accept", "clients.acme")
    Path("clients.yaml").write_text('{"version": 1, "clients": {"bolt": {"organization": "Bolt"}}}', encoding="utf-8")
    exports("--accept", "clients.acme", "--accept", "clients.chai")
    assert lifecycles("clients.yaml") == {
        "acme": {"prevent_destroy": True},
        "chai": {"prevent_destroy": True, "on_remove": "archive"},
    }


def test_what_is_new_says_nothing(place: Story) -> None:
    """A record that was never bound, or that no plan has recorded yet, has no lifecycle to come back."""
    place.settings("policy: {on_remove: archive}")
    acme = place.person.creates(organization="Acme")
    place.person.creates(organization="Bolt")
    Path("clients.yaml").write_text("version: 1\nclients: {a: {organization: Acme}}\n", encoding="utf-8")
    assert called("import", "clients.a", str(acme)).code == 0
    Path("clients.yaml").unlink()
    exports()
    assert lifecycles("clients.yaml") == {}
    is_settled()
