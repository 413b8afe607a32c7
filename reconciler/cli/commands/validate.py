"""`validate`."""

from __future__ import annotations

from collections.abc import Sequence

import click

from reconciler.cli.options import over_accounts, problems_option
from reconciler.cli.session import begun, enter
from reconciler.cli.showing import parse_formats, show_problems, tell
from reconciler.core.diagnostic import Diagnostic
from reconciler.errors import ConfigurationInvalid
from reconciler.load import check
from reconciler.providers.freshbooks.wire import CLIENT
from reconciler.reports.formats import PROBLEMS
from reconciler.reports.words import counted


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(), metavar="[PATH]...")
@problems_option
@click.pass_context
@over_accounts
def validate(context: click.Context, paths: tuple[str, ...], formats: tuple[str, ...]) -> None:
    """Check configuration files; offline, without a token.

    PATHs are files or folders, checked together as one root; by default clients.yaml or clients/. With --all it is the
    folder below which the accounts are.
    """
    wanted = parse_formats(formats, as_json=enter(context)["as_json"], known=PROBLEMS)
    with begun(context, account=False, decided=not paths) as session:
        configuration, found = check(paths or [session.settings.root], CLIENT, session.loading)
        session.heard.account = session.heard.account or configuration.account
        session.seen.configuration = configuration
        problems = session.seen.problems(found)
        told = show_problems(session, problems, wanted)
        if problems:
            summary = f"{_counted(problems)} in the configuration"
            raise ConfigurationInvalid(summary, () if told else problems, shown=problems)
        if not told:
            clients = session.seen.configuration.resources.values()
            contacts = sum(len(client.children or ()) for client in clients)
            valid = f"Valid: {counted(len(clients), 'client')}, {counted(contacts, 'contact')}."
            tell(session, valid, "validation", valid=True, clients=len(clients), contacts=contacts)


def _counted(problems: Sequence[Diagnostic]) -> str:
    more = problems[-1].code == "more-problems"
    return f"more than {counted(len(problems) - 1, 'problem')}" if more else counted(len(problems), "problem")
