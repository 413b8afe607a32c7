"""The GitHub workflow from pull request to apply, as users copy it: comment, merge, exactly that plan, new machines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ci.place import FILE, KEY, Place, placed
from tests.ci.runner import Job
from tests.store.statehost import PASSWORD

STRANGER = {"login": "mallory", "type": "User"}
BOT = {"login": "github-actions[bot]", "type": "Bot"}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Give a hub with runners, and an account that is as main says."""
    with placed(tmp_path) as made:
        yield made


def shows(job: Job) -> str:
    """Give the plan id that a log tells last."""
    ids: list[str] = re.findall(r"^Plan id: ([0-9a-f]{20})$", job.log, re.MULTILINE)
    return ids[-1]


# What was reviewed is applied.


def test_exactly_the_reviewed_plan_is_applied(place: Place) -> None:
    """Pull request, comment, merge, apply: the id in the comment is the one that is applied, and all is done then."""
    number = place.proposes("phone", "416-555-0100", "416-555-0199")
    told = place.runners.requested(number)
    assert told["validate"].result == told["plan"].result == "success"
    [body] = place.hub.bodies(number)
    assert f"plan_id={shows(told['plan'])} " in body.partition("\n")[0]
    assert '+ bus_phone: "416-555-0199"' in body
    assert body.partition("\n")[0] in told["plan"].summary
    done = place.runners.pushed(place.hub.merges(number))
    assert {name: job.result for name, job in done.items() if job.result != "skipped"} == {"apply": "success"}
    assert done["apply"].outputs == {"stale": "", "plan-id": shows(told["plan"])}
    assert place.client("Acme Ltd.")["bus_phone"] == "416-555-0199"
    again = place.runners.requested(place.proposes("none", "Bolt Bikes", "Bolt Bikes"))
    assert "No changes." in again["plan"].log


def test_one_comment_is_kept_up_to_date(place: Place) -> None:
    """A second commit on a pull request changes the comment that is there; it is the second plan that is applied."""
    number = place.proposes("phone", "416-555-0100", "416-555-0199")
    place.runners.requested(number)
    place.pushes_on("phone", "416-555-0199", "416-555-0177")
    place.runners.requested(number)
    [body] = place.hub.bodies(number)
    assert "416-555-0177" in body
    assert "416-555-0199" not in body
    place.runners.pushed(place.hub.merges(number))
    assert place.client("Acme Ltd.")["bus_phone"] == "416-555-0177"


def test_two_on_different_clients_apply_as_reviewed(place: Place) -> None:
    """Two pull requests from the same main, merged and applied one after the other: both reviews hold."""
    first = place.proposes("acme", "416-555-0100", "416-555-0199")
    second = place.proposes("bolt", "language: en", "language: fr")
    ids = [shows(place.runners.requested(number)["plan"]) for number in (first, second)]
    done = [place.runners.pushed(place.hub.merges(number))["apply"] for number in (first, second)]
    assert [job.outputs["plan-id"] for job in done] == ids
    assert [job.outputs["stale"] for job in done] == ["", ""]
    assert place.client("Acme Ltd.")["bus_phone"] == "416-555-0199"
    assert place.client("Bolt Bikes")["language"] == "fr"


def test_two_that_are_merged_before_either_is_applied(place: Place) -> None:
    """Each run applies its own commit, in the order of the merges: both reviews hold."""
    first = place.proposes("acme", "416-555-0100", "416-555-0199")
    second = place.proposes("bolt", "language: en", "language: fr")
    ids = [shows(place.runners.requested(number)["plan"]) for number in (first, second)]
    merged = [place.hub.merges(number) for number in (first, second)]
    done = [place.runners.pushed(sha)["apply"] for sha in merged]
    assert [job.outputs["plan-id"] for job in done] == ids
    assert [job.result for job in done] == ["success", "success"]
    assert place.client("Bolt Bikes")["language"] == "fr"


def test_a_branch_that_lacks_what_was_merged(place: Place) -> None:
    """A branch from before another merge is planned with it: its plan undoes nothing, and fits when it is merged."""
    first = place.proposes("acme", "416-555-0100", "416-555-0199")
    second = place.proposes("bolt", "language: en", "language: fr")
    place.runners.requested(first)
    place.runners.pushed(place.hub.merges(first))
    told = place.runners.requested(second)["plan"]
    assert "clients.acme" not in told.log
    done = place.runners.pushed(place.hub.merges(second))["apply"]
    assert done.outputs == {"stale": "", "plan-id": shows(told)}


# What is not as reviewed waits.


def test_two_on_the_same_client(place: Place) -> None:
    """The second of two on one client is refused, shown anew, and applied when that plan is approved by its id."""
    first = place.proposes("phone", "416-555-0100", "416-555-0199")
    second = place.proposes("email", "billing@acme", "office@acme")
    reviewed = [shows(place.runners.requested(number)["plan"]) for number in (first, second)]
    place.runners.pushed(place.hub.merges(first))
    before, asked = place.writes(), []

    def approves(job: Job) -> bool:
        asked.append((job.name, place.writes() - before))
        return True

    done = place.runners.pushed(place.hub.merges(second), approves=approves)
    assert done["apply"].outputs["stale"] == "true"
    now = done["apply"].outputs["plan-id"]
    assert now == shows(done["apply"]) != reviewed[1]
    assert f"plan_id={now} " in done["apply"].summary
    assert [writes for _, writes in asked] == [0, 0]
    assert now in asked[1][0]
    assert done["apply-anew"].result == "success"
    assert place.client("Acme Ltd.")["email"] == "office@acme.example"


def test_a_changed_plan_that_is_rejected_writes_nothing(place: Place) -> None:
    """An edit in FreshBooks after the review changes the plan; if nobody approves the new one, nothing is written."""
    number = place.proposes("phone", "416-555-0100", "416-555-0199")
    place.runners.requested(number)
    place.edits("Bolt Bikes", language="de")
    before = place.writes()
    done = place.runners.pushed(place.hub.merges(number), approves=lambda job: "not what was reviewed" not in job.name)
    assert (done["apply"].result, done["apply-anew"].result) == ("success", "rejected")
    assert place.writes() == before
    assert "clients.bolt" in done["apply"].log


def test_where_nobody_is_asked_nothing_changed_is_applied(place: Place) -> None:
    """An environment without required reviewers lets through what was reviewed, and never a plan that was not."""
    number = place.proposes("phone", "416-555-0100", "416-555-0199")
    place.runners.requested(number)
    place.edits("Bolt Bikes", language="de")
    place.hub.changed(lambda hub: hub.update(asking=[]))
    before = place.writes()
    done = place.runners.pushed(place.hub.merges(number))
    assert (done["apply"].result, done["apply-anew"].result) == ("failure", "skipped")
    assert place.writes() == before
    by_hand = place.runners.by_hand(**{"plan-id": shows(done["apply"])})
    assert by_hand["apply"].result == "success"
    assert place.client("Bolt Bikes")["language"] == "en"


def test_a_wrong_id_by_hand(place: Place) -> None:
    """A run by hand with an id that is not the plan's writes nothing, and shows what it would be."""
    place.edits("Bolt Bikes", language="de")
    before = place.writes()
    done = place.runners.by_hand(**{"plan-id": "0" * 20})["apply"]
    assert done.result == "failure"
    assert "clients.bolt" in done.log
    assert place.writes() == before


def test_a_branch_is_not_applied_by_hand(place: Place) -> None:
    """A run by hand on a branch that is not merged applies nothing, though its plan's id is right."""
    number = place.proposes("phone", "416-555-0100", "416-555-0199")
    id_ = shows(place.runners.requested(number)["plan"])
    before = place.writes()
    done = place.runners.by_hand(branch="phone", **{"plan-id": id_})
    assert {job.result for job in done.values()} == {"skipped"}
    assert place.writes() == before


def test_a_run_that_is_late(place: Place) -> None:
    """A run for a commit that main has left behind takes nothing back that came after it."""
    first = place.proposes("acme", "416-555-0100", "416-555-0199")
    second = place.proposes("bolt", "language: en", "language: fr")
    for number in (first, second):
        place.runners.requested(number)
    early, late = (place.hub.merges(number) for number in (first, second))
    place.runners.pushed(late)
    before = place.writes()
    done = place.runners.pushed(early)
    assert (done["apply"].result, done["apply-anew"].result) == ("success", "skipped")
    assert "main has moved on" in done["apply"].log
    assert place.writes() == before
    assert place.client("Bolt Bikes")["language"] == "fr"


# Who may say what was reviewed.


@pytest.mark.parametrize("forged", ["stranger", "quoted", "second"])
def test_no_stranger_names_the_plan(place: Place, forged: str) -> None:
    """Somebody else's comment, a marker inside ours, a second comment of ours: none makes a plan count as reviewed."""
    number = place.proposes("phone", "416-555-0100", "416-555-0199")
    told = place.runners.requested(number)["plan"]
    [body] = place.hub.bodies(number)
    forgery = body.replace(shows(told), "f" * 20)
    row = {
        "stranger": {"user": STRANGER, "body": body},
        "quoted": {"user": BOT, "body": f"Somebody wrote:\n{body}"},
        "second": {"user": BOT, "body": forgery},
    }[forged]

    def forge(hub: dict[str, Any]) -> None:
        if forged != "second":
            hub["comments"].clear()
        hub["comments"].append({"issue": number, "id": 1, **row})

    place.hub.changed(forge)
    before = place.writes()
    done = place.runners.pushed(place.hub.merges(number), approves=lambda job: "not what was reviewed" not in job.name)
    assert done["apply"].outputs["stale"] == "true"
    assert place.writes() == before


def test_a_fork_is_only_validated(place: Place) -> None:
    """A pull request from a fork is checked, and no job of it gets a secret."""
    number = place.proposes("fork", "416-555-0100", "416-555-0199")
    told = place.runners.requested(number, fork=True)
    assert told["validate"].result == "success"
    assert told["plan"].result == "skipped"
    assert place.hub.bodies(number) == []


def test_no_token_is_told(place: Place) -> None:
    """No token, key or password is in a log, a summary, a comment or an output."""
    number = place.proposes("phone", "416-555-0100", "416-555-0199")
    jobs = [*place.runners.requested(number).values(), *place.runners.pushed(place.hub.merges(number)).values()]
    told = place.hub.file.read_text("utf-8") + repr(jobs)
    secrets = (
        place.sandbox.access_token,
        place.sandbox.refresh_token,
        place.sandbox.grants.client_secret,
        KEY,
        PASSWORD,
    )
    assert [secret for secret in secrets if secret in told] == []


# What goes wrong.


def test_a_file_that_is_wrong(place: Place) -> None:
    """A mistake is annotated at its line, and nothing is planned."""
    number = place.proposes("typo", "organization: Acme", "organisation: Acme")
    told = place.runners.requested(number)
    assert (told["validate"].result, told["plan"].result) == ("failure", "skipped")
    assert "::error file=clients.yaml,line=4" in told["validate"].log


def test_a_plan_that_cannot_be_made_takes_the_old_one_away(place: Place) -> None:
    """Where a later commit has no plan, the comment says so, and the earlier plan is no longer reviewed."""
    number = place.proposes("phone", "416-555-0100", "416-555-0199")
    place.runners.requested(number)
    place.machine["FRESHBOOKS_ACCESS_TOKEN"] = "no longer valid"
    told = place.runners.requested(number)["plan"]
    assert told.result == "failure"
    [body] = place.hub.bodies(number)
    assert "There is no plan" in body
    assert "plan_id" not in body


def test_a_guard_refuses_on_both_sides(place: Place) -> None:
    """A plan that a guard refuses is shown in the comment and fails; merged all the same, it writes nothing."""
    number = place.proposes("all", FILE[FILE.index("clients:") :], "clients: {}\n")
    told = place.runners.requested(number)["plan"]
    assert told.result == "failure"
    assert "will be deleted" in place.hub.bodies(number)[0]
    before = place.writes()
    done = place.runners.pushed(place.hub.merges(number))
    assert (done["apply"].result, done["apply-anew"].result) == ("failure", "skipped")
    assert place.writes() == before


def test_more_drift_than_a_guard_lets_through_is_an_issue_too(place: Place) -> None:
    """Guards are for who applies: whatever was changed is told, with both ways out of it."""
    place.hub.pushes({"reconciler.yaml": "version: 1\npolicy: {max_updates: 0}\n"})
    place.edits("Bolt Bikes", language="de")
    done = place.runners.by_hand("drift.yml")["drift"]
    assert done.result == "success", done.log
    (issue,) = place.hub.told["issues"]
    assert (issue["state"], '"en" -> "de"' in issue["body"]) == ("open", True)
    assert "take it back: reconciler apply --target clients.bolt" in issue["body"]
    assert "take it in:   reconciler export --accept clients.bolt" in issue["body"]
    assert issue["body"].startswith("<!-- reconciler:drift -->\n<!-- for=")
    assert "### FreshBooks: Drift: 1 field, in 1 of 2 bound records" in done.summary


def test_what_is_merged_and_not_applied_is_no_drift(place: Place) -> None:
    """A wish that waits for its approval opens no issue: nobody changed anything in FreshBooks."""
    place.hub.pushes({"clients.yaml": FILE.replace("0100", "0199")})
    done = place.runners.by_hand("drift.yml")["drift"]
    assert (done.result, place.hub.told["issues"]) == ("success", []), done.log


def test_drift_that_cannot_be_looked_for_leaves_the_issue(place: Place) -> None:
    """A night without an answer fails, and neither closes an issue nor opens one."""
    place.edits("Bolt Bikes", language="de")
    place.runners.by_hand("drift.yml")
    place.machine["FRESHBOOKS_ACCESS_TOKEN"] = "no longer valid"
    done = place.runners.by_hand("drift.yml")["drift"]
    assert done.result == "failure"
    assert "exit code 8" in done.summary
    assert [issue["state"] for issue in place.hub.told["issues"]] == ["open"]


def test_drift_is_one_issue(place: Place) -> None:
    """The nightly job opens an issue, keeps it up to date, and closes it when nothing differs any more."""

    def night() -> list[tuple[str, bool, bool]]:
        assert place.runners.by_hand("drift.yml")["drift"].result == "success"
        return [(row["state"], "de" in row["body"], "fr" in row["body"]) for row in place.hub.told["issues"]]

    assert night() == []
    place.edits("Bolt Bikes", language="de")
    assert night() == [("open", True, False)]
    place.edits("Bolt Bikes", language="fr")
    assert night() == [("open", True, True)]
    place.edits("Bolt Bikes", language="en")
    assert night() == [("closed", True, True)]
    place.edits("Bolt Bikes", language="de")
    assert [state for state, *_ in night()] == ["closed", "open"]
