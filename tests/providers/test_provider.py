"""The FreshBooks provider against the sandbox: faults, odd answers, limits, and what each means."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from reconciler import read
from reconciler.core.outcome import Done, NotSent, Refusal, Rejected, Unknown
from reconciler.core.questions import Questions
from reconciler.core.resource import LiveResource, RemoteId, Visibility
from reconciler.errors import NotAllowed, ReadIncomplete, UsageError
from reconciler.providers.freshbooks.api import Api, checked_url
from reconciler.providers.freshbooks.auth import CommandToken, GivenToken, Token
from reconciler.providers.freshbooks.pace import Pace
from reconciler.providers.freshbooks.provider import FreshBooks
from reconciler.sandbox.faults import Faults
from reconciler.sandbox.quirks import Quirks
from reconciler.sandbox.server import Sandbox, running


class Silent:
    """A meter that shows nothing."""

    def total(self, count: int) -> None:
        """Hear of more."""

    def advance(self, count: int = 1) -> None:
        """Hear of less."""


OPEN: list[Api] = []


@pytest.fixture(autouse=True)
def closing() -> Iterator[None]:
    """Close what a test has opened."""
    yield
    while OPEN:
        OPEN.pop().close()


class Reached:
    """An account in the sandbox, reached by the provider; waits are counted, not waited."""

    def __init__(self, sandbox: Sandbox, token: Token | None = None) -> None:
        self.sandbox = sandbox
        self.waits: list[float] = []
        given = token or GivenToken(sandbox.access_token)
        self.api = Api(sandbox.url, given, sleep=self.waits.append, read_timeout_s=2.0)
        OPEN.append(self.api)
        self.account = FreshBooks(self.api)
        self.account.use_account(sandbox.account_id)

    def listing(self, visibility: Visibility = Visibility.ACTIVE) -> list[LiveResource]:
        """List."""
        return list(self.account.listing(visibility, Silent()))


@contextmanager
def reached(*faults: str, quirks: dict[str, str] | None = None, **options: Any) -> Iterator[Reached]:  # noqa: ANN401 - the sandbox's options
    """Run an account with these faults and reach it."""
    limits = {"calls_per_minute": 0, "creates_per_minute": 0} | options
    with running(faults=Faults.parse(faults), quirks=Quirks(quirks), **limits) as sandbox:
        yield Reached(sandbox)


READ_FAULTS = ["reset-before", "reset-after", "429", "429-bare", "500-before", "500-after", "502-html", "truncated"]


@pytest.mark.parametrize("name", READ_FAULTS)
def test_reads_survive_faults(name: str) -> None:
    """A read that fails is tried again, and the listing is whole."""
    with reached(f"GET /users/clients {name}#3", seed=230) as here:
        found = here.listing() + here.listing(Visibility.ARCHIVED)
        assert len({client.id for client in found}) == 230


@pytest.mark.parametrize("name", READ_FAULTS)
def test_lasting_outages_end_the_read(name: str) -> None:
    """After five tries a read is given up, with exit code 4, and no conclusion is drawn."""
    with reached(f"GET /users/clients {name}", seed=3) as here:
        with pytest.raises(ReadIncomplete) as failed:
            here.listing()
        assert failed.value.exit_code == 4
        assert len(here.sandbox.log.entries) == 5


def test_wrong_json_ends_the_read() -> None:
    """An answer that is not FreshBooks' is not taken for an empty account."""
    with (
        reached("GET /users/clients wrong-json", seed=3) as here,
        pytest.raises(ReadIncomplete, match="could not be read"),
    ):
        here.listing()


def test_bad_tokens_are_exit_8() -> None:
    """A token that FreshBooks refuses, or a role or gate that it does not let in, is not an empty account."""
    with reached("* * 401") as here, pytest.raises(NotAllowed) as refused:
        here.listing()
    assert refused.value.exit_code == 8
    for options in ({"gate": True}, {"scopes": "user:profile:read"}):
        with reached(**options) as here, pytest.raises(NotAllowed):
            here.listing()


@pytest.mark.parametrize("shape", ["list", "object", "rpc"])
@pytest.mark.parametrize("login", ["pair", "errors", "message"])
def test_errors_are_understood_in_every_shape(shape: str, login: str) -> None:
    """Whatever shape an error has, it means the same."""
    with reached(quirks={"errors": shape, "unauthenticated": login}) as here:
        assert here.account.fetch(RemoteId(5)) is None
        answer = here.account.update(RemoteId(5), {"note": "x"})
        assert isinstance(answer, Rejected)
        assert answer.cause is Refusal.GONE
        empty = here.account.create({"note": "no name"}, [])
        assert isinstance(empty, Rejected)
        assert empty.cause is Refusal.INVALID
        stranger = Reached(here.sandbox, GivenToken("wrong"))
        with pytest.raises(NotAllowed):
            stranger.listing()
        refused = stranger.account.update(RemoteId(5), {"note": "x"})
        assert isinstance(refused, Rejected)
        assert refused.cause is Refusal.LOGIN


@pytest.mark.parametrize(
    ("fault", "kind", "created"),
    [
        ("reset-before", Unknown, 0),
        ("reset-after", Unknown, 1),
        ("429", NotSent, 0),
        ("500-before", Unknown, 0),
        ("500-after", Unknown, 1),
        ("502-html", Unknown, 0),
        ("truncated", Unknown, 1),
        ("wrong-json", Unknown, 1),
        ("401", Rejected, 0),
        ("delay=3", Unknown, 1),
    ],
)
def test_a_create_is_never_sent_twice(fault: str, kind: type, created: int) -> None:
    """Whatever happens to a POST, it goes out once, and what is not known is called unknown."""
    with reached(f"POST /users/clients {fault}") as here:
        assert isinstance(here.account.create({"fname": "Ada"}, []), kind)
        posts = [entry for entry in here.sandbox.log.entries if entry["method"] == "POST"]
        assert len(posts) <= 1
        if not fault.startswith("delay"):
            assert here.sandbox.books.count() == created


def test_adding_contacts_is_never_sent_twice() -> None:
    """A PUT of the contacts array creates too, so it goes out once."""
    with reached("PUT /users/clients/* reset-after") as here:
        made = here.account.create({"fname": "Ada"}, [])
        assert isinstance(made, Done)
        assert made.live is not None
        assert isinstance(here.account.add_children(made.live.id, [], [{"email": "e"}]), Unknown)
        assert len([entry for entry in here.sandbox.log.entries if entry["method"] == "PUT"]) == 1


def test_updates_are_tried_again() -> None:
    """A PUT of fields is idempotent: it survives two failures."""
    with reached("PUT * 500-after#1", "PUT * reset-before#1") as here:
        made = here.account.create({"fname": "Ada"}, [])
        assert isinstance(made, Done)
        assert made.live is not None
        done = here.account.update(made.live.id, {"fname": "Bea"})
        assert isinstance(done, Done)
        assert done.live is not None
        assert done.live.fields["fname"] == "Bea"


def test_nothing_listens() -> None:
    """A server that is not there was sent nothing."""
    with reached() as here:
        pass
    assert isinstance(here.account.create({"fname": "Ada"}, []), NotSent)
    with pytest.raises(ReadIncomplete):
        here.listing()


@pytest.mark.parametrize(
    "url",
    ["http://example.com", "ftp://x", "https://", "https://a/b", "https://u:p@a", "http://127.0.0.1.evil.example", "x"],
)
def test_only_https_or_loopback(url: str) -> None:
    """The token never crosses a network in the clear."""
    with pytest.raises(UsageError):
        checked_url(url)


def test_loopback_and_https_are_fine() -> None:
    """Those that may be used come back without a path."""
    assert checked_url("http://127.0.0.1:8080/") == "http://127.0.0.1:8080"
    assert checked_url("https://api.freshbooks.com") == "https://api.freshbooks.com"


def test_rate_limits_are_used_and_kept() -> None:
    """Calls go out at full speed until only the others' share is left, then the reset is waited for."""
    clock = [0.0]
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        clock[0] += seconds

    pace = Pace(0.9, clock=lambda: clock[0], sleep=sleep)
    used: dict[float, int] = {}
    for _ in range(200):
        pace.enter("reads")
        used[clock[0]] = used.get(clock[0], 0) + 1
        left = str(100 - used[clock[0]])
        pace.leave("reads", {"x-ratelimit-limit": "100", "x-ratelimit-remaining": left, "retry-after": "40"})
    assert waits == [40.0, 40.0]
    assert list(used.values()) == [90, 90, 20]


def test_retry_after_is_honoured() -> None:
    """After a 429 nothing goes out before the time that FreshBooks names."""
    with reached("GET /users/clients 429#1", seed=2) as here:
        assert len(here.listing()) == 2
        assert max(here.waits) >= 1.0


def test_contacts_are_found_without_the_include() -> None:
    """Where a client comes without contacts, /users/contacts helps if its rows name their client, and only then."""
    with reached(quirks={"contacts-include": "absent"}, seed=150) as here:
        assert all(client.children is not None for client in here.listing())
        assert sum(len(client.children or ()) for client in here.listing()) > 50
    for lacking in ({"contacts-owner": "none"}, {"contacts-list": "missing"}):
        with reached(quirks={"contacts-include": "absent", **lacking}, seed=5) as here:
            assert {client.children for client in here.listing()} == {None}


@pytest.mark.parametrize("quirk", [{"ids": "text"}, {"balances": "number"}, {"page-echo": "asked"}])
def test_odd_forms_mean_the_same(quirk: dict[str, str]) -> None:
    """Ids as text, amounts as numbers: the records are the same."""
    with reached(seed=120) as here:
        usual = {client.id: client for client in here.listing()}
    with reached(quirks=quirk, seed=120) as here:
        assert {client.id: client for client in here.listing()} == usual
    assert any(client.balance for client in usual.values())


def test_account_guard_and_questions() -> None:
    """The account is the login's; absences are asked about one by one."""
    with reached(seed=3) as here:
        account = read.begin(here.account, "", Silent()).result(None)
        assert (account.account_id, len(account.records)) == ("Sandbx", 3)
        for wanted in ("Other1",):
            with pytest.raises(NotAllowed, match="does not reach"):
                read.begin(here.account, wanted, Silent()).result(None)
            with pytest.raises(NotAllowed):
                read.begin(here.account, "", Silent()).result(wanted)
        gone = next(iter(account.records))
        here.account.set_visibility(gone, Visibility.DELETED)
        known = read.complete(here.account, account, Questions(ids=(RemoteId(9), gone), deleted=True), Silent())
        assert known.checked[RemoteId(9)] is None
        assert known.deleted is not None
        assert known.deleted[gone].visibility is Visibility.DELETED


def test_rows_that_were_not_asked_for_are_not_believed() -> None:
    """A list that holds other clients than it was asked for says nothing of the account."""
    with reached(seed=3) as here:
        # A row whose state the filter finds and whose document says otherwise: the page then lacks nothing, but lies.
        here.sandbox.books.rows("UPDATE clients SET document = json_set(document, '$.vis_state', 2) WHERE id = 700001")
        with pytest.raises(ReadIncomplete, match="not what was asked"):
            here.listing()


def test_token_commands() -> None:
    """A command gives the token once; it is asked again when FreshBooks refuses it; what it prints is checked."""
    with reached() as here:
        token = CommandToken(["printf", here.sandbox.access_token + "\n"])
        assert Reached(here.sandbox, token).listing() == []
        assert token.renewed("another", writing=False) == here.sandbox.access_token
    for command, told in (
        (["false"], "exit code 1"),
        (["/no/such/command"], "No such file"),
        (["printf", ""], "empty"),
    ):
        with pytest.raises(NotAllowed) as refused:
            CommandToken(command).value()
        assert told in refused.value.detail
