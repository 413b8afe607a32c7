"""`init`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from reconciler.cli.options import typed_folder, whereabouts
from reconciler.cli.scaffolding import EDITORS, PIPELINES, Wish, scaffold, steps, told, within
from reconciler.cli.session import begun, enter
from reconciler.cli.showing import tell


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), metavar="[DIR]", required=False)
@click.option("--account", metavar="ID", help="The account to name in clients.yaml.")
@click.option("--ci", type=click.Choice(PIPELINES), help="The pipeline. [default: by git's remote, else github]")
@click.option("--editor", type=click.Choice(EDITORS), default="vscode", help="Settings for VS Code. [default: vscode]")
@click.pass_context
def init(context: click.Context, /, folder: Path | None, **flags: Any) -> None:  # noqa: ANN401 - click's options
    """Make a folder ready: write what is missing, and keep what is there.

    DIR is the folder; by default the working folder. Run again, it also renews the schemas that editors check with, as
    long as nobody has edited them.
    """
    sandbox = bool(enter(context)["sandbox"])
    with within(folder), begun(context, flags, account=False) as session:
        account = "" if sandbox else session.settings.account or ""
        wish = Wish(account=flags["account"] or account, ci=flags["ci"] or "", editor=flags["editor"])
        done = scaffold(session, wish)
        entered = typed_folder(context) / (folder or "")
        commands = steps(done, entered, whereabouts(context, inside=True), sandbox=sandbox)
        files = [{name: value for name, value in asdict(made).items() if value} for made in done.files]
        told_ = told(done, commands)
        more = {"missing": done.missing, "to_fill": done.to_fill, "next": [command for command, _ in commands]}
        tell(session, told_, "initialised", folder=str(folder or "."), files=files, **more)
