"""A login that renews itself: one request at a time, the pair durable before its use, never within a create."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from reconciler.core.login import Login, Traded
from reconciler.providers.freshbooks.clock import VendorClock
from tests.contracts.safes import login
from tests.providers.vendor import LIFE_S, Vendor, beginning


@pytest.fixture
def vendor() -> Vendor:
    """Give a vendor and a login that has just begun."""
    return beginning()


def test_a_young_token_is_used_as_it_is(vendor: Vendor) -> None:
    """While more than an hour is left nothing is asked."""
    vendor.now = 1000.0 + LIFE_S - 3601
    token = vendor.token()
    assert token.ready()
    assert token.value() == "canary-access-1"
    assert vendor.sent == []


@pytest.mark.parametrize("left", [3599.0, 0.0, -5000.0])
def test_renewed_early(vendor: Vendor, left: float) -> None:
    """With less than an hour left, or none, one request is made, with the mark durable before and the pair after it."""
    vendor.now = 1000.0 + LIFE_S - left
    token = vendor.token()
    assert token.value() == "canary-access-2"
    assert (vendor.sent, vendor.marked) == (["canary-refresh-1"], [True])
    kept = vendor.drawer.logins["default"]
    assert (kept.access.reveal(), kept.refresh.reveal(), kept.pending) == ("canary-access-2", "canary-refresh-2", None)
    assert token.ready()
    assert len(vendor.sent) == 1


def test_a_short_life_is_not_renewed_at_once(vendor: Vendor) -> None:
    """A pair that lives for less than two hours from the start is renewed when half of it is gone."""
    vendor.now += LIFE_S
    vendor.answers = [replace(vendor.pair(), expires_at=vendor.now + 600)]
    token = vendor.token()
    token.value()
    vendor.now += 299
    assert token.ready()
    assert len(vendor.sent) == 1
    vendor.now += 2
    assert token.ready()
    assert len(vendor.sent) == 2


def test_another_process_did_it(vendor: Vendor) -> None:
    """Whoever comes second finds the new pair and asks for nothing."""
    vendor.now += LIFE_S
    one, two = vendor.token(), vendor.token()
    two.login()
    assert one.value() == two.value() == "canary-access-2"
    assert len(vendor.sent) == 1


def test_many_threads_ask_once(vendor: Vendor) -> None:
    """Sixteen threads with one expired token make one request, and all get the new one."""
    vendor.now += LIFE_S
    tokens = [vendor.token() for _ in range(4)]
    got: list[str] = []
    threads = [threading.Thread(target=lambda t=t: got.append(t.value())) for t in tokens for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == ["canary-access-2"] * 16
    assert len(vendor.sent) == 1


def test_refused_is_renewed_once(vendor: Vendor) -> None:
    """A refused token is renewed; the same refusal told by another thread gets what is there by then."""
    token = vendor.token()
    old = token.value()
    vendor.now += 100
    assert token.renewed(old, writing=False) == "canary-access-2"
    assert token.renewed(old, writing=False) == "canary-access-2"
    assert len(vendor.sent) == 1
    # One that was given a moment ago would not be helped by yet another.
    assert token.renewed("canary-access-2", writing=False) is None
    assert len(vendor.sent) == 1


def test_a_write_never_renews(vendor: Vendor) -> None:
    """A refused write takes what another process has got, and asks for nothing itself."""
    token = vendor.token()
    old = token.value()
    vendor.now += 100
    assert token.renewed(old, writing=True) is None
    assert vendor.sent == []
    other = vendor.token()
    assert other.renewed(old, writing=False) == "canary-access-2"
    assert token.renewed(old, writing=True) == "canary-access-2"
    assert len(vendor.sent) == 1


def test_nothing_is_renewed_while_a_create_is_under_way(vendor: Vendor) -> None:
    """Between an intent and its outcome neither `ready` nor a refused read renews; afterwards both do."""
    token = vendor.token()
    old = token.value()
    vendor.now += LIFE_S - 60
    with token.undisturbed():
        assert not token.ready()
        assert token.renewed(old, writing=False) is None
        with token.undisturbed():
            assert not token.ready()
        assert not token.ready()
    assert vendor.sent == []
    assert token.ready()
    assert len(vendor.sent) == 1


def test_a_create_waits_for_a_renewal_that_has_begun(vendor: Vendor) -> None:
    """No create begins while a renewal is on its way."""
    began, go = threading.Event(), threading.Event()
    order: list[str] = []

    class Slow(Vendor):
        def trade(self, asked: Login) -> Traded:
            began.set()
            go.wait(10)
            order.append("renewed")
            return Vendor.trade(self, asked)

    slow = Slow(drawer=vendor.drawer, now=1000.0 + LIFE_S)
    token = slow.token()

    def create() -> None:
        began.wait(10)
        with token.undisturbed():
            order.append("created")

    threads = [threading.Thread(target=token.ready), threading.Thread(target=create)]
    for thread in threads:
        thread.start()
    began.wait(10)
    go.set()
    for thread in threads:
        thread.join()
    assert order == ["renewed", "created"]


def test_a_new_login_meanwhile_is_found(vendor: Vendor) -> None:
    """Whoever logs in again while a run goes on is taken up by it."""
    token = vendor.token()
    token.value()
    vendor.drawer.logins["default"] = replace(
        login(7), pending=None, issued_at=1000.0 + LIFE_S, expires_at=1000.0 + 2 * LIFE_S
    )
    vendor.now += LIFE_S
    assert token.ready()
    assert token.value() == "canary-access-7"
    assert vendor.sent == []


def test_the_vendors_clock_counts(vendor: Vendor) -> None:
    """A clock of this machine that is two hours slow is put right by the first answer's Date."""
    vendor.now = 1000.0 + LIFE_S - 7200
    token = vendor.token()
    assert token.ready()
    token.heard("Thu, 01 Jan 1970 12:16:35 GMT")
    assert token.ready()
    assert len(vendor.sent) == 1


@pytest.mark.parametrize("date", [None, "", "yesterday", "Thu, 99 Jan 1970 00:00:00 GMT"])
def test_a_date_that_is_none_says_nothing(date: str | None) -> None:
    """What cannot be read as a Date leaves the clock as it was."""
    clock = VendorClock(lambda: 5.0)
    clock.heard(date)
    assert clock.now() == 5.0
