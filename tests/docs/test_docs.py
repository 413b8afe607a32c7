"""What the documentation says is what the program does; `UPDATE_DOCS=1` rewrites the generated blocks first."""

from __future__ import annotations

import os
import re
import tempfile
from importlib import import_module
from pathlib import Path

import click
import pytest

from reconciler import errors, schema_files
from reconciler.core.kind import FieldType, Kind
from reconciler.explanations import by_code
from reconciler.load import check
from reconciler.providers.freshbooks.wire import CLIENT, CONTACT
from reconciler.reports.formats import PLANS, PROBLEMS
from reconciler.sandbox.faults import NAMES
from reconciler.sandbox.quirks import QUIRKS
from reconciler.settings import settings
from tests.docs.blocks import BLOCK, commands, generated, rewritten, tree
from tests.docs.pages import DOCS, PAGES, ROOT, anchors, fenced, links, rows, section, text

DOC_PAGES = [page for page in PAGES if page.is_relative_to(DOCS)]
_TREE_LINE = re.compile(r"[ │├└─]*(?P<name>\w+) +(?P<codes>\d+(?: / \d+)?) ")
_SUM_ONLY = {"DiagnosedError"}
"""Classes that are never raised themselves, and so stand in no tree."""


# What can be generated is as it would be generated.


@pytest.mark.parametrize("page", DOC_PAGES, ids=lambda page: page.name)
def test_generated_blocks_are_current(page: Path) -> None:
    """Every generated block holds what the program says of itself now."""
    written = page.read_text(encoding="utf-8")
    wanted = rewritten(written, generated())
    if os.environ.get("UPDATE_DOCS"):
        page.write_text(wanted, encoding="utf-8")
        return
    for found, block in zip(BLOCK.finditer(written), BLOCK.finditer(wanted), strict=True):
        assert found["body"] == block["body"], f"{page.name}, {found['name']}: rewrite it with UPDATE_DOCS=1"


def test_every_generated_block_has_a_place() -> None:
    """Each block that can be generated stands on exactly one page."""
    placed = [found["name"] for page in DOC_PAGES for found in BLOCK.finditer(page.read_text(encoding="utf-8"))]
    assert sorted(placed) == sorted(generated())


# Commands.


def test_every_command_has_a_section_with_its_help() -> None:
    """Each command has a heading of its own, and its help text under it."""
    for words in commands():
        assert f"<!-- generated: help {words} -->" in section("reference/commands.md", words)


def test_every_option_is_documented() -> None:
    """Each name of each option and the metavar of each argument is found in its command's section."""
    for words, command in commands().items():
        told = section("reference/commands.md", words)
        context = click.Context(command, info_name=words)
        for parameter in command.get_params(context):
            names = parameter.opts if isinstance(parameter, click.Option) else [parameter.make_metavar(context)]
            assert [name for name in names if name not in told] == [], words


def test_every_option_has_help() -> None:
    """No option goes without a word on what it does."""
    for words, command in commands().items():
        for parameter in command.params:
            assert not isinstance(parameter, click.Option) or parameter.help, (words, parameter.name)


def test_every_format_is_in_the_table_and_has_a_section() -> None:
    """reports.md lists exactly the formats that there are, with what each is of, and describes every one."""
    listed = {name.strip("`"): of for name, _, of in rows(text("reference/reports.md").partition("\n## ")[0])}
    both = {(True, True): "a plan, problems", (True, False): "a plan", (False, True): "problems"}
    assert listed == {name: both[name in PLANS, name in PROBLEMS] for name in {**PLANS, **PROBLEMS}}
    assert [name for name in listed if not section("reference/reports.md", name).strip()] == []


# Errors.


def _error_classes() -> list[type[errors.ReconcilerError]]:
    found, todo = [], [errors.ReconcilerError]
    while todo:
        error = todo.pop()
        todo += error.__subclasses__()
        if error.__name__ not in _SUM_ONLY and error.__module__ == errors.__name__:
            found.append(error)
    return found


def test_the_tree_agrees_with_the_classes() -> None:
    """The tree drawn in errors.py has every class once, with its exit code."""
    drawn = {found["name"]: found["codes"] for found in map(_TREE_LINE.match, tree().splitlines()) if found}
    assert len(drawn) == len(tree().splitlines())
    special = {"Interrupted": "130 / 143"}
    assert drawn == {e.__name__: special.get(e.__name__, str(e.exit_code)) for e in _error_classes()}


def test_every_summary_can_be_found() -> None:
    """Whoever searches errors.md for a code, or for a summary that the program prints, finds it."""
    flat = " ".join(text("reference/errors.md").split())
    told = {word for entry in by_code().values() for word in (entry.name, *(each.text for each in entry.printed))}
    assert sorted(word for word in told if word not in flat) == []


# Fields, quirks, faults.


@pytest.mark.parametrize(("title", "kind"), [("Client fields", CLIENT), ("Contact fields", CONTACT)])
def test_field_tables_are_the_kinds(title: str, kind: Kind) -> None:
    """The tables of fields list what the provider can write, in its order and with its types."""
    types = {FieldType.TEXT: "text", FieldType.FLAG: "true or false"}
    table = [(cells[0].strip("`"), cells[2]) for cells in rows(section("reference/configuration.md", title))]
    assert table == [(field.name, types[field.type]) for field in kind.fields]


@pytest.mark.parametrize(
    ("title", "schema", "path"),
    [
        ("clients.yaml", "clients", ("properties",)),
        ("clients.yaml", "clients", ("definitions", "client", "properties")),
        ("Lifecycle", "clients", ("definitions", "lifecycle", "properties")),
        ("reconciler.yaml", "settings", ("properties",)),
        ("reconciler.yaml", "settings", ("properties", "policy", "properties")),
    ],
)
def test_every_key_is_documented(title: str, schema: str, path: tuple[str, ...]) -> None:
    """Each key that a schema allows has a row in the reference."""
    node: object = schema_files.schema(schema)
    for part in path:
        assert isinstance(node, dict)
        node = node[part]
    assert isinstance(node, dict)
    documented = {
        cells[0].strip("`").rpartition(".")[2] for cells in rows(section("reference/configuration.md", title))
    }
    wanted = set(node) - set(CLIENT.field_names) - ({"policy"} if schema == "settings" else set())
    assert wanted <= documented


def test_quirks_and_faults_are_complete() -> None:
    """Each switch and each fault has a row, and each switch a word on how sure its default is."""
    assert [cells[0].strip("`") for cells in rows(section("reference/sandbox.md", "Quirks"))] == list(QUIRKS)
    assert [cells[0].strip("`") for cells in rows(section("reference/sandbox.md", "Faults"))] == list(NAMES)
    sure = [cells[0].strip("`") for cells in rows(section("reference/sandbox.md", "How sure each behaviour is"))]
    assert [name for name in sure if name in QUIRKS] == list(QUIRKS)


# Examples, links, names.


@pytest.mark.parametrize("page", DOC_PAGES, ids=lambda page: page.name)
def test_yaml_examples_are_valid(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each YAML example that begins with a version is accepted: as settings if it says so, else as clients."""
    monkeypatch.chdir(tmp_path)
    for block in fenced(page, "yaml"):
        if not re.search(r"^version: 1$", block, re.MULTILINE):
            continue
        if block.startswith("# reconciler.yaml"):
            Path("reconciler.yaml").write_text(block, encoding="utf-8")
            settings({}, {})
            Path("reconciler.yaml").unlink()
        else:
            Path("clients.yaml").write_text(block, encoding="utf-8")
            assert check(["clients.yaml"], CLIENT)[1] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_relative_links_resolve(page: Path) -> None:
    """Each relative link leads to a file of the repository, and its anchor to a heading there."""
    for file, anchor in links(page):
        assert file.resolve().is_relative_to(ROOT), file
        assert file.exists(), f"{page.name} links to {file}"
        assert not anchor or anchor in anchors(file), f"{page.name} links to {file.name}#{anchor}"


def test_every_page_is_in_the_index() -> None:
    """docs/index.md links to every page below docs/."""
    listed = {file.resolve() for file, _ in links(DOCS / "index.md")}
    assert set(DOC_PAGES) - {DOCS / "index.md"} <= listed


@pytest.mark.parametrize("page", DOC_PAGES, ids=lambda page: page.name)
def test_names_of_functions_exist(page: Path) -> None:
    """Each dotted name of ours in the text is a module, class or function that is there."""
    for name in re.findall(r"`(reconciler(?:\.\w+)+)`", page.read_text(encoding="utf-8")):
        if not name.endswith((".yaml", ".md")):
            assert _found(name), f"{page.name} speaks of {name}"


def _found(name: str) -> bool:
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            value: object = import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            value = getattr(value, part, None)
        return value is not None
    return False


@pytest.mark.parametrize("page", DOC_PAGES, ids=lambda page: page.name)
def test_no_page_speaks_of_one_machine(page: Path) -> None:
    """No page has a path of the machine that it was written on."""
    written = page.read_text(encoding="utf-8")
    assert [place for place in (str(ROOT), tempfile.gettempdir()) if place in written] == []
