"""From the live account to YAML that says just that, bound: files first, then the state, all under its lock.

What is written is read back and planned before anything is written anywhere. Were the order of writes the other way
round, a run that is cut off between them would leave bindings that the configuration lacks, which are removals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler import schema_files
from reconciler.cli.planning import check_belongs, compare, matched
from reconciler.cli.session import Session
from reconciler.cli.terminal import Silent
from reconciler.core.change import Change, PlanOptions
from reconciler.core.plan import Sides, plan
from reconciler.core.policy import DriftPolicy
from reconciler.core.resource import Configuration
from reconciler.core.state import State, StateEdit, edited
from reconciler.errors import ReconcilerError, Refused, UsageError
from reconciler.export.binding import bound, remembered
from reconciler.export.checking import read_back
from reconciler.export.drafting import Draft, Layout, draft
from reconciler.export.writing import SCHEMA
from reconciler.load import SUFFIXES, files_of
from reconciler.profiles import chosen
from reconciler.record import Recorder
from reconciler.reports.words import counted
from reconciler.settings import FILE, ROOTS, repository_file
from reconciler.store.durable import write_new


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What an export is asked for."""

    archived: bool = False
    split: bool = False
    change_root: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export has done."""

    root: str
    files: tuple[str, ...]
    """What was written, in order."""
    records: int
    children: int
    archived: int
    """Archived records that were left out."""
    left_out: tuple[str, ...]
    """What the YAML cannot hold, by address."""
    left: tuple[Change, ...]
    """What the next plan would do all the same."""


def export(session: Session, wish: Wish) -> Exported:
    """Write the account as YAML and bind it.

    Raises:
        Refused: a root is there already, or the state is for another.
        What `compare` raises.
    """
    root = session.settings.root
    with session.holding("export", {}):
        state = session.store.load()
        _check_state(state, root, wish)
        if files_of(root):
            raise Refused("the configuration is there already", (), f"{root} is there.", code="export-exists")
        session = replace(session, configuration=Configuration(root=root))
        options = PlanOptions(
            root=root, change_root=True, policy=replace(session.settings.policy, drift=DriftPolicy.REVERT)
        )
        sides = compare(session, options, state)
        folder = not root.endswith(SUFFIXES)
        layout = Layout(
            root=root,
            folder=folder,
            settings=folder and session.settings.profile is None and not Path(FILE).exists(),
            archived=wish.archived,
        )
        made = draft(session.reader.kind, sides.account, state, layout, session.settings.defaults)
        edits, left = _bindings(session, made, sides, options)
        written = _written(root, made)
        _record(session, state, edits, sides.account.account_id)
    return _told(session, made, sides, written, left)


def _check_state(state: State, root: str, wish: Wish) -> None:
    if state.intents:
        raise Refused(
            "an interrupted run left creates open",
            (),
            "What it created could be exported a second time under another key. Run `reconciler apply` first, which "
            "looks it up.",
            code="export-interrupted",
        )
    if state.bindings and state.root not in {"", root} and not wish.change_root:
        raise Refused(
            "the state belongs to another root",
            (),
            f"It was made from {state.root}; this would write {root}. Name {state.root}; or use a state of its own "
            f"(--state); or add --change-root to have the bound records described in {root} from now on.",
            code="other-root",
        )


def _bindings(
    session: Session, made: Draft, sides: Sides, options: PlanOptions
) -> tuple[list[StateEdit], Sequence[Change]]:
    """Give what the state must remember, after reading the texts back and planning with them."""
    kind, root = session.reader.kind, session.settings.root
    read = read_back(made.texts, kind, root, made.defaults)
    if read.problems:
        raise ReconcilerError(
            "what was to be written does not read back",
            f"{read.problems[0].summary}: {read.problems[0].detail} This is a fault of the program; nothing was "
            "written. Please report it.",
            code="export-unread",
        )
    edits = bound(kind, made.entries, sides.state)
    state = replace(edited(sides.state, tuple(edits)), root=root)
    after = matched(session, read.configuration, state, sides.account, options, Silent())
    if after.matching.stops:
        raise ReconcilerError(
            "what was to be written is not clear",
            f"{after.matching.stops[0].detail} Nothing was written.",
            code="export-unclear",
        )
    known, left = remembered(after, plan(after, kind, options, origin=session.reader.origin), kind)
    return [*edits, *known], left


def _written(root: str, made: Draft) -> tuple[str, ...]:
    files = dict(made.texts)
    if made.settings:
        files[FILE] = made.settings
    schema = Path(root) / SCHEMA if not root.endswith(SUFFIXES) else Path(root).parent / SCHEMA
    if not schema.exists():
        files[str(schema)] = schema_files.text("clients")
    for file, text in files.items():
        write_new(Path(file), text.encode())
    return tuple(files)


def _record(session: Session, state: State, edits: Sequence[StateEdit], account_id: str) -> None:
    origin, root = session.reader.origin, session.settings.root
    check_belongs(state, account_id, origin, session.place.shown)
    begun = Recorder(session.store, state).begin(account_id, origin, root)
    session.store.save(edited(begun, tuple(edits)))


def _told(session: Session, made: Draft, sides: Sides, written: tuple[str, ...], left: Sequence[Change]) -> Exported:
    collection = session.reader.kind.collection
    return Exported(
        root=session.settings.root,
        files=written,
        records=len(made.entries),
        children=sum(len(entry.children) for entry in made.entries),
        archived=len(sides.account.records) - len(made.entries),
        left_out=tuple(f"{collection}.{entry.key}: {what}" for entry in made.entries for what in entry.left_out),
        left=tuple(left),
    )


def rooted(session: Session, given: str | None, *, split: bool) -> Session:
    """Give the session with the root to write: a folder, where --split asks for one and none is named."""
    root = session.settings.root
    if not split or not root.endswith(SUFFIXES):
        return session
    if given or chosen(repository_file(), session.settings.profile).get("root") or Path(root).exists():
        raise UsageError(
            "--split needs a folder",
            f"{root} is a file. Name a folder, such as `reconciler export {ROOTS[1]} --split`, and no longer {root} in "
            "the settings; or move the file away, for it would be read instead. Keys are kept.",
        )
    return replace(session, settings=replace(session.settings, root=ROOTS[1]))


def summary(done: Exported) -> str:
    """Say in a few lines what was done."""
    where = done.root if done.root.endswith(SUFFIXES) else f"{done.root}/"
    lines = [f"Exported {counted(done.records, 'client')} and {counted(done.children, 'contact')} to {where}, bound."]
    if done.archived:
        lines.append(f"Left out: {counted(done.archived, 'archived client')} (--archived takes them in).")
    lines += [f"Left out: {what}." for what in done.left_out]
    return "\n".join(lines)
