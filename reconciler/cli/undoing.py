"""From a run's record to the plan that takes it back, and what is to be said when that is done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from reconciler import read
from reconciler.cli import git
from reconciler.cli.planning import Prepared, check_belongs
from reconciler.cli.runs import known_runs, named, read_run
from reconciler.cli.session import Session
from reconciler.cli.showing import emit
from reconciler.core.change import Plan, PlanOptions
from reconciler.core.run import Run
from reconciler.core.state import State
from reconciler.core.undo import changed_something, questions, undo
from reconciler.errors import ReconcilerError, Refused
from reconciler.reports.events import refresh_event
from reconciler.reports.paint import plain
from reconciler.reports.wants import render_wants, wants, wants_events


def chosen_run(session: Session, given: str | None, state: State) -> str:
    """Give the run that is meant: the one that is named, else the last one that changed something.

    Raises:
        UsageError: there is no such run.
        Refused: it is another state's.
    """
    names = known_runs(session)
    if given is not None:
        name = named(names, given)
        _check_ours(read_run(session, name), state)
        return name
    for name in names:
        run = read_run(session, name)
        if run.lineage == state.lineage and changed_something(run):
            return name
    raise Refused(
        "there is no run to take back", (), "No run is recorded that changed anything.", code="nothing-to-undo"
    )


def _check_ours(run: Run, state: State) -> None:
    if run.lineage != state.lineage:
        raise Refused(
            "the run was not made with this state",
            (),
            f"{run.run} belongs to another state, of account {plain(run.account)}. Use --state with the one that it "
            "was made with.",
            code="undo-foreign",
        )
    if not changed_something(run):
        told = f"{run.run} changed nothing that could be taken back."
        raise Refused("there is no run to take back", (), told, code="nothing-to-undo")


def prepare_undo(session: Session, options: PlanOptions, state: State) -> Prepared:
    """Compute the plan that takes a run back.

    Raises:
        ReadIncomplete, NotAllowed, StateUnusable: a side is not to be had.
        Refused: the run is another state's.
    """
    run = read_run(session, named(known_runs(session), options.undo))
    _check_ours(run, state)
    reader, terminal = session.reader, session.terminal
    if terminal.as_json:
        terminal.emit([refresh_event(session.settings.account or "")])
    with terminal.meter("Reading the account") as meter:
        account = read.begin(reader, session.settings.account or state.account, meter).result(None)
        check_belongs(state, account.account_id, reader.origin, session.place.shown)
        while (asked := questions(run, account)).open:
            account = read.complete(reader, account, asked, meter)
        if session.settings.sensitive:
            session.seen.account = account
    if terminal.as_json:
        terminal.emit([refresh_event(account.account_id, len(account.records))])
    made = session.seen.notes(undo(run, state, account, reader.kind, options, origin=reader.origin))
    session.heard.plan(made)
    return Prepared(plan=made, state=state, read_at_s=account.read_at_s)


def tell_wants(session: Session, plan: Plan) -> None:
    """Say what the configuration still wants of that which was taken back, where it can be read."""
    try:
        configuration = session.load()
    except ReconcilerError:
        session.terminal.talk("The configuration cannot be read; it may still want what was taken back.")
        return
    shown = replace(session.rendering, sensitive=session.rendering.sensitive | set(plan.options.sensitive))
    found = wants(plan.changes, configuration, shown)
    commits = _commits(want.at.file for want in found if want.at is not None)
    if session.terminal.as_json:
        emit(session, wants_events(found, commits))
    else:
        session.terminal.result("\n" + render_wants(found, commits, shown))


def _commits(files: Iterable[str]) -> dict[str, str]:
    """Give the commit that changed each file last, where git knows one at once."""
    found = {file: _commit(file) for file in sorted(set(files))}
    return {file: commit for file, commit in found.items() if commit}


def _commit(file: str) -> str:
    told = (git.asked("log", "-1", "--format=%h", "--", file) or "").strip()
    return told if told.isascii() and told.isalnum() else ""
