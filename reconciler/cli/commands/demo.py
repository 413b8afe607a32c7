"""`demo`: the guided first run."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import click

from reconciler import schema_files
from reconciler.cli.session import enter
from reconciler.cli.terminal import Terminal
from reconciler.errors import ReconcilerError

_STEPS = (
    ("These YAML files describe ten clients. Are they well written?", ("validate",)),
    ("What would change? The account is empty, so all is to be created.", ("plan", "--sandbox", "--out", "first.plan")),
    ("Carry out that very plan.", ("apply", "--sandbox", "first.plan")),
    ("And again: nothing is left to do. This is what a pipeline checks.", ("plan", "--sandbox", "--detailed-exitcode")),
)
_EDIT = ("bus_phone: 416-555-0100", "bus_phone: 416-555-0199")
_LAST = ("One phone number is edited in the YAML. The plan shows just that.", ("plan", "--sandbox"))


@click.command()
@click.option(
    "--keep", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Work in DIR and keep it."
)
@click.pass_context
def demo(context: click.Context, keep: Path | None) -> None:
    """See the main job done, step by step, in a sandbox on this machine."""
    shared = enter(context)
    folder = keep or (Path() if shared.get("chdir") else None)
    with ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reconciler-demo-")))
        folder.mkdir(parents=True, exist_ok=True)
        before = Path.cwd()
        os.chdir(folder)
        stack.callback(os.chdir, before)
        file = Path("clients.yaml")
        if file.exists():
            raise ReconcilerError("the folder is in use", f"{folder}/clients.yaml exists; choose another with --keep.")
        file.write_text(schema_files.example(), encoding="utf-8")
        terminal = Terminal.of(shared)
        for told, words in _STEPS:
            _step(terminal, told, words)
        file.write_text(file.read_text(encoding="utf-8").replace(*_EDIT), encoding="utf-8")
        _step(terminal, *_LAST)
        terminal.result(_END)


_END = """
That is all there is to it. Next: `reconciler login`, then `reconciler export`, which writes the clients that you have
as YAML for git. Or write your own clients.yaml: what exists already is adopted, not created again.
"""


def _step(terminal: Terminal, told: str, words: tuple[str, ...]) -> None:
    """Run one command just as a user would, and stop the demo where it fails."""
    from reconciler.cli.main import run  # noqa: PLC0415 - main imports this module

    terminal.result(f"\n# {told}\n$ reconciler {' '.join(words)}\n")
    sys.stdout.flush()
    colour = ["--no-color"] if not terminal.colour else []
    # A folder that the environment names was entered already.
    code = run(["--chdir", ".", *words, *colour])
    if code != 0:
        raise ReconcilerError("the demo failed", f"`reconciler {' '.join(words)}` ended with exit code {code}.")
