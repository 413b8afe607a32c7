"""An agency: one login that reaches several accounts, and the files that describe each of them."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from reconciler.sandbox.server import Sandbox, running
from tests.cli.program import Ran

IDS = {"acme": "Aa1", "bolt": "Bb2", "coral": "Cc3"}
APPLY = ("apply", "--all", "--auto-approve", "--settle", "0", "--parallelism", "1")


def firm(name: str, *numbers: int) -> str:
    """Give the YAML of an account whose clients say whose they are."""
    clients = "".join(f"  c{number}: {{organization: {name} client {number}}}\n" for number in numbers or (1,))
    return f"version: 1\naccount: {IDS[name]}\nclients:\n{clients}"


def writes(file: str, text: str) -> None:
    """Write a file, with its folder."""
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    Path(file).write_text(text, encoding="utf-8")


def folders(*names: str) -> None:
    """Describe accounts in a folder each."""
    for name in names or IDS:
        writes(f"{name}/clients.yaml", firm(name))


def profiles(*names: str, more: str = "") -> None:
    """Describe accounts in a profile each."""
    rows = "".join(f"  {name}: {{account: {IDS[name]}, root: {name}.yaml}}\n" for name in names or IDS)
    writes("reconciler.yaml", f"version: 1\n{more}profiles:\n{rows}")
    for name in names or IDS:
        writes(f"{name}.yaml", firm(name))


class Agency:
    """The accounts' side."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def clients(self, name: str) -> list[str]:
        """Give the organizations of the active clients in an account's books."""
        rows = self.sandbox.accounts[IDS[name]].books.select("WHERE vis_state = 0 ORDER BY id")
        return [str(json.loads(row.document)["organization"]) for row in rows]

    def writes(self) -> list[Any]:
        """Give the requests that were not reads."""
        return [entry for entry in self.sandbox.log.entries if entry["method"] != "GET"]

    def is_unmixed(self) -> bool:
        """Tell whether no request and no book has anything of another account's."""
        names = {account_id: name for name, account_id in IDS.items()}
        sent = [(re.findall(r"/account/(\w+)/", str(entry["path"]))[0], entry["body"]) for entry in self.writes()]
        stored = [(IDS[name], self.clients(name)) for name in IDS]
        return all(
            other not in json.dumps(told)
            for account_id, told in (*sent, *stored)
            for other in set(IDS) - {names[account_id]}
        )


@contextlib.contextmanager
def working(folder: Path, **options: Any) -> Iterator[Agency]:  # noqa: ANN401 - the sandbox's options
    """Work in an empty folder, with a login to three accounts; the environment has its token."""
    first, *others = IDS.values()
    before, environment = Path.cwd(), dict(os.environ)
    with running(account=first, others=tuple(others), calls_per_minute=0, creates_per_minute=0, **options) as sandbox:
        for name in [name for name in os.environ if name.startswith(("FRESHBOOKS_", "RECONCILER_"))]:
            del os.environ[name]
        os.environ.update(
            FRESHBOOKS_API_URL=sandbox.url, FRESHBOOKS_ACCESS_TOKEN=sandbox.access_token, COLUMNS="100",
            XDG_CONFIG_HOME=str(folder / ".config"),
        )  # fmt: skip
        os.chdir(folder)
        try:
            yield Agency(sandbox)
        finally:
            os.chdir(before)
            os.environ.clear()
            os.environ.update(environment)


def table(out: str) -> dict[str, tuple[str, str]]:
    """Read the table at the end: exit code and result by name."""
    rows = out.partition("Accounts:\n")[2].splitlines()[1:]
    found: dict[str, tuple[str, str]] = {}
    for row in rows:
        cells: Sequence[str] = re.split(r" {2,}", row.strip())
        if not row.strip():
            break
        code = next((cell for cell in cells[-2:-1] if cell.isdigit()), "")
        found[cells[0]] = (code, cells[-1])
    return found


def events(ran: Ran) -> list[dict[str, Any]]:
    """Read a stream of events."""
    return [json.loads(line) for line in ran.out.splitlines()]


def state_of(file: str) -> Any:  # noqa: ANN401 - JSON
    """Read a state."""
    return json.loads(Path(file).read_text(encoding="utf-8"))
