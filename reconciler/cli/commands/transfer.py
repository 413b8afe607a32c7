"""`state pull|push|restore`: the state as a whole, out of where it is kept and back into it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import msgspec

from reconciler.cli.options import lock_option
from reconciler.cli.session import Session, begun
from reconciler.cli.showing import emit, tell
from reconciler.core.codec import decode_state, encode_state
from reconciler.core.state import State
from reconciler.errors import Refused, StateUnusable, UsageError
from reconciler.reports.events import result_event
from reconciler.reports.paint import plain
from reconciler.reports.words import counted


@click.command()
@click.pass_context
def pull(context: click.Context) -> None:
    """Print the state as JSON, with everything recorded so far. `state push` takes it."""
    with begun(context, account=False) as session:
        state = session.store.load()
        if state.fresh:
            raise UsageError("there is no state yet", f"{plain(session.place.shown)} holds none.")
        text = encode_state(state)
        if session.terminal.as_json:
            told = f"The state at {session.place.shown}, serial {state.serial}"
            emit(session, [result_event(told, "state", state=msgspec.json.decode(text))])
        else:
            session.terminal.result(text.decode())


@click.command()
@click.argument("file", metavar="FILE|-")
@click.option("--force", is_flag=True, help="Push an older version, or another lineage.")
@lock_option
@click.pass_context
def push(context: click.Context, /, file: str, **flags: Any) -> None:  # noqa: ANN401 - click's options
    """Replace the state by one that `state pull` printed; `-` reads it from stdin.

    It must be whole (checksum), of the same account and lineage, and not older than what is there. The next plan finds
    every difference to the account.
    """
    with begun(context, account=False) as session:
        pushed = _read(file)
        with session.holding("push", flags):
            known = session.store.load()
            _check_account(session, known, pushed)
            if not flags["force"] and not known.fresh:
                _check_descent(known, pushed)
            saved = session.store.save(replace(pushed, serial=max(known.serial, pushed.serial)))
        _tell(session, f"Pushed serial {pushed.serial} to {plain(session.place.shown)}", "pushed", saved)


@click.command()
@lock_option
@click.pass_context
def restore(context: click.Context, /, **flags: Any) -> None:  # noqa: ANN401 - click's options
    """Put the backup, the version before the last, in the place of the state; a second time takes that back.

    A state that cannot be read is moved aside. Nothing in FreshBooks changes; `plan` shows what differs then.
    """
    with begun(context, account=False) as session:
        again = session.place.restore
        if again is None:
            raise UsageError(
                "this storage has no backup of the state",
                f"{session.place.shown} keeps one version. Where the storage keeps older ones by itself, get the one "
                "that is wanted from there and run `reconciler state push --force FILE`.",
            )
        with session.holding("restore", flags):
            _check_intents(session)
            restored = again()
        _tell(session, f"Restored {plain(str(session.place.backup))}", "restored", restored)


def _tell(session: Session, done: str, kind: str, state: State) -> None:
    told = f"{done}: {counted(len(state.bindings), 'binding')}, now serial {state.serial}. Run `reconciler plan`."
    tell(session, told, kind, serial=state.serial, bindings=len(state.bindings))


def _read(file: str) -> State:
    """Read a whole state; `StateUnusable` for anything else."""
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise UsageError("the file cannot be read", f"{plain(file)}: {error.strerror}.") from error
    try:
        return decode_state(raw)
    except StateUnusable as error:
        raise StateUnusable(error.summary, f"{plain(file)}: {error.detail}", code=error.code) from error


def _check_account(session: Session, known: State, pushed: State) -> None:
    """Refuse a state of another account or API, whatever is forced: its ids mean nothing here."""
    rows: Mapping[str, tuple[str, str]] = {
        "account": (known.account or session.settings.account or "", pushed.account),
        "API": (known.origin, pushed.origin),
    }
    for what, (here, there) in rows.items():
        if here and there and here != there:
            raise StateUnusable(
                f"the state belongs to another {what}",
                f"The file is for {what} {plain(there)}, {plain(session.place.shown)} for {plain(here)}. Nothing was "
                "changed.",
                code="state-foreign",
            )


def _check_descent(known: State, pushed: State) -> None:
    """Refuse what is no later version of what is there."""
    why = ""
    if pushed.lineage != known.lineage:
        why = "The file was not made from the state that is there: its lineage is another."
    elif pushed.serial < known.serial:
        why = f"The file has serial {pushed.serial}, and what is there {known.serial}, which is newer."
    elif set(known.intents) - set(pushed.intents):
        why = "What is there knows of creates that an interrupted run left open, and the file does not."
    if why:
        raise Refused(
            "the state is not replaced by this one",
            (),
            f"{why} Nothing was changed. Keep a copy (`reconciler state pull`), and add --force if it is meant.",
            code="push-refused",
        )


def _check_intents(session: Session) -> None:
    """Refuse to forget creates that may have been sent, where the state can tell of them."""
    try:
        known = session.store.load()
    except StateUnusable:
        return
    if known.intents:
        raise Refused(
            "an interrupted run left creates open",
            (),
            f"{counted(len(known.intents), 'create')} may have been sent, which the backup does not know of. Run "
            "`reconciler apply` first: it looks them up.",
            code="restore-refused",
        )
