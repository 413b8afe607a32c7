"""`export`."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli import exporting
from reconciler.cli.exporting import Wish, rooted, summary
from reconciler.cli.options import account_options
from reconciler.cli.session import begun
from reconciler.cli.showing import tell


@click.command()
@click.argument("root", type=click.Path(), metavar="[ROOT]", required=False)
@click.option("--split", is_flag=True, help="Write a folder with a file per client (clients/).")
@click.option("--archived", is_flag=True, help="Archived clients, too.")
@click.option("--change-root", is_flag=True, help="Take this root for the state's new one.")
@account_options
@click.pass_context
def export(context: click.Context, /, **flags: Any) -> None:  # noqa: ANN401 - click's options
    """Write the live account as YAML, and bind it: the next plan has nothing to do.

    ROOT is the YAML file or folder to write; by default clients.yaml.
    """
    wish = Wish(archived=flags["archived"], split=flags["split"], change_root=flags["change_root"])
    with begun(context, flags) as session:
        done = exporting.export(rooted(session, flags["root"], split=flags["split"]), wish)
        tell(session, summary(done), "exported", root=done.root, files=done.files, clients=done.records)
