"""`demo`: the guided first run. It fits 80 columns and looks the same each time: docs/images/demo.svg shows it."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import click

from reconciler import schema_files
from reconciler.cli.session import enter
from reconciler.cli.terminal import Terminal
from reconciler.errors import ReconcilerError
from reconciler.reports.paint import paint, plain

_STEPS = (
    ("Is the file well written? No account is needed to tell.", ("validate",)),
    (
        "What would change? The account is empty: all is to be created.",
        ("plan", "--sandbox", "--summary", "--out", "first.plan"),
    ),
    ("Carry out exactly that plan.", ("apply", "first.plan", "--sandbox")),
    ("Plan again: nothing is left to do.", ("plan", "--sandbox")),
    ("One phone number is edited in the file. The plan shows just that.", ("plan", "--sandbox")),
)
_EDIT = ("bus_phone: 416-555-0100", "bus_phone: 416-555-0199")
"""What is edited before the last step."""
_HEADING = ("bold", "cyan")
_INTERRUPTED = frozenset({130, 143})


@click.command()
@click.option(
    "--keep", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Work in DIR and keep it."
)
@click.pass_context
def demo(context: click.Context, keep: Path | None) -> int:
    """See the main job done, step by step, in a sandbox on this machine."""
    shared = enter(context)
    kept = Path(shared.get("chdir") or "", keep or "") if keep or shared.get("chdir") else None
    terminal = Terminal.of(shared)
    # What is wanted of the demo is wanted of each of its commands.
    wanted = {"--no-color": not terminal.colour, "--json": terminal.as_json, "--debug": shared.get("debug")}
    with ExitStack() as stack:
        folder = (
            (keep or Path())
            if kept
            else Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reconciler-demo-")))
        )
        folder.mkdir(parents=True, exist_ok=True)
        before = Path.cwd()
        os.chdir(folder)
        stack.callback(os.chdir, before)
        # A link that leads nowhere is somebody's, too.
        if os.path.lexists("clients.yaml"):
            raise ReconcilerError("the folder is in use", f"{folder}/clients.yaml exists; choose another with --keep.")
        return _lead(terminal, [option for option, is_wanted in wanted.items() if is_wanted], kept)


def _lead(terminal: Terminal, options: Sequence[str], kept: Path | None) -> int:
    """Go through the steps in this folder; give the exit code, which is not 0 where a person has ended them."""
    file, text = Path("clients.yaml"), schema_files.example()
    file.write_text(text, encoding="utf-8")
    _say(terminal, _opening(text, kept))
    for number, (told, words) in enumerate(_STEPS, 1):
        _say(terminal, "\n" + paint(f"[{number}/{len(_STEPS)}] {told}", *_HEADING, colour=terminal.colour))
        if number == len(_STEPS):
            file.write_text(text.replace(*_EDIT), encoding="utf-8")
            for sign, style, line in zip("-+", ("red", "green"), _EDIT, strict=True):
                _say(terminal, paint(f"{sign}     {line}", style, colour=terminal.colour))
        command = " ".join(("reconciler", *words))
        _say(terminal, f"$ {paint(command, 'bold', colour=terminal.colour)}")
        if (code := _run(words, options)) in _INTERRUPTED:
            return code
        if code != 0:
            raise ReconcilerError("the demo failed", f"`{command}` ended with exit code {code}.")
    _say(terminal, "\n" + paint("That is all there is to it. What next?", *_HEADING, colour=terminal.colour))
    _say(terminal, _ending(kept))
    return 0


def _run(words: Sequence[str], options: Sequence[str]) -> int:
    """Run one command just as a user would."""
    from reconciler.cli.main import run  # noqa: PLC0415 - main imports this module

    sys.stdout.flush()
    # One create after the other: then the same records get the same ids in every demo.
    single = ["--parallelism", "1"] if words[0] == "apply" else []
    # A folder that the environment names was entered already.
    return run(["--chdir", ".", *words, *single, *options])


def _say(terminal: Terminal, text: str) -> None:
    """Tell what is no command's result: beside the events, where those are wanted."""
    (terminal.talk if terminal.as_json else terminal.result)(text)


def _opening(text: str, kept: Path | None) -> str:
    """Say where this happens, and show how the file begins, as far as the line that is edited in the end."""
    before, edited, _ = text.partition(_EDIT[0])
    first = before[before.index("\nclients:") + 1 :] + edited
    end = f"the files stay in {plain(str(kept))}" if kept else "the files are removed at the end"
    return (
        "reconciler keeps the clients of a FreshBooks account as YAML in git. This is a\n"
        "tour in five steps, on this machine: --sandbox stands in for FreshBooks.\n"
        f"No account, no login, no network; {end}.\n\n"
        f"clients.yaml describes ten clients. It begins so:\n\n{first}\n    ..."
    )


def _ending(kept: Path | None) -> str:
    """Say where a user goes on."""
    here = f"cd {plain(shlex.quote(str(kept)))}; reconciler apply --sandbox" if kept else "reconciler demo --keep DIR"
    return f"""\
  your clients as YAML   reconciler login; reconciler export
  a folder of your own   reconciler init
  these to play with     {here}
  ten minutes more       docs/tutorial/first-apply.md"""
