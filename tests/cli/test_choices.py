"""What is chosen: targets that fit nothing, options beside a saved plan, one root by any name, an address to import."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.program import ACME, BOLT, called, spawned, writes
from tests.cli.test_token import flat
from tests.golden.story import Story

APPLY = ("apply", "--auto-approve", "--settle", "0")


@pytest.mark.parametrize("flag", ["--target", "--exclude"])
@pytest.mark.parametrize("pattern", ["clients.acne", "clients.z*", "acme", "clients.acme.contacts.jane"])
def test_a_pattern_that_fits_nothing(place: Story, flag: str, pattern: str) -> None:
    """A --target or --exclude that names nothing is a slip: 64, with what was probably meant."""
    writes(ACME + BOLT)
    ran = spawned("plan", flag, pattern)
    assert (ran.code, f"{flag} names nothing" in ran.err) == (64, True)
    assert pattern != "clients.acne" or "Did you mean clients.acme?" in ran.err


def test_a_pattern_that_fits_what_is_bound_only(place: Story) -> None:
    """The removal of what the configuration no longer has can be chosen too."""
    writes(ACME + BOLT)
    called(*APPLY)
    writes(ACME)
    assert "clients.bolt will be destroyed" in called("plan", "--target", "clients.b*").out


def test_nothing_to_do_for_what_was_chosen(place: Story) -> None:
    """Where only a part was looked at, nobody is told that the whole account matches."""
    writes(ACME + BOLT)
    called(*APPLY, "--target", "clients.acme")
    ran = called("plan", "--target", "clients.acme")
    assert (ran.code, "No changes for what was chosen." in ran.out) == (0, True)
    assert "Your account matches" not in ran.out


@pytest.mark.parametrize(
    "words",
    [
        ("--target", "clients.acme"),
        ("--exclude", "clients.acme"),
        ("--create", "clients.acme"),
        ("--destroy",),
        ("--recreate",),
        ("--max-deletes", "9"),
        ("--max-updates", "9"),
        ("--allow-empty",),
        ("--allow-balance", "clients.acme"),
        ("--change-root",),
    ],
    ids=lambda words: words[0],
)
def test_a_saved_plan_stands_alone(place: Story, words: tuple[str, ...]) -> None:
    """An option that shapes plans cannot stand beside a saved one, which has its own."""
    writes(ACME)
    called("plan", "--out", "one.plan")
    ran = called("apply", "one.plan", *words)
    assert (ran.code, words[0] in ran.err) == (64, True)
    assert place.writes_seen() == []


def test_expect_beside_a_saved_plan(place: Story) -> None:
    """The id that is expected and the file that is applied must be of one plan."""
    writes(ACME)
    plan_id = called("plan", "--out", "one.plan").out.partition("Plan id: ")[2].split()[0]
    before = len(place.sandbox.log.entries)
    ran = called("apply", "one.plan", "--expect", "0" * 20)
    assert (ran.code, "not the one that is expected" in ran.err) == (5, True)
    assert len(place.sandbox.log.entries) == before
    assert called("apply", "one.plan", "--expect", plan_id).code == 0


def test_yaml_that_looks_like_json_is_no_plan(place: Story) -> None:
    """A configuration in braces is a configuration."""
    Path("all.yaml").write_text('{"version": 1, "clients": {"acme": {"organization": "Acme"}}}', encoding="utf-8")
    ran = called("apply", "all.yaml", "--auto-approve")
    assert (ran.code, "clients.acme: created" in ran.out) == (0, True), ran.err


@pytest.mark.parametrize("again", ["clients", "./clients/", "{}/clients", "{}/../{name}/clients/", "{}-link/clients"])
def test_one_root_by_any_name(place: Story, again: str) -> None:
    """A root is the same root however it is typed, so that its removals are removals."""
    writes(ACME, "clients/one.yaml")
    writes("clients:\n" + BOLT, "clients/two.yaml")
    here = Path.cwd()
    here.with_name(f"{here.name}-link").symlink_to(here)
    assert called(*APPLY, "clients/").code == 0
    Path("clients/two.yaml").unlink()
    ran = called("plan", again.format(here, name=here.name))
    assert (ran.code, "clients.bolt will be destroyed" in ran.out) == (0, True), ran.all


def test_an_import_needs_its_block(place: Story) -> None:
    """What the configuration lacks is not bound: the next plan would delete the record."""
    place.person.creates(organization="Zeta", email="z@z.example")
    place.person.creates({"email": "j@z.example"}, organization="Yacht", email="y@z.example")
    writes("clients:\n  acme: {organization: Acme}\n  yacht: {id: 700003}\n")
    assert called("import", "clients.yacht", "700003").code == 0
    for words in (("clients.zeta", "700001"), ("clients.yacht.contacts.jane", "900001")):
        ran = called("import", *words)
        assert (ran.code, "Write its block into the YAML first" in flat(ran)) == (64, True), ran.err
    assert called("state", "list").out == "clients.yacht  700003\n"


@pytest.mark.parametrize(
    "address", ["clients.Acme", "clients.1a", "clients." + "a" * 64, "clients.a b", "clients.a.b.c"]
)
def test_addresses_have_keys(place: Story, address: str) -> None:
    """An address whose key no YAML could have is none, for `import` and for `state mv`."""
    writes(ACME)
    called(*APPLY)
    for words in (("import", address, "700001"), ("state", "mv", "clients.acme", address)):
        ran = called(*words)
        assert (ran.code, "this is not an address" in ran.err) == (64, True)


def test_a_state_of_no_known_kind(place: Story) -> None:
    """An address that nothing here can open is refused in so many words, wherever it was named."""
    writes(ACME)
    assert called("plan", "--state", "ftp://example.com/state").code == 64
    writes("state: ftp://example.com/state\n", "reconciler.yaml")
    ran = called("plan")
    assert (ran.code, "of no known kind" in ran.err) == (64, True)
    assert place.sandbox.log.entries == []


def test_a_password_in_an_address_is_refused_and_not_repeated(place: Story) -> None:
    """A secret in an address is told of without being shown."""
    writes(ACME)
    for address in (
        "postgresql://me:canary-31337@127.0.0.1/books",
        "https://127.0.0.1/books?private_token=1&token=canary-31337",
    ):
        ran = called("plan", "--state", address)
        assert (ran.code, "a password does not belong" in ran.err, "canary" in ran.all) == (64, True, False)
    assert place.sandbox.log.entries == []


def test_terraforms_address_must_be_there(place: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """The state `http` needs TF_HTTP_ADDRESS, however it is written and wherever."""
    writes(ACME)
    for state in ("http", "http://", "https"):
        ran = called("plan", "--state", state)
        assert (ran.code, "TF_HTTP_ADDRESS, which is not set" in ran.err) == (64, True)
    writes("state: http\n", "reconciler.yaml")
    monkeypatch.setenv("TF_HTTP_ADDRESS", "http://me:canary-31337@127.0.0.1:1/books")
    ran = called("plan")
    assert (ran.code, "TF_HTTP_ADDRESS must not hold" in ran.err, "canary" in ran.all) == (64, True, False)
    assert place.sandbox.log.entries == []


def test_a_lost_state_whose_backup_is_there(place: Story) -> None:
    """The note on a missing state names the backup beside it, in the plan and where a person must decide."""
    writes(ACME)
    called(*APPLY)
    writes(ACME + BOLT)
    called(*APPLY)
    Path(".reconciler/state.json").unlink()
    told = " ".join(called("plan").out.replace("|", "").split())
    assert "(.reconciler/state.json.backup): run `reconciler state restore` first" in told
    place.person.edits(700001, email="other@acme.example")
    ran = called("plan")
    assert (ran.code, "state.json.backup" in ran.err) == (7, True)


def test_sensitive_fields_are_in_no_list(place: Story) -> None:
    """A field that is hidden is hidden among candidates and unmanaged records too; the rest of them is shown."""
    writes("sensitive: [email, fname]\npolicy: {unmanaged: report}\n", "reconciler.yaml")
    place.person.creates(organization="Acme Limited", email="billing@acme.example", fname="Hidden")
    place.person.creates(email="only@mail.example")
    writes("clients:\n  bolt: {organization: Bolt}\n")
    seen = called("plan").all
    assert "id 700001: Acme Limited" in seen
    writes(ACME)
    seen += called("plan").all
    assert "id 700001: Acme Limited - same email" in seen
    assert [text for text in ("billing@", "Hidden", "only@") if text in seen] == []


def test_the_flags_of_guards_are_on_stderr(place: Story) -> None:
    """Where the plan went into a file, stderr still says which flags would allow it, and they do."""
    five = "".join(f"  c{number}: {{organization: Firm {number}}}\n" for number in range(5))
    contacts = ", ".join(f"k{number}: {{email: k{number}@x.example}}" for number in range(6))
    writes(f"clients:\n{five}  many: {{organization: Many, contacts: {{{contacts}}}}}\n")
    called(*APPLY)
    place.person.owes(
        next(i for i, client in place.clients().items() if client["organization"] == "Firm 0"), "9.00 USD"
    )
    writes("clients:\n  many: {organization: Many, contacts: {}}\n")
    ran = called("plan", "--format", "text=plan.txt")
    assert (ran.code, ran.out) == (5, "")
    flags = [row.removeprefix("|").strip() for row in ran.err.splitlines() if row.startswith("|     ")]
    assert flags == ["--max-deletes 6", "--allow-balance clients.c0"]
    assert called("plan", *(word for flag in flags for word in flag.split())).code == 0


def test_several_values_in_one_variable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable with several values has one a line, so that a value may have blanks."""
    monkeypatch.setenv("RECONCILER_FAULT", "GET * 429:0.1\nnonsense\n")
    ran = called("sandbox")
    assert (ran.code, "nonsense" in ran.err) == (64, True)


def test_no_variable_ends_every_command(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """RECONCILER_VERSION is nobody's: a command does what it is for."""
    monkeypatch.setenv("RECONCILER_VERSION", "1")
    monkeypatch.setenv("RECONCILER_HELP", "1")
    writes(ACME)
    assert called("validate").out == "Valid: 1 client, 0 contacts.\n"


def test_global_options_between_group_and_command(folder: Path) -> None:
    """`reconciler state --sandbox list` is what it looks like."""
    writes(ACME, "there/clients.yaml")
    here = Path.cwd()
    assert called("--chdir", "there", "apply", "--sandbox", "--auto-approve").code == 0
    for words in (("state", "--chdir", str(here / "there"), "--sandbox", "list"), ("state", "--json", "list")):
        ran = called(*words)
        assert (ran.code, ran.err) == (0, "")
    assert json.loads(called("--chdir", str(here / "there"), "state", "--sandbox", "--json", "list").out)


@pytest.mark.parametrize("words", [("plan",), ("show", "one.plan"), ("validate",)])
def test_two_outputs_for_one_stream(place: Story, words: tuple[str, ...]) -> None:
    """--json and --format both say what stdout holds: 64, told as an event."""
    writes(ACME)
    called("plan", "--out", "one.plan")
    ran = called(*words, "--json", "--format", "json")
    assert (ran.code, json.loads(ran.out.splitlines()[-1])["exit_code"]) == (64, 64)


@pytest.mark.parametrize("words", [(), ("state",)])
def test_help_is_plain(folder: Path, words: tuple[str, ...]) -> None:
    """A command line that says nothing is answered with help, not with an error that holds it."""
    ran = called(*words)
    assert (ran.code, ran.out) == (64, "")
    assert ran.err.startswith("Usage: reconciler")
    assert "Error" not in ran.err
