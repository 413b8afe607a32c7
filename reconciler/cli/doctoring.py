"""`doctor` from its options to its exit code: each finding is shown as soon as it is known."""

from __future__ import annotations

import shlex
import traceback
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from reconciler.cli.examination import Examination
from reconciler.cli.examining import checks
from reconciler.cli.heard import Heard
from reconciler.cli.options import typed_folder, whereabouts
from reconciler.cli.planning import check_belongs, check_named
from reconciler.cli.reading import reading
from reconciler.cli.seen import Seen
from reconciler.cli.session import Session, begun, enter
from reconciler.cli.showing import emit
from reconciler.cli.terminal import Terminal
from reconciler.core.duplicates import Group, duplicates
from reconciler.core.finding import Finding, exit_code
from reconciler.doctor.rounds import gone_through
from reconciler.errors import Interrupted, ReconcilerError
from reconciler.reports.doctor import finding_event, render_finding, render_sums, sums_event, told
from reconciler.reports.duplicates import duplicates_events, render_duplicates, summed

FOUND = 2


def examined(context: click.Context, flags: Mapping[str, Any]) -> int:
    """Make every check, show each finding, and give the exit code."""
    shared = enter(context)
    with ExitStack() as stack:
        known = Examination(flags=flags, stack=stack)
        try:
            known.begun = stack.enter_context(begun(context, flags, account=False, lenient=True))
        except Interrupted:
            raise
        except (ReconcilerError, OSError, ValueError) as error:
            known.unbegun = error
        clerk = Clerk(
            terminal=Terminal.of(shared),
            context=context,
            debug=bool(shared.get("debug")),
            seen=known.begun.seen if known.begun is not None else Seen(),
        )
        findings = gone_through(checks(known), clerk.tell, clerk.fault)
        clerk.sum_up(findings)
        heard = shared.get("heard")
        if isinstance(heard, Heard):
            heard.told = told(findings)
    clerk.terminal.check_kept()
    return exit_code(findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clerk:
    """Writes findings down where they are read."""

    terminal: Terminal
    context: click.Context
    debug: bool
    seen: Seen

    def tell(self, finding: Finding) -> None:
        """Show a finding, without what may not be shown, and with a command that works where this one does."""
        shown = replace(
            finding,
            told=self.seen.text(finding.told),
            remedy=self.seen.text(finding.remedy),
            command=self._here(finding.command),
        )
        if self.terminal.as_json:
            self.terminal.emit([finding_event(shown)])
        else:
            self.terminal.result(render_finding(shown, self.terminal.rendering))

    def _here(self, command: str) -> str:
        """Let a command work on the same account, from the folder in which this one was started."""
        folder = typed_folder(self.context)
        if command.startswith("reconciler "):
            return f"{command} {shlex.join(whereabouts(self.context))}".rstrip()
        return f"cd {shlex.quote(str(folder))} && {command}" if command and folder != Path() else command

    def fault(self, _: Exception) -> None:
        """Show what only a fault of the program raises, to whoever asked for it."""
        if self.debug:
            self.terminal.talk(self.seen.text(traceback.format_exc()))

    def sum_up(self, findings: list[Finding]) -> None:
        """Show the last line."""
        if self.terminal.as_json:
            self.terminal.emit([sums_event(findings)])
        else:
            self.terminal.result("\n" + render_sums(findings, self.terminal.rendering))


def listed(context: click.Context, flags: Mapping[str, Any]) -> int:
    """Show the groups of clients that may be one and the same; give the exit code."""
    with begun(context, flags) as session:
        groups = _groups(session)
        kind = session.reader.kind
        session.heard.told = summed(groups)
        if session.terminal.as_json:
            emit(session, duplicates_events(groups, kind, session.rendering))
        else:
            session.terminal.result(render_duplicates(groups, kind, session.rendering))
        return FOUND if flags["detailed_exitcode"] and any(not group.settled for group in groups) else 0


def _groups(session: Session) -> tuple[Group, ...]:
    """Read the account; the configuration says who is told apart already, and may be missing."""
    reader, chosen = session.reader, session.settings
    configuration = session.load() if Path(chosen.root).exists() else None
    check_named(session, configuration)
    state = session.store.load()
    with reading(reader, chosen.account or "", session.terminal) as started:
        account = started.result(configuration.account if configuration is not None else None)
    check_belongs(state, account.account_id, reader.origin, session.place.shown)
    if chosen.sensitive:
        session.seen.account = account
    return duplicates(reader.kind, account, chosen.policy.match, state=state, configuration=configuration)
