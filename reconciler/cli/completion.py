"""What a shell is offered while it completes; it never fails, prints or asks."""

from __future__ import annotations

import contextlib
import os

import click
from click.shell_completion import CompletionItem

from reconciler.core.resource import Address
from reconciler.errors import ReconcilerError
from reconciler.load import LoadOptions, check
from reconciler.providers.freshbooks.wire import CLIENT
from reconciler.settings import settings


def offered(context: click.Context, begun: str) -> list[CompletionItem]:
    """Give the addresses that begin so, in the configuration that the command line so far means."""
    folder = context.find_root().ensure_object(dict).get("chdir")
    with contextlib.suppress(OSError, ReconcilerError), contextlib.chdir(folder or os.curdir):
        return [CompletionItem(address) for address in _addresses(context) if address.startswith(begun)]
    return []


def _addresses(context: click.Context) -> list[Address]:
    profile = context.find_root().ensure_object(dict).get("profile")
    chosen = settings({"root": context.params.get("root"), "profile": profile}, {})
    configuration, _ = check([chosen.root], CLIENT, LoadOptions(defaults=chosen.defaults))
    found = []
    for address, resource in sorted(configuration.resources.items()):
        found += [address, *sorted(child.address for child in (resource.children or {}).values())]
    return found
