"""The shared storages that the suites of `Backend` and `Lock` run over. A further one is one further entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from reconciler.store.backend import Backend, Lock
from reconciler.store.objects.storage import open_objects
from reconciler.store.postgres.storage import open_postgres
from reconciler.store.terraform.address import Patience, read_address
from reconciler.store.terraform.storage import TerraformStorage
from tests.contracts import azurite, cluster, gcs_like, moto_s3, shelves
from tests.contracts.shelves import MemoryBackend
from tests.store.gitlab import Gitea, GitLab, Plain
from tests.store.statehost import PASSWORD, USERNAME, Server, running


class Storage(Backend, Lock, Protocol):
    """Both ports in one, as every storage fills them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A place in some storage where nothing lies yet."""

    opened: Callable[[], Storage]
    """Gives a connection of its own, as another run on another machine would."""
    address: str = ""
    """What `--state` takes for it; empty for the one in memory."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """What the environment must hold for that."""


def _memory(*, single: bool) -> Callable[[Path], AbstractContextManager[Shelf]]:
    @contextmanager
    def opened(_: Path) -> Iterator[Shelf]:
        server = shelves.Server(single=single)
        yield Shelf(opened=lambda: MemoryBackend(server))

    return opened


def _http(kind: type[Server]) -> Callable[[Path], AbstractContextManager[Shelf]]:
    @contextmanager
    def opened(_: Path) -> Iterator[Shelf]:
        with running(kind()) as server, ExitStack() as connections:
            environment = {"TF_HTTP_USERNAME": USERNAME, "TF_HTTP_PASSWORD": PASSWORD}
            address = replace(
                read_address(server.url(), environment), patience=Patience(tries=3, least_s=0.01, longest_s=0.05)
            )

            def connect() -> TerraformStorage:
                storage = TerraformStorage(address)
                connections.callback(storage.close)
                return storage

            yield Shelf(opened=connect, address=server.url(), environment=environment)

    return opened


def _objects(address: str, environment: Mapping[str, str]) -> Shelf:
    return Shelf(opened=lambda: open_objects(address, environment), address=address, environment=environment)


@contextmanager
def _s3(_: Path) -> Iterator[Shelf]:
    server = moto_s3.moto()
    address = f"s3://{server.bucket()}/team/state.json?endpoint={server.url}"
    yield _objects(address, moto_s3.CREDENTIALS)


@contextmanager
def _azure(_: Path) -> Iterator[Shelf]:
    server = azurite.azurite()
    address = f"az://{server.container()}/team/state.json?endpoint={server.url}"
    yield _objects(address, azurite.CREDENTIALS)


@contextmanager
def _gcs(_: Path) -> Iterator[Shelf]:
    server = gcs_like.gcs()
    address = f"gs://{server.bucket()}/team/state.json?endpoint={server.url}"
    yield _objects(address, gcs_like.CREDENTIALS)


@contextmanager
def _postgres(_: Path) -> Iterator[Shelf]:
    address, opened = cluster.cluster().address(), []

    def open_one() -> Storage:
        opened.append(open_postgres(address, cluster.CREDENTIALS))
        return opened[-1]

    yield Shelf(opened=open_one, address=address, environment=cluster.CREDENTIALS)
    for storage in opened:
        storage.close()


BACKENDS: Mapping[str, Callable[[Path], AbstractContextManager[Shelf]]] = {
    "memory": _memory(single=False),
    "memory-single": _memory(single=True),
    "http-gitlab": _http(GitLab),
    "http-gitea": _http(Gitea),
    "http-plain": _http(Plain),
    "s3-moto": _s3,
    "azure-azurite": _azure,
    "gcs-like": _gcs,
    "postgres": _postgres,
}
