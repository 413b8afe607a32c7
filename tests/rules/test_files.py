"""Rules in a file of their own: how it is named, read and refused, and what each command makes of it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from reconciler.rules.reading import LARGEST
from reconciler.settings import settings
from tests.cli.program import called, writes
from tests.golden.story import Story, telling
from tests.rules.house import checked, first, in_file

NEEDS = '{\n  "required": ["fax"],\n  "errorMessage": "We fax."\n}\n'
ACME = "clients:\n  acme: {organization: Acme Ltd., email: billing@acme.example}\n"


@pytest.fixture
def place(tmp_path: Path) -> object:
    """Give a working folder with an account of its own."""
    with telling(tmp_path) as story:
        yield story


def write(text: str, file: str) -> None:
    """Write a file as it is, with the folders that it needs."""
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    Path(file).write_text(text)


def test_json_and_yaml(tmp_path: Path) -> None:
    """Rules are JSON, with tabs too, or YAML."""
    for name, text in (
        ("r.json", '{\n\t"required":\t["fax"]\n}'),
        ("r.yaml", "required:\n  - fax\n"),
        ("r.yml", "{required: [fax]}"),
    ):
        assert [first(p) for p in checked(tmp_path, "  acme: {fname: A}\n", in_file(tmp_path, text, name))] == [
            "clients.acme: it needs `fax`."
        ]


def test_mistakes_in_the_file_have_its_places(tmp_path: Path) -> None:
    """What is wrong with the file is shown at its own line, beside what is wrong with the clients."""
    problems = checked(
        tmp_path, "  acme: {fnam: A}\n", in_file(tmp_path, '{\n  "type": "object",\n  "requierd": []\n}')
    )
    assert [(p.code, str(p.position).rpartition("/")[2], p.excerpt) for p in problems] == [
        ("bad-rules", "rules.schema.json:3:3", '  "requierd": []'),
        ("unknown-key", "clients.yaml:3:10", "  acme: {fnam: A}"),
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"required": [', "not-yaml"),
        ("a: 1\na: 2\n", "duplicate-key"),
        ("a: !!str x\n", "tag"),
        ("[]", "bad-rules"),
        ("", "bad-rules"),
        ("\udcff", "not-utf-8"),
        ("[" * 30, "too-deep"),
        ("#" * (LARGEST + 1), "file-too-large"),
    ],
)
def test_a_file_that_is_no_schema(text: str, code: str, tmp_path: Path) -> None:
    """A file of rules is read as bounded and as strictly as any other."""
    rules = in_file(tmp_path, "", "r.json")
    (tmp_path / "r.json").write_bytes(text.encode(errors="surrogateescape"))
    assert [p.code for p in checked(tmp_path, "  acme: {fname: A}\n", rules)] == [code]


def in_settings(folder: Path, rules: str) -> list[tuple[str, str, str]]:
    """Give what `validate` tells where the settings name rules."""
    write(f"version: 1\nrules: {rules}\n", "reconciler.yaml")
    writes(ACME)
    told = called("--json", "validate")
    events = [json.loads(line) for line in told.out.splitlines()]
    return [
        (
            e["diagnostic"]["code"],
            "{filename}:{start[line]}:{start[column]}".format(**e["diagnostic"]["range"]),
            e["diagnostic"]["detail"],
        )
        for e in events
        if e["type"] == "diagnostic" and e["diagnostic"].get("range")
    ]


@pytest.mark.parametrize(
    ("rules", "code", "why"),
    [
        ("nope.json", "unreadable", "nope.json: No such file or directory."),
        ("[{}, nope.json]", "unreadable", "nope.json: No such file or directory."),
        ("https://rules.example/a.json", "bad-rules", "Nothing is fetched"),
        ("/proc/self/environ", "bad-rules", "The name must end with .json, .yaml, .yml."),
        ("folder.json", "not-a-file", "folder.json: "),
        ('"a\\0.json"', "unreadable", "Its name is not UTF-8 text."),
        ("linked/out.json", "link-out", "It is a link that leads out of its folder."),
    ],
)
def test_a_file_that_cannot_be_read(place: Story, tmp_path: Path, rules: str, code: str, why: str) -> None:
    """A file that is not there or must not be opened is told at the line that names it; nothing in it is."""
    Path("folder.json").mkdir()
    write('{"secret": "hunter2"}', "elsewhere/secret.json")
    Path("linked").mkdir()
    Path("linked/out.json").symlink_to(Path("elsewhere/secret.json").resolve())
    [(found, where, detail)] = in_settings(tmp_path, rules)
    assert (found, where) == (code, f"reconciler.yaml:2:{13 if rules.startswith('[') else 8}")
    assert why in detail
    assert "hunter2" not in detail


def test_a_pipe_is_not_waited_for(place: Story, tmp_path: Path) -> None:
    """A pipe under the name of rules ends the run, and is not read."""
    os.mkfifo("pipe.json")
    assert [code for code, _, _ in in_settings(tmp_path, "pipe.json")] == ["not-a-file"]


@pytest.mark.parametrize("told", ["3", "''", "[]", "[3]", "null"])
def test_rules_that_are_neither(place: Story, told: str) -> None:
    """`rules` is a name, a schema, or a list of both; all else is refused by the schema of the settings."""
    write(f"version: 1\nrules: {told}\n", "reconciler.yaml")
    ran = called("validate")
    assert ran.code == 3
    assert "reconciler.yaml:2:" in ran.err


def test_every_command_holds_them(place: Story) -> None:
    """`validate`, `plan` and `apply` refuse a client that breaks rules of a file, and nothing is sent."""
    write(NEEDS, "house/rules.schema.json")
    place.settings("rules: house/rules.schema.json")
    writes(ACME)
    for words in (["validate"], ["plan"], ["apply", "--auto-approve"]):
        ran = called(*words)
        assert ran.code == 3, words
        assert "clients.acme: We fax." in ran.all
        assert "Rule: house/rules.schema.json#/required" in ran.all
    assert place.clients() == {}


def test_a_client_that_meets_them_is_planned(place: Story) -> None:
    """Rules that are met change nothing."""
    writes(ACME)
    bare = called("plan").out
    write('{"required": ["email"]}', "rules.schema.json")
    place.settings("rules: [rules.schema.json, {required: [organization]}]")
    assert called("plan").out == bare


def test_a_list_is_held_whole(place: Story) -> None:
    """Each entry of a list is held, and told by its own name."""
    write(NEEDS, "rules.schema.json")
    place.settings("rules: [rules.schema.json, {required: [note]}]")
    writes(ACME)
    out = called("validate").err
    assert "Rule: rules.schema.json#/required" in out
    assert "Rule: reconciler.yaml#/rules/1/required" in out


def test_export_and_import_tell_of_them(place: Story) -> None:
    """What an account or a spreadsheet brings may break the rules: it is written, and said how many do."""
    write(NEEDS, "rules.schema.json")
    place.settings("rules: rules.schema.json")
    place.person.creates(organization="Acme Ltd.", email="billing@acme.example")
    assert "1 client breaks the house rules: `reconciler validate` says which." in called("export").out
    write("Organization,Email\nBolt,b@bolt.example\nCoral,c@coral.example\n", "new.csv")
    Path("clients.yaml").unlink()
    ran = called("import-csv", "new.csv")
    assert ran.code == 0
    assert "2 clients break the house rules: `reconciler validate` says which." in ran.out


def test_commands_on_the_state_do_not_need_them(place: Story) -> None:
    """A file of rules that is broken stops what loads clients, and nothing else."""
    place.settings("rules: nope.json")
    writes(ACME)
    assert called("plan").code == 3
    assert called("state", "list").code == 0
    assert called("history").code == 0


def test_chdir_and_all(place: Story, tmp_path: Path) -> None:
    """A name is seen from the settings that have it, and may lead to rules that several accounts share."""
    write(NEEDS, "books/rules.schema.json")
    for name in ("acme", "bolt"):
        write(f"version: 1\nrules: ../rules.schema.json\naccount: {name}1\n", f"books/{name}/reconciler.yaml")
        write(f"version: 1\n{ACME}", f"books/{name}/clients.yaml")
    assert "Rule: ../rules.schema.json#/required" in called("validate", "--chdir", "books/acme").err
    os.chdir(tmp_path)
    ran = called("validate", "--all", "books")
    assert ran.code == 3
    assert ran.err.count("Rule: ../rules.schema.json#/required") == 2


def test_profiles(place: Story) -> None:
    """A profile's rules stand instead of those of the file; a list of a profile can name both."""
    write(NEEDS, "rules.schema.json")
    write(
        "version: 1\nrules: rules.schema.json\nprofiles:\n  acme: {account: A1, root: clients.yaml}\n"
        "  bolt: {account: B1, root: clients.yaml, rules: {required: [note]}}\n"
        "  coral: {account: C1, root: clients.yaml, rules: [rules.schema.json, {required: [note]}]}\n"
        "  none: {account: D1, root: clients.yaml, rules: {}}\n",
        "reconciler.yaml",
    )
    writes(ACME)
    rules = ("Rule: rules.schema.json#/required", "bolt/rules/required", "coral/rules/1/required")
    seen = {name: called("validate", "--profile", name).err for name in ("acme", "bolt", "coral", "none")}
    assert {name: [rule for rule in rules if rule in out] for name, out in seen.items()} == {
        "acme": [rules[0]],
        "bolt": [rules[1]],
        "coral": [rules[0], rules[2]],
        "none": [],
    }


def test_defaults_of_the_settings_are_shown_there(place: Story) -> None:
    """A default of reconciler.yaml, or of a profile, that breaks a rule is shown at its line there."""
    write(
        "version: 1\nrules: {properties: {language: {const: fr}}}\ndefaults:\n  language: en\n"
        "profiles:\n  acme:\n    account: A1\n    root: clients.yaml\n    defaults: {language: de}\n",
        "reconciler.yaml",
    )
    writes(ACME)
    assert "reconciler.yaml:9:26" in called("validate", "--profile", "acme").err
    out = called("validate", "clients.yaml").err
    assert "reconciler.yaml:4:13" in out
    assert "The value is this default; clients.acme (clients.yaml:3:3) has it." in " ".join(
        out.replace("|", "").split()
    )


def test_sensitive_values_are_hidden(place: Story) -> None:
    """A value that no output may tell is not in what is told of a rule that it breaks."""
    alternatives = "anyOf: [{properties: {note: {const: x}}}, {required: [fax]}]"
    rules = f"properties: {{note: {{enum: [a, b]}}, fax: {{pattern: '^0'}}}}, {alternatives}"
    place.settings(f"sensitive: [note]\nrules: {{{rules}}}\ndefaults: {{note: canary-default}}")
    writes("clients:\n  acme:\n    organization: Acme Ltd.\n    note: canary-own\n  bolt: {organization: Bolt}\n")
    for words in (["validate"], ["plan"], ["--json", "plan"], ["validate", "--format", "sarif"]):
        ran = called(*words)
        assert ran.code == 3
        assert "canary" not in ran.all, words


def test_settings_name_rules_and_do_not_open_them(place: Story) -> None:
    """The settings can be read where the file of rules is not there."""
    place.settings("rules: nope.json")
    assert [source.given for source in settings({}, {}).rules] == ["nope.json"]
