"""An export that is cut off, or meets what it did not expect, overwrites nothing and is done by running it again."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.errors import LocalDisk
from reconciler.store.durable import rewrite, write_new
from tests.export.test_export import ACME, OLD, exports, is_settled
from tests.golden.story import Story


def test_files_without_bindings_are_bound_the_next_time(place: Story) -> None:
    """A run that ended between the files and the state left a configuration that the next one binds."""
    place.person.creates({"fname": "Jane"}, **ACME)
    place.person.creates(**ACME)
    exports()
    written = Path("clients.yaml").read_bytes()
    Path(".reconciler/state.json").unlink()
    exports()
    assert Path("clients.yaml").read_bytes() == written
    is_settled()


def test_what_is_there_is_never_overwritten(tmp_path: Path) -> None:
    """A file that has come, or was changed, since it was looked for stays as it is."""
    file = tmp_path / "clients" / "acme.yaml"
    write_new(file, b"one")
    with pytest.raises(LocalDisk):
        write_new(file, b"two")
    with pytest.raises(LocalDisk):
        rewrite(file, b"zero", b"two")
    assert file.read_bytes() == b"one"
    file.chmod(0o644)
    rewrite(file, b"one", b"two")
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"two", 0o644)
    assert [each.name for each in file.parent.iterdir()] == ["acme.yaml"]


def test_a_link_keeps_leading_where_it_leads(place: Story) -> None:
    """What is edited is the file itself."""
    place.person.creates(**ACME)
    exports()
    Path("clients.yaml").rename("real.yaml")
    Path("clients.yaml").symlink_to("real.yaml")
    place.person.creates(**OLD)
    exports()
    assert Path("clients.yaml").is_symlink()
    assert "old:" in Path("real.yaml").read_text(encoding="utf-8")


def test_wrong_yaml_is_told_and_left(place: Story) -> None:
    """What cannot be read is not edited."""
    Path("clients.yaml").write_text("version: 1\nclients: [a]\n", encoding="utf-8")
    exports(code=3)
    assert Path("clients.yaml").read_text(encoding="utf-8") == "version: 1\nclients: [a]\n"
