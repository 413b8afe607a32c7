"""From the live account to YAML that says just that, bound: files first, then the state, all under its lock.

What is written is read back and planned before anything is written anywhere. Were the order of writes the other way
round, a run that is cut off between them would leave bindings that the configuration lacks, which are removals.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.cli.merged import merged
from reconciler.cli.planning import check_belongs, compare, matched, uncollected
from reconciler.cli.session import Session
from reconciler.cli.terminal import Silent
from reconciler.core.change import Change, PlanOptions
from reconciler.core.kind import Kind
from reconciler.core.plan import Sides, plan
from reconciler.core.policy import DriftPolicy
from reconciler.core.resource import Configuration, Visibility
from reconciler.core.state import State, StateEdit, edited
from reconciler.errors import ReconcilerError, Refused, UsageError
from reconciler.export.binding import bound, remembered
from reconciler.export.checking import read_back
from reconciler.export.drafting import Draft, Layout, draft
from reconciler.export.taking import Taking
from reconciler.export.telling import Exported
from reconciler.load import SUFFIXES, check, count_breaking, files_of
from reconciler.profiles import chosen
from reconciler.providers.freshbooks.wire import CLIENT
from reconciler.record import Recorder
from reconciler.reports.paint import plain
from reconciler.scaffold.texts import is_untouched
from reconciler.schema_files import clients_place, copy_of, settings_place
from reconciler.settings import FILE, ROOTS, repository_file
from reconciler.store.durable import rewrite, write_new, write_new_folder

FORMATS = ("yaml", "csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What an export is asked for."""

    taking: Taking
    change_root: bool = False
    lock_timeout_s: float = 0.0


def export(session: Session, wish: Wish) -> Exported:
    """Write the account as YAML and bind it; YAML that is there gets what the account has otherwise.

    Raises:
        Refused: the state is for another root, or an interrupted run comes first.
        LocalDisk: a file could not be written; those before it are written, and nothing is bound.
        What `compare` raises.
    """
    root = session.settings.root
    with session.holding("export", {"lock_timeout": wish.lock_timeout_s}), uncollected():
        state = session.store.load()
        _check_state(state, root, wish)
        found = {file: Path(file).read_bytes() for file in files_of(root)}
        # A file without anything in it is what `export > clients.yaml` has made of it, and no configuration yet.
        said = any(file != root or raw.strip() for file, raw in found.items())
        there = begun_in(found) if said else {}
        if not there:
            # What `init` has written says no more than perhaps an account, which still is to be the right one.
            session = replace(session, configuration=session.load() if said else Configuration(root=root))
        options = PlanOptions(
            root=root,
            targets=tuple(wish.taking.accept),
            change_root=True,
            # What is gone for good is no reason to stop: its block goes.
            recreate=True,
            policy=replace(session.settings.policy, drift=DriftPolicy.REVERT),
        )
        sides = compare(session, options, state, chooser="--accept")
        made = merged(session, sides, options, there, wish.taking) if there else _drafted(session, sides, wish)
        edits, left = _bindings(session, made, sides, options)
        files = written(root, made, found)
        _record(session, state, edits, sides.account.account_id)
    return replace(_told(session, made, sides, files, left, wish), there=bool(there))


def begun_in(found: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """Give the files of a root that somebody has written something in: none, where all is as `init` left it."""
    return {} if all(is_untouched(raw) for raw in found.values()) else found


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


def _drafted(session: Session, sides: Sides, wish: Wish) -> Draft:
    root = session.settings.root
    if wish.taking.accept:
        raise UsageError("--accept needs a configuration", f"{root} is not there; export without --accept writes it.")
    folder = not root.endswith(SUFFIXES)
    layout = Layout(
        root=root,
        folder=folder,
        settings=folder and session.settings.profile is None and not Path(FILE).exists(),
        archived=wish.taking.archived,
        on_remove=session.settings.policy.on_remove,
    )
    return draft(session.reader.kind, sides.account, sides.state, layout, session.settings.defaults)


def _bindings(
    session: Session, made: Draft, sides: Sides, options: PlanOptions
) -> tuple[list[StateEdit], Sequence[Change]]:
    """Give what the state must remember, after reading the texts back and planning with them."""
    kind, root = session.reader.kind, session.settings.root
    if made.unchanged:
        known, left = remembered(sides, plan(sides, kind, options, origin=session.reader.origin), kind)
        return known, left
    read = checked(kind, root, made)
    edits = bound(kind, [*made.entries, *made.grown], sides.state)
    state = replace(edited(sides.state, tuple(edits)), root=root)
    after = matched(session, read, state, sides.account, options, Silent())
    if after.matching.stops:
        raise ReconcilerError(
            "what was to be written is not clear",
            f"{after.matching.stops[0].detail} Nothing was written.",
            code="export-unclear",
        )
    known, left = remembered(after, plan(after, kind, options, origin=session.reader.origin), kind)
    return [*edits, *known], left


def checked(kind: Kind, root: str, made: Draft) -> Configuration:
    """Read what is to be written as the next run will."""
    read = read_back(made.texts, kind, root, made.defaults)
    if read.problems:
        raise ReconcilerError(
            "what was to be written does not read back",
            f"{read.problems[0].detail} ({read.problems[0].position}) Nothing was written. Where a part of the YAML is "
            "shared by an alias, write it out; otherwise this is a fault of the program: please report it.",
            code="export-unread",
        )
    return read.configuration


def written(root: str, made: Draft, there: Mapping[str, bytes]) -> tuple[str, ...]:
    """Write what is new or differs, and give its names; what is there is only replaced by what descends from it.

    A new folder comes about as a whole: half of its files would be half of an account. What all of them have in common
    is there before them.
    """
    files = {file: text.encode() for file, text in made.texts.items() if there.get(file) != text.encode()}
    shared = ({FILE: made.settings} if made.settings else {}) | _schemas(root, made)
    for file, text in shared.items():
        write_new(Path(file), text.encode())
    inside = {os.path.relpath(file, root): content for file, content in files.items()}
    if there or root.endswith(SUFFIXES) or not write_new_folder(Path(root), inside):
        for file, content in files.items():
            if file in there:
                rewrite(Path(file), there[file], content)
            else:
                write_new(Path(file), content)
    return (*files, *shared)


def _schemas(root: str, made: Draft) -> dict[str, str]:
    """Give the copies of the schemas that the editor lines of the files lead to, where they are not there yet."""
    place = clients_place(root, folder=not root.endswith(SUFFIXES))
    wanted = {place.file: "clients"} if any(text.startswith(place.line) for text in made.texts.values()) else {}
    if made.settings:
        wanted[settings_place().file] = "settings"
    return {file: copy_of(name) for file, name in wanted.items() if not Path(file).exists()}


def _record(session: Session, state: State, edits: Sequence[StateEdit], account_id: str) -> None:
    origin, root = session.reader.origin, session.settings.root
    check_belongs(state, account_id, origin, session.place.shown)
    if edits or (state.account, state.origin, state.root) != (account_id, origin, root):
        begun = Recorder(session.store, state).begin(account_id, origin, root)
        session.store.save(edited(begun, tuple(edits)))


def _told(
    session: Session, made: Draft, sides: Sides, files: tuple[str, ...], left: Sequence[Change], wish: Wish
) -> Exported:
    collection = session.reader.kind.collection
    described = {*sides.matching.taken, *(entry.live.id for entry in made.entries)}
    return Exported(
        root=session.settings.root,
        there=False,
        files=files,
        records=len(made.entries),
        children=sum(len(entry.children) for entry in (*made.entries, *made.grown)),
        taken=made.taken,
        archived=sum(
            live.visibility is Visibility.ARCHIVED and live.id not in described
            for live in sides.account.records.values()
        ),
        left_out=(
            *(f"{collection}.{entry.key}: {what}" for entry in made.entries for what in entry.left_out),
            *made.left_out,
        ),
        left=tuple(left),
        breaking=breaking(session),
        accepted=tuple(map(plain, wish.taking.accept)),
    )


def breaking(session: Session) -> int:
    """Count the clients that break a house rule, which neither the account nor a spreadsheet knows of."""
    if not session.settings.rules:
        return 0
    configuration, _ = check([session.settings.root], CLIENT, replace(session.loading, rules=()))
    return count_breaking(configuration, CLIENT, session.settings.rules)


def check_root(root: str) -> None:
    """Refuse to take for a new folder what looks like a file, or means stdout elsewhere."""
    if (root == "-" or Path(root).suffix) and not root.endswith(SUFFIXES) and not Path(root).exists():
        raise UsageError(
            "ROOT is not YAML",
            f"{plain(root)} is neither a .yaml file nor a folder that is there, and YAML is only written to one of "
            "them. A spreadsheet is written by --format csv=FILE; a folder with such a name has to be made first.",
        )


def rooted(session: Session, given: str | None, *, split: bool) -> Session:
    """Give the session with the root to write: a folder, where --split asks for one and none is named.

    Raises:
        UsageError: there can be no YAML, or no folder.
    """
    root = session.settings.root
    check_root(root)
    if not split or not root.endswith(SUFFIXES):
        return session
    if given or chosen(repository_file(), session.settings.profile).get("root") or Path(root).exists():
        raise UsageError(
            "--split needs a folder",
            f"{root} is a file. Name a folder, such as `reconciler export {ROOTS[1]} --split`, and no longer {root} in "
            "the settings; or move the file away, for it would be read instead. Keys are kept.",
        )
    return replace(session, settings=replace(session.settings, root=ROOTS[1]))
