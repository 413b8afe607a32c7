"""`history`: every run with who and what, each attribute before and after, and old records that go."""

from __future__ import annotations

import getpass
import json
import socket
import stat
from pathlib import Path

import pytest

from tests.cli.program import ACME, BOLT, called, writes
from tests.golden.story import Story

RUNS = Path(".reconciler/runs")
APPLY = ("apply", "--auto-approve", "--settle", "0")


@pytest.fixture
def told(place: Story) -> Story:
    """Give an account after a create and an update."""
    writes(ACME)
    assert called(*APPLY).code == 0
    writes(ACME.replace("Ltd.", "Inc.") + BOLT)
    assert called(*APPLY).code == 0
    return place


def runs() -> list[str]:
    """Give the names of the records, the newest first; runs of one second are told apart by chance."""
    return sorted((file.stem for file in RUNS.iterdir()), reverse=True)


def aged(name: str) -> Path:
    """Make a record old; give its file."""
    old = "20200101T000000Z-" + name.rpartition("-")[2]
    content = (RUNS / f"{name}.json").read_text(encoding="utf-8").replace(name, old)
    (RUNS / f"{old}.json").write_text(content, encoding="utf-8")
    (RUNS / f"{name}.json").unlink()
    return RUNS / f"{old}.json"


def test_no_runs(folder: Path) -> None:
    """Before the first apply there is none, and that is no error."""
    ran = called("history")
    assert (ran.code, ran.out) == (0, "No run is recorded.\n")
    assert called("history", "x").code == 64


def test_each_run(told: Story) -> None:
    """The list says of each run when, who, which plan, and the counts; the record is private."""
    ran = called("history")
    assert ran.code == 0
    assert ran.out.count(" UTC; by ") == 2
    assert f"by {getpass.getuser()} on {socket.gethostname()}; plan " in ran.out
    assert "  1 added, 0 changed, 0 destroyed\n" in ran.out
    assert "  1 added, 1 changed, 0 destroyed\n" in ran.out
    assert {stat.S_IMODE(file.stat().st_mode) for file in RUNS.iterdir()} == {0o600}


def test_one_run(told: Story) -> None:
    """One run shows each attribute before and after; a part of its name is enough."""
    changed = next(name for name in runs() if b'"before":"Acme Ltd."' in (RUNS / f"{name}.json").read_bytes())
    ran = called("history", changed.rpartition("-")[2])
    assert ran.code == 0
    assert '      ~ organization = "Acme Ltd." -> "Acme Inc."' in ran.out
    assert "  # clients.bolt: created [id=" in ran.out
    assert '+ organization = "Bolt Bikes"' in ran.out


def test_a_name_that_fits_no_one_run(told: Story) -> None:
    """What fits none, or several, is refused."""
    assert "None is called nothing" in called("history", "nothing").err
    ran = called("history", "T")
    assert (ran.code, "is a part of 2 names" in ran.err) == (64, True)


def test_events(told: Story) -> None:
    """With --json there is an event a run, and of one run an event a change, with the values."""
    events = [json.loads(line) for line in called("history", "--json").out.splitlines()]
    assert [event["type"] for event in events] == ["run", "run"]
    one = next(event["run"] for event in events if event["run"]["changes"]["change"] == 1)
    assert (one["user"], one["results"]) == (getpass.getuser(), {"done": 2})
    changes = [json.loads(line) for line in called("history", one["run"], "--json").out.splitlines()][1:]
    fields = {each["change"]["address"]: each["change"]["fields"] for each in changes}
    assert fields["clients.acme"] == {"organization": {"before": "Acme Ltd.", "after": "Acme Inc."}}


def test_in_ci(place: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """In CI it is whoever set the job off, with the job's address."""
    monkeypatch.setenv("CI_JOB_URL", "https://gitlab.example/jobs/7")
    monkeypatch.setenv("GITLAB_USER_LOGIN", "ada\u202e")
    writes(ACME)
    called(*APPLY)
    ran = called("history")
    assert "by ada\\u202e on " in ran.out
    assert ran.out.rstrip().endswith("; https://gitlab.example/jobs/7")


def test_only_the_last(told: Story) -> None:
    """Older runs are counted, not shown."""
    ran = called("history", "--last", "1")
    assert ran.out.count(" UTC; ") == 1
    assert ran.out.endswith("... and 1 older run (--last 2 shows all).\n")


def test_old_records_go_at_the_next_run(told: Story) -> None:
    """An apply removes what is older than ninety days, or than --keep; a plan or a list removes nothing."""
    old = aged(runs()[1])
    called("history")
    called("plan")
    assert old.exists()
    writes(ACME)
    called(*APPLY, "--keep", "36500d")
    assert old.exists()
    writes(ACME + BOLT)
    called(*APPLY)
    assert not old.exists()
    assert len(runs()) == 3


def test_old_records_go_at_once(told: Story) -> None:
    """`history --keep` removes them under the lock, and says how many."""
    old = aged(runs()[1])
    ran = called("history", "--keep", "30d")
    assert "Removed 1 record of runs older than 30 days." in ran.err
    assert not old.exists()
    assert len(runs()) == 1
    assert called("history", "--keep", "soon").code == 64


def test_an_unreadable_record(told: Story) -> None:
    """A record that is torn is named in the list, and is an error by itself; no other is harmed."""
    newest = runs()[0]
    (RUNS / f"{newest}.json").write_text('{"format": 2, ', encoding="utf-8")
    ran = called("history")
    assert (ran.code, f"{newest}  its record cannot be read" in ran.out) == (0, True)
    assert ran.out.count(" UTC; ") == 1
    assert called("history", newest).code == 9
    (RUNS / f"{newest}.json").write_text('{"format": 9}', encoding="utf-8")
    assert "A newer version of the program wrote it" in " ".join(called("history", newest).err.split())


def test_a_record_of_the_first_format(told: Story) -> None:
    """Records that were written before runs were told by whom are read as well."""
    newest = runs()[0]
    file = RUNS / f"{newest}.json"
    kept = json.loads(file.read_text(encoding="utf-8"))
    first = {name: kept[name] for name in ("run", "account", "began")}
    first["outcomes"] = [{name: each[name] for name in ("result", "reason", "change")} for each in kept["outcomes"]]
    file.write_text(json.dumps({"format": 1, **first}), encoding="utf-8")
    assert called("history", newest).code == 0


def test_sensitive_values(told: Story) -> None:
    """Values that must not be shown are not, in the list, the run and the events; with --redact none is."""
    writes("sensitive: [organization]\n", "reconciler.yaml")
    for name in runs():
        for words in ([], ["--json"]):
            ran = called("history", name, *words)
            assert "organization" in ran.out
            assert "Acme" not in ran.all
            assert "acme.example" not in called("history", name, "--redact", *words).all
