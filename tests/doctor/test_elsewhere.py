"""Other places than one folder with one account: shared storage, a sandbox, profiles, all accounts in turn."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.agency import Agency, profiles
from tests.cli.program import ACME, called, writes
from tests.doctor.world import CHECKS, CLIENTS, STATE, World, report
from tests.store.gitlab import Gitea
from tests.store.statehost import PASSWORD, USERNAME, Fault, running


def test_the_library_of_a_storage_is_missing(world: World, tmp_path: Path) -> None:
    """Where the settings need a library that is not installed, the program's check says how to get it."""
    (tmp_path / "config" / "none" / "obstore").mkdir(parents=True)
    (tmp_path / "config" / "none" / "obstore" / "__init__.py").write_text("raise ImportError('not installed')\n")
    path = os.pathsep.join([str(tmp_path / "config" / "none"), os.environ.get("PYTHONPATH", "")])
    found = world.doctor(
        "--state", "s3://bucket/state.json", environment={"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    )
    assert found.having("fail") == {"program"}, found.findings
    assert found.findings["program"]["command"] == "pip install 'freshbooks-reconciler[objects]'"
    assert found.code == 9
    assert {"state", "lock", "intents", "runs", "bindings"} == found.having("skipped")


@pytest.fixture
def server(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gitea]:
    """Give a server of states to which the state of the world was moved."""
    with running(Gitea()) as found:
        assert isinstance(found, Gitea)
        pulled = called("state", "pull").out
        for name, value in {
            "RECONCILER_STATE": found.url(), "TF_HTTP_USERNAME": USERNAME, "TF_HTTP_PASSWORD": PASSWORD,
            "TF_HTTP_RETRY_MAX": "0",
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        Path("config").mkdir(exist_ok=True)
        Path("config/pulled.json").write_text(pulled, encoding="utf-8")
        assert called("state", "push", "config/pulled.json").code == 0
        world.secrets.append(PASSWORD)
        yield found


def test_a_shared_state(world: World, server: Gitea) -> None:
    """A state on a server is looked at there; whose lock it is cannot be asked without trying it, so it is not."""
    server.records["books"].lock = None
    found = world.doctor()
    assert found.code == 0
    assert found.having("skipped") == {"lock"}, found.findings
    assert "is sound" in found.findings["state"]["told"]


def test_a_shared_state_out_of_reach(world: World, server: Gitea) -> None:
    """Where the storage does not answer the state fails with 9, and what hangs on it is skipped."""
    server.fault = lambda _: Fault.LOST_BEFORE
    found = world.doctor(apart=True)
    assert (found.having("fail"), found.code) == ({"state"}, 9), found.findings
    assert found.having("skipped") == {"lock", "intents", "bindings", "runs"}


def test_in_a_sandbox(world: World) -> None:
    """With --sandbox the local account and its state are looked at, and the commands say so too."""
    STATE.chmod(0o644)
    found = report(called("doctor", "--json", "--sandbox", "--offline"))
    assert found.code == 0
    assert ".reconciler/sandbox/Ab12Cd.state.json" in found.findings["state"]["told"]
    writes("clients: {acme: {organisation: x}}\n")
    found = report(called("doctor", "--json", "--sandbox"))
    assert found.findings["configuration"]["command"] == "reconciler validate --sandbox"


def test_from_another_folder(world: World, tmp_path: Path) -> None:
    """With --chdir a command is one that works from where this one was started."""
    STATE.chmod(0o644)
    Path("clients.yaml").write_text("version: 1\nclients: [", encoding="utf-8")
    os.chdir(tmp_path.parent)
    found = report(called("doctor", "--json", "--chdir", tmp_path.name))
    assert found.findings["configuration"]["command"] == f"reconciler validate --chdir {tmp_path.name}"
    assert found.findings["state"]["command"] == f"cd {tmp_path.name} && chmod 600 .reconciler/state.json"
    os.chdir(tmp_path)


@pytest.mark.parametrize("kept", ["{previously: [bolt], ", "{id: ID, "])
def test_a_renamed_key_under_another_root(world: World, kept: str) -> None:
    """What moves to another key is not lacking under a new root: `plan` goes on there, and so does the doctor."""
    text = CLIENTS.replace("bolt: {", f"velo: {kept}".replace("ID", str(world.id_of("bolt"))))
    Path("clients.yaml").unlink()
    Path("clients").mkdir()
    writes(text, "clients/all.yaml")
    assert called("plan").code == 0
    found = world.doctor()
    assert (found.code, found.having("ok")) == (0, set(CHECKS)), found.findings


def test_all_accounts(agency: Agency) -> None:
    """With --all each account is checked in its turn, and the table has the sum and the exit code of each."""
    profiles(more="")
    Path("bolt.yaml").write_text("version: 1\nclients: [", encoding="utf-8")
    ran = called("doctor", "--all")
    assert ran.code == 3
    assert ran.out.count("secrets  ") == 3
    rows = ran.out[ran.out.rindex("Accounts:") :].splitlines()
    assert any("acme" in row and "0 failures" in row for row in rows), ran.out
    assert any("bolt" in row and "configuration invalid: " in row for row in rows)
    assert agency.writes() == []


def test_one_of_several_profiles(agency: Agency) -> None:
    """With --profile that account's settings, state and login are meant, and the commands name it."""
    profiles()
    found = report(called("doctor", "--json", "--profile", "acme"))
    assert "profile acme" in found.findings["settings"]["told"]
    assert "account Aa1" in found.findings["configuration"]["told"]


def test_several_accounts_and_none_named(agency: Agency) -> None:
    """A login that reaches several accounts needs one to be named; where the YAML cannot be read, it might do so."""
    writes(ACME)
    found = report(called("doctor", "--json"))
    assert (found.having("fail"), found.code) == ({"account"}, 8), found.findings
    assert "Name one" in found.findings["account"]["remedy"]
    writes("clients: [")
    found = report(called("doctor", "--json"))
    assert (found.having("fail"), found.code) == ({"configuration"}, 3), found.findings
    assert "may say which one" in found.findings["account"]["told"]
