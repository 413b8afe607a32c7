"""The first files of a folder: valid as they are, and just as valid once somebody takes the # off."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from reconciler import schema_files
from reconciler.documents.parse import parse
from reconciler.load import check
from reconciler.providers.freshbooks.wire import CLIENT
from reconciler.scaffold.texts import IGNORED, clients_text, ignoring, is_untouched, settings_text, vscode_text
from reconciler.schema_files import clients_place
from reconciler.settings import Settings, settings

HERE = clients_place("clients.yaml", folder=False)


@pytest.fixture(autouse=True)
def working(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)


def uncommented(text: str) -> str:
    """Take the # off, as editors do, of every line that is not prose."""
    return re.sub(r"(?m)^# (?= *[\w-]+:( |$))(?!yaml-language-server)", "", text)


def _content(text: str) -> Any:  # noqa: ANN401 - YAML
    return parse("a.yaml", text.encode()).content


@pytest.mark.parametrize("account", ["", "Ab12Cd", "123", "true"])
def test_the_clients_are_valid(account: str) -> None:
    """A new clients.yaml has no mistakes, manages nothing, and names the account just as it is called."""
    Path("clients.yaml").write_text(clients_text(HERE, account), encoding="utf-8")
    configuration, problems = check(["clients.yaml"], CLIENT)
    assert (problems, len(configuration.resources), configuration.account) == ([], 0, account or None)


def test_the_commented_client_is_valid() -> None:
    """Without the # in front, the example in it is a client with a contact, under the defaults."""
    Path("clients.yaml").write_text(uncommented(clients_text(HERE)), encoding="utf-8")
    configuration, problems = check(["clients.yaml"], CLIENT)
    assert problems == []
    [acme] = configuration.resources.values()
    assert (acme.fields["p_code"], acme.fields["currency_code"], len(acme.children or ())) == ("02134", "CAD", 1)


def test_the_settings_say_nothing() -> None:
    """With a new reconciler.yaml all is as without one."""
    without = settings({}, {})
    Path("reconciler.yaml").write_text(settings_text(), encoding="utf-8")
    assert settings({}, {}) == without


def test_the_commented_settings_are_valid_and_complete() -> None:
    """Without the # in front, each setting that there is stands there, within what the schema allows."""
    content = _content(uncommented(settings_text()))
    schema: Any = schema_files.schema("settings")
    assert set(content) == set(schema["properties"])
    assert set(content["policy"]) == set(schema["properties"]["policy"]["properties"])
    Path("reconciler.yaml").write_text(uncommented(settings_text()), encoding="utf-8")
    settings({}, {})


def test_what_is_called_a_default_is_one() -> None:
    """Each commented setting that is not called an example says what holds without it; limits have words for that."""
    names = re.findall(r"(?m)^# ([a-z_]+):(?!.*an example)", settings_text())
    content = _content(uncommented(settings_text()))
    policy = {name: value for name, value in content["policy"].items() if not name.startswith("max_")}
    defaults = {**{name: content[name] for name in names}, "policy": policy}
    Path("reconciler.yaml").write_text(json.dumps({"version": 1, **defaults}), encoding="utf-8")
    assert settings({}, {}) == Settings(root="clients.yaml", state=".reconciler/state.json")
    assert set(names) == {"root", "state", "login", "policy", "parallelism", "rate_share"}


@pytest.mark.parametrize("account", ["", "Ab12Cd", "123"])
def test_an_untouched_file_is_known(account: str) -> None:
    """A clients.yaml is known as untouched in whatever folder it is; a letter more, and it is somebody's."""
    for root in ("clients.yaml", "acme/clients.yaml"):
        text = clients_text(clients_place(root, folder=False), account)
        assert is_untouched(text.encode())
        assert is_untouched(text.replace("\n", "\r\n").encode())
        for edited in (uncommented(text), text + "#", text.replace("Acme", "Bolt"), f"\ufeff{text}", text * 2):
            assert not is_untouched(edited.encode())


@pytest.mark.parametrize(
    ("there", "added"),
    [
        (None, IGNORED),
        ("", IGNORED),
        ("node_modules/", IGNORED),
        ("/.reconciler\n*.plan\n", ("plan.json", "plan.html")),
        ("*.log\r\n", IGNORED),
        (".reconciler\n*.plan\nplan.json\n/plan.html\n", ()),
    ],
)
def test_what_git_ignores_is_added_to(there: str | None, added: tuple[str, ...]) -> None:
    """What stands there stays to the letter; what it lacks follows, with the same line ends; a second time nothing."""
    whole = ignoring(there)
    assert whole.startswith(there or "")
    rest = whole.removeprefix(there or "")
    assert tuple(line for line in rest.splitlines() if line and not line.startswith("#")) == added
    assert ("\r\n" in rest) is ("\r\n" in (there or ""))
    assert ignoring(whole) == whole


@pytest.mark.parametrize(
    ("root", "folder", "pattern"),
    [
        ("clients.yaml", False, "clients.yaml"),
        ("team", True, "team/**/*.yaml"),
        ("acme/all.yml", False, "acme/all.yml"),
    ],
)
def test_the_root_is_mapped(root: str, folder: bool, pattern: str) -> None:  # noqa: FBT001 - a table
    """VS Code is told of the root, whatever it is called, and of the schema that stands for it."""
    told = json.loads(vscode_text(clients_place(root, folder=folder), root, folder=folder))
    assert pattern in told["yaml.schemas"]["./schemas/clients.schema.json"]
    assert told["yaml.yamlVersion"] == "1.2"
