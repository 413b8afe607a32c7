"""Checks of what is bound: lock, state, open intents, and the records in the account."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from posixpath import normpath
from shlex import join

from reconciler.core.diagnostic import listed
from reconciler.core.duplicates import Group
from reconciler.core.facts import Backup, Held, KeptFiles
from reconciler.core.finding import Finding, failed, fine, warned
from reconciler.core.resource import Account, Address, Configuration, RemoteId, Visibility, key_of, parent_of
from reconciler.core.state import Binding, State
from reconciler.errors import Ambiguous, Refused
from reconciler.reports.words import counted

_SHOWN = 5
"""Arbitrary: enough to recognise what is meant."""


def lock(held: Held | None) -> Finding:
    """Judge who has the lock: a run that is under way is no fault, and neither is one that died."""
    if held is None:
        return fine("lock", "Nobody holds it.")
    since = f", since {held.since}" if held.since else ""
    if held.dead and held.local:
        return fine("lock", f"Nobody holds it; {held.who} was killed while it did{since}.")
    told = f"It is held by {held.who}{since}. {held.ends}"
    if held.dead:
        return warned(
            "lock",
            told,
            "That run is dead: the next one takes the lock over. This removes it at once.",
            command=held.removal,
        )
    if held.local:
        return warned("lock", told, "An apply waits for it with this.", command="reconciler apply --lock-timeout 60")
    return warned(
        "lock",
        told,
        "Wait for it (`reconciler apply --lock-timeout 300`). This removes it, for when its run has ended for certain.",
        command=held.removal,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A state that could be read, and what is known beside it."""

    shown: str
    """Where it is."""
    state: State
    files: KeptFiles | None = None
    """None in shared storage."""
    busy: bool = False
    """Whether a run is under way, which explains what else would be left over."""


def state(kept: Kept, found: Configuration | None) -> Finding:
    """Judge a state that could be read, and belongs to this account and API."""
    files, known = kept.files or KeptFiles(), kept.state
    if known.fresh:
        return _fresh(kept, files)
    if (other := _other_root(known, found)) is not None:
        return other
    if files.exposed:
        return warned(
            "state",
            f"Other users of this machine can get at {', '.join(files.exposed)}.",
            "It says which record each key is.",
            command=f"chmod 600 {join(files.exposed)}",
        )
    if files.edits and not kept.busy:
        return warned(
            "state",
            f"A run was cut off: what it last did ({counted(files.edits, 'edit')}) stands in the journal, and counts.",
            "The next apply makes it part of the state; this shows what is left to do.",
            command="reconciler plan",
        )
    if files.backup is Backup.UNREADABLE:
        told = f"{kept.shown} is sound; its backup {files.backup_path} cannot be read."
        return warned(
            "state", told, "The next apply writes a new one; until then there is none.", command="reconciler apply"
        )
    clients = sum(binding.parent is None for binding in known.bindings.values())
    contacts = len(known.bindings) - clients
    backup = "" if kept.files is None else "; a backup is there" if files.backup is Backup.SOUND else "; no backup yet"
    bound = f"{counted(clients, 'client')} and {counted(contacts, 'contact')} bound"
    return fine("state", f"{kept.shown} is sound (serial {known.serial}): {bound}{backup}.")


def _fresh(kept: Kept, files: KeptFiles) -> Finding:
    if files.backup is Backup.SOUND:
        return warned(
            "state",
            f"{kept.shown} is missing, and its backup is there.",
            "Without it pending removals, protection and interrupted creates are forgotten.",
            command="reconciler state restore",
        )
    return fine("state", f"There is none yet at {kept.shown}: the first apply writes it.")


def _other_root(known: State, found: Configuration | None) -> Finding | None:
    """Find what a plan would refuse: another root that lacks bound records."""
    if found is None or not known.root or normpath(known.root) == normpath(found.root):
        return None
    # What moves to another key has its record there.
    pinned = {resource.id for resource in found.resources.values()}
    renamed = {key for resource in found.resources.values() for key in resource.previously}
    lacking = [
        address
        for address, binding in _bound(known).items()
        if address not in found.resources and address not in found.removed
        if binding.id not in pinned and key_of(address) not in renamed
    ]
    if not lacking:
        return None
    return failed(
        "state",
        f"It was made from {known.root}; {found.root} lacks {counted(len(lacking), 'record')}: {_listed(lacking)}.",
        f"Run with {known.root} again; or, if {found.root} really is the new root and they shall go, use this.",
        command="reconciler plan --change-root",
        exit_code=Refused.exit_code,
    )


def intents(kept: Kept) -> Finding:
    """Judge creates of which nobody knows yet what became."""
    known = kept.state.intents
    if not known:
        return fine("intents", "No create is open.")
    since = min(intent.sent_at for intent in known.values())
    told = f"{counted(len(known), 'create')} {'is' if len(known) == 1 else 'are'} open since {since}: {_listed(known)}."
    if kept.busy:
        return fine("intents", f"{told} The run that holds the lock is at it.")
    return warned(
        "intents",
        told,
        "A run was cut off after it may have sent them. The next apply looks each up, and creates nothing twice.",
        command="reconciler apply",
    )


def missing(known: State, account: Account) -> tuple[RemoteId, ...]:
    """Give the ids of bound top-level records that the listings lack."""
    return tuple(sorted(binding.id for binding in _bound(known).values() if account.find(binding.id) is None))


def _bound(known: State) -> dict[Address, Binding]:
    return {address: binding for address, binding in known.bindings.items() if parent_of(address) is None}


def bindings(known: State, account: Account, found: Configuration | None) -> Finding:
    """Judge bindings to records that are no longer there; all that the listings lack has been asked for."""
    gone, deleted = [], []
    for address, binding in sorted(_bound(known).items()):
        live = account.find(binding.id)
        if found is not None and address not in found.resources:
            continue  # what leaves the configuration and is away already is only forgotten
        if live is None:
            gone.append(f"{address} (id {binding.id})")
        elif live.visibility is Visibility.DELETED:
            deleted.append(f"{address} (id {binding.id})")
    if gone:
        first = gone[0].partition(" ")[0]
        return failed(
            "bindings",
            f"{_are(gone, 'bound record')} gone from the account for good: {_listed(gone)}.",
            "Forget the binding if it was wrong; `reconciler plan --recreate` plans a new record in its place.",
            command=f"reconciler state rm {first}",
            exit_code=Ambiguous.exit_code,
        )
    if deleted:
        first = deleted[0].partition(" ")[0]
        return warned(
            "bindings",
            f"{_are(deleted, 'bound record')} deleted in the account: {_listed(deleted)}.",
            "The next apply restores it; to let it go instead, take its block out, or let this do it.",
            command=f"reconciler export --accept {first}",
        )
    count = len(_bound(known))
    return fine(
        "bindings", f"{counted(count, 'bound client')}, each of them there." if count else "Nothing is bound yet."
    )


def _are(names: Sequence[str], noun: str) -> str:
    return f"{counted(len(names), noun)} {'is' if len(names) == 1 else 'are'}"


def duplicates(groups: Sequence[Group]) -> Finding:
    """Judge records that may be one and the same."""
    open_ = [group for group in groups if not group.settled]
    settled = len(groups) - len(open_)
    apart = f" {counted(settled, 'group')} of them {'is' if settled == 1 else 'are'} told apart." if settled else ""
    if not open_:
        return fine("duplicates", f"No two clients have the same natural key.{apart}" if not settled else apart.strip())
    records = sum(len(group.doubles) for group in open_)
    ids = _listed([" and ".join(str(double.live.id) for double in group.doubles[:_SHOWN]) for group in open_])
    return warned(
        "duplicates",
        f"{counted(len(open_), 'group')} of clients with the same natural key, {records} in all: ids {ids}.",
        "A key that fits several is a question to you at the next plan. This lists them, with what to do.",
        command="reconciler doctor duplicates",
    )


def _listed(names: Iterable[str]) -> str:
    return listed(sorted(names), _SHOWN)
