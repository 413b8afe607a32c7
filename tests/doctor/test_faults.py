"""Prepared faults: each is found by its check, with the verdict, the exit code and the remedy, and by no other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.doctor import faults_access as access
from tests.doctor import faults_local as local
from tests.doctor.world import CHECKS, World, healthy

NO_TOKEN = ("scopes", "account", "bindings", "duplicates")
NO_ACCOUNT = ("bindings", "duplicates")
NO_STATE = ("intents", "bindings")
NO_CONNECTION = ("tls", "clock", "account", *NO_ACCOUNT)
NO_TRUST = ("clock", "account", *NO_ACCOUNT)
NO_SETTINGS = tuple(set(CHECKS) - {"settings", "program", "disk", "git", "secrets"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault, and what is to be said of it."""

    prepare: Callable[[World], None]
    check: str
    told: str
    remedy: str
    """A part of the remedy, or of its command."""
    code: int = 0
    """The exit code; 0 of a warning."""
    skipped: Sequence[str] = ()

    def __str__(self) -> str:
        return f"{self.check}-{self.told.partition(' ')[0]}"


FAULTS = (
    # The configuration.
    Fault(prepare=local.settings_invalid, check="settings", code=3, told="reconciler.yaml:2:1: a key is not known",
          remedy="Correct it there", skipped=NO_SETTINGS),
    Fault(prepare=local.settings_without_profile, check="settings", code=64, told="profile", remedy="--profile",
          skipped=NO_SETTINGS),
    Fault(prepare=local.yaml_torn, check="configuration", code=3, told="the file is not YAML",
          remedy="reconciler validate"),
    Fault(prepare=local.configuration_invalid, check="configuration", code=3,
          told="2 problems; the first: clients.yaml:4",
          remedy="reconciler validate"),
    Fault(prepare=local.root_missing, check="configuration", code=3, told="There is no clients.yaml",
          remedy="reconciler export"),
    Fault(prepare=local.rule_broken, check="configuration", code=3, told="a client breaks a house rule",
          remedy="reconciler validate"),
    Fault(prepare=local.accounts_disagree, check="configuration", code=8, told="Two accounts are named",
          remedy="Keep the right one", skipped=("account", *NO_ACCOUNT)),
    # The token.
    Fault(prepare=access.no_token, check="token", code=8, told="There is no access token",
          remedy="reconciler login default", skipped=NO_TOKEN),
    Fault(prepare=access.token_unusable, check="token", code=8, told="There is no usable access token",
          remedy="Set FRESHBOOKS_ACCESS_TOKEN", skipped=NO_TOKEN),
    Fault(prepare=access.token_ended, check="token", code=8, told="The access token ended 2 h ago",
          remedy="reconciler login", skipped=NO_TOKEN),
    Fault(prepare=access.token_refused, check="account", code=8, told="FreshBooks does not accept the access token",
          remedy="reconciler login", skipped=NO_ACCOUNT),
    Fault(prepare=access.token_soon, check="token", told="holds for 5 min", remedy="reconciler login"),
    Fault(prepare=access.token_command_fails, check="token", code=8, told="The token command failed",
          remedy="Run it to see why", skipped=NO_TOKEN),
    Fault(prepare=access.login_ended, check="token", told="The access token ended 1 h ago",
          remedy="reconciler doctor --renew", skipped=("account", *NO_ACCOUNT)),
    Fault(prepare=access.login_cut_off, check="token", told="The login's renewal was cut off",
          remedy="reconciler login default"),
    Fault(prepare=access.login_dead, check="token", code=8, told="The login's renewal was cut off",
          remedy="reconciler login default", skipped=NO_TOKEN),
    Fault(prepare=access.login_exposed, check="token", code=8, told="The file of a login cannot be trusted",
          remedy="chmod 600", skipped=NO_TOKEN),
    Fault(prepare=access.read_only, check="scopes", told="The token may read, and not write",
          remedy="reconciler login default"),
    Fault(prepare=access.no_clients, check="scopes", code=8, told="The token may not read clients",
          remedy="user:clients:read", skipped=("account", *NO_ACCOUNT)),
    # The way to the account.
    Fault(prepare=access.nobody_answers, check="connection", code=4, told="http://127.0.0.1:9 is not reached",
          remedy="Check the network", skipped=NO_CONNECTION),
    Fault(prepare=access.account_half_read, check="account", code=4, told="The account's answer could not be read",
          remedy="response.result", skipped=NO_ACCOUNT),
    Fault(prepare=access.tls(trusted=False), check="tls", code=4, told="The certificate is of an unknown issuer",
          remedy="SSL_CERT_FILE", skipped=NO_TRUST),
    Fault(prepare=access.tls(signed_by_itself=True), check="tls", code=4, told="The certificate is signed by itself",
          remedy="SSL_CERT_FILE", skipped=NO_TRUST),
    Fault(prepare=access.tls(days=-0.5), check="tls", code=4, told="The certificate has expired",
          remedy="to be renewed where it comes from", skipped=NO_TRUST),
    Fault(prepare=access.tls(since_days=1), check="tls", code=4, told="The certificate is not valid yet",
          remedy="clock is behind", skipped=NO_TRUST),
    Fault(prepare=access.tls(host="elsewhere.example"), check="tls", code=4, told="The certificate is for another host",
          remedy="FRESHBOOKS_API_URL", skipped=NO_TRUST),
    Fault(prepare=access.tls(days=3.5), check="tls", told="Prepared Authority issued it, and it is valid for 3 days",
          remedy="to be renewed where it comes from"),
    Fault(prepare=access.authorities_missing, check="tls", code=1, told="SSL_CERT_FILE=nowhere.pem",
          remedy="unset the variable", skipped=NO_TRUST),
    Fault(prepare=access.clock(90), check="clock", told="This machine's clock is 1 min 30 s behind", remedy="set-ntp"),
    Fault(prepare=access.clock(-90), check="clock", told="This machine's clock is 1 min 30 s ahead", remedy="set-ntp"),
    Fault(prepare=access.clock(7_200), check="clock", code=1, told="This machine's clock is 2 h",
          remedy="15 minutes off"),
    Fault(prepare=access.only_a_client, check="account", told="The login is only a client of this business",
          remedy="log in as somebody who may manage clients"),
    Fault(prepare=access.another_account, check="account", code=8, told="The login does not reach this account",
          remedy="Ab12Cd", skipped=NO_ACCOUNT),
    # The records in it.
    Fault(prepare=access.deleted_outside, check="bindings",
          told="1 bound record is deleted in the account: clients.bolt",
          remedy="reconciler export --accept clients.bolt"),
    Fault(prepare=access.gone, check="bindings", code=7, told="1 bound record is gone from the account for good",
          remedy="reconciler state rm clients.bolt"),
    Fault(prepare=access.duplicate, check="duplicates", told="1 group of clients with the same natural key, 2 in all",
          remedy="reconciler doctor duplicates"),
    # What is recorded.
    Fault(prepare=local.state_torn, check="state", code=9, told="The state cannot be trusted",
          remedy="reconciler state restore", skipped=NO_STATE),
    Fault(prepare=local.state_foreign, check="state", code=9, told="The state belongs to another account",
          remedy="--state", skipped=NO_STATE),
    Fault(prepare=local.state_missing, check="state", told="is missing, and its backup is there",
          remedy="reconciler state restore"),
    Fault(prepare=local.state_exposed, check="state",
          told="Other users of this machine can get at .reconciler/state.json",
          remedy="chmod 600 .reconciler/state.json"),
    Fault(prepare=local.state_of_another_root, check="state", code=5, told="It was made from books",
          remedy="reconciler plan --change-root", skipped=NO_STATE),
    Fault(prepare=local.backup_torn, check="state", told="its backup .reconciler/state.json.backup cannot be read",
          remedy="reconciler apply"),
    Fault(prepare=local.journal_left, check="state", told="A run was cut off", remedy="reconciler plan"),
    Fault(prepare=local.intent_open, check="intents", told="1 create is open since 2026-01-01T00:00:00Z: clients.coral",
          remedy="reconciler apply"),
    Fault(prepare=local.lock_elsewhere, check="lock", told="held by run 20260101T000000Z-00000001 on another-machine",
          remedy="--lock-timeout"),
    # What others could see.
    Fault(prepare=local.runs_exposed, check="runs", told="can get at 1 record of runs",
          remedy="chmod 600 .reconciler/runs/*.json"),
    Fault(prepare=local.runs_old, check="runs", told="1 record of runs is older than 90 days",
          remedy="reconciler history --keep 90d"),
    Fault(prepare=local.git_tracks_the_state, check="git",
          told="Git tracks what does not belong there: .reconciler/state",
          remedy="git rm -r --cached -- .reconciler/state.json"),
    Fault(prepare=local.git_ignores_nothing, check="git", told="Git does not ignore .reconciler",
          remedy=">> .gitignore"),
    Fault(prepare=local.plan_loose, check="git", told="Git does not ignore first.plan", remedy=">> .gitignore"),
    Fault(prepare=local.secret_in_yaml, check="secrets", told="clients.yaml:2 (a secret in use)", remedy="Take it out"),
    Fault(prepare=local.secret_in_settings, check="secrets", told="reconciler.yaml:3 (an access token)",
          remedy="Take it out"),
)  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_is_found(fault: Fault, tmp_path: Path) -> None:
    """The check whose matter it is finds it and says what to do; the others stay ok, or say that they were skipped."""
    with healthy(tmp_path) as world:
        fault.prepare(world)
        report = world.doctor()
        found = report.findings[fault.check]
        assert found["verdict"] == ("fail" if fault.code else "warn"), found
        assert fault.told in found["told"]
        assert fault.remedy in f"{found.get('remedy', '')} {found.get('command', '')}"
        assert (report.code, found.get("exit_code", 0)) == (fault.code, fault.code)
        assert report.having("skipped") == set(fault.skipped), report.findings
        assert report.having("warn", "fail") == {fault.check}, report.findings
        assert tuple(report.findings) == CHECKS
