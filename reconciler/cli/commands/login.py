"""`login`, `logout` and `whoami`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from reconciler.cli.session import begun, surroundings
from reconciler.cli.showing import tell
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.cli.logins import Desk

_KEEP = "Where to keep it. [default: keyring, else file; in CI shared, if it can be had]"
_REDIRECTED = "Read the redirected address from standard input, without asking."
_SEED = "Begin with a refresh token, from FRESHBOOKS_REFRESH_TOKEN or standard input."
_FORCE = "Remove it even where FreshBooks does not end it."


@contextmanager
def _desk(context: click.Context, name: str | None, **flags: str | bool | None) -> Iterator[Desk]:
    if context.find_root().ensure_object(dict).get("sandbox") and context.info_name != "whoami":
        raise UsageError("a sandbox needs no login", "With --sandbox its own token is used. Leave one of the two out.")
    with begun(context, {"login": name}, account=False, decided=False) as session:
        from reconciler.cli.logins import Desk  # noqa: PLC0415 - httpx is slow to import

        yield Desk(session=session, here=surroundings(session), flags=flags)


@click.command()
@click.argument("name", required=False)
@click.option("--read-only", is_flag=True, help="Ask for what `plan` needs, and not for what `apply` needs.")
@click.option("--keep", type=click.Choice(["keyring", "file", "shared"]), help=_KEEP)
@click.option("--redirected", type=click.Choice(["-"]), metavar="-", help=_REDIRECTED)
@click.option("--with-refresh-token", "seeded", is_flag=True, help=_SEED)
@click.option("--no-pkce", is_flag=True, help="Leave PKCE out, should FreshBooks refuse it.")
@click.pass_context
def login(context: click.Context, /, *, name: str | None, seeded: bool, **flags: str | bool | None) -> None:
    """Log in to FreshBooks, and keep the login.

    NAME tells several logins apart; by default it is the one that the settings name. The app's id, secret and redirect
    address are taken from FRESHBOOKS_CLIENT_ID, FRESHBOOKS_CLIENT_SECRET and FRESHBOOKS_REDIRECT_URI, or asked for.
    """
    with _desk(context, name, **flags) as desk:
        desk.show(desk.seed() if seeded else desk.log_in(), "login")


@click.command()
@click.argument("name", required=False)
@click.option("--force", is_flag=True, help=_FORCE)
@click.pass_context
def logout(context: click.Context, /, *, name: str | None, force: bool) -> None:
    """Have FreshBooks end a login, and remove it."""
    with _desk(context, name) as desk:
        place = desk.log_out(force=force)
        told = f"Logged out: {desk.name} is removed from {place}."
        tell(desk.session, told, "logout", login=desk.name, source=place)


@click.command()
@click.argument("name", required=False)
@click.pass_context
def whoami(context: click.Context, /, *, name: str | None) -> None:
    """Show whose the token is, which accounts it reaches, and how long it holds.

    Without NAME it is the token that `plan` and `apply` would use.
    """
    with _desk(context, name) as desk:
        desk.show(desk.source(kept_only=name is not None), "whoami")
