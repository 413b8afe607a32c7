"""One login in shared storage, for runners that keep nothing and for several states."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.store.seal import VARIABLE as KEY
from tests.cli.program import ACME, spawned, writes
from tests.cli.test_login import without_token
from tests.golden.story import Story, telling
from tests.store.gitlab import GitLab
from tests.store.statehost import PASSWORD, USERNAME, running


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Story]:
    """Give a runner with an app, a key, the way to a storage, and no token."""
    with telling(tmp_path) as story, running(GitLab()) as server:
        without_token(story)
        os.environ[KEY] = "ab" * 32
        os.environ["TF_HTTP_USERNAME"], os.environ["TF_HTTP_PASSWORD"] = USERNAME, PASSWORD
        os.environ["RECONCILER_LOGINS"] = server.url()
        yield story


def asked(story: Story) -> int:
    """Count the requests for tokens."""
    return sum(str(entry["path"]).endswith("/oauth/token") for entry in story.sandbox.log.entries)


def test_one_login_serves_several_states(runner: Story) -> None:
    """Kept in a place of its own, one login is used with any state, from any disk, and nothing of it is on one."""
    os.environ["FRESHBOOKS_REFRESH_TOKEN"] = runner.sandbox.refresh_token
    assert spawned("login", "--with-refresh-token", "--keep", "shared").code == 0
    del os.environ["FRESHBOOKS_REFRESH_TOKEN"]
    writes(ACME)
    assert spawned("apply", "--auto-approve", "--state", "one.json").code == 0
    os.environ["XDG_CONFIG_HOME"] = str(Path("another-disk").resolve())
    assert spawned("plan", "--detailed-exitcode", "--state", "one.json").code == 0
    assert spawned("plan", "--detailed-exitcode", "--state", "two.json").code == 2
    assert asked(runner) == 1
    assert list(Path().rglob("default*.json")) == []


def test_a_storage_that_keeps_nobody_out_gets_no_login(tmp_path: Path) -> None:
    """A login may be the first that is written there: the storage is tried before anything is sent to FreshBooks."""
    with telling(tmp_path) as story, running(GitLab(honest=False)) as server:
        without_token(story)
        os.environ[KEY] = "ab" * 32
        os.environ["TF_HTTP_USERNAME"], os.environ["TF_HTTP_PASSWORD"] = USERNAME, PASSWORD
        os.environ["RECONCILER_LOGINS"] = server.url()
        os.environ["FRESHBOOKS_REFRESH_TOKEN"] = story.sandbox.refresh_token
        ran = spawned("login", "--with-refresh-token", "--keep", "shared")
        assert (ran.code, "does not lock" in ran.err) == (9, True)
        assert asked(story) == 0


def test_without_the_key_there_is_no_login(runner: Story) -> None:
    """A runner without the key has no token, and says what to do."""
    os.environ["FRESHBOOKS_REFRESH_TOKEN"] = runner.sandbox.refresh_token
    assert spawned("login", "--with-refresh-token", "--keep", "shared").code == 0
    del os.environ[KEY]
    writes(ACME)
    ran = spawned("plan")
    assert (ran.code, "reconciler login" in ran.err, f"{KEY} is not set" in ran.err) == (8, True, True)


def test_a_password_in_the_address_is_refused(runner: Story) -> None:
    """Where logins are kept is said without a password, as for a state."""
    os.environ["RECONCILER_LOGINS"] = "postgresql://me:canary-31337@127.0.0.1/books"
    ran = spawned("plan")
    assert (ran.code, "canary" in ran.all) == (64, False)
    assert runner.sandbox.log.entries == []
