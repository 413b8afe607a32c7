"""`schema`."""

from __future__ import annotations

import json

import click

from reconciler import schema_files
from reconciler.cli.session import begun
from reconciler.cli.showing import tell


@click.command()
@click.argument("name", type=click.Choice(schema_files.NAMES), default="clients", metavar="[NAME]")
@click.pass_context
def schema(context: click.Context, name: str) -> None:
    """Print a JSON Schema, for editors and CI.

    NAME is clients (the default), settings, plan or state.
    """
    with begun(context, account=False, decided=False) as session:
        if session.terminal.as_json:
            tell(session, f"the schema of {name}", "schema", schema=json.loads(schema_files.text(name)))
        else:
            session.terminal.result(schema_files.text(name))
