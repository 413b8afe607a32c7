"""`export --all`: each account into its own files, and one table."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.agency import Agency, folders, profiles, writes
from tests.cli.conftest import agency
from tests.cli.program import called
from tests.export.test_export import content

__all__ = ["agency"]
APPLY = ("apply", "--all", "--auto-approve", "--settle", "0")


def fills() -> None:
    """Give each account a client, and forget the files that said so."""
    profiles()
    assert called(*APPLY).code == 0
    for name in ("acme", "bolt", "coral"):
        Path(f"{name}.yaml").unlink()


def test_every_profile_is_exported(agency: Agency) -> None:
    """Profiles whose files are not there yet get them, each its own account; the next plan is empty."""
    fills()
    before = len(agency.writes())
    done = called("export", "--all")
    assert done.code == 0, done.all
    for name in ("acme", "bolt", "coral"):
        [entry] = content(f"{name}.yaml")["clients"].values()
        assert entry["organization"] == f"{name} client 1"
    assert done.out.count("  1 client exported") == 3, done.out
    assert len(agency.writes()) == before
    assert called("plan", "--all", "--detailed-exitcode").code == 0
    assert called("export", "--all").out.count("  nothing to take in") == 3


def test_a_spreadsheet_for_each(agency: Agency) -> None:
    """The name of a file must hold the account's; one output for several documents is refused."""
    fills()
    done = called("export", "--all", "--format", "csv={name}.csv")
    assert done.code == 0, done.all
    assert "bolt client 1" in Path("bolt.csv").read_text(encoding="utf-8")
    assert not Path("bolt.yaml").exists()
    assert "Write {name} where" in called("export", "--all", "--format", "csv=all.csv").err
    assert "several documents for one output" in called("export", "--all", "--format", "csv").err


def test_an_account_must_be_named(agency: Agency) -> None:
    """A folder that does not say whose it is gets no file of an account that is taken for granted."""
    folders()
    writes("bolt/clients.yaml", "version: 1\nclients: {}\n")
    done = called("export", "--all")
    assert done.code == 8
    assert "it is not clear which account is meant" in done.err
    assert called("export", "--all", "--format", "csv={name}.csv").code == 8
    assert Path("acme.csv").exists()
    assert not Path("bolt.csv").exists()


def test_drift_of_every_account(agency: Agency) -> None:
    """`drift --all` tells each account's drift apart, and one exit code stands for all."""
    fills()
    assert called("export", "--all").code == 0
    books = agency.sandbox.accounts["Bb2"].books
    [row] = books.select("ORDER BY id")
    books.put_client({**json.loads(row.document), "organization": "Oslo"}, "")
    done = called("drift", "--all", "--detailed-exitcode")
    assert done.code == 2, done.all
    assert "Drift: 1 field, in 1 of 1 bound record" in done.out
    assert done.out.count("No drift: 1 bound record") >= 2
    assert called("export", "--all").out.count("1 record taken in") == 1
    assert called("drift", "--all", "--detailed-exitcode").code == 0
