"""A login that renews itself: one request at a time, the pair durable before its use, a spent token never sent."""

from __future__ import annotations

import _thread
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from reconciler.core.login import Declined, Granted, Login, NoAnswer, NotAsked, Pending, Secret, Traded
from reconciler.errors import LocalDisk, NotAllowed
from reconciler.providers.freshbooks.clock import VendorClock
from reconciler.providers.freshbooks.rotation import LoginToken
from tests.contracts.safes import Drawer, MemorySafe, login

LIFE_S = 43_200.0
HERE = "http://localhost"


@dataclass(slots=True)
class Vendor:
    """Gives pairs, and remembers which refresh tokens it saw and what was durable by then."""

    drawer: Drawer = field(default_factory=Drawer)
    now: float = 1000.0
    sent: list[str] = field(default_factory=list)
    marked: list[bool] = field(default_factory=list)
    answers: list[Traded] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def trade(self, asked: Login) -> Traded:
        """Answer as was arranged, else with a new pair."""
        self.sent.append(asked.refresh.reveal())
        kept = self.drawer.logins["default"]
        self.marked.append(kept.pending is not None and kept.refresh == asked.refresh)
        return self.answers.pop(0) if self.answers else self.pair()

    def pair(self) -> Granted:
        """Give a new pair."""
        number = len(self.sent) + 1
        return Granted(
            access=Secret(f"canary-access-{number}"),
            refresh=Secret(f"canary-refresh-{number}"),
            issued_at=self.now,
            expires_at=self.now + LIFE_S,
            scopes=("user:profile:read",),
        )

    def token(self) -> LoginToken:
        """Give the login as a process of its own would."""
        return LoginToken(
            MemorySafe(self.drawer),
            "default",
            self.trade,
            origin=HERE,
            by="process 1 on here",
            tell=self.told.append,
            clock=VendorClock(lambda: self.now),
        )


@pytest.fixture
def vendor() -> Vendor:
    """Give a vendor and a login that has just begun."""
    made = Vendor()
    made.drawer.logins["default"] = login(1)
    return made


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


def test_no_login_and_another_api(vendor: Vendor) -> None:
    """A missing login is told; one that is for another API is never sent there."""
    vendor.drawer.logins["default"] = replace(login(1), origin="https://api.freshbooks.com")
    refused(vendor.token().value, "login-of-another-api")
    vendor.drawer.logins.clear()
    refused(vendor.token().value, "no-login")


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
