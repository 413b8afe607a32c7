"""Profiles: the settings of one account out of a file that has several."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.policy import DriftPolicy, Limit
from reconciler.errors import ConfigurationInvalid, UsageError
from reconciler.settings import Settings, settings
from tests.cli.agency import IDS, Agency, firm, profiles, writes
from tests.cli.program import called, spawned

SECRET = "pa55-canary"


def chosen(profile: str | None, text: str, **flags: Any) -> Settings:  # noqa: ANN401 - the program's flags
    """Give the settings of a profile."""
    writes("reconciler.yaml", f"version: 1\n{text}")
    return settings({"profile": profile, **flags}, {})


def refused(text: str) -> tuple[str, str]:
    """Give the code of the problem with a settings file, and all that is said of it."""
    with pytest.raises(ConfigurationInvalid) as caught:
        chosen(None, text)
    [problem] = caught.value.diagnostics
    return problem.code, f"{problem.position} {problem.summary}: {problem.detail}"


def test_a_profile_wins(folder: Path) -> None:
    """What a profile says replaces what the file says; defaults and policy are merged key by key."""
    made = chosen(
        "acme",
        "account: Aa1\nparallelism: 3\nrate_share: 0.5\nsensitive: [note]\nmatch: [[vat_number]]\n"
        "defaults: {language: en, currency_code: CAD}\npolicy: {drift: report, max_deletes: 1}\n"
        "profiles:\n  acme:\n    root: acme\n    sensitive: []\n    parallelism: 4\n    match: [[email]]\n"
        "    defaults: {language: fr}\n    policy: {max_deletes: 9}\n    rules: {required: [email]}\n",
    )
    assert (made.account, made.root, made.parallelism, made.rate_share) == ("Aa1", "acme", 4, 0.5)
    assert dict(made.defaults) == {"language": "fr", "currency_code": "CAD"}
    assert (made.policy.drift, made.policy.max_deletes) == (DriftPolicy.REPORT, Limit(floor=9))
    assert (made.policy.match, made.sensitive) == ((("email",),), frozenset())
    assert [rules.given for rules in made.rules] == [{"required": ["email"]}]


def test_a_profile_has_its_own_state(folder: Path) -> None:
    """A profile's state is its own unless it names one: that of the whole file is never taken."""
    text = "state: all.json\nroot: x\nprofiles:\n  acme: {}\n  bolt: {state: ./there/b.json}\n"
    assert [chosen(name, text).state for name in (None, "acme", "bolt")] == [
        "all.json",
        ".reconciler/acme/state.json",
        "there/b.json",
    ]
    assert [chosen(name, text).home for name in (None, "acme")] == [".reconciler", ".reconciler/acme"]
    assert chosen("acme", text, state="typed.json").state == "typed.json"


def test_the_login(folder: Path) -> None:
    """The login is the profile's, else the file's, else the one called as the profile, else `default`."""
    text = "root: x\nprofiles:\n  acme: {login: mine}\n  bolt: {}\n"
    assert [chosen(name, text).login for name in (None, "acme", "bolt")] == ["default", "mine", "bolt"]
    text = f"login: agency\n{text}"
    assert [chosen(name, text).login for name in (None, "acme", "bolt")] == ["agency", "mine", "agency"]


@pytest.mark.parametrize(
    ("profile", "text", "told"),
    [
        ("acne", "profiles: {acme: {}, bolt: {}}", "Did you mean acme?"),
        ("zzz", "profiles: {acme: {}, bolt: {}}", "There are acme, bolt."),
        ("acme", "root: x", "has no `profiles:` here"),
    ],
)
def test_a_profile_that_is_not_there(folder: Path, profile: str, text: str, told: str) -> None:
    """An unknown profile is wrong usage, with the likely one or a list."""
    with pytest.raises(UsageError, match="the profile is not known") as caught:
        chosen(profile, f"{text}\n")
    assert told in caught.value.detail


def test_a_shared_state_is_refused(folder: Path) -> None:
    """Two profiles of different accounts cannot have one state, however it is spelled; of one account they can."""
    text = "profiles:\n  acme: {account: Aa1, state: s.json}\n  bolt: {account: BB, state: ./x/../s.json}\n"
    code, told = refused(text)
    assert code == "bad-profile"
    assert told.startswith("reconciler.yaml:4:")
    assert "two accounts would share a state" in told
    assert "Aa1" in told
    assert chosen("acme", text.replace("BB", "Aa1")).state == "s.json"
    assert refused("account: Zz9\nprofiles: {a: {account: Aa1, state: .reconciler/state.json}}\n")[0] == "bad-profile"
    assert refused("profiles: {a: {account: A1}, b: {account: B1, state: .reconciler/a/state.json}}\n")[0] == (
        "bad-profile"
    )


@pytest.mark.parametrize("name", ["runs", "sandbox"])
def test_taken_names(folder: Path, name: str) -> None:
    """A profile whose folder would be another one's is refused."""
    assert refused(f"profiles: {{{name}: {{account: Aa1}}}}\n")[0] == "bad-profile"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("profiles: {Acme: {}}\n", "bad-key"),
        ("profiles: {acme: {acount: Aa1}}\n", "unknown-key"),
        ("profiles: {acme: {version: 1}}\n", "unknown-key"),
        ("profiles: {acme: null}\n", "wrong-type"),
        ("profiles: {acme: {defaults: {colour: red}}}\n", "unknown-key"),
        ("profiles: {acme: {policy: {drift: no}}}\n", "not-a-choice"),
        ("profiles: {acme: {rules: {type: 3}}}\n", "bad-rules"),
    ],
)
def test_the_schema_of_profiles(folder: Path, text: str, code: str) -> None:
    """A profile is closed and checked as the file itself is."""
    assert refused(text)[0] == code


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://me:{SECRET}@db.example/state",
        f"postgresql://db.example/state?user=me&password={SECRET}",
        f"az://states/one.json?sig={SECRET}",
        f"https://me:{SECRET}@[bad/state",
    ],
)
@pytest.mark.parametrize("where", ["state: {}\n", "profiles:\n  acme:\n    account: Aa1\n    state: {}\n"])
def test_no_secret_in_settings(folder: Path, where: str, address: str) -> None:
    """A state's address with a password is refused, and is not repeated."""
    writes("reconciler.yaml", "version: 1\n" + where.format(f'"{address}"'))
    ran = called("validate")
    assert (ran.code, SECRET in ran.all) == (3, False)
    assert "the settings hold a secret" in ran.err


def test_one_must_be_chosen(agency: Agency) -> None:
    """Where the file itself names neither account nor root, one profile must be chosen, or all."""
    profiles()
    for words in (("plan",), ("validate",), ("apply", "--auto-approve"), ("state", "list")):
        ran = called(*words)
        assert (ran.code, "the profiles acme, bolt, coral." in ran.err) == (64, True), words
    assert called("validate", "acme.yaml").code == 0
    assert called("schema").code == 0
    assert called("plan", "--profile", "acme", "--out", "one.plan").code == 0
    assert called("show", "one.plan").code == 0
    profiles(more="account: Aa1\nroot: acme.yaml\n")
    assert called("plan").code == 0


def test_a_login_needs_no_profile(agency: Agency) -> None:
    """Whoever logs in, out, or asks who is logged in is asked for no profile: one login may be for all of them."""
    profiles(more="login: agency\n")
    del os.environ["FRESHBOOKS_ACCESS_TOKEN"]
    for words in (("whoami",), ("logout",)):
        ran = called(*words)
        assert (ran.code, "Nobody is logged in as agency" in ran.err) == (8, True), ran.err


def test_a_saved_plan_keeps_its_secrets(agency: Agency) -> None:
    """What is sensitive in a profile is not shown of its plan either where no profile is chosen."""
    profiles("acme")
    text = Path("reconciler.yaml").read_text(encoding="utf-8")
    writes("reconciler.yaml", text.replace("acme.yaml}", "acme.yaml, sensitive: [note]}"))
    writes("acme.yaml", firm("acme").replace("}", f", note: {SECRET}}}"))
    ran = called("plan", "--profile", "acme", "--out", "one.plan")
    shown = called("show", "one.plan")
    assert (ran.code, shown.code, SECRET in ran.all + shown.all) == (0, 0, False)


def test_one_profile(agency: Agency) -> None:
    """`--profile` works on its account alone; what is printed to go on with names it."""
    profiles()
    ran = called("plan", "--profile", "bolt", "--out", "one.plan")
    assert "reconciler apply one.plan --profile bolt" in ran.err
    assert called("apply", "one.plan", "--profile", "bolt").code == 0
    assert [len(agency.clients(name)) for name in IDS] == [0, 1, 0]
    os.environ["RECONCILER_PROFILE"] = "bolt"
    assert called("state", "list").out == "clients.c1  700001\n"


@pytest.mark.parametrize("how", ["flag", "environment"])
def test_a_profile_is_for_its_account(agency: Agency, how: str) -> None:
    """An account that the environment or a flag names is not taken instead of the profile's."""
    profiles("acme")
    writes("acme.yaml", firm("acme").replace("account: Aa1\n", ""))
    if how == "environment":
        os.environ["FRESHBOOKS_ACCOUNT_ID"] = "Bb2"
    ran = spawned("apply", "--profile", "acme", "--auto-approve", *(["--account", "Bb2"] if how == "flag" else []))
    assert (ran.code, "two accounts are named" in ran.err) == (8, True)
    assert agency.sandbox.log.entries == []
