"""`import-csv`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli.importing import import_csv as imported
from reconciler.cli.importing import told
from reconciler.cli.session import begun
from reconciler.cli.showing import tell


@click.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.argument("root", type=click.Path(), metavar="[ROOT]", required=False)
@click.pass_context
def import_csv(context: click.Context, /, file: Path, **flags: Any) -> None:  # noqa: ANN401 - click's options
    """Add the rows of a spreadsheet to the YAML; offline, nothing is sent to FreshBooks.

    FILE is CSV with the headers of FreshBooks' own import, and columns for contacts if there are any; `-` is stdin.
    ROOT is the YAML file or folder; by default clients.yaml.
    """
    with begun(context, flags, account=False) as session:
        done = imported(session, file)
        tell(
            session,
            told(done),
            "imported",
            root=done.root,
            files=done.files,
            clients=done.records,
            contacts=done.children,
            duplicates=done.duplicates,
            alike=done.alike,
            notes=done.notes,
        )
