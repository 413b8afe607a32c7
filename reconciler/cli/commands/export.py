"""`export`."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli import exporting
from reconciler.cli.exporting import Wish, rooted
from reconciler.cli.options import Pattern, account_options, lock_option, over_accounts
from reconciler.cli.session import Session, begun, enter
from reconciler.cli.showing import parse_formats, tell
from reconciler.cli.spreadsheets import show_csv
from reconciler.errors import UsageError
from reconciler.export.taking import Taking
from reconciler.export.telling import summary, told


@click.command()
@click.argument("root", type=click.Path(), metavar="[ROOT|DIR]", required=False)
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
@click.option("--format", "form", default="yaml", metavar="FORMAT", help="yaml; csv and csv=FILE bind nothing.")
@click.option("--change-root", is_flag=True, help="Take this root for the state's new one.")
@lock_option
@account_options
@click.pass_context
@over_accounts
def export(context: click.Context, /, **flags: Any) -> None:  # noqa: ANN401 - click's options
    """Write the live account as YAML, and bind it: the next plan has nothing to do.

    ROOT is the YAML file or folder; by default clients.yaml. Where it is there already, keys, comments and order are
    kept, and what changed in FreshBooks is brought in. DIR is for --all.
    """
    taking = Taking(accept=flags["accept"], archived=flags["archived"], every_field=flags["all_fields"])
    as_json = enter(context)["as_json"] and flags["form"] != "yaml"
    ((name, file),) = parse_formats([flags["form"]], as_json=as_json, known=exporting.FORMATS)
    if (name == "yaml" and file) or (name == "csv" and (flags["accept"] or flags["split"] or flags["root"])):
        told_ = "Write `--format csv=FILE`; ROOT, --split and --accept are for YAML, which is written to ROOT."
        raise UsageError("--format says something else than the rest", told_)
    with begun(context, flags) as session:
        if name == "csv":
            show_csv(session, taking, file)
        else:
            wish = Wish(taking=taking, change_root=flags["change_root"], lock_timeout_s=flags["lock_timeout"])
            _yaml(rooted(session, flags["root"], split=flags["split"]), wish)


def _yaml(session: Session, wish: Wish) -> None:
    done = exporting.export(session, wish)
    more = {"root": done.root, "files": done.files, "clients": done.records, "contacts": done.children}
    left = [change.address for change in done.left]
    tell(session, told(done), "exported", **more, taken=done.taken, left=left, left_out=done.left_out)
    session.heard.told = summary(done)
