"""A whole run over the Terraform HTTP protocol: what it costs, and what the next machine finds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.core.resource import Address, RemoteId
from reconciler.core.state import Bind, Binding, Intend, Intent
from reconciler.errors import Locked
from reconciler.store.documents import Documents
from reconciler.store.lease import Patience, held
from reconciler.store.seal import Key
from reconciler.store.shared import SharedState
from reconciler.store.terraform.storage import open_terraform
from tests.store.connecting import KINDS, Place, holder, place
from tests.store.gitlab import GitLab
from tests.store.statehost import PASSWORD, USERNAME

ACME = Address("clients.acme")
INTENT = Intend(address=ACME, intent=Intent(run="r", key="email=1", body="", known=(), sent_at="now"))
BOUND = Bind(address=ACME, binding=Binding(id=RemoteId(7), sent="email=00", source="clients.yaml:3"))


@pytest.fixture(params=KINDS)
def there(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Give each kind of server, with nothing on it."""
    with place(request.param()) as found:
        yield found


def state(there: Place, key: Key | None = None) -> SharedState:
    """Give the state as a machine of its own sees it."""
    return SharedState(Documents(there.open(), key), pause_s=0.01)


def test_a_killed_run_is_gone_on_with_elsewhere(there: Place) -> None:
    """A machine dies under its lock; another takes it over after its time, and finds what was durable."""
    first = state(there)
    there.open().take(holder(1))
    first_storage = there.open()
    patience = Patience(quiet_s=60.0, clock=there.clock, sleep=there.clock.sleep)
    with pytest.raises(Locked), held(first_storage, holder(2), patience):
        pass
    there.clock.seconds += 121
    taking = there.open()
    with held(taking, holder(2), patience) as lease:
        assert lease.holds()
        mine = SharedState(Documents(taking), pause_s=0.01)
        mine.begin(mine.load(), [INTENT])
        mine.append([BOUND])
        mine.flush()
    assert first.load().bindings[ACME].id == 7
    assert there.open().peek() is None


def test_a_run_on_gitlab_costs_no_request_beyond_its_writes() -> None:
    """One lock, one read, one write for all intents, one for each batch, one unlock; at the first use a self-test."""
    with place(GitLab()) as there:
        fresh = state(there)
        fresh.save(fresh.load())
        there.server.asked.clear()
        storage = there.open()
        with held(storage, holder(), Patience(clock=there.clock, sleep=there.clock.sleep)):
            mine = SharedState(Documents(storage), pause_s=0.01)
            mine.begin(mine.load(), [INTENT])
            mine.append([BOUND])
            mine.flush()
        assert there.server.verbs() == ["lock", "read", "write", "write", "unlock"]


@pytest.mark.parametrize("address", ["", "http://", "https://"])
def test_terraforms_own_address_will_do(address: str) -> None:
    """Where the environment says it all, the address is only that it is HTTP."""
    with place(GitLab()) as there:
        there.open().create("", b"x")
        environment = {
            "TF_HTTP_ADDRESS": there.server.url(),
            "TF_HTTP_USERNAME": USERNAME,
            "TF_HTTP_PASSWORD": PASSWORD,
        }
        storage = open_terraform(address, environment)
        stored = storage.read("")
        storage.close()
        assert stored is not None
        assert (stored.content, storage.shown) == (b"x", there.server.url())


def test_what_is_sealed_stays_sealed(there: Place) -> None:
    """With a key the server sees nothing of the state."""
    key = Key(bytes(range(32)))
    mine = state(there, key)
    mine.begin(mine.load(), [INTENT])
    assert "acme" not in str(there.server.document())
    assert ACME in state(there, key).load().intents
