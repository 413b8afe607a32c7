"""`apply`."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from reconciler.cli.applying import carry_out, check_expected, quiet_period_s, wait_for_open_intents
from reconciler.cli.commands.plan import read_plan
from reconciler.cli.options import account_options, shaping_options
from reconciler.cli.planning import prepare, shaping
from reconciler.cli.session import Session, begun
from reconciler.cli.showing import refuse, show_plan
from reconciler.core.change import Plan, PlanOptions
from reconciler.errors import ReconcilerError, UsageError
from reconciler.store.lock import held

QUESTION = """
Do you want to carry out these actions?
  Only 'yes' will be accepted."""


@click.command()
@click.argument("root", metavar="[ROOT|PLANFILE]", required=False)
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
@click.option("--expect", metavar="PLAN_ID", help="Apply only if this is the plan; it counts as the approval.")
@click.option("--lock-timeout", type=click.FloatRange(0), default=0.0, metavar="S", help="Wait for another run to end.")
@click.option(
    "--settle", type=click.FloatRange(0), metavar="S", help="How long an unanswered create is looked for. [default: 60]"
)
@click.option("--fail-fast", is_flag=True, help="Start nothing new after the first failure.")
@shaping_options
@account_options
@click.pass_context
def apply(context: click.Context, /, **flags: Any) -> int:  # noqa: ANN401 - click's options
    """Show the plan, ask, and carry it out.

    ROOT is what `plan` takes. A PLANFILE saved by `plan --out` is computed again, and applied if it is still the same.
    """
    saved = _saved(flags["root"])
    if saved is not None:
        flags["root"] = saved.options.root
    with begun(context, flags) as session:
        _check_approvable(session, flags, saved)
        options = saved.options if saved is not None else shaping(session, flags)
        run = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        with held(session.store.path, run, timeout_s=flags["lock_timeout"]):
            return _applied(session, options, run, flags, saved)


def _saved(path: str | None) -> Plan | None:
    """Read a saved plan, where the argument is one: a file that begins like JSON, or is named so."""
    file = Path(path) if path is not None else None
    if file is None or not file.is_file():
        return None
    with file.open("rb") as opened:
        begins = opened.read(1)
    plan: Plan | None = read_plan(file) if begins == b"{" or file.suffix in {".json", ".plan"} else None
    return plan


def _check_approvable(session: Session, flags: Mapping[str, Any], saved: Plan | None) -> None:
    if saved is not None or flags["expect"] or flags["auto_approve"] or session.terminal.interactive:
        return
    raise UsageError(
        "nobody can approve",
        "There is no terminal to ask at. Use --auto-approve, or apply a saved plan, or --expect PLAN_ID.",
    )


def _applied(session: Session, options: PlanOptions, run: str, flags: Mapping[str, Any], saved: Plan | None) -> int:
    state = session.store.load()
    wait_for_open_intents(session, state, quiet_period_s(flags))
    prepared = prepare(session, options, state)
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
    return carry_out(session, prepared, run, flags)
