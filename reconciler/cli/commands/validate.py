"""`validate`."""

from __future__ import annotations

import json
from typing import Any

import click

from reconciler.cli.session import begun
from reconciler.errors import ConfigurationInvalid
from reconciler.load import LoadOptions, check
from reconciler.providers.freshbooks.wire import CLIENT
from reconciler.reports.events import diagnostic_event


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to report.")
@click.pass_context
def validate(context: click.Context, paths: tuple[str, ...], form: str) -> None:
    """Check configuration files; offline, without a token.

    PATHs are files or folders, checked together as one root; by default clients.yaml or clients/.
    """
    with begun(context, account=False) as session:
        options = LoadOptions(defaults=session.settings.defaults, rules=session.settings.rules)
        configuration, problems = check(paths or [session.settings.root], CLIENT, options)
        if form == "json":
            found: list[Any] = [diagnostic_event(problem)["diagnostic"] for problem in problems]
            told = {"format_version": "1.0", "valid": not problems, "error_count": len(found), "diagnostics": found}
            session.terminal.result(json.dumps(told))
        if problems:
            count = len(problems)
            listed = problems if form == "text" else []
            raise ConfigurationInvalid(f"{count} problem{'s' if count > 1 else ''} in the configuration", listed)
        if form == "text":
            contacts = sum(len(resource.children or ()) for resource in configuration.resources.values())
            clients = len(configuration.resources)
            session.terminal.result(f"Valid: {clients} clients, {contacts} contacts.")
