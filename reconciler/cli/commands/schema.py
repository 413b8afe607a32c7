"""`schema`."""

from __future__ import annotations

import json

import click

from reconciler import schema_files
from reconciler.cli.session import begun
from reconciler.cli.showing import tell


@click.command()
@click.argument("name", type=click.Choice(schema_files.NAMES), default="clients", metavar="[NAME]")
@click.option("--list", "listing", is_flag=True, help="List the schemas that there are, and end.")
@click.pass_context
def schema(context: click.Context, name: str, *, listing: bool) -> None:
    """Print a JSON Schema (draft-07), for editors and CI.

    NAME is clients (the default), settings, user, plan, state or events. `init` writes the first two where editors
    find them.
    """
    with begun(context, account=False, decided=False) as session:
        if listing:
            told = "\n".join(f"{known:<9} {what}" for known, what in schema_files.SCHEMAS.items())
            tell(session, told, "schemas", schemas=schema_files.SCHEMAS)
        elif session.terminal.as_json:
            tell(session, f"the schema of {name}", "schema", schema=json.loads(schema_files.text(name)))
        else:
            session.terminal.result(schema_files.copy_of(name))
