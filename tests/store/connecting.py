"""Connections to the servers of states for tests: with clocks that tests set, and waits that take no time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace

from reconciler.store.backend import Holder
from reconciler.store.terraform.address import Patience, read_address
from reconciler.store.terraform.storage import TerraformStorage
from tests.store.gitlab import Gitea, GitLab, Plain
from tests.store.statehost import PASSWORD, USERNAME, Asked, Fault, Server, running

KINDS: tuple[type[Server], ...] = (GitLab, Gitea, Plain)
NOW_S = 1_700_000_000.0


@dataclass(slots=True)
class Hands:
    """A clock that moves by hand, and by every wait."""

    seconds: float = NOW_S
    waits: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        """Give the time."""
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.waits.append(seconds)
        self.seconds += seconds


@dataclass(slots=True, kw_only=True)
class Place:
    """A server, its clock, and connections to it."""

    server: Server
    clock: Hands
    open: Callable[..., TerraformStorage]


@contextmanager
def place(server: Server, **more: float) -> Iterator[Place]:
    """Let a server run, and give connections to it; `timeout_s` and `skew_s` (of this machine's clock) may be set."""
    clock, skew_s, timeout_s = Hands(), more.get("skew_s", 0.0), more.get("timeout_s", 10.0)
    server.seconds = clock
    with running(server), ExitStack() as connections:

        def connect(environment: dict[str, str] | None = None, tries: int = 3) -> TerraformStorage:
            login = {"TF_HTTP_USERNAME": USERNAME, "TF_HTTP_PASSWORD": PASSWORD}
            address = read_address(server.url(), login if environment is None else environment)
            storage = TerraformStorage(
                replace(address, patience=Patience(tries=tries, least_s=0.01, longest_s=5.0)),
                sleep=clock.sleep,
                local_clock=lambda: clock() + skew_s,
                timeout_s=timeout_s,
            )
            connections.callback(storage.close)
            return storage

        yield Place(server=server, clock=clock, open=connect)


def holder(number: int = 1, *, ttl_s: float = 60.0) -> Holder:
    """Give a holder of its own."""
    return Holder(
        id=f"id-{number}", run=f"run-{number}", host=f"host-{number}", link="https://ci.example/1", ttl_s=ttl_s
    )


def at(verb: str, *faults: Fault) -> Callable[[Asked], Fault]:
    """Let the first requests of a kind fail so, one after the other."""
    left = list(faults)

    def fault(asked: Asked) -> Fault:
        return left.pop(0) if asked.verb == verb and left else Fault.NONE

    return fault


def always(verb: str, fault: Fault) -> Callable[[Asked], Fault]:
    """Let every request of a kind fail so."""
    return lambda asked: fault if asked.verb == verb else Fault.NONE
