"""`sandbox`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.detaching import Detached, detach
from reconciler.cli.options import Lines
from reconciler.cli.session import Session, begun
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.sandbox.server import Options


_DB = "Where the account is kept. [default: memory]"
_ACCOUNT = "The account id; several make one login reach several accounts. [default: Sandbx, or what --db has]"
_FAULT = "'METHOD PATH NAME[=S][:PROBABILITY][#COUNT]'."
_RATE = "Reads and updates a minute; 0: no limit. [default: 600]"
_CREATES = "Creates a minute; 0: no limit. [default: 250]"


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="The port; 0 takes a free one. [default: 0]"
)
@click.option("--db", type=click.Path(), default=":memory:", metavar="FILE", help=_DB)
@click.option("--account", "accounts", type=Lines(), multiple=True, metavar="ID", help=_ACCOUNT)
@click.option("--seed", type=click.IntRange(0), default=0, metavar="N", help="Fill an empty account with N clients.")
@click.option(
    "--quirk", "quirks", type=Lines(), multiple=True, metavar="NAME=VALUE", help="Switch a guessed behaviour."
)
@click.option("--fault", "faults", type=Lines(), multiple=True, metavar="RULE", help=_FAULT)
@click.option("--fault-seed", type=int, default=0, metavar="N", help="Makes faults by probability repeatable.")
@click.option("--rate-limit", type=click.IntRange(0), default=600, metavar="N", help=_RATE)
@click.option("--create-limit", type=click.IntRange(0), default=250, metavar="N", help=_CREATES)
@click.option(
    "--client-limit", type=int, default=-1, metavar="N", help="The plan's limit of active clients. [default: none]"
)
@click.option("--role", type=click.Choice(["owner", "client"]), default="owner", help="The login's role.")
@click.option("--scopes", metavar="TEXT", help="The scopes of the login's token, parted by spaces.")
@click.option("--gate", is_flag=True, help="Refuse reads with errors under HTTP 200, as a feature gate does.")
@click.option("--latency", type=click.FloatRange(0), default=0.0, metavar="S", help="Answer S seconds later.")
@click.option(
    "--log", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Log requests, as JSON lines."
)
@click.option("--detach", is_flag=True, help="Go on in the background, so that a shell can eval the lines.")
@click.option("--list-quirks", is_flag=True, help="List the switches and faults, and end.")
@click.pass_context
def sandbox(context: click.Context, /, **flags: Any) -> int:  # noqa: ANN401 - click's options
    """Run a FreshBooks account on this machine.

    When ready it prints lines for a shell to eval; --json prints one JSON line instead. End it with Ctrl-C; with
    --detach, by `kill $RECONCILER_SANDBOX_PID`.
    """
    with begun(context, account=False, decided=False) as session:
        if flags["list_quirks"]:
            session.terminal.result(_catalogue())
            return 0
        if flags["detach"]:
            code, detached = detach()
            if detached is None:
                return code
            _serve(session, flags, detached)
        else:
            _serve(session, flags, None)
    return 0


def _serve(session: Session, flags: Mapping[str, Any], detached: Detached | None) -> None:
    from reconciler.sandbox import server  # noqa: PLC0415 - a server is imported only to be run

    def ready(running: server.Sandbox) -> None:
        pid = os.getpid() if detached is not None else None
        session.terminal.result(running.ready_lines(as_json=session.terminal.as_json, pid=pid))
        if detached is not None:
            detached.ready()

    try:
        server.serve(_options(flags), ready)
    except ValueError as error:
        raise UsageError("the sandbox cannot be so", f"{error}. See --list-quirks.") from error
    except KeyboardInterrupt:
        session.terminal.talk("Ended.")


def _options(flags: Mapping[str, Any]) -> Options:
    """Give the sandbox's options; `ValueError` where a quirk or fault is none."""
    from reconciler.sandbox import faults, oauth, quirks, server  # noqa: PLC0415 - as above

    first, *others = flags["accounts"] or ("Sandbx",)
    return server.Options(
        account=first,
        others=tuple(others),
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


def _catalogue() -> str:
    from reconciler.sandbox.faults import NAMES  # noqa: PLC0415 - as above
    from reconciler.sandbox.quirks import QUIRKS  # noqa: PLC0415 - as above

    lines = ["Quirks, the default first:"]
    lines += [f"  {quirk.name}={'|'.join(quirk.values)}\n      {quirk.told}" for quirk in QUIRKS.values()]
    lines += ["", "Faults:", *(f"  {name:<13} {told}" for name, told in NAMES.items())]
    return "\n".join(lines)
