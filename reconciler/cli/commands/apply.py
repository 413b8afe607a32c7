"""`apply`."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from reconciler.cli.applying import carry_out, check_expected, wait_for_open_intents
from reconciler.cli.commands.plan import read_plan
from reconciler.cli.options import (
    SHAPING,
    Lines,
    account_options,
    applying_options,
    over_accounts,
    shaping_options,
    showing_options,
    typed,
)
from reconciler.cli.planning import prepare, shaping
from reconciler.cli.session import Session, begun, enter, quiet_period_s
from reconciler.cli.showing import refuse, show_plan
from reconciler.cli.terminal import Terminal
from reconciler.cli.undoing import prepare_undo, tell_wants
from reconciler.core.change import Plan, PlanOptions
from reconciler.errors import ReconcilerError, Refused, UsageError
from reconciler.load import SUFFIXES
from reconciler.reports.paint import plain

QUESTION = """
Do you want to carry out these actions?
  Only 'yes' will be accepted."""


_EXPECT = "Apply only if this is the plan; it counts as the approval. With --all: NAME=PLAN_ID."


@click.command()
@click.argument("root", type=click.Path(), metavar="[ROOT|PLANFILE|DIR]", required=False)
@click.option("--expect", "expects", type=Lines(), multiple=True, metavar="PLAN_ID", help=_EXPECT)
@applying_options
@showing_options
@shaping_options
@account_options
@click.pass_context
@over_accounts
def apply(context: click.Context, /, **flags: Any) -> int:  # noqa: ANN401 - click's options
    """Show the plan, ask, and carry it out.

    ROOT and DIR are what `plan` takes. A PLANFILE saved by `plan --out` is computed again, and applied if it is still
    the same; the options that shaped it are stored in it.
    """
    shared = enter(context)
    flags["expect"] = _expected(flags["expects"])
    planfile = _planfile(flags["root"])
    if planfile is None and not (flags["expect"] or flags["auto_approve"] or Terminal.of(shared).interactive):
        raise nobody()
    saved = None
    if planfile is not None:
        _check_alone(typed(context, SHAPING))
        saved = _saved(planfile, flags["expect"])
        flags["root"] = saved.options.root
    with begun(context, flags) as session:
        options = saved.options if saved is not None else shaping(session, flags)
        run = new_run()
        with session.holding(run, flags) as lease:
            return applied(replace(session, lease=lease), options, run, flags, saved)


def new_run() -> str:
    """Name a run, so that names sort by time: the last four figures alone are chance."""
    now = datetime.now(UTC)
    return f"{now:%Y%m%dT%H%M%SZ}-{now.microsecond * 0x10000 // 1_000_000:04x}{secrets.token_hex(2)}"


def _expected(plan_ids: Sequence[str]) -> str | None:
    if len(plan_ids) > 1:
        raise UsageError("two plans are expected", "One account has one plan; several accounts need --all.")
    return plan_ids[0] if plan_ids else None


def _planfile(path: str | None) -> Path | None:
    """Give the argument where it names a saved plan: a file that is named so, or begins like JSON and is no YAML."""
    file = Path(path) if path is not None else None
    if file is None or file.suffix in SUFFIXES or file.is_dir():
        return None
    if file.suffix in {".json", ".plan"}:
        return file
    if not file.is_file():
        return None
    with file.open("rb") as opened:
        return file if opened.read(1) == b"{" else None


def nobody() -> UsageError:
    """Give the error of a run that nobody can approve."""
    return UsageError(
        "nobody can approve",
        "There is no terminal to ask at. Use --auto-approve, or apply a saved plan, or --expect PLAN_ID.",
    )


def _check_alone(given: Sequence[str]) -> None:
    if given:
        raise UsageError(
            "a saved plan has its own options",
            f"{', '.join(given)} cannot shape it any more. Leave it out, or plan again with it and save that.",
        )


def _saved(file: Path, expected: str | None) -> Plan:
    """Read a saved plan, which must be the one that is expected, if one is."""
    saved: Plan = read_plan(file)
    if expected and expected != saved.plan_id:
        raise Refused(
            "the saved plan is not the one that is expected",
            (),
            f"{plain(str(file))} holds plan {saved.plan_id}, not {plain(expected)}. Nothing was written.",
            code="stale-plan",
        )
    return saved


def applied(session: Session, options: PlanOptions, run: str, flags: Mapping[str, Any], saved: Plan | None) -> int:
    """Compute a plan under the lock, have it approved, and carry it out; give the exit code."""
    state = session.store.load()
    wait_for_open_intents(session, state, quiet_period_s(flags))
    if options.undo:
        prepared = prepare_undo(session, options, state)
    else:
        prepared = prepare(session, options, state, typed=saved is None)
    plan = prepared.plan
    expected = saved.plan_id if saved is not None else flags["expect"]
    if expected:
        check_expected(plan, expected, saved)
    if saved is None or plan.empty:
        # A saved plan was shown when it was reviewed, and this is the same one.
        show_plan(session, plan, [("text", None)])
    refuse(plan)
    if plan.empty:
        return 0
    approved = bool(expected) or flags["auto_approve"] or session.terminal.ask(QUESTION, "yes")
    if not approved:
        raise ReconcilerError("apply was declined", "Nothing was written.", code="declined")
    try:
        return carry_out(session, prepared, run, flags)
    finally:
        if options.undo:
            tell_wants(session, plan)
