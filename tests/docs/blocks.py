"""The parts of docs/ that the program itself can write: help texts, the error tree, codes, fields, quirks, faults.

Each stands between `<!-- generated: NAME -->` and `<!-- end -->`. It reads and writes nothing; the tests do.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import click
import yaml
from click.testing import CliRunner

from reconciler import errors, schema_files
from reconciler.cli.main import program
from reconciler.core.kind import FieldType, Kind
from reconciler.providers.freshbooks.wire import CLIENT, CONTACT
from reconciler.reports.safe import fence
from reconciler.sandbox.faults import NAMES
from reconciler.sandbox.quirks import QUIRKS
from tests.docs.examples import examples
from tests.docs.explained import explained
from tests.docs.pages import ROOT
from tests.docs.recording import COMMAND, PROMPT, printed
from tests.docs.schemas import lifecycle_keys, objects, settings_keys
from tests.docs.variables import CLOUDS, of_options

WIDTH = 100
_KEYS = ("key", "value", "absent means", "what it does")
FILES = {
    "examples/clients.yaml": "yaml",
    "examples/rules/rules.schema.json": "json",
    "examples/ci/github.yml": "yaml",
    "examples/ci/drift.yml": "yaml",
    "examples/ci/gitlab-ci.yml": "yaml",
    "examples/policy/checkov/clients_have_a_currency.yaml": "yaml",
    "examples/policy/checkov/invoices_have_an_address.yaml": "yaml",
    "examples/policy/terraform-compliance/clients.feature": "gherkin",
    "examples/policy/rego/clients.rego": "text",
}
"""What the repository has to copy, with the language of its fence: whoever reads the site has no checkout."""
BLOCK = re.compile(r"(?P<open><!-- generated: (?P<name>[^>]+) -->\n)(?P<body>.*?)(?P<close><!-- end -->)", re.DOTALL)
_SAME_FOR_ALL = re.compile(r" ?(null or \"\" clears it; absent leaves it alone|Absent leaves it alone)\.")


def commands() -> dict[str, click.Command]:
    """Give every command by its words, the program itself under `reconciler`."""
    return dict(_below(program(), "reconciler"))


def _below(command: click.Command, words: str) -> Iterator[tuple[str, click.Command]]:
    yield words, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=words)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _below(found, f"{words} {name}")


def help_of(words: str) -> str:
    """Give what `--help` prints for a command, on a terminal of 100 columns."""
    told = CliRunner().invoke(
        program(), [*words.split()[1:], "--help"], prog_name="reconciler", env={"COLUMNS": str(WIDTH)}
    )
    assert told.exit_code == 0, told.output
    return told.output


def generated() -> Mapping[str, str]:
    """Give every block by its name."""
    return {
        "error tree": _fenced(tree(), "text"),
        "client fields": _fields(CLIENT, _client_schema()["fields"]),
        "contact fields": _fields(CONTACT, _client_schema()["contact"]["properties"]),
        "quirks": _table(
            ("name", "values, the default first", "what it switches"),
            [
                (f"`{quirk.name}`", ", ".join(_value(value) for value in quirk.values), _cell(quirk.told))
                for quirk in QUIRKS.values()
            ],
        ),
        "faults": _table(("name", "what happens"), [(f"`{name}`", _cell(told)) for name, told in NAMES.items()]),
        "demo": _fenced(f"{PROMPT}{COMMAND}\n{printed()}", "text"),
        "settings keys": _table(_KEYS, list(map(_cells, settings_keys()))),
        "lifecycle keys": _table(_KEYS, list(map(_cells, lifecycle_keys()))),
        "saved plan": _objects("plan"),
        "state": _objects("state"),
        "option variables": _table(
            ("variable", "option", "of"),
            [(f"`{name}`", f"`{option}`", _of(words)) for name, option, words in of_options(commands())],
        ),
        **{f"variables {name}": _listed(cloud.variables) for name, cloud in CLOUDS.items()},
        "action inputs": _action("inputs"),
        "action outputs": _action("outputs"),
        **explained(),
        **{name: _fenced(text, language) for name, (text, language) in examples().items()},
        **{f"help {words}": _fenced(help_of(words), "text") for words in commands()},
        **{
            f"file {name}": _fenced((ROOT / name).read_text(encoding="utf-8"), language)
            for name, language in FILES.items()
        },
    }


def _objects(name: str) -> str:
    """Give a table for each object of a stored document, the document itself without a heading."""
    told = []
    for title, what, rows in objects(name):
        heading = "" if title == "Document" else f"### {title}\n\n{_first_sentence(what)}\n\n"
        told.append(heading + _table(("key", "value", "absent means"), list(map(_cells, rows))))
    return "\n".join(told)


def _first_sentence(text: str) -> str:
    """Give what a docstring says first; what follows is for those who read the code."""
    return text.partition("\n")[0].partition(". ")[0].removesuffix(".") + "."


def _of(words: Sequence[str]) -> str:
    return ", ".join(f"`{each}`" for each in words) if all(words) else "every command"


def _listed(names: Iterable[str]) -> str:
    return textwrap.fill(", ".join(f"`{name}`" for name in sorted(names)) + ".", 118, break_on_hyphens=False) + "\n"


def _action(part: str) -> str:
    """Give the inputs or outputs of the GitHub action."""
    rows = []
    for name, node in yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))[part].items():
        default = "required" if node.get("required") else f"`{node['default']}`" if node.get("default") else ""
        rows.append(
            (f"`{name}`", *([default] if part == "inputs" else []), _cell(" ".join(node["description"].split())))
        )
    heading = ("input", "default", "what it is for") if part == "inputs" else ("output", "what it tells")
    return _table(heading, rows)


def tree() -> str:
    """Give the exception tree as it is drawn at the top of errors.py."""
    lines = (errors.__doc__ or "").splitlines()
    first = next(number for number, line in enumerate(lines) if line.lstrip().startswith("ReconcilerError"))
    return textwrap.dedent("\n".join(line.rstrip() for line in lines[first:])).rstrip() + "\n"


def rewritten(text: str, blocks: Mapping[str, str]) -> str:
    """Give a page with its generated blocks as they should be."""
    return BLOCK.sub(lambda found: found["open"] + blocks[found["name"]] + found["close"], text)


def _client_schema() -> Mapping[str, Any]:
    definitions: Any = schema_files.schema("clients")["definitions"]
    return dict(definitions)


def _fields(kind: Kind, described: Mapping[str, Any]) -> str:
    rows = []
    for field in kind.fields:
        told = described[field.name]
        examples = ", ".join(f"`{_yaml(value)}`" for value in told["examples"])
        what = _cell(_SAME_FOR_ALL.sub("", told["description"]).strip())
        value = "text" if field.type is FieldType.TEXT else "true or false"
        rows.append((f"`{field.name}`", told["title"], value, what, examples))
    return _table(("field", "title", "value", "what it is", "example"), rows)


def _yaml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    return f'"{text}"' if text.isdigit() else text


def _value(text: str) -> str:
    return "any other text" if text == "*" else f"`{text}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _cells(row: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(_cell, row))


def _table(heading: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [heading, tuple("---" for _ in heading), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _fenced(text: str, language: str) -> str:
    ticks = fence(text)
    return f"{ticks}{language}\n{text.rstrip()}\n{ticks}\n"
