"""`drift`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from reconciler.cli.options import Lines, account_options, over_accounts
from reconciler.cli.planning import shaping, survey, undecided
from reconciler.cli.session import Session, begun, enter
from reconciler.cli.showing import emit, of_a_file, parse_formats
from reconciler.core import drift as core
from reconciler.core.drift import DriftReport
from reconciler.core.policy import DriftPolicy, UnmanagedPolicy
from reconciler.reports.drift import drift_events, hidden_drift, told
from reconciler.reports.formats import DRIFTS
from reconciler.reports.rendering import render_report
from reconciler.store.durable import write_output

DRIFTED = 2
_FORMATS = f"{', '.join(DRIFTS)}; FORMAT=FILE writes a file. May be given several times."


@click.command()
@click.argument("root", type=click.Path(), metavar="[ROOT|DIR]", required=False)
@click.option("--format", "formats", type=Lines(), multiple=True, metavar="FORMAT[=FILE]", help=_FORMATS)
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when anything was changed outside.")
@click.option("--unmanaged", is_flag=True, help="List the clients that no key claims.")
@click.option("--redact", is_flag=True, help="Name the fields that changed, and show no value of any.")
@account_options
@click.pass_context
@over_accounts
def drift(context: click.Context, /, **flags: Any) -> int:  # noqa: ANN401 - click's options
    """Show what was changed outside, in FreshBooks, since the last apply.

    ROOT and DIR are what `plan` takes. Fields, archiving and deletion count; what only the configuration wishes is
    `plan`'s. Each record is shown with the two ways out: apply takes the change back, export takes it in.
    """
    formats = parse_formats(flags["formats"], as_json=enter(context)["as_json"], known=DRIFTS)
    with begun(context, flags) as session:
        report = _compared(session, flags)
        session.heard.told = told(report)
        _show(session, report, formats)
        return DRIFTED if flags["detailed_exitcode"] and report.records else 0


def _compared(session: Session, flags: dict[str, Any]) -> DriftReport:
    options = shaping(session, flags)
    listing = UnmanagedPolicy.REPORT if flags["unmanaged"] else UnmanagedPolicy.IGNORE
    policy = replace(options.policy, drift=DriftPolicy.REVERT, unmanaged=listing)
    made, state, stops = survey(session, replace(options, policy=policy))
    if open_ones := core.undecided(stops, state):
        raise undecided(open_ones)
    reverted = options.policy.drift is DriftPolicy.REVERT
    report = core.drift(made, state, stops, session.reader.kind, reverted=reverted)
    return hidden_drift(report, session.shown)


def _show(session: Session, report: DriftReport, formats: Sequence[tuple[str, Path | None]]) -> None:
    if session.terminal.as_json:
        emit(session, drift_events(report))
    for name, file in formats:
        if file is not None:
            write_output(file, render_report(name, report, of_a_file(session.rendering)).encode())
        elif not session.terminal.as_json:
            session.terminal.result(render_report(name, report, session.rendering))
