"""`validate`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click

from reconciler.cli.options import over_accounts
from reconciler.cli.session import begun, enter
from reconciler.cli.showing import contradiction, tell
from reconciler.core.diagnostic import Diagnostic
from reconciler.errors import ConfigurationInvalid
from reconciler.load import LoadOptions, check
from reconciler.providers.freshbooks.wire import CLIENT
from reconciler.reports.events import diagnostic_event
from reconciler.reports.words import counted


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(), metavar="[PATH]...")
@click.option("--format", "form", type=click.Choice(["text", "json"]), help="How to report. [default: text]")
@click.pass_context
@over_accounts
def validate(context: click.Context, paths: tuple[str, ...], form: str | None) -> None:
    """Check configuration files; offline, without a token.

    PATHs are files or folders, checked together as one root; by default clients.yaml or clients/. With --all it is the
    folder below which the accounts are.
    """
    if form is not None and enter(context)["as_json"]:
        raise contradiction()
    with begun(context, account=False, decided=not paths) as session:
        options = LoadOptions(defaults=session.settings.defaults, rules=session.settings.rules)
        configuration, problems = check(paths or [session.settings.root], CLIENT, options)
        session.heard.account = session.heard.account or configuration.account
        if form == "json":
            session.terminal.result(json.dumps(_document(problems)))
        if problems:
            listed = problems if form != "json" else []
            more = problems[-1].code == "more-problems"
            told = f"more than {counted(len(problems) - 1, 'problem')}" if more else counted(len(problems), "problem")
            raise ConfigurationInvalid(f"{told} in the configuration", listed)
        if form != "json":
            clients = len(configuration.resources)
            contacts = sum(len(resource.children or ()) for resource in configuration.resources.values())
            told = f"Valid: {counted(clients, 'client')}, {counted(contacts, 'contact')}."
            tell(session, told, "validation", valid=True, clients=clients, contacts=contacts)


def _document(problems: Sequence[Diagnostic]) -> Mapping[str, object]:
    """Give what `terraform validate -json` prints."""
    found: list[Any] = [diagnostic_event(problem)["diagnostic"] for problem in problems]
    return {"format_version": "1.0", "valid": not problems, "error_count": len(found), "diagnostics": found}
