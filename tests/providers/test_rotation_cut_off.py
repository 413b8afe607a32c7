"""A renewal that fails, is lost or is interrupted: a spent token is never sent again, and everybody is told why."""

from __future__ import annotations

import _thread
from collections.abc import Callable
from dataclasses import replace

import pytest

from reconciler.core.login import Declined, Login, NoAnswer, NotAsked, Pending, Traded
from reconciler.errors import LocalDisk, NotAllowed
from tests.contracts.safes import login
from tests.providers.vendor import LIFE_S, Vendor, beginning


@pytest.fixture
def vendor() -> Vendor:
    """Give a vendor and a login that has just begun."""
    return beginning()


def refused(work: Callable[[], object], code: str) -> NotAllowed:
    """Run what must end in an error of this code."""
    with pytest.raises(NotAllowed) as caught:
        work()
    assert caught.value.code == code
    assert "canary" not in caught.value.summary + caught.value.detail
    return caught.value


def test_no_answer_is_never_asked_again(vendor: Vendor) -> None:
    """After a lost answer the mark stays: no process ever sends that token again, and each is told why."""
    vendor.now += LIFE_S
    vendor.answers = [NoAnswer(reason="no answer in time")]
    for _ in range(3):
        error = refused(vendor.token().value, "login-cut-off")
        assert "was cut off at" in error.detail
        assert "process 1 on here" in error.detail
        assert "log in again" in error.detail.lower()
    assert vendor.sent == ["canary-refresh-1"]


def test_while_the_token_lives_a_lost_answer_is_only_told(vendor: Vendor) -> None:
    """Early renewal that was cut off leaves the access token in use until its end, with one warning."""
    vendor.now += LIFE_S - 1800
    vendor.answers = [NoAnswer(reason="no answer in time")]
    token = vendor.token()
    assert token.value() == "canary-access-1"
    assert token.ready()
    assert any("holds for 30 min more" in told for told in vendor.told)
    vendor.now += 1900
    refused(token.ready, "login-cut-off")
    refused(vendor.token().value, "login-cut-off")
    assert vendor.sent == ["canary-refresh-1"]


def test_unsent_is_as_if_nothing_was(vendor: Vendor) -> None:
    """A request that never left takes its mark back, and is made again later."""
    vendor.now += LIFE_S
    vendor.answers = [NotAsked(reason="connection refused")]
    refused(vendor.token().value, "login-not-renewed")
    assert vendor.drawer.logins["default"] == login(1)
    assert vendor.token().value() == "canary-access-3"


def test_a_dead_login(vendor: Vendor) -> None:
    """`invalid_grant` is the end of a login: it is remembered, and the token is not sent again."""
    vendor.now += LIFE_S
    vendor.answers = [Declined(error="invalid_grant", reason="expired")]
    for _ in range(2):
        refused(vendor.token().value, "login-dead")
    assert vendor.sent == ["canary-refresh-1"]


def test_a_wrong_app_spends_nothing(vendor: Vendor) -> None:
    """`invalid_client` names the app's id and secret, and leaves the refresh token unspent."""
    vendor.now += LIFE_S
    vendor.answers = [Declined(error="invalid_client", reason="unknown client")]
    assert "FRESHBOOKS_CLIENT_SECRET" in refused(vendor.token().value, "login-app").detail
    assert vendor.drawer.logins["default"].pending is None
    vendor.answers = [Declined(error="invalid_request", reason="odd")]
    refused(vendor.token().value, "login-refused")
    assert vendor.drawer.logins["default"].pending is None


def test_a_mark_that_cannot_be_kept_sends_nothing(vendor: Vendor) -> None:
    """Where the mark cannot be durable, no byte is sent."""
    vendor.now += LIFE_S
    vendor.drawer.broken = lambda kept: kept.pending is not None
    with pytest.raises(LocalDisk):
        vendor.token().value()
    assert vendor.sent == []
    assert vendor.drawer.logins["default"] == login(1)


def test_a_pair_that_cannot_be_kept_is_used_and_told(vendor: Vendor) -> None:
    """Where the disk fails after the answer, this run goes on, loudly; the mark stays, and no other run sends."""
    vendor.now += LIFE_S
    vendor.drawer.broken = lambda kept: kept.pending is None
    token = vendor.token()
    assert token.value() == "canary-access-2"
    assert token.ready()
    [told] = vendor.told
    assert "could not be kept" in told
    assert "canary" not in told
    refused(vendor.token().value, "login-cut-off")
    assert vendor.sent == ["canary-refresh-1"]


def test_no_login_and_another_api(vendor: Vendor) -> None:
    """A missing login is told; one that is for another API is never sent there."""
    vendor.drawer.logins["default"] = replace(login(1), origin="https://api.freshbooks.com")
    refused(vendor.token().value, "login-of-another-api")
    vendor.drawer.logins.clear()
    refused(vendor.token().value, "no-login")


def test_ctrl_c_does_not_cut_a_renewal_off(vendor: Vendor) -> None:
    """An interrupt while the answer is on its way ends the run, after the pair has been kept."""
    vendor.now += LIFE_S

    class Interrupting(Vendor):
        def trade(self, asked: Login) -> Traded:
            # What a signal does: the thread that waits for this one is interrupted.
            _thread.interrupt_main()
            return Vendor.trade(self, asked)

    interrupted = Interrupting(drawer=vendor.drawer, now=vendor.now)
    with pytest.raises(KeyboardInterrupt):
        interrupted.token().value()
    assert vendor.drawer.logins["default"].pending is None
    assert vendor.drawer.logins["default"].refresh.reveal() == "canary-refresh-2"


def test_a_mark_of_old_is_shown_as_it_was(vendor: Vendor) -> None:
    """The sentence names when and by whom, as the mark has it."""
    pending = Pending(at="2026-01-02T03:04:05Z", by="process 7 on runner-9")
    vendor.drawer.logins["default"] = replace(login(1), pending=pending)
    vendor.now += LIFE_S
    error = refused(vendor.token().value, "login-cut-off")
    assert "2026-01-02T03:04:05Z, by process 7 on runner-9" in error.detail
