"""The state as a file: one complete version, its predecessor beside it, and a journal of what came since."""

from __future__ import annotations

import os
import secrets
import threading
import uuid
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from reconciler.core.codec import decode_edit, decode_state, encode_edit, encode_state
from reconciler.core.resource import Address
from reconciler.core.state import Intend, State, StateEdit, edited
from reconciler.errors import Moved, StateUnusable
from reconciler.store import journal
from reconciler.store.durable import disk, fsync_folder, write_file
from reconciler.store.journal import Heading, Journal


class StateFile:
    """Fills the `Store` port with `PATH`, `PATH.backup` and `PATH.journal`; one process at a time, by its lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.backup = path.with_name(path.name + ".backup")
        self.journal = path.with_name(path.name + ".journal")
        self._loaded: Heading | None = None
        self._repaired = False
        self._writing = threading.Lock()

    def load(self) -> State:
        """Give the state with everything recorded so far; a fresh one where there is none."""
        stored = self._stored()
        told = journal.read(self.journal)
        if stored is None:
            if told is not None:
                raise StateUnusable(
                    "the state is missing, but its journal is there",
                    f"{self.journal} continues a state that {self.path} no longer holds. {self._remedy()}",
                    code="state-missing",
                )
            fresh = State(lineage=uuid.uuid4().hex, salt=secrets.token_hex(16), fresh=True)
            self._loaded = None
            return fresh
        self._loaded = Heading(lineage=stored.lineage, serial=stored.serial)
        if told is None or told.heading.serial < stored.serial:
            return stored
        if told.heading != self._loaded:
            raise StateUnusable(
                "the state and its journal do not belong together",
                f"{self.journal} continues another version than {self.path} is. {self._remedy()}",
                code="state-foreign",
            )
        return edited(stored, tuple(map(decode_edit, told.payloads))) if told.payloads else stored

    def _stored(self) -> State | None:
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StateUnusable("the state cannot be read", f"{self.path}: {error.strerror}.") from error
        try:
            return decode_state(raw)
        except StateUnusable as error:
            raise StateUnusable(
                error.summary, f"{self.path}: {error.detail} {self._remedy()}", code=error.code
            ) from error

    def _remedy(self) -> str:
        known = f"The version before it is {self.backup}; `reconciler state restore` puts that in its place. "
        return (
            f"Nothing was changed. {known if self.backup.exists() else ''}"
            "Bring the state back from a copy; if there is none, move it aside and plan: "
            "everything is found again by what it is called, except pending removals and protection."
        )

    def begin(self, state: State, _intents: Sequence[Intend]) -> tuple[State, frozenset[Address]]:
        """Save the state, which proves that this disk takes it; intents are cheap to write down one by one."""
        return self.save(state), frozenset()

    def append(self, edits: Sequence[StateEdit]) -> None:
        """Make these edits durable with one fsync; the state must have been saved once."""
        if self._loaded is None:
            raise StateUnusable("the state was never saved", "A journal continues a saved state.")
        with self._writing:
            with disk(self.journal):
                self._clear_spent()
            journal.append(self.journal, self._loaded, map(encode_edit, edits))

    def flush(self) -> None:
        """Do nothing: what was appended is durable already."""

    def _clear_spent(self) -> None:
        """Remove a journal of an older version, or the torn end of ours, before the first line is added."""
        if self._repaired or not self.journal.exists():
            self._repaired = True
            return
        told = journal.read(self.journal)
        if told is None or told.heading != self._loaded:
            self.journal.unlink()
            fsync_folder(self.journal.parent)
        else:
            journal.repair(self.journal)
        self._repaired = True

    def save(self, state: State) -> State:
        """Replace the state; its predecessor is kept as the backup, the journal is spent."""
        stored = self._stored()
        now = Heading(lineage=stored.lineage, serial=stored.serial) if stored is not None else None
        if now != self._loaded:
            raise Moved(
                "another run has written the state",
                f"{self.path} is not the version that this run began with. Plan again.",
            )
        self._sweep()
        saved = replace(state, serial=state.serial + 1, fresh=False)
        if stored is not None:
            self._keep_backup()
        write_file(self.path, encode_state(saved))
        self._loaded = Heading(lineage=saved.lineage, serial=saved.serial)
        with disk(self.journal):
            # Its serial is older than the state's now, so that it counts for nothing even where this fails.
            self.journal.unlink(missing_ok=True)
        self._repaired = False
        return saved

    def restore(self) -> State:
        """Put the version before the last in the place of the state, which becomes the backup; give it as it is then.

        Where the state cannot be read it is moved aside, and what its journal tells is made part of what is restored.

        Raises:
            StateUnusable: there is no backup, or it cannot be read either.
        """
        before, now, told = self._backed_up(), self._readable(), self._told()
        serials = [before.serial, *([now.serial] if now is not None else []), *([told.heading.serial] if told else [])]
        if now is not None:
            write_file(self.backup, encode_state(now))
        elif told is not None and told.heading.lineage == before.lineage:
            before = edited(before, tuple(map(decode_edit, told.payloads)))
        restored = replace(before, serial=max(serials) + 1, fresh=False)
        if now is None:
            self._move_aside(self.path)
        write_file(self.path, encode_state(restored))
        if told is None:
            self._move_aside(self.journal)
        with disk(self.journal):
            self.journal.unlink(missing_ok=True)
        self._loaded, self._repaired = Heading(lineage=restored.lineage, serial=restored.serial), False
        return restored

    def _readable(self) -> State | None:
        """Give the state with all that its journal tells, or None where it is missing or cannot be trusted."""
        try:
            now = self.load()
        except StateUnusable:
            return None
        return None if now.fresh else now

    def _told(self) -> Journal | None:
        """Give the journal, or None where there is none, or none that can be trusted."""
        try:
            return journal.read(self.journal)
        except StateUnusable:
            return None

    def _move_aside(self, path: Path) -> None:
        with disk(path):
            if path.exists():
                path.replace(path.with_name(path.name + ".unreadable"))

    def _backed_up(self) -> State:
        try:
            return decode_state(self.backup.read_bytes())
        except FileNotFoundError:
            raise StateUnusable(
                "there is no backup of the state", f"{self.backup} does not exist.", code="no-backup"
            ) from None
        except OSError as error:
            told = f"{self.backup}: {error.strerror}."
            raise StateUnusable("the backup of the state cannot be read", told, code="no-backup") from error
        except StateUnusable as error:
            told = f"{self.backup}: {error.detail} Nothing was changed."
            raise StateUnusable("the backup of the state cannot be read", told, code="no-backup") from error

    def _sweep(self) -> None:
        """Remove what runs that were killed while they wrote have left behind."""
        with disk(self.path):
            for left in self.path.parent.glob(f".{self.path.name}.*.tmp"):
                left.unlink(missing_ok=True)

    def _keep_backup(self) -> None:
        temporary = self.backup.with_name(f".{self.backup.name}.{os.getpid()}.tmp")
        with disk(self.backup):
            temporary.unlink(missing_ok=True)
            os.link(self.path, temporary)
            temporary.replace(self.backup)
