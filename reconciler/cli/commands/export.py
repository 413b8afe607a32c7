"""`export`."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli import exporting
from reconciler.cli.exporting import Wish, rooted
from reconciler.cli.options import Pattern, account_options
from reconciler.cli.session import begun
from reconciler.cli.showing import tell
from reconciler.export.merging import Taking
from reconciler.export.telling import told


@click.command()
@click.argument("root", type=click.Path(), metavar="[ROOT]", required=False)
@click.option("--split", is_flag=True, help="Write a folder with a file per client (clients/).")
@click.option("--archived", is_flag=True, help="Archived clients, too.")
@click.option("--all-fields", is_flag=True, help="Also fields that a client does not mention yet.")
@click.option(
    "--accept",
    type=Pattern(),
    multiple=True,
    metavar="ADDRESS",
    help="Only this address, or those that match, and all of it; may be given several times.",
)
@click.option("--change-root", is_flag=True, help="Take this root for the state's new one.")
@account_options
@click.pass_context
def export(context: click.Context, /, **flags: Any) -> None:  # noqa: ANN401 - click's options
    """Write the live account as YAML, and bind it: the next plan has nothing to do.

    ROOT is the YAML file or folder; by default clients.yaml. Where it is there already, keys, comments and order are
    kept, and what changed in FreshBooks is brought in.
    """
    taking = Taking(accept=flags["accept"], archived=flags["archived"], every_field=flags["all_fields"])
    wish = Wish(taking=taking, split=flags["split"], change_root=flags["change_root"])
    with begun(context, flags) as session:
        done = exporting.export(rooted(session, flags["root"], split=flags["split"]), wish)
        tell(
            session,
            told(done),
            "exported",
            root=done.root,
            files=done.files,
            clients=done.records,
            contacts=done.children,
            taken=done.taken,
            left=[change.address for change in done.left],
        )
