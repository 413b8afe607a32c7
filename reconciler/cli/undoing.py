"""From a run's record to the plan that takes it back, and what is to be said when that is done."""

from __future__ import annotations

from dataclasses import replace

from reconciler import read
from reconciler.cli.commits import commits_of, last_commit
from reconciler.cli.planning import Prepared, check_belongs, check_fits
from reconciler.cli.runs import known_runs, named, read_run, readable
from reconciler.cli.session import Session
from reconciler.cli.showing import emit
from reconciler.core.aftermath import told_since
from reconciler.core.change import Plan, PlanOptions
from reconciler.core.resource import Account, parent_of
from reconciler.core.run import Run, had_by
from reconciler.core.state import State
from reconciler.core.undo import changed_something, concerns_something, questions, undo
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
    if not concerns_something(run):
        told = f"{run.run} changed nothing that could be taken back."
        raise Refused("there is no run to take back", (), told, code="nothing-to-undo")


def prepare_undo(session: Session, options: PlanOptions, state: State) -> Prepared:
    """Compute the plan that takes a run back.

    Raises:
        ReadIncomplete, NotAllowed, StateUnusable: a side is not to be had.
        UsageError: an option names what the run did nothing about.
        Refused: the run is another state's.
    """
    names = known_runs(session)
    name = named(names, options.undo)
    run = read_run(session, name)
    _check_ours(run, state)
    check_fits(options, _about(run), f"Run {name} did nothing about")
    later = [run for run in reversed(readable(session, names[: names.index(name)])) if run.lineage == state.lineage]
    run = told_since(run, state, later)
    account = _read(session, run, state)
    reader = session.reader
    made = undo(
        run,
        state,
        account,
        reader.kind,
        options,
        later=later,
        hidden=session.settings.sensitive,
        origin=reader.origin,
    )
    made = session.seen.notes(made)
    session.heard.plan(made)
    had = had_by(made.changes, account)
    return Prepared(plan=made, state=state, read_at_s=account.read_at_s, had=had)


def _about(run: Run) -> set[str]:
    """Give every address that a run's changes can be chosen by."""
    changes = [deed.change for deed in run.deeds]
    names = {name for change in changes for name in (change.address, change.moved_from, parent_of(change.address))}
    return {name for name in names if name is not None}


def _read(session: Session, run: Run, state: State) -> Account:
    """Read the account, and all records that the run is about."""
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
    return account


def tell_wants(session: Session, plan: Plan) -> None:
    """Say what the configuration still wants of that which was taken back, where it can be read."""
    try:
        configuration = session.load()
    except ReconcilerError:
        session.terminal.talk("The configuration cannot be read; it may still want what was taken back.")
        return
    shown = replace(session.rendering, sensitive=session.rendering.sensitive | set(plan.options.sensitive))
    found = wants(plan.changes, configuration, shown)
    commits = commits_of(found)
    if session.terminal.as_json:
        emit(session, wants_events(found, commits))
        return
    # Of a file whose lines git cannot tell it may still say when it changed.
    left = sorted({want.at.file for want in found if want.at is not None and want.address not in commits})
    files = {file: commit for file in left if (commit := last_commit(file))}
    session.terminal.result("\n" + render_wants(found, commits, files, shown))
