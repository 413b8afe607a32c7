"""A `Writer` that stops writing once the lock on the state is no longer surely ours. Reading goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager

from reconciler.core.kind import Kind
from reconciler.core.outcome import Answer, NotSent
from reconciler.core.ports import Identity, Lease, Meter, Writer
from reconciler.core.resource import LiveResource, RemoteId, Value, Visibility

LOST = "the lock on the state was lost"


class Fenced:
    """Fills `Writer` over another one; `lost` is told, once a write was held back."""

    def __init__(self, writer: Writer, lease: Lease, lost: Callable[[], None]) -> None:
        self._writer = writer
        self._lease = lease
        self._lost = lost

    # Writing.

    def create(self, fields: Mapping[str, Value], children: Sequence[Mapping[str, Value]]) -> Answer:
        """Create, if the lock holds."""
        return self._let(lambda: self._writer.create(fields, children))

    def update(self, remote_id: RemoteId, fields: Mapping[str, Value]) -> Answer:
        """Update, if the lock holds."""
        return self._let(lambda: self._writer.update(remote_id, fields))

    def set_visibility(self, remote_id: RemoteId, visibility: Visibility) -> Answer:
        """Delete, archive or bring back, if the lock holds."""
        return self._let(lambda: self._writer.set_visibility(remote_id, visibility))

    def add_children(
        self, remote_id: RemoteId, current: Sequence[LiveResource], added: Sequence[Mapping[str, Value]]
    ) -> Answer:
        """Add children, if the lock holds."""
        return self._let(lambda: self._writer.add_children(remote_id, current, added))

    def update_child(self, child_id: RemoteId, fields: Mapping[str, Value]) -> Answer:
        """Change a child, if the lock holds."""
        return self._let(lambda: self._writer.update_child(child_id, fields))

    def delete_child(self, child_id: RemoteId) -> Answer:
        """Delete a child, if the lock holds."""
        return self._let(lambda: self._writer.delete_child(child_id))

    def ready(self) -> bool:
        """Ask the writer: what it renews is not the state's."""
        return self._writer.ready()

    def undisturbed(self) -> AbstractContextManager[None]:
        """Tell the writer."""
        return self._writer.undisturbed()

    def _let(self, send: Callable[[], Answer]) -> Answer:
        if self._lease.holds():
            return send()
        self._lost()
        return NotSent(reason=LOST)

    # Reading.

    @property
    def kind(self) -> Kind:
        """Give the writer's."""
        return self._writer.kind

    @property
    def origin(self) -> str:
        """Give the writer's."""
        return self._writer.origin

    def identify(self) -> Identity:
        """Ask the writer."""
        return self._writer.identify()

    def use_account(self, account_id: str) -> None:
        """Tell the writer."""
        self._writer.use_account(account_id)

    def listing(self, visibility: Visibility, meter: Meter) -> Sequence[LiveResource]:
        """Ask the writer."""
        return self._writer.listing(visibility, meter)

    def fetch(self, remote_id: RemoteId) -> LiveResource | None:
        """Ask the writer."""
        return self._writer.fetch(remote_id)

    def search(self, fields: Mapping[str, Value]) -> Sequence[LiveResource]:
        """Ask the writer."""
        return self._writer.search(fields)
