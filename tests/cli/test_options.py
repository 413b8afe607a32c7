"""Where an option may stand, its variable in the environment, and what wins over what."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from reconciler.cli.main import program
from tests.cli.program import ACME, BOLT, called, spawned, writes
from tests.golden.story import Story, telling

ARGUMENTS = {
    "show": ["one.plan"],
    "import": ["clients.acme", "7"],
    "state push": ["one.json"],
    "import-csv": ["clients.csv"],
    "state show": ["clients.acme"],
    "state mv": ["clients.acme", "clients.bolt"],
    "state rm": ["clients.acme"],
}
# What an option is given where a plain word would not do.
SAMPLES = {
    "--chdir": ".",
    "--fault": "POST /users/clients 500-before#2",
    "--keep-runs": "30d",
    "--since": "2026-11-25",
    "--target": "clients.a clients.b",
}


def commands() -> Iterator[tuple[str, ...]]:
    """Walk the tree: every command that does something, by its words."""
    top = program()
    assert isinstance(top, click.Group)
    with click.Context(top) as context:
        for name in top.list_commands(context):
            command = top.get_command(context, name)
            if isinstance(command, click.Group):
                yield from ((name, inner) for inner in command.list_commands(context))
            else:
                yield (name,)


def parsed(words: tuple[str, ...], arguments: list[str], shared: list[str] | None = None) -> dict[str, Any]:
    """Parse a command line without running it: the command's own parameters and the global ones."""
    kept: dict[str, Any] = {}
    command = program()
    context = command.make_context("reconciler", [*(shared or []), *words], obj=kept)
    given = [*ARGUMENTS.get(" ".join(words), []), *arguments]
    for number, word in enumerate(words, 1):
        assert isinstance(command, click.Group)
        found = command.get_command(context, word)
        assert found is not None
        command = found
        context = command.make_context(word, [*words[number:], *given], parent=context)
    return {**context.params, **kept}


def options() -> Iterator[tuple[tuple[str, ...], click.Option]]:
    """Give every option of every command."""
    for words in commands():
        top = program()
        assert isinstance(top, click.Group)
        command: click.Command = top
        with click.Context(top) as context:
            for word in words:
                assert isinstance(command, click.Group)
                command = command.get_command(context, word) or command
        yield from ((words, parameter) for parameter in command.params if isinstance(parameter, click.Option))


COMMANDS = list(commands())
OPTIONS = [
    pytest.param(words, option, id=f"{' '.join(words)} {max(option.opts, key=len)}") for words, option in options()
]


def sample(option: click.Option) -> str:
    """Give a value that is not the default."""
    name = max(option.opts, key=len)
    match option.type:
        case _ if name in SAMPLES:
            return SAMPLES[name]
        case click.Choice(choices=choices):
            return str(choices[-1])
        case click.IntRange(min=int(least)):
            return str(max(least, 3))
        case click.types.IntParamType() | click.types.FloatParamType():
            return "3"
        case _:
            return "word"


def test_the_tree_is_walked() -> None:
    """The parametrised tests below see the commands, the nested ones included."""
    assert {("plan",), ("apply",), ("state", "mv"), ("sandbox",)} <= set(COMMANDS)
    assert len(OPTIONS) > 90


@pytest.mark.parametrize(("words", "option"), OPTIONS)
def test_every_option_is_a_variable(
    words: tuple[str, ...], option: click.Option, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RECONCILER_<FLAG> in the environment is the flag, for every option of every command."""
    flag = max(option.opts, key=len)
    value = sample(option)
    many = value.split() if option.multiple and flag != "--fault" else [value]
    given = [flag] if option.is_flag else [word for each in many for word in (flag, each)]
    name = "RECONCILER_" + flag.lstrip("-").replace("-", "_").upper()
    expected = parsed(words, given)
    assert expected != parsed(words, []), "the sample says nothing"
    monkeypatch.setenv(name, "1" if option.is_flag else value)
    assert parsed(words, []) == expected


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_global_options_before_and_after(words: tuple[str, ...], folder: Path) -> None:
    """A global option may stand before or after a command's name; what is given last wins."""
    flags = ["--chdir", ".", "--profile", "one", "--state", "one.json", "--sandbox", "--json", "--no-color", "--debug"]
    assert parsed(words, flags) == parsed(words, [], shared=flags)
    assert parsed(words, [], shared=flags)["state"] == "one.json"
    assert parsed(words, ["--state", "two.json"], shared=flags)["state"] == "two.json"


@pytest.mark.parametrize("words", [("--state", "flag.json", "plan"), ("plan", "--state", "flag.json")])
def test_a_flag_wins_over_the_environment_wherever_it_stands(
    words: tuple[str, ...], place: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RECONCILER_STATE never takes the place of a --state that was typed."""
    monkeypatch.setenv("RECONCILER_STATE", "environment.json")
    writes(ACME)
    called(words[0], *words[1:])
    called(*[word if word != "plan" else "apply" for word in words], "--auto-approve")
    assert Path("flag.json").exists()
    assert not Path("environment.json").exists()


def test_precedence_of_the_state(place: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """The state's place: flag, then environment, then reconciler.yaml, then .reconciler/state.json."""
    writes(ACME)
    assert called("apply", "--auto-approve").code == 0
    assert Path(".reconciler/state.json").exists()
    writes("state: file.json\n", "reconciler.yaml")
    assert called("apply", "--auto-approve").code == 0
    assert Path("file.json").exists()
    monkeypatch.setenv("RECONCILER_STATE", "environment.json")
    assert called("apply", "--auto-approve").code == 0
    assert Path("environment.json").exists()
    assert called("apply", "--auto-approve", "--state", "flag.json").code == 0
    assert Path("flag.json").exists()


def test_precedence_of_the_root(place: Story) -> None:
    """The root: the argument, then reconciler.yaml, then clients.yaml before clients/."""
    writes(ACME, "clients/one.yaml")
    assert "will be created\n  # (clients/one.yaml:3)" in called("plan").out
    writes(ACME)
    assert "will be created\n  # (clients.yaml:3)" in called("plan").out
    writes(ACME, "file.yaml")
    writes("root: file.yaml\n", "reconciler.yaml")
    assert "will be created\n  # (file.yaml:3)" in called("plan").out
    assert "will be created\n  # (clients/one.yaml:3)" in called("plan", "clients").out


def test_precedence_of_the_account(place: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """The account: flag, then environment (ours before FreshBooks'), then reconciler.yaml, then the YAML."""
    writes("account: Yaml1\n" + ACME)
    assert account_meant() == "Yaml1"
    writes("account: File1\n", "reconciler.yaml")
    assert account_meant() == "File1"
    monkeypatch.setenv("FRESHBOOKS_ACCOUNT_ID", "Vendor1")
    assert account_meant() == "Vendor1"
    monkeypatch.setenv("RECONCILER_ACCOUNT", "Ours1")
    assert account_meant() == "Ours1"
    assert account_meant("--account", "Flag1") == "Flag1"


def account_meant(*flags: str) -> str:
    """Give the account that a plan asks for; the login does not reach it, and the error names it."""
    ran = called("plan", *flags)
    assert ran.code == 8
    return ran.err.partition("names account ")[2].partition(";")[0]


def test_two_accounts_are_never_mixed(place: Story) -> None:
    """The run stops where the YAML says one account and the flag another, though the login reaches the latter."""
    writes("account: Other1\n" + ACME)
    ran = spawned("plan", "--account", "Ab12Cd")
    assert (ran.code, "two accounts are named" in ran.err) == (8, True)


def test_precedence_of_the_limits(place: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guards' limits: flag, then environment, then reconciler.yaml, then the default."""
    five = "clients:\n" + "".join(f"  c{number}: {{organization: Firm {number}}}\n" for number in range(5))
    writes(five)
    called("apply", "--auto-approve")
    writes("clients:\n  c0: {organization: Firm 0}\n")
    assert called("plan").code == 5, "four are more than three"
    writes("policy: {max_deletes: 4}\n", "reconciler.yaml")
    assert called("plan").code == 0
    monkeypatch.setenv("RECONCILER_MAX_DELETES", "3")
    assert called("plan").code == 5
    assert called("plan", "--max-deletes", "80%").code == 0
    assert called("plan", "--max-deletes", "0").code == 5


@pytest.mark.parametrize("where", ["flag", "environment", "file", "default"])
def test_precedence_of_the_parallelism(where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests at once: flag, then environment, then reconciler.yaml, then eight."""
    expected = {"flag": 1, "environment": 2, "file": 3, "default": 8}[where]
    with telling(tmp_path) as place:
        writes("clients:\n" + "".join(f"  c{number}: {{organization: Firm {number}}}\n" for number in range(9)))
        if where in {"flag", "environment", "file"}:
            writes("parallelism: 3\n", "reconciler.yaml")
        if where in {"flag", "environment"}:
            monkeypatch.setenv("RECONCILER_PARALLELISM", "2")
        busiest = place.sandbox.wrapper.inner = Busiest(place.sandbox.wrapper.inner)
        ran = called("apply", "--auto-approve", *(["--parallelism", "1"] if where == "flag" else []))
        assert ran.code == 0, ran.err
        assert busiest.most == expected


class Busiest:
    """An account that takes its time for a create, and counts how many it has in hand at once."""

    def __init__(self, inner: Any) -> None:  # noqa: ANN401 - an ASGI application
        self.now = self.most = 0
        self._inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's own types
        """Answer one request."""
        creates = scope["method"] == "POST"
        self.now += creates
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.1 if creates else 0)
        await self._inner(scope, receive, send)
        self.now -= creates


def test_chdir(place: Story) -> None:
    """--chdir works in another folder: configuration, settings, state and files are looked for and written there."""
    writes(ACME + BOLT, "there/clients.yaml")
    writes("state: kept.json\n", "there/reconciler.yaml")
    here = Path.cwd()
    for words in (("plan", "--out", "one.plan"), ("show", "one.plan"), ("apply", "--auto-approve"), ("state", "list")):
        os.chdir(here)
        ran = called("--chdir", "there", *words)
        assert ran.code == 0, ran.err
        assert "clients.bolt" in ran.out
    assert {file.name for file in (here / "there").iterdir()} >= {"one.plan", "kept.json", ".reconciler"}
    assert {file.name for file in here.iterdir()} <= {"there", "config"}


def test_chdir_finds_a_saved_plan(place: Story) -> None:
    """A saved plan is looked for in the folder of --chdir, as the other files are."""
    writes(ACME, "there/clients.yaml")
    here = Path.cwd()
    assert called("--chdir", "there", "plan", "--out", "one.plan").code == 0
    os.chdir(here)
    ran = called("--chdir", "there", "apply", "one.plan")
    assert ran.code == 0, ran.err


def test_a_saved_plan_keeps_its_options(place: Story) -> None:
    """A saved plan is applied with the options that shaped it, whatever the environment says by then."""
    writes(ACME + BOLT)
    called("plan", "--target", "clients.acme", "--out", "one.plan")
    os.environ["RECONCILER_TARGET"] = "clients.bolt"
    ran = called("apply", "one.plan")
    assert (ran.code, "clients.acme: created" in ran.out, "clients.bolt" in ran.out) == (0, True, False), ran.err
    assert json.loads(Path("one.plan").read_text(encoding="utf-8"))["complete"] is False
