"""`state list|show|mv|rm|unlock` and `import`: bindings by hand."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase

import click
import msgspec

from reconciler.cli.commands.transfer import pull, push, restore
from reconciler.cli.options import account_options
from reconciler.cli.planning import check_belongs
from reconciler.cli.session import Session, begun
from reconciler.cli.showing import emit, tell
from reconciler.core.resource import Address, Configuration, LiveResource, RemoteId, child_address, key_of, parent_of
from reconciler.core.state import Bind, Binding, State, StateEdit, Unbind, edited
from reconciler.errors import Refused, UsageError
from reconciler.providers.freshbooks.wire import CLIENT, CONTACT
from reconciler.read import chosen
from reconciler.record import Recorder
from reconciler.reports.events import Event, result_event
from reconciler.reports.paint import plain
from reconciler.reports.words import counted
from reconciler.store.lease import described, lasting, removal

Edits = Callable[[State], list[StateEdit]]

_KEY = "[a-z][a-z0-9_-]{0,62}"
_ADDRESS = re.compile(rf"{CLIENT.collection}\.{_KEY}(?:\.{CONTACT.collection}\.{_KEY})?")


@click.group()
def state() -> None:
    """List, show, rename and forget bindings; move the state as a whole."""


for command in (pull, push, restore):
    state.add_command(command)


@state.command("list")
@click.argument("patterns", nargs=-1, metavar="[ADDRESS]...")
@click.pass_context
def list_(context: click.Context, patterns: tuple[str, ...]) -> None:
    """List the bound addresses, all or those that match (globs)."""
    with begun(context, account=False) as session:
        bindings = session.store.load().bindings
        listed = [
            address
            for address in sorted(bindings)
            if not patterns or any(fnmatchcase(address, pattern) for pattern in patterns)
        ]
        if session.terminal.as_json:
            emit(session, [_event(address, {"id": bindings[address].id}) for address in listed])
        elif listed:
            session.terminal.result("\n".join(f"{address}  {bindings[address].id}" for address in listed))


def _event(address: Address, told: Mapping[str, object]) -> Event:
    return result_event(f"{address} is bound to id {told['id']}", "binding", binding={"address": address, **told})


@state.command()
@click.argument("address")
@click.pass_context
def show(context: click.Context, address: str) -> None:
    """Show what is recorded of one address, as JSON."""
    with begun(context, account=False) as session:
        binding = _bound(session.store.load(), address)
        told = msgspec.to_builtins(binding)
        if session.terminal.as_json:
            emit(session, [_event(Address(address), told)])
        else:
            text = msgspec.json.encode({"address": address, **told})
            session.terminal.result(msgspec.json.format(text, indent=2).decode())


@state.command()
@click.argument("old")
@click.argument("new")
@click.pass_context
def mv(context: click.Context, old: str, new: str) -> None:
    """Rename an address; its contacts move along. FreshBooks is not asked."""

    def edits(known: State) -> list[StateEdit]:
        binding = _bound(known, old)
        _check_address(new)
        if new in known.bindings:
            raise Refused(
                "the new address is bound already", (), f"{new} is bound to id {known.bindings[Address(new)].id}."
            )
        if (parent_of(Address(old)) is None) is not (parent_of(Address(new)) is None):
            raise UsageError("a client cannot become a contact", f"{old} and {new} are of different kinds.")
        if parent_of(Address(old)) != parent_of(Address(new)):
            raise UsageError(
                "a contact stays with its client",
                f"{old} belongs to {parent_of(Address(old))}. FreshBooks cannot move a contact: write it under the "
                "other client in the YAML, and the plan creates it there and deletes it here.",
            )
        moved: list[StateEdit] = [Unbind(address=Address(old)), Bind(address=Address(new), binding=binding)]
        for address, child in known.bindings.items():
            if parent_of(address) == old:
                target = child_address(Address(new), CONTACT.collection, key_of(address))
                moved += [Unbind(address=address), Bind(address=target, binding=child)]
        return moved

    with begun(context, account=False) as session:
        _edit(session, edits)
        tell(session, f"Moved {old} to {new}. Rename the key in the YAML as well.", "moved", old=old, new=new)


@state.command()
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...")
@click.pass_context
def rm(context: click.Context, addresses: tuple[str, ...]) -> None:
    """Forget bindings, with those of their contacts. Nothing in FreshBooks changes."""

    def edits(known: State) -> list[StateEdit]:
        for address in addresses:
            _bound(known, address)
        gone = [a for a in known.bindings if a in addresses or parent_of(a) in addresses]
        return [Unbind(address=address) for address in gone]

    with begun(context, account=False) as session:
        count = _edit(session, edits)
        tell(session, f"Forgot {counted(count, 'binding')}.", "forgotten", addresses=addresses, count=count)


@state.command()
@click.argument("lock_id", metavar="[ID]", required=False)
@click.pass_context
def unlock(context: click.Context, lock_id: str | None) -> None:
    """Show who holds the lock of a shared state, or remove the lock with this ID.

    Remove it only when you are certain that its run has ended: two runs at once would undo each other's work.
    """
    with begun(context, account=False) as session:
        storage = session.place.storage
        if storage is None:
            raise UsageError(
                "this state's lock ends with its run",
                f"{session.place.shown} is on this machine, where no lock outlives its program.",
            )
        seen = storage.peek()
        if seen is None:
            tell(session, "Nobody holds the lock.", "lock", lock=None)
        elif lock_id is None:
            lines = (
                f"The lock {described(seen)}. {lasting(seen, storage.now_s)}.",
                f"Once you are certain that its run has ended, {removal(seen)}.",
            )
            tell(session, "\n".join(map(plain, lines)), "lock", lock=msgspec.to_builtins(seen))
        elif lock_id != seen.id or not storage.remove(seen):
            raise Refused("the lock is another's", (), f"The lock {described(seen)}. Its ID is {seen.id}.")
        else:
            was = described(seen).removeprefix("is ")
            tell(session, f"Removed the lock that was {plain(was)}.", "unlocked", id=seen.id)


@click.command("import")
@click.argument("address")
@click.argument("remote_id", metavar="ID", type=click.IntRange(1))
@account_options
@click.pass_context
def import_(context: click.Context, address: str, remote_id: int, account: str | None, parallelism: int | None) -> None:
    """Bind one address to one record by hand; `plan` then shows what differs.

    ADDRESS is clients.KEY or clients.KEY.contacts.KEY, and has its block in the YAML already.
    """
    _check_address(address)
    with begun(context, {"account": account, "parallelism": parallelism}) as session:
        configuration = session.load()
        reader = session.reader
        account_id = chosen(reader.identify(), session.settings.account or configuration.account or "")
        reader.use_account(account_id)

        def edits(known: State) -> list[StateEdit]:
            check_belongs(known, account_id, reader.origin, session.place.shown)
            bind = Bind(address=Address(address), binding=_found(session, known, Address(address), remote_id))
            _check_described(configuration, bind.address)
            return [bind]

        _edit(session, edits, account_id=account_id)
        told = f"Bound {address} to id {remote_id}. Run `reconciler plan` to see what differs."
        tell(session, told, "binding", binding={"address": address, "id": remote_id})


def _check_described(configuration: Configuration, address: Address) -> None:
    """Refuse to bind what the configuration lacks: the next plan would take it for removed, and delete the record."""
    resource = configuration.resources.get(parent_of(address) or address)
    if resource is None or (parent_of(address) is not None and key_of(address) not in (resource.children or {})):
        raise UsageError(
            "the address is not in the configuration",
            f"{configuration.root} has no {address}, so the next plan would remove the record. Write its block into "
            "the YAML first, then import it.",
        )


def _found(session: Session, known: State, address: Address, remote_id: int) -> Binding:
    """Read the record to be bound; it must exist, and be nobody else's."""
    number = RemoteId(remote_id)
    for other, binding in known.bindings.items():
        if binding.id == number and other != address and (parent_of(other) is None) is (parent_of(address) is None):
            raise Refused(
                "the record is bound already", (), f"id {number} belongs to {other}; `state rm {other}` frees it."
            )
    parent = parent_of(address)
    if parent is None:
        if session.reader.fetch(number) is None:
            raise Refused("there is no such record", (), f"The account has no client {number}.")
        return Binding(id=number)
    owner = known.bindings.get(parent)
    live: LiveResource | None = session.reader.fetch(owner.id) if owner is not None else None
    if owner is None or live is None:
        raise Refused("the client of this contact is not bound", (), f"Import or apply {parent} first.")
    if all(child.id != number for child in live.children or ()):
        raise Refused("there is no such record", (), f"{parent} has no contact {number}.")
    return Binding(id=number, parent=owner.id)


def _edit(session: Session, edits: Edits, *, account_id: str | None = None) -> int:
    """Change the state under its lock; give how many edits there were."""
    with session.holding("state", {}):
        known = session.store.load()
        wanted = edits(known)
        if account_id is not None:
            known = Recorder(session.store, known).begin(account_id, session.reader.origin, known.root)
        session.store.save(edited(known, tuple(wanted)))
        return len(wanted)


def _bound(known: State, address: str) -> Binding:
    binding = known.bindings.get(Address(address))
    if binding is None:
        raise UsageError(
            "the address is not bound", f"{address} is not in the state; `reconciler state list` shows all."
        )
    return binding


def _check_address(address: str) -> None:
    if not _ADDRESS.fullmatch(address):
        raise UsageError(
            "this is not an address",
            f"{address}: write clients.KEY or clients.KEY.contacts.KEY. A key has up to 63 lower-case letters, digits, "
            "`_` or `-`, a letter first.",
        )
