"""`schema`."""

from __future__ import annotations

import click

from reconciler import schema_files
from reconciler.cli.session import begun


@click.command()
@click.argument("name", type=click.Choice(schema_files.NAMES), default="clients")
@click.pass_context
def schema(context: click.Context, name: str) -> None:
    """Print a JSON Schema, for editors and CI.

    NAME is clients (the default), settings, plan or state.
    """
    with begun(context, account=False) as session:
        session.terminal.result(schema_files.text(name))
