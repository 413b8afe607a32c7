"""Each exit code, provoked; what is wrong stands on stderr, the result on stdout, and a traceback nowhere."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.main import run
from reconciler.sandbox.server import running
from reconciler.store.lock import held
from tests.cli.program import ACME, BOLT, Ran, called, spawned, strikes, writes
from tests.golden.story import Story, telling

APPLY = ("apply", "--auto-approve", "--settle", "0")


def fails(ran: Ran, code: int, told: str) -> None:
    """See that a command failed as it should, with words on stderr only."""
    assert ran.code == code, ran.all
    assert told in ran.err
    assert told not in ran.out
    assert "Traceback" not in ran.all


def succeeds(ran: Ran, told: str) -> None:
    """See that a command did what it should, with the result on stdout and nothing else said."""
    assert (ran.code, ran.err) == (0, ""), ran.all
    assert told in ran.out


def test_0_done_and_nothing_to_do(place: Story) -> None:
    """A plan, its apply and the empty plan after it end with 0."""
    writes(ACME)
    succeeds(called("plan"), "Plan: 1 to add")
    succeeds(called(*APPLY), "Apply complete!")
    succeeds(called("plan", "--detailed-exitcode"), "No changes.")


def test_1_another_error(place: Story) -> None:
    """What has no better name ends with 1: the demo does not work in a folder that is in use."""
    writes(ACME)
    fails(called("demo", "--keep", "."), 1, "the folder is in use")


def test_1_the_operating_system_refuses(place: Story) -> None:
    """An error of the operating system is told in its words, without a traceback."""
    port = place.sandbox.url.rpartition(":")[2]
    fails(spawned("sandbox", "--port", port), 1, "Address already in use")


def test_2_changes_pending(place: Story) -> None:
    """With --detailed-exitcode a plan that would change anything ends with 2, bindings included."""
    writes(ACME)
    ran = called("plan", "--detailed-exitcode")
    assert (ran.code, ran.err) == (2, "")
    called(*APPLY)
    Path(".reconciler/state.json").unlink()
    ran = called("plan", "--detailed-exitcode")
    assert ran.code == 2
    assert "Also: 1 to adopt." in ran.out


@pytest.mark.parametrize("words", [("validate",), ("plan",), APPLY])
def test_3_configuration_invalid(place: Story, words: tuple[str, ...]) -> None:
    """A wrong configuration ends with 3, with its place, and nothing is written."""
    writes("clients:\n  acme: {organisation: Acme}\n")
    fails(spawned(*words), 3, "clients.yaml:3:10")
    assert place.writes_seen() == []


def test_3_settings_invalid(place: Story) -> None:
    """A wrong reconciler.yaml ends with 3 as well, and says where."""
    writes(ACME)
    writes("paralelism: 4\n", "reconciler.yaml")
    fails(called("plan"), 3, "reconciler.yaml:2:1")


def test_4_account_not_read_completely(place: Story) -> None:
    """An answer that is not FreshBooks' ends with 4: nothing may be concluded from half an account."""
    writes(ACME)
    strikes(place, "GET /users/clients wrong-json")
    fails(spawned(*APPLY), 4, "Error: ")
    assert place.writes_seen() == []


def test_5_refused_by_a_guard(place: Story) -> None:
    """A guard ends with 5; the plan is on stdout with the refusal, and nothing is written."""
    writes(ACME + BOLT)
    called(*APPLY)
    before = len(place.writes_seen())
    writes("clients: {}\n")
    ran = called(*APPLY)
    fails(ran, 5, "the plan is refused")
    assert "--allow-empty" in ran.out
    assert len(place.writes_seen()) == before


def test_5_not_the_plan_that_was_expected(place: Story) -> None:
    """An apply that expects another plan ends with 5."""
    writes(ACME)
    fails(called("apply", "--expect", "0" * 20), 5, "the plan is no longer what was reviewed")
    assert place.writes_seen() == []


def test_6_something_written_and_something_unfinished(tmp_path: Path) -> None:
    """A plan that is done in part ends with 6; the table on stdout has the cause of each record."""
    with telling(tmp_path, client_limit=1):
        writes(ACME + BOLT)
        ran = called(*APPLY, "--parallelism", "1")
        fails(ran, 6, "1 of 2 changes is not done")
        assert "Not done:\n  clients.bolt  failed" in ran.out
        assert "Apply incomplete. Resources: 1 added" in ran.out


def test_6_a_create_of_which_nobody_knows(place: Story) -> None:
    """Creates whose answers say nothing are unknown at the end, however the lookup goes, and end with 6."""
    writes(ACME)
    strikes(place, "POST /users/clients 500-before")
    ran = called(*APPLY)
    fails(ran, 6, "1 of 1 change is not done")
    assert "Not done:\n  clients.acme  unknown" in ran.out


def test_7_a_person_must_decide(place: Story) -> None:
    """A record that only looks like the wanted one ends with 7, with the lines to paste."""
    place.person.creates(organization="Acme Limited", email="billing@acme.example")
    writes(ACME)
    before = len(place.writes_seen())
    ran = called(*APPLY)
    fails(ran, 7, "a person must decide")
    assert "distinct_from: [700001]" in ran.err
    assert len(place.writes_seen()) == before


def test_8_no_token(place: Story) -> None:
    """Without a token the run ends with 8, before any request, and says what to set."""
    writes(ACME)
    del os.environ["FRESHBOOKS_ACCESS_TOKEN"]
    fails(called("plan"), 8, "set FRESHBOOKS_ACCESS_TOKEN")
    assert place.sandbox.log.entries == []


def test_8_token_not_accepted(place: Story) -> None:
    """A token that FreshBooks does not accept ends with 8."""
    writes(ACME)
    os.environ["FRESHBOOKS_ACCESS_TOKEN"] = "wrong"
    fails(called("plan"), 8, "Error: ")


@pytest.mark.parametrize("options", [{"scopes": "user:profile:read user:clients:read"}, {"role": "client"}])
def test_8_not_allowed_to_write(tmp_path: Path, options: dict[str, Any]) -> None:
    """A login that may read and not write ends an apply with 8, for nothing was written."""
    with telling(tmp_path, **options):
        writes(ACME)
        ran = called(*APPLY)
        fails(ran, 8, "1 of 1 change is not done")
        assert "Not done:\n  clients.acme  failed" in ran.out


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 99}', '{"format": 1, "lineage": "x"}'])
def test_9_state_unusable(folder: Path, content: str) -> None:
    """An empty, torn, newer or foreign state ends with 9, and is left as it is."""
    writes(ACME)
    file = Path(".reconciler/state.json")
    file.parent.mkdir()
    file.write_text(content, encoding="utf-8")
    fails(called("state", "list"), 9, "the state ")
    assert file.read_text(encoding="utf-8") == content


@pytest.mark.parametrize("words", [("plan",), APPLY])
def test_9_state_unusable_before_anything_is_written(place: Story, words: tuple[str, ...]) -> None:
    """Plan and apply end with 9 as well, and send no write."""
    writes(ACME)
    writes("this is not a state", ".reconciler/state.json")
    fails(spawned(*words), 9, "the state ")
    assert place.writes_seen() == []


def test_9_state_of_another_account(place: Story) -> None:
    """A state that was made for another account ends with 9, and nothing is written to either."""
    writes(ACME)
    called(*APPLY)
    with running(account="Other1") as other:
        os.environ.update(FRESHBOOKS_API_URL=other.url, FRESHBOOKS_ACCESS_TOKEN=other.access_token)
        fails(called(*APPLY), 9, "the state belongs to another account")
        assert {entry["method"] for entry in other.log.entries} == {"GET"}


@pytest.mark.parametrize(
    "spoiled",
    [
        lambda _: "{",
        lambda _: "{}",
        lambda text: text[: len(text) // 2],
        lambda text: text.replace("Acme Ltd.", "Evil Ltd."),
        lambda text: text.replace('"format_version":"1.2"', '"format_version":"9"'),
    ],
)
def test_9_plan_unusable(place: Story, spoiled: Callable[[str], str]) -> None:
    """A saved plan that is torn, altered or of another format ends with 9 before anything is asked of the account."""
    writes(ACME)
    called("plan", "--out", "one.plan")
    file = Path("one.plan")
    file.write_text(spoiled(file.read_text(encoding="utf-8")), encoding="utf-8")
    before = len(place.sandbox.log.entries)
    fails(called("show", "one.plan"), 9, "the saved plan ")
    fails(called("apply", "one.plan"), 9, "the saved plan ")
    assert len(place.sandbox.log.entries) == before


def test_10_locked(place: Story) -> None:
    """While another run holds the state an apply ends with 10 and names the holder; a plan is still possible."""
    writes(ACME)
    with held(Path(".reconciler/state.json"), "another-run"):
        fails(called(*APPLY), 10, "run another-run on ")
        fails(called("state", "rm", "clients.acme"), 10, "the state is in use")
        assert called("plan").code == 0
    assert place.writes_seen() == []
    assert called(*APPLY).code == 0


def test_11_local_disk(place: Story) -> None:
    """A state that cannot be written ends with 11, and nothing has been sent."""
    writes(ACME)
    fails(called(*APPLY, "--state", "clients.yaml/state.json"), 11, "a file could not be written durably")
    assert place.writes_seen() == []


@pytest.mark.parametrize("words", [("--out", "clients.yaml/one.plan"), ("--format", "json=clients.yaml/one.json")])
def test_11_output_file(place: Story, words: tuple[str, ...]) -> None:
    """A plan that cannot be saved ends with 11."""
    writes(ACME)
    fails(called("plan", *words), 11, "a file could not be written durably")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "Usage: reconciler"),
        (("nonsense",), "No such command 'nonsense'"),
        (("plan", "--bogus"), "No such option '--bogus'"),
        (("plan", "one", "two"), "unexpected extra argument"),
        (("plan", "--format", "xml"), "--format xml is not known"),
        (("plan", "--format", "text", "--format", "json"), "two formats for one output"),
        (("plan", "--max-deletes", "many"), "--max-deletes is not a limit"),
        (("plan", "--parallelism", "0"), "--parallelism"),
        (("plan", "--account", "../etc"), "the account id cannot be one"),
        (("plan", "--chdir", "nowhere"), "--chdir"),
        (("show",), "PLANFILE"),
        (("import", "clients", "7"), "this is not an address"),
        (("import", "clients.acme", "0"), "ID"),
        (("state", "show", "clients.acme"), "the address is not bound"),
        (("schema", "other"), "'other' is not one of 'clients'"),
        (("sandbox", "--quirk", "nonsense=1"), "the sandbox cannot be so"),
        (("sandbox", "--fault", "nonsense"), "a fault is written"),
    ],
)
def test_64_wrong_usage(folder: Path, words: tuple[str, ...], told: str) -> None:
    """A command line that makes no sense ends with 64 and says what would."""
    writes(ACME)
    fails(called(*words), 64, told)


def test_64_flags_that_do_not_fit_the_configuration(place: Story) -> None:
    """Flags that contradict each other, or name what is not there, end with 64 as well."""
    writes(ACME)
    fails(called("plan", "--create", "clients.other"), 64, "--create names nothing")
    fails(called("plan", "--destroy", "--create", "clients.acme"), 64, "contradict each other")
    assert place.writes_seen() == []


def test_the_help_names_every_code(folder: Path) -> None:
    """The codes that the help lists are those that errors have."""
    told = called("--help").out
    for code in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 64, 130, 143):
        assert f"{code}" in told.partition("Exit codes:")[2].replace("\n", " ")


def test_an_internal_error_is_told_without_a_traceback(folder: Path) -> None:
    """A fault of the program ends with 1 and asks for --debug; that shows the traceback."""
    writes(ACME)

    class Broken(io.StringIO):
        """A stream that fails as no stream does."""

        def write(self, _: str) -> int:
            """Fail."""
            raise ZeroDivisionError

    for flags, shown in (((), False), (("--debug",), True)):
        err = io.StringIO()
        with contextlib.redirect_stdout(Broken()), contextlib.redirect_stderr(err):
            code = run([*flags, "validate"])
        assert code == 1
        assert "ZeroDivisionError: this is a fault of the program. Run again with --debug" in err.getvalue()
        assert ("Traceback" in err.getvalue()) is shown
