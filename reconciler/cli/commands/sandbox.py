"""`sandbox`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli.session import begun
from reconciler.errors import UsageError


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port; 0 takes a free one.")
@click.option("--db", default=":memory:", metavar="FILE", help="Where the account is kept. [default: memory]")
@click.option("--account", default="Sandbx", metavar="ID", help="The account id of a new account. [default: Sandbx]")
@click.option("--seed", type=click.IntRange(0), default=0, metavar="N", help="Fill an empty account with N clients.")
@click.option("--quirk", "quirks", multiple=True, metavar="NAME=VALUE", help="Switch a guessed behaviour.")
@click.option("--fault", "faults", multiple=True, metavar="RULE", help="'METHOD PATH NAME[=S][:PROBABILITY][#COUNT]'.")
@click.option("--fault-seed", type=int, default=0, metavar="N", help="Makes faults by probability repeatable.")
@click.option("--rate-limit", type=click.IntRange(0), default=600, help="Reads and updates a minute; 0: no limit.")
@click.option("--create-limit", type=click.IntRange(0), default=250, help="Creates a minute; 0: no limit.")
@click.option("--client-limit", type=int, default=-1, metavar="N", help="The plan's limit of active clients.")
@click.option("--role", type=click.Choice(["owner", "client"]), default="owner", help="The login's role.")
@click.option("--scopes", metavar="TEXT", help="The scopes of the login's token, parted by spaces.")
@click.option("--gate", is_flag=True, help="Refuse reads with errors under HTTP 200, as a feature gate does.")
@click.option("--latency", type=click.FloatRange(0), default=0.0, metavar="S", help="Answer so much later.")
@click.option(
    "--log", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Log requests, as JSON lines."
)
@click.option("--list-quirks", is_flag=True, help="List the switches and faults, and end.")
@click.pass_context
def sandbox(context: click.Context, /, **flags: Any) -> None:  # noqa: ANN401 - click's options
    """Run a FreshBooks account on this machine.

    When ready it prints lines for a shell to eval; --json prints one JSON line instead. End it with Ctrl-C.
    """
    from reconciler.sandbox import faults, oauth, quirks, server  # noqa: PLC0415 - a server is imported only to be run

    with begun(context, account=False) as session:
        if flags["list_quirks"]:
            session.terminal.result(_catalogue())
            return
        try:
            options = server.Options(
                account=flags["account"],
                db=flags["db"],
                port=flags["port"],
                seed=flags["seed"],
                quirks=quirks.parse(flags["quirks"]),
                faults=faults.Faults.parse(flags["faults"], flags["fault_seed"]),
                calls_per_minute=flags["rate_limit"],
                creates_per_minute=flags["create_limit"],
                client_limit=flags["client_limit"],
                role=flags["role"],
                scopes=flags["scopes"] or oauth.SCOPES,
                gate=flags["gate"],
                latency_s=flags["latency"],
                log=flags["log"],
            )
        except ValueError as error:
            raise UsageError("the sandbox cannot be so", f"{error}. See --list-quirks.") from error
        ready = lambda running: session.terminal.result(running.ready_lines(as_json=session.terminal.as_json))  # noqa: E731 - told once
        try:
            server.serve(options, ready)
        except KeyboardInterrupt:
            session.terminal.talk("Ended.")


def _catalogue() -> str:
    from reconciler.sandbox.faults import NAMES  # noqa: PLC0415 - as above
    from reconciler.sandbox.quirks import QUIRKS  # noqa: PLC0415 - as above

    lines = ["Quirks, the default first:"]
    lines += [f"  {quirk.name}={'|'.join(quirk.values)}\n      {quirk.told}" for quirk in QUIRKS.values()]
    lines += ["", "Faults:", *(f"  {name:<13} {told}" for name, told in NAMES.items())]
    return "\n".join(lines)
